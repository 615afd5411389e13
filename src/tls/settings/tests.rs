//! What `tls_config.json` may say, and what is answered to what it may not.

use super::read::SETTINGS;
use super::*;
use crate::tls::impossible::REFUSED_SETTINGS;

fn parse(json: &str) -> Result<TlsSettings, SettingsError> {
    TlsSettings::parse(json, Path::new("conf"))
}

fn problems(json: &str) -> Vec<String> {
    match parse(json) {
        Err(SettingsError::Problems(problems)) => problems.iter().map(Problem::to_string).collect(),
        other => panic!("{json}: {other:?}"),
    }
}

fn suites(names: &[&str]) -> Vec<&'static Suite> {
    names
        .iter()
        .map(|name| SUITES.iter().find(|suite| suite.name == *name).unwrap())
        .collect()
}

#[test]
fn the_file_that_comes_with_the_program_says_the_defaults() {
    let shipped = include_str!("../../../tls_config.json");
    assert_eq!(parse(shipped), Ok(TlsSettings::default()));
    assert_eq!(parse("{}"), Ok(TlsSettings::default()));
    assert_eq!(
        parse("\u{feff}{ \"//\": 7, \"// alpn\": [\"h2\"] }"),
        Ok(TlsSettings::default())
    );
    let value: serde_json::Value = serde_json::from_str(shipped).unwrap();
    for setting in SETTINGS {
        assert!(
            value.get(setting).is_some(),
            "{setting} is not shown to people"
        );
    }
    assert_eq!(
        TlsSettings::default().cipher_suites[0].name,
        "TLS_AES_128_GCM_SHA256"
    );
}

