//! Takes each setting out of the JSON object and checks it, alone and against the others.
//! What the settings are for is said in `settings`; how wrong types are reported, in `members`.

use std::net::IpAddr;
use std::path::Path;

use tokio_rustls::rustls::pki_types::DnsName;

use super::alternatives::Alternatives;
use super::members::Members;
use super::{ALPN_HTTP11, CertificateFiles, ClientAuth, Resumption, Subject, TlsSettings};
use crate::tls::impossible::{
    REFUSED_SETTINGS, impossible_group, impossible_suite, impossible_version,
};
use crate::tls::names::{GROUPS, Group, SUITES, Suite, Version};

/// All settings.
pub(super) const SETTINGS: [&str; 14] = [
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

/// A smaller record could not hold what rustls itself wants to send in one piece.
const RECORD_PAYLOAD: std::ops::RangeInclusive<u64> = 64..=RECORD_PAYLOAD_MAX;

/// RFC 8446 §5.1: a fragment has at most 2^14 bytes.
const RECORD_PAYLOAD_MAX: u64 = 16_384;

/// Each ticket costs the client memory and, if sessions are kept here, us too.
const TICKETS: std::ops::RangeInclusive<u64> = 1..=10;

/// Some systems distrust certificates that live longer than 825 days, whoever signed them.
const DAYS: std::ops::RangeInclusive<u64> = 1..=825;

/// Two years: what the preload lists ask for. Longer only makes a mistake last longer.
const HSTS_SECONDS: std::ops::RangeInclusive<u64> = 0..=63_072_000;

/// The most extra names in one certificate: it has to fit into a client's patience.
const SUBJECT_NAMES_MAX: usize = 64;

/// Reads the settings one by one; what is wrong with them is noted in `members`.
pub(super) fn settings(mut members: Members<'_, '_>, folder: &Path) -> TlsSettings {
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
    impossible: &impossible_version,
};

const CIPHER_SUITES: Alternatives<&'static Suite> = Alternatives {
    named: &|name| SUITES.iter().find(|suite| suite.name == name),
    names: &|| SUITES.iter().map(|suite| suite.name).collect(),
    impossible: &impossible_suite,
};

// Standards and programs disagree on capitals here (`x25519`, `X25519`), so any will do.
const KEY_GROUPS: Alternatives<&'static Group> = Alternatives {
    named: &|name| {
        GROUPS
            .iter()
            .find(|group| group.name.eq_ignore_ascii_case(name))
    },
    names: &|| GROUPS.iter().map(|group| group.name).collect(),
    impossible: &impossible_group,
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
