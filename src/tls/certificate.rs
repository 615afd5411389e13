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
    /// Whether this program made it, and can make another.
    pub is_ours: bool,
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

    /// What is to be said of its time at `now`, with the cure; nothing while it is valid and has days enough left.
    #[must_use]
    pub fn note_of_time(&self, now: UnixSecs) -> Option<String> {
        let validity = Validity {
            not_before: self.not_before,
            not_after: self.not_after,
        };
        if let Err(error) = validity.check(&self.files, self.is_ours, now) {
            return Some(format!(
                "{error} Until then browsers refuse new connections; SIGHUP has a new one read without a restart."
            ));
        }
        validity.warning(&self.files, self.is_ours, now)
    }
}

/// A certificate with its key, ready for use.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) facts: CertificateFacts,
}

/// From when until when a certificate is valid, both seconds included.
#[derive(Debug, Clone, Copy)]
struct Validity {
    not_before: UnixSecs,
    not_after: UnixSecs,
}

impl Validity {
    fn check(
        self,
        files: &CertificateFiles,
        is_ours: bool,
        now: UnixSecs,
    ) -> Result<(), SetupError> {
        let path = files.certificate.clone();
        if now > self.not_after {
            return Err(SetupError::Expired {
                path,
                not_after: self.not_after,
                ours: is_ours.then(|| files.private_key.clone()),
            });
        }
        if now < self.not_before {
            return Err(SetupError::NotYetValid {
                path,
                not_before: self.not_before,
            });
        }
        Ok(())
    }

    fn warning(self, files: &CertificateFiles, is_ours: bool, now: UnixSecs) -> Option<String> {
        let is_soon = self.not_after.0 - now.0 < EXPIRES_SOON_DAYS * UnixSecs::DAY;
        is_soon.then(|| {
            format!(
                "The certificate {} expires on {}: {}.",
                files.certificate.display(),
                self.not_after,
                how_to_renew(files, is_ours)
            )
        })
    }
}

fn how_to_renew(files: &CertificateFiles, is_ours: bool) -> String {
    if is_ours {
        format!(
            "remove {} and {} to have a new pair made",
            files.certificate.display(),
            files.private_key.display()
        )
    } else {
        "put a new one in its place".to_owned()
    }
}

impl CertificateSource {
    fn files(&self) -> &CertificateFiles {
        match self {
            Self::Theirs(files) | Self::Ours(files) => files,
        }
    }

    /// Whether a new pair may be made in the place of the present one.
    fn is_ours(&self) -> bool {
        matches!(self, Self::Ours(_))
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
    let validity = Validity {
        not_before: contents.not_before,
        not_after: contents.not_after,
    };
    validity.check(files, source.is_ours(), now)?;
    let parsed =
        ParsedCertificate::try_from(&first).map_err(|error| unreadable(error.to_string()))?;
    let key = pair(chain, key, files)?;
    let facts = CertificateFacts {
        files: files.clone(),
        is_ours: source.is_ours(),
        made_now: false,
        fingerprint: fingerprint(&first),
        public_key_sha256: STANDARD
            .encode(digest::digest(&digest::SHA256, &contents.public_key_info)),
        not_before: contents.not_before,
        not_after: contents.not_after,
        warnings: warnings(&contents, validity, &parsed, source, names, now),
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

/// What should be mended some day, one sentence each.
fn warnings(
    contents: &CertificateContents,
    validity: Validity,
    parsed: &ParsedCertificate<'_>,
    source: &CertificateSource,
    names: &[ServerName<'static>],
    now: UnixSecs,
) -> Vec<String> {
    let files = source.files();
    let (certificate, private_key) = (files.certificate.display(), &files.private_key);
    let renew = how_to_renew(files, source.is_ours());
    let mut warnings = Vec::from_iter(validity.warning(files, source.is_ours(), now));
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
