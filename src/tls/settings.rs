//! `tls_config.json` → checked `TlsSettings`: everything that one may ask of TLS here.
//! No certificate is opened and no socket configured: that is `certificate` and `server_config`.

mod alternatives;
mod members;
mod read;
mod repeated;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::error::SetupError;
use super::names::{GROUPS, GROUPS_BY_DEFAULT, Group, SUITES, Suite, Version};
use members::Members;

/// How TLS is to be done. Valid by construction: made by `default`, `parse` or `load`.
#[derive(Debug, Clone, PartialEq)]
pub struct TlsSettings {
    /// The oldest version allowed.
    pub min_version: Version,
    /// The newest version allowed.
    pub max_version: Version,
    /// What may be negotiated; the order matters if `prefer_server_ciphers`.
    pub cipher_suites: Vec<&'static Suite>,
    /// Whether our order of suites decides, rather than the client's.
    pub prefer_server_ciphers: bool,
    /// How keys may be agreed on. The client's order decides.
    pub groups: Vec<&'static Group>,
    /// The protocols to choose from by ALPN (RFC 7301); empty if ALPN is ignored.
    pub alpn: Vec<String>,
    /// The certificate and key to use; `None` if the command line decides.
    pub files: Option<CertificateFiles>,
    /// What a certificate that we make ourselves says.
    pub subject: Subject,
    /// Whether a client may continue an earlier session.
    pub resumption: Resumption,
    /// How many TLS 1.3 tickets a client gets, if `resumption` is not off.
    pub tickets: usize,
    /// The most application data in one record that we send, in bytes.
    pub max_record_payload: usize,
    /// Whether clients are asked for certificates.
    pub client_auth: Option<ClientAuth>,
    /// For how long browsers shall insist on HTTPS (RFC 6797); 0 sends no such field.
    pub hsts_seconds: u32,
}

/// A certificate chain and its private key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, then those that vouch for it.
    pub certificate: PathBuf,
    /// PKCS#8, PKCS#1 or SEC1.
    pub private_key: PathBuf,
}

/// What a certificate that we make ourselves says, beside the names it always has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// More host names.
    pub dns: Vec<String>,
    /// More addresses.
    pub ips: Vec<IpAddr>,
    /// For how many days it is valid.
    pub days: u32,
    /// Whether this machine's addresses in its networks are in it.
    pub auto_lan_ips: bool,
}

/// Whether a client may continue an earlier session without a full handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumption {
    /// Each connection shows a whole handshake, certificate included.
    Off,
    /// The server remembers sessions.
    Stateful,
    /// The client keeps the session for the server, sealed in a ticket (RFC 5077).
    Stateless,
}

/// Which client certificates are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAuth {
    /// PEM file with the authorities that may vouch for clients.
    pub ca: PathBuf,
    /// Whether clients without a certificate are turned away.
    pub required: bool,
}

/// One thing wrong with `tls_config.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `cipher_suites[1]`, `subject.days`.
    pub at: String,
    /// What, and what to do about it.
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.sentence)
    }
}

/// Why a text is no `TlsSettings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsError {
    /// It is not JSON.
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the reader stumbled over.
        detail: String,
    },
    /// It is JSON, but these things are wrong.
    Problems(Vec<Problem>),
}

/// The largest file that is read, in bytes: a hundred times what a full one takes.
pub(crate) const SETTINGS_LEN_MAX: u64 = 256 * 1024;

/// A year: no scanner that follows Mozilla's recommendations (366 at most) calls it too long.
const DAYS_BY_DEFAULT: u32 = 365;

/// The only protocol that is spoken inside TLS here.
const ALPN_HTTP11: &str = "http/1.1";

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            min_version: Version::Tls12,
            max_version: Version::Tls13,
            cipher_suites: SUITES.iter().collect(),
            // AES-128-GCM first: the longer hash of the AES-256 suites costs a fifth of a handshake.
            prefer_server_ciphers: true,
            groups: GROUPS.iter().take(GROUPS_BY_DEFAULT).collect(),
            alpn: vec![ALPN_HTTP11.to_owned()],
            files: None,
            subject: Subject::default(),
            resumption: Resumption::Off,
            tickets: 2,
            max_record_payload: 16_384,
            client_auth: None,
            hsts_seconds: 0,
        }
    }
}

impl Default for Subject {
    fn default() -> Self {
        Self {
            dns: Vec::new(),
            ips: Vec::new(),
            days: DAYS_BY_DEFAULT,
            auto_lan_ips: true,
        }
    }
}

impl TlsSettings {
    /// Reads and checks the file at `path`. Paths in it count from the folder it lies in.
    ///
    /// `named` says whether somebody asked for this very file: then it must exist. Otherwise
    /// there may be none, and the defaults hold.
    ///
    /// # Errors
    /// `SettingsMissing`, `Unreadable`, `SettingsSyntax` or `Settings`.
    pub fn load(path: &Path, named: bool) -> Result<Self, SetupError> {
        let text = match super::files::read_text(path, SETTINGS_LEN_MAX) {
            Ok(text) => text,
            Err(SetupError::Missing { path }) if named => {
                return Err(SetupError::SettingsMissing { path });
            }
            Err(SetupError::Missing { .. }) => return Ok(Self::default()),
            Err(other) => return Err(other),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|error| match error {
            SettingsError::Syntax {
                line,
                column,
                detail,
            } => SetupError::SettingsSyntax {
                path: path.to_owned(),
                line,
                column,
                detail,
            },
            SettingsError::Problems(problems) => SetupError::Settings {
                path: path.to_owned(),
                problems,
            },
        })
    }

    /// Checks the text of a `tls_config.json` that lies in `folder`.
    ///
    /// # Errors
    /// All that is wrong with it, not only the first.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SettingsError> {
        // Some editors put a byte order mark in front, which JSON does not know (RFC 8259 §8.1).
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| SettingsError::Syntax {
                line: error.line(),
                column: error.column(),
                detail: without_position(&error.to_string()),
            })?;
        let mut problems = repeated::repeated_members(text);
        let settings = match value.as_object() {
            Some(object) => read::settings(Members::new("", object, &mut problems), folder),
            None => {
                problems.push(Problem {
                    at: "the file".to_owned(),
                    sentence: "holds no object. Put the settings between { and }.".to_owned(),
                });
                Self::default()
            }
        };
        if problems.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError::Problems(problems))
        }
    }

    /// The versions allowed, the older first.
    pub fn versions(&self) -> impl Iterator<Item = Version> + '_ {
        Version::ALL
            .into_iter()
            .filter(|version| (self.min_version..=self.max_version).contains(version))
    }
}

/// serde_json ends its sentences with a position, which we write in front.
fn without_position(sentence: &str) -> String {
    let end = sentence.rfind(" at line ").unwrap_or(sentence.len());
    sentence.get(..end).unwrap_or(sentence).to_owned()
}

#[cfg(test)]
mod tests;
