//! The server's certificate and key: read from PEM files, checked, and described for people.
//! Where there is none yet, `new_certificate` makes one; which client trusts it is not decided here.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pemfile::Item;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::calendar::UnixSecs;
use super::error::SetupError;
use super::files;
use super::new_certificate;
use super::settings::{CertificateFiles, Subject};
use super::x509::{self, CertificateContents};

/// The largest PEM file that is read, in bytes: room for a hundred certificates.
pub(crate) const PEM_LEN_MAX: u64 = 256 * 1024;

/// A certificate is said to expire soon from this many days before it does.
const EXPIRES_SOON_DAYS: i64 = 30;

/// Which certificate is to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Somebody's own files. They must exist.
    Theirs(CertificateFiles),
    /// Files that this program makes when there are none.
    Ours(CertificateFiles),
}

/// What people want to know about the certificate in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Where it lies.
    pub files: CertificateFiles,
    /// Whether it was made just now.
    pub made_now: bool,
    /// SHA-256 of the certificate, as browsers show it: `AB:CD:…`.
    pub fingerprint: String,
    /// SHA-256 of its public key in base64, as Chromium's
    /// `--ignore-certificate-errors-spki-list` takes it.
    pub public_key_sha256: String,
    /// Valid from.
    pub not_before: UnixSecs,
    /// Valid until.
    pub not_after: UnixSecs,
    /// The names and addresses that it covers.
    pub names: Vec<String>,
    /// What should be mended some day, one sentence each.
    pub warnings: Vec<String>,
}

impl CertificateFacts {
    /// Whether the certificate is for this host name: one of its names, in small or capital letters, or `*.` and what stands behind the
    /// first label of it (RFC 9525 §6.3).
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            // No name is for all hosts of a top-level domain.
            Some(wide) => {
                wide.contains('.') && parent.is_some_and(|it| it.eq_ignore_ascii_case(wide))
            }
            None => name.eq_ignore_ascii_case(host),
        })
    }
}

/// A certificate with its key, ready for use.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) facts: CertificateFacts,
}

impl CertificateSource {
    fn files(&self) -> &CertificateFiles {
        match self {
            Self::Theirs(files) | Self::Ours(files) => files,
        }
    }

    /// The key's path, if a new pair may be made in the place of the present one.
    fn ours(&self) -> Option<&Path> {
        match self {
            Self::Theirs(_) => None,
            Self::Ours(files) => Some(&files.private_key),
        }
    }
}

/// Reads and checks the certificate and its key; makes them first if they are ours to make.
///
/// `names` are those that the certificate should cover: a new one does, of an old one it is said
/// what it misses. `now` decides whether it is valid.
pub(crate) fn load_or_make(
    source: &CertificateSource,
    subject: &Subject,
    names: &[ServerName<'static>],
    now: UnixSecs,
) -> Result<Certificate, SetupError> {
    let files = source.files();
    let (certificate, private_key) = (files.certificate.exists(), files.private_key.exists());
    let only = |present: &Path, missing: &Path| {
        Err(SetupError::OnlyOneOfTwo {
            present: present.to_owned(),
            missing: missing.to_owned(),
        })
    };
    let made_now = match (source, certificate, private_key) {
        (_, true, false) => return only(&files.certificate, &files.private_key),
        (CertificateSource::Ours(_), false, true) => {
            return only(&files.private_key, &files.certificate);
        }
        (CertificateSource::Ours(_), false, false) => {
            new_certificate::make(files, subject, names, now)?;
            true
        }
        // Of their files, a missing one is named when it is read.
        _ => false,
    };
    let mut loaded = load(source, names, now)?;
    loaded.facts.made_now = made_now;
    Ok(loaded)
}

fn load(
    source: &CertificateSource,
    names: &[ServerName<'static>],
    now: UnixSecs,
) -> Result<Certificate, SetupError> {
    let files = source.files();
    let chain = read_certificates(&files.certificate)?;
    let key = read_private_key(&files.private_key)?;
    let unreadable = |detail: String| SetupError::NotPem {
        path: files.certificate.clone(),
        detail,
    };
    let (first, contents) = match chain.first() {
        Some(first) => match x509::read_certificate(first) {
            Ok(contents) => (first.clone(), contents),
            Err(error) => return Err(unreadable(error.to_string())),
        },
        None => {
            return Err(SetupError::NoCertificate {
                path: files.certificate.clone(),
            });
        }
    };
    check_validity(&contents, source, now)?;
    let parsed =
        ParsedCertificate::try_from(&first).map_err(|error| unreadable(error.to_string()))?;
    let key = pair(chain, key, files)?;
    let facts = CertificateFacts {
        files: files.clone(),
        made_now: false,
        fingerprint: fingerprint(&first),
        public_key_sha256: STANDARD
            .encode(digest::digest(&digest::SHA256, &contents.public_key_info)),
        not_before: contents.not_before,
        not_after: contents.not_after,
        warnings: warnings(&contents, &parsed, source, names, now),
        names: contents.names,
    };
    Ok(Certificate {
        key: Arc::new(key),
        facts,
    })
}

/// All certificates in a PEM file, in their order; possibly none.
pub(crate) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let text = files::read_text(path, PEM_LEN_MAX)?;
    rustls_pemfile::certs(&mut text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| SetupError::NotPem {
            path: path.to_owned(),
            detail: error.to_string(),
        })
}

/// The first private key in a PEM file: PKCS#8, PKCS#1 or SEC1.
fn read_private_key(path: &Path) -> Result<PrivateKeyDer<'static>, SetupError> {
    let text = files::read_text(path, PEM_LEN_MAX)?;
    for item in rustls_pemfile::read_all(&mut text.as_bytes()) {
        match item {
            Ok(Item::Pkcs8Key(key)) => return Ok(key.into()),
            Ok(Item::Pkcs1Key(key)) => return Ok(key.into()),
            Ok(Item::Sec1Key(key)) => return Ok(key.into()),
            Ok(_) => {}
            Err(error) => {
                return Err(SetupError::NotPem {
                    path: path.to_owned(),
                    detail: error.to_string(),
                });
            }
        }
    }
    // `ENCRYPTED PRIVATE KEY` is PKCS#8, `Proc-Type: 4,ENCRYPTED` the older form (RFC 1421).
    Err(SetupError::NoPrivateKey {
        path: path.to_owned(),
        encrypted: text.contains("ENCRYPTED"),
    })
}

