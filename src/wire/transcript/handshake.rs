//! What matters of a handshake message or an alert, in a few lines: what was offered, what was chosen, who vouches for whom.
//! Everything else of it stands in its tree of fields.

use super::tree::{find, find_all, said};
use crate::octets::counted;
use crate::wire::field::Field;

/// So many members of a list are named, the rest is counted.
const NAMED_MAX: usize = 3;

/// So many certificates of a chain are shown.
const CERTIFICATES_MAX: usize = 4;

/// Where an essential of a message is found: the leaves of this name below the field of that name.
struct Row {
    message: &'static str,
    what: &'static str,
    below: &'static str,
    leaf: &'static str,
    /// In which unit.
    unit: &'static str,
}

/// In the order in which they are shown. A row is passed over if an earlier one has already told the same of its message.
const ROWS: &[Row] = &[
    row(
        "ClientHello",
        "versions",
        "supported_versions",
        "ProtocolVersion",
    ),
    row("ClientHello", "versions", "ClientHello", "legacy_version"),
    row("ClientHello", "server name", "server_name", "HostName"),
    row(
        "ClientHello",
        "protocols",
        "application_layer_protocol_negotiation",
        "ProtocolName",
    ),
    row("ClientHello", "suites", "cipher_suites", "CipherSuite"),
    row("ClientHello", "groups", "supported_groups", "NamedGroup"),
    row("ClientHello", "key share", "key_share", "group"),
    row(
        "HelloRetryRequest",
        "version",
        "supported_versions",
        "selected_version",
    ),
    row(
        "HelloRetryRequest",
        "suite",
        "HelloRetryRequest",
        "cipher_suite",
    ),
    row("HelloRetryRequest", "group", "key_share", "selected_group"),
    row(
        "ServerHello",
        "version",
        "supported_versions",
        "selected_version",
    ),
    row("ServerHello", "version", "ServerHello", "legacy_version"),
    row("ServerHello", "suite", "ServerHello", "cipher_suite"),
    row("ServerHello", "key share", "key_share", "group"),
    row(
        "ServerHello",
        "protocol",
        "application_layer_protocol_negotiation",
        "ProtocolName",
    ),
    row(
        "EncryptedExtensions",
        "protocol",
        "application_layer_protocol_negotiation",
        "ProtocolName",
    ),
    row("ServerKeyExchange", "group", "params", "namedcurve"),
    row(
        "ServerKeyExchange",
        "signature",
        "ServerKeyExchange",
        "algorithm",
    ),
    row(
        "CertificateRequest",
        "issuers",
        "certificate_authorities",
        "Name",
    ),
    row(
        "CertificateRequest",
        "issuers",
        "certificate_authorities",
        "DistinguishedName",
    ),
    row(
        "CertificateVerify",
        "signature",
        "CertificateVerify",
        "algorithm",
    ),
    lifetime("ticket_lifetime"),
    lifetime("ticket_lifetime_hint"),
    row("KeyUpdate", "answer", "KeyUpdate", "request_update"),
];

/// What the presence of a field says by itself.
const SIGNS: &[(&str, &str, (&str, &str))] = &[
    (
        "ClientHello",
        "pre_shared_key",
        ("resumes", "a session from before"),
    ),
    (
        "ClientHello",
        "early_data",
        ("early data", "follows before the server has answered"),
    ),
    (
        "ClientHello",
        "encrypted_client_hello",
        (
            "hidden name",
            "encrypted_client_hello, or noise that looks like it",
        ),
    ),
    (
        "ServerHello",
        "pre_shared_key",
        ("resumes", "the session from before: no certificate follows"),
    ),
    (
        "EncryptedExtensions",
        "early_data",
        ("early data", "is accepted"),
    ),
];

const fn row(
    message: &'static str,
    what: &'static str,
    below: &'static str,
    leaf: &'static str,
) -> Row {
    Row {
        message,
        what,
        below,
        leaf,
        unit: "",
    }
}

/// How long a ticket can be used.
const fn lifetime(leaf: &'static str) -> Row {
    Row {
        unit: " seconds",
        ..row("NewSessionTicket", "lifetime", "NewSessionTicket", leaf)
    }
}

