//! `tls_config.json` → checked `TlsSettings`: everything that one may ask of TLS here.
//! No certificate is opened and no socket configured: that is `certificate` and `server_config`.

mod alternatives;
mod members;
mod repeated;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::DnsName;

use super::error::SetupError;
use super::names::{
    self, GROUPS, GROUPS_BY_DEFAULT, Group, REFUSED_SETTINGS, SUITES, Suite, Version,
};
use alternatives::Alternatives;
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

/// A smaller record could not hold what rustls itself wants to send in one piece.
const RECORD_PAYLOAD: std::ops::RangeInclusive<u64> = 64..=RECORD_PAYLOAD_MAX;

/// RFC 8446 §5.1: a fragment has at most 2^14 bytes.
const RECORD_PAYLOAD_MAX: u64 = 16_384;

/// Each ticket costs the client memory and, if sessions are kept here, us too.
const TICKETS: std::ops::RangeInclusive<u64> = 1..=10;

/// Some systems distrust certificates that live longer than 825 days, whoever signed them.
const DAYS: std::ops::RangeInclusive<u64> = 1..=825;

/// Thirteen months, as certificate authorities did for years.
const DAYS_BY_DEFAULT: u32 = 397;

/// Two years: what the preload lists ask for. Longer only makes a mistake last longer.
const HSTS_SECONDS: std::ops::RangeInclusive<u64> = 0..=63_072_000;

/// The most extra names in one certificate: it has to fit into a client's patience.
const SUBJECT_NAMES_MAX: usize = 64;

/// The only protocol that is spoken inside TLS here.
const ALPN_HTTP11: &str = "http/1.1";

const SETTINGS: [&str; 14] = [
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_ciphers",
    "groups",
    "alpn",
    "certificate",
    "private_key",
    "subject",
    "resumption",
    "tickets",
    "max_record_payload",
    "client_auth",
    "hsts_seconds",
];

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            min_version: Version::Tls12,
            max_version: Version::Tls13,
            cipher_suites: SUITES.iter().collect(),
            prefer_server_ciphers: false,
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
            Some(object) => read(Members::new("", object, &mut problems), folder),
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

/// Reads the settings one by one; what is wrong with them is noted in `members`.
fn read(mut members: Members<'_, '_>, folder: &Path) -> TlsSettings {
    members.refuse_unknown(&SETTINGS, &REFUSED_SETTINGS);
    let mut settings = TlsSettings::default();
    if let Some(version) = members.one_of("min_version", &VERSIONS) {
        settings.min_version = version;
    }
    if let Some(version) = members.one_of("max_version", &VERSIONS) {
        settings.max_version = version;
    }
    if let Some(suites) = members.some_of("cipher_suites", &CIPHER_SUITES) {
        settings.cipher_suites = suites;
    }
    if let Some(groups) = members.some_of("groups", &KEY_GROUPS) {
        settings.groups = groups;
    }
    if let Some(flag) = members.flag("prefer_server_ciphers") {
        settings.prefer_server_ciphers = flag;
    }
    if let Some(alpn) = alpn(&mut members) {
        settings.alpn = alpn;
    }
    settings.files = files(&mut members, folder);
    if let Some(subject) = members.object("subject") {
        settings.subject = read_subject(subject);
    }
    if let Some(resumption) = members.one_of("resumption", &RESUMPTIONS) {
        settings.resumption = resumption;
    }
    if let Some(tickets) = members.whole("tickets", TICKETS) {
        settings.tickets = tickets;
    }
    if let Some(bytes) = members.whole("max_record_payload", RECORD_PAYLOAD) {
        settings.max_record_payload = bytes;
    }
    if let Some(client_auth) = members.object("client_auth") {
        settings.client_auth = read_client_auth(client_auth, folder);
    }
    if let Some(seconds) = members.whole("hsts_seconds", HSTS_SECONDS) {
        settings.hsts_seconds = seconds;
    }
    check_versions(&settings, &mut members);
    settings
}

const VERSIONS: Alternatives<Version> = Alternatives {
    named: &|name| {
        Version::ALL
            .into_iter()
            .find(|version| version.number() == name)
    },
    names: &|| {
        Version::ALL
            .iter()
            .map(|version| version.number())
            .collect()
    },
    impossible: &names::impossible_version,
};

const CIPHER_SUITES: Alternatives<&'static Suite> = Alternatives {
    named: &|name| SUITES.iter().find(|suite| suite.name == name),
    names: &|| SUITES.iter().map(|suite| suite.name).collect(),
    impossible: &names::impossible_suite,
};

// Standards and programs disagree on capitals here (`x25519`, `X25519`), so any will do.
const KEY_GROUPS: Alternatives<&'static Group> = Alternatives {
    named: &|name| {
        GROUPS
            .iter()
            .find(|group| group.name.eq_ignore_ascii_case(name))
    },
    names: &|| GROUPS.iter().map(|group| group.name).collect(),
    impossible: &names::impossible_group,
};

const RESUMPTIONS: Alternatives<Resumption> = Alternatives {
    named: &|name| match name {
        "off" => Some(Resumption::Off),
        "stateful" => Some(Resumption::Stateful),
        "stateless" => Some(Resumption::Stateless),
        _ => None,
    },
    names: &|| vec!["off", "stateful", "stateless"],
    impossible: &|_| None,
};