/// Puts chain and key together if they belong together.
fn pair(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    files: &CertificateFiles,
) -> Result<CertifiedKey, SetupError> {
    let key = default_provider()
        .key_provider
        .load_private_key(key)
        .map_err(|error| SetupError::KeyUnusable {
            path: files.private_key.clone(),
            detail: error.to_string(),
        })?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Ok(()) => Ok(pair),
        Err(_) => Err(SetupError::PairMismatch {
            certificate: files.certificate.clone(),
            private_key: files.private_key.clone(),
        }),
    }
}

fn check_validity(
    contents: &CertificateContents,
    source: &CertificateSource,
    now: UnixSecs,
) -> Result<(), SetupError> {
    let path = source.files().certificate.clone();
    if now > contents.not_after {
        let ours = source.ours().map(Path::to_owned);
        return Err(SetupError::Expired {
            path,
            not_after: contents.not_after,
            ours,
        });
    }
    if now < contents.not_before {
        return Err(SetupError::NotYetValid {
            path,
            not_before: contents.not_before,
        });
    }
    Ok(())
}

/// What should be mended some day, one sentence each.
fn warnings(
    contents: &CertificateContents,
    parsed: &ParsedCertificate<'_>,
    source: &CertificateSource,
    names: &[ServerName<'static>],
    now: UnixSecs,
) -> Vec<String> {
    let CertificateFiles {
        certificate,
        private_key,
    } = source.files();
    let certificate = certificate.display();
    let renew = match source {
        CertificateSource::Ours(_) => format!(
            "remove {certificate} and {} to have a new pair made",
            private_key.display()
        ),
        CertificateSource::Theirs(_) => "put a new one in its place".to_owned(),
    };
    let mut warnings = Vec::new();
    if contents.not_after.0 - now.0 < EXPIRES_SOON_DAYS * UnixSecs::DAY {
        warnings.push(format!(
            "The certificate {certificate} expires on {}: {renew}.",
            contents.not_after
        ));
    }
    let missed = missed_names(parsed, names);
    if !missed.is_empty() {
        let cure = match source {
            CertificateSource::Ours(_) => renew.as_str(),
            CertificateSource::Theirs(_) if contents.names.is_empty() => {
                "use one with a subjectAltName, as common names no longer count"
            }
            // It may well be meant for other names than this machine has for itself.
            CertificateSource::Theirs(_) => "call this server by the names that it covers",
        };
        warnings.push(format!(
            "The certificate {certificate} does not cover {missed}, and browsers will object to it there: {cure}."
        ));
    }
    if files::is_open_to_others(private_key) {
        warnings.push(format!(
            "The key {0} can be read by other users of this machine: `chmod 600 {0}`.",
            private_key.display()
        ));
    }
    warnings
}

/// Those of `names` that the certificate is not for, by the rules that browsers go by (RFC 9525 §6).
fn missed_names(parsed: &ParsedCertificate<'_>, names: &[ServerName<'static>]) -> String {
    let missed: Vec<_> = names
        .iter()
        .filter(|name| verify_server_name(parsed, name).is_err())
        .map(ServerName::to_str)
        .collect();
    missed.join(", ")
}

/// SHA-256 in the form that browsers and openssl show: `AB:CD:…`.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = digest::digest(&digest::SHA256, certificate);
    let pairs: Vec<String> = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests;