/// The lines of a handshake message: what each is about, and what it says.
pub(super) fn essentials(message: &Field) -> Vec<(&'static str, String)> {
    let name = said(message);
    let mut lines: Vec<(&'static str, String)> = Vec::new();
    for row in ROWS.iter().filter(|row| row.message == name) {
        if lines.iter().any(|(what, _)| *what == row.what) {
            continue;
        }
        let below = find_all(message, row.below).filter(|field| !field.children.is_empty());
        let leaves = below.flat_map(|field| find_all(field, row.leaf));
        let values = leaves.map(said).filter(|value| !is_signal(value));
        let values = values.map(|value| value + row.unit);
        if let Some(values) = list(values) {
            lines.push((row.what, values));
        }
    }
    let signs = SIGNS
        .iter()
        .filter(|(of, field, _)| *of == name && find(message, field).is_some());
    lines.extend(signs.map(|(.., (what, says))| (*what, (*says).to_owned())));
    if name == "Certificate" {
        certificates(message, &mut lines);
    }
    lines
}

/// An alert in words: `fatal, unknown_ca. The issuer …`.
pub(super) fn alert(tree: &Field) -> Option<String> {
    let level = said(find(tree, "level")?);
    let description = find(tree, "description")?;
    Some(format!(
        "{level} {}: {}",
        said(description),
        description.meaning
    ))
}

/// Whether a member of a list is there for other reasons than to be chosen: GREASE keeps servers tolerant (RFC 8701), the
/// signalling suites tell of something else (RFC 5746, RFC 7507).
fn is_signal(value: &str) -> bool {
    value.is_empty() || value == "GREASE" || value.ends_with("_SCSV")
}

/// `x25519, secp256r1, x448 and 7 more`; `None` if there is nothing to tell.
fn list(values: impl Iterator<Item = String>) -> Option<String> {
    let mut all: Vec<String> = values.collect();
    all.dedup();
    let more = all.len().saturating_sub(NAMED_MAX);
    // In place of `and 1 more` stands that one.
    if more > 1 {
        all.truncate(NAMED_MAX);
        return Some(format!("{} and {more} more", all.join(", ")));
    }
    (!all.is_empty()).then(|| all.join(", "))
}

fn certificates(message: &Field, lines: &mut Vec<(&'static str, String)>) {
    let mut certificates = find_all(message, "tbsCertificate");
    for certificate in certificates.by_ref().take(CERTIFICATES_MAX) {
        let one = |name| find(certificate, name).map(said).unwrap_or_default();
        let (subject, issuer) = (one("subject"), one("issuer"));
        let by = if subject == issuer {
            "itself: whoever trusts it must know its fingerprint".to_owned()
        } else {
            issuer
        };
        lines.push(("subject", subject));
        let names = ["dNSName", "iPAddress"].into_iter();
        let names = names.flat_map(|name| find_all(certificate, name)).map(said);
        lines.extend(list(names).map(|names| ("holds for", names)));
        lines.push(("issuer", by));
        lines.push((
            "valid",
            format!("{} to {}", one("notBefore"), one("notAfter")),
        ));
    }
    match certificates.count() {
        0 => {}
        more => lines.push(("chain", format!("{} more", counted(more, "certificate")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field::Value;

    fn leaf(name: &'static str, text: &str) -> Field {
        Field::leaf(name, 0..0, Value::Text(text.to_owned()), "")
    }

    fn message(name: &'static str, children: Vec<Field>) -> Field {
        let body = Field::group(name, 0..0, "").children(children);
        let mut message = Field::group("Handshake", 0..0, "").children(vec![body]);
        message.value = Value::Text(name.to_owned());
        message
    }

    #[test]
    fn a_list_names_four_members_or_three_and_how_many_more() {
        for (values, told) in [
            ("", None),
            ("a", Some("a")),
            ("a b c d", Some("a, b, c, d")),
            ("a b c d e", Some("a, b, c and 2 more")),
        ] {
            let values = values.split_whitespace().map(str::to_owned);
            assert_eq!(list(values).as_deref(), told);
        }
    }

    #[test]
    fn the_version_is_that_of_the_extension_or_else_the_old_field() {
        let legacy = || leaf("legacy_version", "TLS 1.2");
        let extension = Field::group("supported_versions", 0..0, "")
            .children(vec![leaf("selected_version", "TLS 1.3")]);
        for (children, version) in [
            (vec![legacy()], "TLS 1.2"),
            (vec![legacy(), extension], "TLS 1.3"),
        ] {
            let told = essentials(&message("ServerHello", children));
            assert_eq!(told, [("version", version.to_owned())]);
        }
    }

    #[test]
    fn what_nobody_can_choose_is_not_offered() {
        let suites = ["GREASE", "TLS_A", "TLS_FALLBACK_SCSV", "TLS_B"];
        let suites = suites.map(|name| leaf("CipherSuite", name)).to_vec();
        let suites = Field::group("cipher_suites", 0..0, "").children(suites);
        let told = essentials(&message("ClientHello", vec![suites]));
        assert_eq!(told, [("suites", "TLS_A, TLS_B".to_owned())]);
    }

    #[test]
    fn of_a_long_chain_only_the_first_certificates_are_told() {
        let certificate = |subject: &str| {
            Field::group("tbsCertificate", 0..0, "")
                .children(vec![leaf("issuer", "CN=root"), leaf("subject", subject)])
        };
        let chain = |count| {
            let names = (0..count).map(|number| format!("CN={number}"));
            let certificates = names.map(|name| certificate(&name)).collect();
            essentials(&message("Certificate", certificates))
        };
        let more = |lines: Vec<(&'static str, String)>| {
            let last = lines.last().cloned();
            last.filter(|(what, _)| *what == "chain")
        };
        assert_eq!(more(chain(CERTIFICATES_MAX)), None);
        assert_eq!(
            more(chain(CERTIFICATES_MAX + 2)),
            Some(("chain", "2 certificates more".to_owned()))
        );
        let root = essentials(&message("Certificate", vec![certificate("CN=root")]));
        assert!(
            root.iter()
                .any(|(what, says)| *what == "issuer" && says.starts_with("itself"))
        );
    }
}
