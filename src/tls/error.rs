//! Why TLS cannot be set up: one plain sentence each, with the cure.
//! What goes wrong with a single connection later is told by `failure`.

use std::fmt;
use std::path::PathBuf;

use super::calendar::UnixSecs;
use super::names::Version;
use super::settings::Problem;

/// Why TLS cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupError {
    /// A file that was named does not exist.
    Missing {
        /// Which.
        path: PathBuf,
    },
    /// A file cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The settings file that was named does not exist.
    SettingsMissing {
        /// Which.
        path: PathBuf,
    },
    /// The settings file is not JSON.
    SettingsSyntax {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the reader stumbled over.
        detail: String,
    },
    /// The settings file is JSON, but these things are wrong with it.
    Settings {
        /// Which.
        path: PathBuf,
        /// All of them.
        problems: Vec<Problem>,
    },
    /// Of certificate and key, only one exists.
    OnlyOneOfTwo {
        /// The one that is there.
        present: PathBuf,
        /// The one that is not.
        missing: PathBuf,
    },
    /// A file is broken as PEM, or holds something broken.
    NotPem {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A PEM file holds no certificate.
    NoCertificate {
        /// Which.
        path: PathBuf,
    },
    /// A PEM file holds no private key.
    NoPrivateKey {
        /// Which.
        path: PathBuf,
        /// Whether it holds one behind a password.
        encrypted: bool,
    },
    /// The private key is of a kind that rustls does not take.
    KeyUnusable {
        /// Which.
        path: PathBuf,
        /// What rustls said.
        detail: String,
    },
    /// The certificate is for another key.
    PairMismatch {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        private_key: PathBuf,
    },
    /// The certificate is no longer valid.
    Expired {
        /// Which.
        path: PathBuf,
        /// Since when.
        not_after: UnixSecs,
        /// Its key, if this program made the two and can make new ones.
        ours: Option<PathBuf>,
    },
    /// The certificate is not valid yet.
    NotYetValid {
        /// Which.
        path: PathBuf,
        /// From when on.
        not_before: UnixSecs,
    },
    /// A certificate and key of our own could not be made or written.
    CannotMake {
        /// The file or folder that could not be written, or the certificate.
        path: PathBuf,
        /// What went wrong.
        detail: String,
    },
    /// The authorities for client certificates are of no use.
    ClientAuthorities {
        /// Their file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The handshake that was tried at start did not work.
    SelfTest {
        /// In which version.
        version: Version,
        /// What to change.
        sentence: String,
    },
    /// rustls refuses the settings for a reason that no check of ours foresaw.
    Refused {
        /// What rustls said.
        detail: String,
    },
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => {
                let path = path.display();
                write!(
                    f,
                    "{path} does not exist: put it there, or name another file."
                )
            }
            Self::Unreadable { path, detail } => {
                let path = path.display();
                write!(
                    f,
                    "{path} cannot be read ({detail}): mend it, or name another file."
                )
            }
            Self::SettingsMissing { .. } | Self::SettingsSyntax { .. } | Self::Settings { .. } => {
                self.write_about_settings(f)
            }
            Self::SelfTest { version, sentence } => write!(
                f,
                "A {} handshake does not work with these settings: {sentence}",
                version.name()
            ),
            Self::Refused { detail } => write!(
                f,
                "The TLS settings cannot be used ({detail}): begin again with the tls_config.json that comes with this program."
            ),
            _ => self.write_about_certificate(f),
        }
    }
}

impl SetupError {
    fn write_about_settings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SettingsMissing { path } => write!(
                f,
                "{} does not exist: put it there, or leave out --tls-config to use tls_config.json or the defaults.",
                path.display()
            ),
            Self::SettingsSyntax {
                path,
                line,
                column,
                detail,
            } => write!(
                f,
                "{}:{line}:{column}: this is not JSON ({detail}): mend the line. JSON has no comments; a member whose name begins with // serves as one.",
                path.display()
            ),
            Self::Settings { path, problems } => {
                let count = match problems.len() {
                    1 => "one problem".to_owned(),
                    several => format!("{several} problems"),
                };
                write!(f, "{} has {count}:", path.display())?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            _ => Ok(()),
        }
    }

    fn write_about_certificate(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyOneOfTwo { present, missing } => write!(
                f,
                "{} exists without {}: put the second beside it, or move the first away to have a new pair made.",
                present.display(),
                missing.display()
            ),
            Self::NotPem { path, detail } => write!(
                f,
                "{} cannot be understood ({detail}): it must hold PEM, that is base64 between -----BEGIN …----- and -----END …-----.",
                path.display()
            ),
            Self::NoCertificate { path } => write!(
                f,
                "{} holds no certificate: it needs a part between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----.",
                path.display()
            ),
            Self::NoPrivateKey {
                path,
                encrypted: true,
            } => write!(
                f,
                "{0} holds a key behind a password, which nobody could type here: take the password off with `openssl pkey -in {0} -out new-key.pem`.",
                path.display()
            ),
            Self::NoPrivateKey {
                path,
                encrypted: false,
            } => write!(
                f,
                "{} holds no private key: it needs a part that begins with -----BEGIN PRIVATE KEY----- (or RSA or EC PRIVATE KEY).",
                path.display()
            ),
            Self::KeyUnusable { path, detail } => write!(
                f,
                "{} holds a key that cannot be used ({detail}): use ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits.",
                path.display()
            ),
            Self::PairMismatch {
                certificate,
                private_key,
            } => write!(
                f,
                "{} and {} do not match, as the certificate is for another key: name the key that it was made with.",
                certificate.display(),
                private_key.display()
            ),
            Self::ClientAuthorities { path, detail } => write!(
                f,
                "{} cannot vouch for clients ({detail}): name a PEM file with certificates of authorities under \"client_auth\".",
                path.display()
            ),
            Self::CannotMake { path, detail } => write!(
                f,
                "A certificate could not be made at {} ({detail}): make the folder writable, or name files of your own with --certfile and --keyfile.",
                path.display()
            ),
            _ => self.write_about_validity(f),
        }
    }

    fn write_about_validity(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired {
                path,
                not_after,
                ours: Some(key),
            } => write!(
                f,
                "The certificate {} expired on {not_after}: remove it and {} to have a new pair made.",
                path.display(),
                key.display()
            ),
            Self::Expired {
                path,
                not_after,
                ours: None,
            } => write!(
                f,
                "The certificate {} expired on {not_after}: put a renewed one in its place.",
                path.display()
            ),
            Self::NotYetValid { path, not_before } => write!(
                f,
                "The certificate {} is valid only from {not_before} on: set this machine's clock right, or use another certificate.",
                path.display()
            ),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for SetupError {}