/// An empty list is a choice here: no ALPN at all.
fn alpn(members: &mut Members<'_, '_>) -> Option<Vec<String>> {
    let protocols = members.strings("alpn")?;
    for (at, protocol) in &protocols {
        if *protocol != ALPN_HTTP11 {
            members.problem(at.clone(), format!(
                "{protocol:?} is not spoken here, only \"{ALPN_HTTP11}\" is (RFC 7301 names protocols so). Remove it.",
            ));
        }
    }
    Some(
        protocols
            .into_iter()
            .map(|(_, protocol)| protocol.to_owned())
            .collect(),
    )
}

/// A certificate without its key is of no use, nor the other way round.
fn files(members: &mut Members<'_, '_>, folder: &Path) -> Option<CertificateFiles> {
    let certificate = members.path("certificate", folder);
    let private_key = members.path("private_key", folder);
    match (certificate, private_key) {
        (Some(certificate), Some(private_key)) => Some(CertificateFiles {
            certificate,
            private_key,
        }),
        (Some(_), None) if !members.has("private_key") => {
            members.problem_at(
                "certificate",
                "needs its key. Name it with \"private_key\".".to_owned(),
            );
            None
        }
        (None, Some(_)) if !members.has("certificate") => {
            members.problem_at(
                "private_key",
                "needs its certificate. Name it with \"certificate\".".to_owned(),
            );
            None
        }
        _ => None,
    }
}

fn read_subject(mut members: Members<'_, '_>) -> Subject {
    members.refuse_unknown(&["dns", "ips", "days", "auto_lan_ips"], &[]);
    let mut subject = Subject::default();
    for (at, name) in members.strings("dns").unwrap_or_default() {
        if name.parse::<IpAddr>().is_ok() {
            members.problem(at, format!("{name:?} is an address. Move it to \"ips\"."));
        } else if DnsName::try_from(name).is_err() {
            members.problem(at, format!(
                "{name:?} is not one host name. Write it like \"chat.example.org\", without scheme, port or *.",
            ));
        } else {
            subject.dns.push(name.to_owned());
        }
    }
    for (at, address) in members.strings("ips").unwrap_or_default() {
        match address.parse() {
            Ok(ip) => subject.ips.push(ip),
            Err(_) => members.problem(at, format!(
                "{address:?} is not an address. Write it like \"192.168.0.7\" or \"fd00::7\"; host names go to \"dns\".",
            )),
        }
    }
    let too_many = "would make the certificate larger than clients like. Keep at most 64 names.";
    if subject.dns.len() > SUBJECT_NAMES_MAX {
        members.problem_at("dns", too_many.to_owned());
    }
    if subject.ips.len() > SUBJECT_NAMES_MAX {
        members.problem_at("ips", too_many.to_owned());
    }
    if let Some(days) = members.whole("days", DAYS) {
        subject.days = days;
    }
    if let Some(flag) = members.flag("auto_lan_ips") {
        subject.auto_lan_ips = flag;
    }
    subject
}

fn read_client_auth(mut members: Members<'_, '_>, folder: &Path) -> Option<ClientAuth> {
    members.refuse_unknown(&["ca", "required"], &[]);
    let required = members.flag("required").unwrap_or(true);
    if !members.has("ca") {
        members.problem_here("needs \"ca\", the PEM file with the authorities that vouch for clients. Add it, or write null to ask for no certificates.".to_owned());
    }
    let ca = members.path("ca", folder)?;
    Some(ClientAuth { ca, required })
}

/// Each version that is allowed needs a suite and a group to work with.
fn check_versions(settings: &TlsSettings, members: &mut Members<'_, '_>) {
    if settings.min_version > settings.max_version {
        members.problem_at(
            "min_version",
            format!(
                "\"{}\" is newer than max_version \"{}\". Turn them round, or make them equal.",
                settings.min_version.number(),
                settings.max_version.number(),
            ),
        );
        return;
    }
    for version in settings.versions() {
        let bound = match version {
            Version::Tls12 => "or set min_version to \"1.3\"",
            Version::Tls13 => "or set max_version to \"1.2\"",
        };
        if !settings
            .cipher_suites
            .iter()
            .any(|suite| suite.version == version)
        {
            let first = SUITES.iter().find(|suite| suite.version == version);
            members.problem_at(
                "cipher_suites",
                format!(
                    "holds no suite for {}, which is allowed. Add \"{}\", {bound}.",
                    version.name(),
                    first.map_or("", |suite| suite.name),
                ),
            );
        }
        let usable = |group: &&Group| version == Version::Tls13 || group.in_tls12;
        if !settings.groups.iter().any(usable) {
            members.problem_at(
                "groups",
                format!(
                    "holds no group for {}, which is allowed. Add \"X25519\", {bound}.",
                    version.name(),
                ),
            );
        }
    }
}

/// serde_json ends its sentences with a position, which we write in front.
fn without_position(sentence: &str) -> String {
    let end = sentence.rfind(" at line ").unwrap_or(sentence.len());
    sentence.get(..end).unwrap_or(sentence).to_owned()
}

#[cfg(test)]
mod tests;
