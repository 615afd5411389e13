//! What we call numbers, held against `tshark -G values`.

use std::collections::BTreeMap;
use std::process::Command;

use secure_chat::wire::dissect::tls_alert::dissect_alert;
use secure_chat::wire::dissect::tls_handshake::{HandshakeContext, dissect_handshake};
use secure_chat::wire::field::{Field, Value};

/// Bytes behind their length.
fn vector(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap();
    [&len.to_be_bytes(), bytes].concat()
}

/// A ClientHello with these cipher suites and extensions.
fn client_hello(suites: &[u8], extensions: &[u8]) -> Field {
    let suites = vector(suites);
    let extensions = vector(extensions);
    let body = [&[3, 3][..], &[0; 32], &[0], &suites, &[1, 0], &extensions].concat();
    let len = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1, len[1], len[2], len[3]], &body[..]].concat();
    dissect_handshake(&message, &HandshakeContext::default())
}

/// An extension whose data are a list of numbers of two bytes.
fn listing(extension: u16, numbers: &[u8]) -> Vec<u8> {
    let data = vector(&vector(numbers));
    [&extension.to_be_bytes(), &data[..]].concat()
}

/// Our name of each number that has one.
fn ours(wireshark: &str) -> BTreeMap<u64, String> {
    let numbers: Vec<u16> = (0..=u16::MAX).collect();
    // Fewer than there may be fields in a message.
    let parts = numbers.chunks(3_000).map(|part| {
        let list: Vec<u8> = part
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect();
        match wireshark {
            "tls.handshake.ciphersuite" => client_hello(&list, &[]),
            "tls.handshake.extensions_supported_group" => client_hello(&[], &listing(10, &list)),
            "tls.handshake.sig_hash_alg" => client_hello(&[], &listing(13, &list)),
            "tls.handshake.extension.type" => {
                let empty = |number: &u16| [number.to_be_bytes(), [0, 0]].concat();
                client_hello(&[], &part.iter().flat_map(empty).collect::<Vec<_>>())
            }
            other => panic!("no list of {other}"),
        }
    });
    let fields: Vec<Field> = match wireshark {
        "tls.alert_message.desc" => (0..=255)
            .map(|number| dissect_alert(&[2, number]))
            .collect(),
        _ => parts.collect(),
    };
    let codes = fields
        .iter()
        .flat_map(Field::walk)
        .filter_map(|field| match &field.value {
            Value::Code {
                number,
                name: Some(name),
            } if field.wireshark == Some(wireshark) => Some((*number, name.to_string())),
            _ => None,
        });
    codes.collect()
}

/// What tshark calls each number of such a field.
fn theirs(values: &str, wireshark: &str) -> BTreeMap<u64, String> {
    let rows = values.lines().filter_map(|line| {
        let ["V", field, number, name] = line.split('\t').collect::<Vec<_>>()[..] else {
            return None;
        };
        if field != wireshark {
            return None;
        }
        let number = match number.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => number.parse(),
        };
        Some((number.unwrap(), name.to_owned()))
    });
    rows.collect()
}

/// `No application Protocol` and `no_application_protocol` are the same.
fn plain(name: &str) -> String {
    let name = name.replace("Reserved (GREASE)", "GREASE");
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Where the registry, which we follow, has it otherwise than Wireshark 4.0.
const REGISTRY: &[(&str, u64, &str)] = &[
    ("tls.handshake.extension.type", 34, "delegated_credential"),
    (
        "tls.handshake.extension.type",
        17513,
        "application_settings_old",
    ),
    (
        "tls.handshake.extensions_supported_group",
        0x0201,
        "MLKEM768",
    ),
    (
        "tls.handshake.extensions_supported_group",
        0x0202,
        "MLKEM1024",
    ),
    (
        "tls.handshake.extensions_supported_group",
        0x0200,
        "MLKEM512",
    ),
];

#[test]
fn tshark_calls_the_same_numbers_by_the_same_names() {
    if !super::tshark_is_there() {
        return;
    }
    let output = Command::new("tshark")
        .args(["-G", "values"])
        .output()
        .unwrap();
    let values = String::from_utf8_lossy(&output.stdout).into_owned();
    for (wireshark, at_least) in [
        ("tls.handshake.ciphersuite", 170),
        ("tls.handshake.extensions_supported_group", 33),
        ("tls.handshake.sig_hash_alg", 15),
        ("tls.handshake.extension.type", 55),
        ("tls.alert_message.desc", 33),
    ] {
        let (ours, theirs) = (ours(wireshark), theirs(&values, wireshark));
        let mut equal = 0;
        for (number, name) in &ours {
            let registry = REGISTRY
                .iter()
                .find(|(field, known, _)| field == &wireshark && known == number);
            match (registry, theirs.get(number)) {
                (Some((.., registry)), _) => assert_eq!(name, registry),
                (None, Some(their_name)) => {
                    assert_eq!(plain(name), plain(their_name), "{wireshark} {number}");
                    equal += 1;
                }
                // Newer than it is.
                (None, None) => {}
            }
        }
        println!(
            "{wireshark}: {equal} of our {} names are tshark's",
            ours.len()
        );
        assert!(equal >= at_least, "{wireshark}: {equal}");
    }
}