#[test]
fn every_setting_is_taken_over() {
    let json = r#"{
        "min_version": "1.3", "max_version": "1.3", "prefer_server_ciphers": false,
        "cipher_suites": ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"],
        "groups": ["x25519", "SECP256R1"], "alpn": [],
        "certificate": "a.pem", "private_key": "/keys/a.key",
        "subject": { "dns": ["chat.example.org"], "ips": ["192.168.0.7", "fd00::7"], "days": 30, "auto_lan_ips": false },
        "resumption": "stateless", "tickets": 1, "max_record_payload": 512,
        "client_auth": { "ca": "clients.pem", "required": false }, "hsts_seconds": 300
    }"#;
    let settings = parse(json).unwrap();
    assert_eq!(
        settings,
        TlsSettings {
            min_version: Version::Tls13,
            max_version: Version::Tls13,
            cipher_suites: suites(&["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]),
            prefer_server_ciphers: false,
            groups: vec![&GROUPS[1], &GROUPS[2]],
            alpn: Vec::new(),
            files: Some(CertificateFiles {
                certificate: "conf/a.pem".into(),
                private_key: "/keys/a.key".into(),
            }),
            subject: Subject {
                dns: vec!["chat.example.org".to_owned()],
                ips: vec!["192.168.0.7".parse().unwrap(), "fd00::7".parse().unwrap()],
                days: 30,
                auto_lan_ips: false,
            },
            resumption: Resumption::Stateless,
            tickets: 1,
            max_record_payload: 512,
            client_auth: Some(ClientAuth {
                ca: "conf/clients.pem".into(),
                required: false
            }),
            hsts_seconds: 300,
        }
    );
    assert_eq!(settings.versions().collect::<Vec<_>>(), [Version::Tls13]);
}

#[test]
fn numbers_are_taken_up_to_their_bounds_and_not_beyond() {
    for (setting, least, most) in [
        ("tickets", 1, 10),
        ("max_record_payload", 64, 16_384),
        ("hsts_seconds", 0, 63_072_000),
    ] {
        for good in [least, most] {
            assert!(
                parse(&format!("{{\"{setting}\": {good}}}")).is_ok(),
                "{setting} {good}"
            );
        }
        for bad in [least - 1, most + 1] {
            assert_eq!(
                problems(&format!("{{\"{setting}\": {bad}}}")),
                [format!(
                    "{setting}: {bad} is not a whole number from {least} to {most}."
                )]
            );
        }
    }
    assert!(parse(r#"{"subject":{"days":825}}"#).is_ok());
    assert_eq!(
        problems(r#"{"subject":{"days":826}}"#),
        ["subject.days: 826 is not a whole number from 1 to 825."]
    );
}

/// What is written, and the one problem with it.
const WRONG: [(&str, &str); 35] = [
    (
        r#"[]"#,
        "the file: holds no object. Put the settings between { and }.",
    ),
    (
        r#"{"min_version":"1.0"}"#,
        "min_version: \"1.0\" cannot be had: TLS 1.0 and 1.1 are withdrawn (RFC 8996), and rustls has neither. Choose from \"1.2\", \"1.3\".",
    ),
    (
        r#"{"min_version":"SSLv3"}"#,
        "min_version: \"SSLv3\" cannot be had: SSL is broken and forbidden (RFC 6176, RFC 7568), and rustls has none of it. Choose from \"1.2\", \"1.3\".",
    ),
    (
        r#"{"max_version":"TLS 1.3"}"#,
        "max_version: \"TLS 1.3\" is not known. Choose from \"1.2\", \"1.3\".",
    ),
    (
        r#"{"max_version":1.3}"#,
        "max_version: 1.3 is not one of \"1.2\", \"1.3\".",
    ),
    (
        r#"{"min_version":"1.3","max_version":"1.2"}"#,
        "min_version: \"1.3\" is newer than max_version \"1.2\". Turn them round, or make them equal.",
    ),
    (
        r#"{"cipher_suites":["ECDHE-ECDSA-AES128-GCM-SHA256"]}"#,
        "cipher_suites[0]: \"ECDHE-ECDSA-AES128-GCM-SHA256\" is not known. Did you mean \"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\"?",
    ),
    (
        r#"{"cipher_suites":["TLS_AES_128_GCM_SHA256","TLS_AES_128_GCM_SHA256"]}"#,
        "cipher_suites[1]: \"TLS_AES_128_GCM_SHA256\" stands in the list before. Keep one.",
    ),
    (
        r#"{"cipher_suites":["TLS_AES_128_GCM_SHA256"]}"#,
        "cipher_suites: holds no suite for TLS 1.2, which is allowed. Add \"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\", or set min_version to \"1.3\".",
    ),
    (
        r#"{"cipher_suites":["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]}"#,
        "cipher_suites: holds no suite for TLS 1.3, which is allowed. Add \"TLS_AES_128_GCM_SHA256\", or set max_version to \"1.2\".",
    ),
    (
        r#"{"cipher_suites":"TLS_AES_128_GCM_SHA256"}"#,
        "cipher_suites: \"TLS_AES_128_GCM_SHA256\" is not a list of strings in [ and ].",
    ),
    (
        r#"{"cipher_suites":[7]}"#,
        "cipher_suites[0]: 7 is not a string in quotes.",
    ),
    (
        r#"{"groups":["P-521"]}"#,
        "groups[0]: \"P-521\" cannot be had: rustls does not have the curve P-521. Choose from \"X25519MLKEM768\", \"X25519\", \"secp256r1\", \"secp384r1\", \"SecP256r1MLKEM768\", \"MLKEM768\", \"MLKEM1024\".",
    ),
    (
        r#"{"groups":["X25519","x25519"]}"#,
        "groups[1]: \"x25519\" stands in the list before. Keep one.",
    ),
    (
        r#"{"groups":["X25519MLKEM768"]}"#,
        "groups: holds no group for TLS 1.2, which is allowed. Add \"X25519\", or set min_version to \"1.3\".",
    ),
    (
        r#"{"groups":[]}"#,
        "groups: is empty. Name at least one of \"X25519MLKEM768\", \"X25519\", \"secp256r1\", \"secp384r1\", \"SecP256r1MLKEM768\", \"MLKEM768\", \"MLKEM1024\".",
    ),
    (
        r#"{"alpn":["h2"]}"#,
        "alpn[0]: \"h2\" is not spoken here, only \"http/1.1\" is (RFC 7301 names protocols so). Remove it.",
    ),
    (
        r#"{"prefer_server_ciphers":"yes"}"#,
        "prefer_server_ciphers: \"yes\" is not true or false.",
    ),
    (
        r#"{"certificate":"a.pem"}"#,
        "certificate: needs its key. Name it with \"private_key\".",
    ),
    (
        r#"{"private_key":"a.pem","certificate":null}"#,
        "private_key: needs its certificate. Name it with \"certificate\".",
    ),
    (
        r#"{"certificate":"","private_key":"k"}"#,
        "certificate: \"\" is not the path of a file in quotes.",
    ),
    (
        r#"{"subject":{"dns":["a.b:8443"]}}"#,
        "subject.dns[0]: \"a.b:8443\" is not one host name. Write it like \"chat.example.org\", without scheme, port or *.",
    ),
    (
        r#"{"subject":{"dns":["*.example.org"]}}"#,
        "subject.dns[0]: \"*.example.org\" is not one host name. Write it like \"chat.example.org\", without scheme, port or *.",
    ),
    (
        r#"{"subject":{"dns":["10.0.0.1"]}}"#,
        "subject.dns[0]: \"10.0.0.1\" is an address. Move it to \"ips\".",
    ),
    (
        r#"{"subject":{"ips":["10.0.0"]}}"#,
        "subject.ips[0]: \"10.0.0\" is not an address. Write it like \"192.168.0.7\" or \"fd00::7\"; host names go to \"dns\".",
    ),
    (
        r#"{"subject":[]}"#,
        "subject: [] is not an object in { and }.",
    ),
    (
        r#"{"subject":{"day":7}}"#,
        "subject.day: there is no such setting. Did you mean \"days\"?",
    ),
    (
        r#"{"resumption":"statefull"}"#,
        "resumption: \"statefull\" is not known. Did you mean \"stateful\"?",
    ),
    (
        r#"{"resumption":true}"#,
        "resumption: true is not one of \"off\", \"stateful\", \"stateless\".",
    ),
    (
        r#"{"client_auth":{"required":true}}"#,
        "client_auth: needs \"ca\", the PEM file with the authorities that vouch for clients. Add it, or write null to ask for no certificates.",
    ),
    (
        r#"{"early_data_bytes":0}"#,
        "early_data_bytes: cannot be set: this server takes no 0-RTT data on purpose: whoever records it can play it again (RFC 8446 §8), and a message would be said twice. Remove it.",
    ),
    (
        r#"{"ech":true}"#,
        "ech: cannot be set: rustls has no Encrypted Client Hello for servers. Remove it.",
    ),
    (
        r#"{"cipherSuites":[]}"#,
        "cipherSuites: there is no such setting. Did you mean \"cipher_suites\"?",
    ),
    (
        "{\"tickets\":1,\n\"tickets\":2}",
        "tickets: stands twice, in lines 1 and 2. Keep one.",
    ),
    (
        r#"{"subject":{"":7}}"#,
        "subject.\"\": there is no such setting. There are: dns, ips, days, auto_lan_ips. (A name that begins with // is a remark.)",
    ),
];

#[test]
fn each_mistake_has_its_sentence_and_its_cure() {
    for (json, problem) in WRONG {
        assert_eq!(problems(json), [problem]);
    }
    let stranger = problems(r#"{"qqqqqq":1}"#);
    assert!(stranger[0].starts_with("qqqqqq: there is no such setting. There are: min_version, "));
    let long = problems(&format!("{{\"tickets\":\"{}\"}}", "é".repeat(500)));
    assert!(long[0].chars().count() < 140, "{long:?}");
}

#[test]
fn every_refused_setting_says_why() {
    for (names, reason) in REFUSED_SETTINGS {
        for name in names {
            let found = problems(&format!("{{\"{name}\": true}}"));
            assert_eq!(
                found,
                [format!("{name}: cannot be set: {reason}. Remove it.")]
            );
        }
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let json = r#"{
        "min_version": "1.1",
        "cipher_suites": ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_128_GCM_SHA265"],
        "tickets": 99,
        "subject": { "days": 0, "ips": ["x"] },
        "padding": 7,
        "hsts": 1
    }"#;
    let found = problems(json);
    let places: Vec<&str> = found
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(
        places,
        [
            "hsts",
            "padding",
            "min_version",
            "cipher_suites[0]",
            "cipher_suites[1]",
            "subject.ips[0]",
            "subject.days",
            "tickets"
        ]
    );
}

#[test]
fn what_is_not_json_is_reported_with_line_and_column() {
    for (text, line, column, detail) in [
        ("", 1, 0, "EOF while parsing a value"),
        ("{\n  \"tickets\": 2,\n}", 3, 1, "trailing comma"),
        ("{\n  # remark\n}", 2, 3, "key must be a string"),
        ("{} {}", 1, 4, "trailing characters"),
    ] {
        assert_eq!(
            parse(text),
            Err(SettingsError::Syntax {
                line,
                column,
                detail: detail.to_owned()
            }),
            "{text}"
        );
    }
    assert!(matches!(
        parse(&"[".repeat(100_000)),
        Err(SettingsError::Syntax { .. })
    ));
}

#[test]
fn a_missing_file_means_the_defaults_unless_it_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tls_config.json");
    assert_eq!(TlsSettings::load(&path, false), Ok(TlsSettings::default()));
    let missing = TlsSettings::load(&path, true).unwrap_err();
    assert_eq!(missing, SetupError::SettingsMissing { path: path.clone() });
    assert!(missing.to_string().contains("does not exist: put it there"));

    std::fs::write(&path, "{\n  \"tickets\": 0, \"hsts_seconds\": -1 }").unwrap();
    assert_eq!(
        TlsSettings::load(&path, false).unwrap_err().to_string(),
        format!(
            "{} has 2 problems:\n  tickets: 0 is not a whole number from 1 to 10.\n  hsts_seconds: -1 is not a whole number from 0 to 63072000.",
            path.display()
        )
    );
    std::fs::write(&path, "{\n  tickets: 0 }").unwrap();
    let syntax = TlsSettings::load(&path, false).unwrap_err().to_string();
    assert!(
        syntax.starts_with(&format!(
            "{}:2:3: this is not JSON (key must be a string):",
            path.display()
        )),
        "{syntax}"
    );

    std::fs::write(&path, r#"{"certificate":"c.pem","private_key":"k.pem"}"#).unwrap();
    let files = TlsSettings::load(&path, true).unwrap().files.unwrap();
    assert_eq!(files.certificate, folder.path().join("c.pem"));
}
