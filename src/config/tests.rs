//! The command line, line by line.

use super::*;

fn read(line: &str) -> Result<Command, UsageError> {
    Config::from_args(line.split_whitespace().map(OsString::from), |_| None)
}

fn config(line: &str) -> Config {
    match read(line) {
        Ok(Command::Serve(config)) => *config,
        other => panic!("{line}: {other:?}"),
    }
}

fn complaint(line: &str) -> String {
    read(line).expect_err(line).to_string()
}

#[test]
fn without_flags_it_serves_http_to_this_machine() {
    assert_eq!(
        config(""),
        Config {
            host: Host::Localhost,
            listen: Listen::Plain { port: 8080 },
            certificate: ".tls/cert.pem".into(),
            private_key: ".tls/key.pem".into(),
            certificate_named: false,
            tls_settings: "tls_config.json".into(),
            tls_settings_named: false,
            data: "data".into(),
            assets: None,
            log: None,
            trace: None,
            no_color: false,
            echo: false,
            wire: true,
            exports: Exports::default(),
            instructor: false,
            asset_version: None,
            limits: Limits::default(),
        }
    );
}

#[test]
fn every_flag_has_its_effect() {
    assert_eq!(
        config(
            "--host 0.0.0.0 --port 1 --both --tls-port 65535 --certfile c --keyfile=k \
             --tls-config=t --data d --assets=a --log l --trace --echo --instructor \
             --max-connections 1 --max-per-address 1000000 --message-rate=30"
        ),
        Config {
            host: Host::Address("0.0.0.0".parse().unwrap()),
            listen: Listen::Both {
                plain_port: 1,
                tls_port: 65535
            },
            certificate: "c".into(),
            private_key: "k".into(),
            certificate_named: true,
            tls_settings: "t".into(),
            tls_settings_named: true,
            data: "d".into(),
            assets: Some("a".into()),
            log: Some("l".into()),
            trace: Some(Eyes::Server),
            echo: true,
            wire: true,
            instructor: true,
            limits: Limits {
                connections_max: 1,
                connections_per_address_max: 1_000_000,
                messages_per_second_max: 30,
                ..Limits::default()
            },
            ..config("")
        }
    );
    // All that follows the first equals sign is the value.
    assert_eq!(config("--data=-a=b").data, PathBuf::from("-a=b"));
}

#[test]
fn ports_follow_what_is_spoken() {
    for (line, listen, plain_port, tls_port) in [
        ("", Listen::Plain { port: 8080 }, Some(8080), None),
        (
            "--port 8443",
            Listen::Plain { port: 8443 },
            Some(8443),
            None,
        ),
        ("--tls", Listen::Tls { port: 8443 }, None, Some(8443)),
        (
            "--tls --port 443",
            Listen::Tls { port: 443 },
            None,
            Some(443),
        ),
        (
            "--both",
            Listen::Both {
                plain_port: 8080,
                tls_port: 8443,
            },
            Some(8080),
            Some(8443),
        ),
        (
            "--both --port 80",
            Listen::Both {
                plain_port: 80,
                tls_port: 8443,
            },
            Some(80),
            Some(8443),
        ),
        (
            "--both --tls-port 443",
            Listen::Both {
                plain_port: 8080,
                tls_port: 443,
            },
            Some(8080),
            Some(443),
        ),
        (
            "--both --port 0 --tls-port 0",
            Listen::Both {
                plain_port: 0,
                tls_port: 0,
            },
            Some(0),
            Some(0),
        ),
    ] {
        let read = config(line).listen;
        assert_eq!(read, listen, "{line}");
        assert_eq!(
            (read.plain_port(), read.tls_port()),
            (plain_port, tls_port),
            "{line}"
        );
    }
}

#[test]
fn hosts_are_names_or_addresses() {
    for (text, host) in [
        ("localhost", Host::Localhost),
        ("LOCALHOST", Host::Localhost),
        ("127.0.0.1", Host::Address("127.0.0.1".parse().unwrap())),
        ("::", Host::Address("::".parse().unwrap())),
        ("[::1]", Host::Address("::1".parse().unwrap())),
        (
            "chat.example.org",
            Host::Name("chat.example.org".to_owned()),
        ),
    ] {
        assert_eq!(config(&format!("--host {text}")).host, host, "{text}");
    }
    for text in [
        "http://localhost",
        "localhost:80",
        "[::1]:80",
        "a/b",
        "*",
        &"a".repeat(254),
    ] {
        assert_eq!(
            read(&format!("--host {text}")),
            Err(UsageError::NotAHost {
                value: text.to_owned()
            }),
        );
    }
    assert_eq!(Host::Localhost.addresses().unwrap().len(), 2);
    assert_eq!(Host::Name("chat".to_owned()).addresses(), None);
}

#[test]
fn a_trace_is_that_of_the_server_or_of_eve() {
    for (line, trace) in [
        ("", None),
        ("--trace", Some(Eyes::Server)),
        ("--trace=eve", Some(Eyes::Eve)),
        ("--trace --tls", Some(Eyes::Server)),
    ] {
        assert_eq!(config(line).trace, trace, "{line}");
    }
}

#[test]
fn no_color_counts_if_it_is_set_and_not_empty() {
    for (value, no_color) in [(None, false), (Some(""), false), (Some("0"), true)] {
        let env = |name: &str| value.filter(|_| name == "NO_COLOR").map(OsString::from);
        match Config::from_args([], env) {
            Ok(Command::Serve(config)) => assert_eq!(config.no_color, no_color, "{value:?}"),
            other => panic!("{value:?}: {other:?}"),
        }
        match Config::from_args(["explain", "f"].map(OsString::from), env) {
            Ok(Command::Explain(explain)) => assert_eq!(explain.no_color, no_color, "{value:?}"),
            other => panic!("{value:?}: {other:?}"),
        }
    }
}

#[test]
fn explain_takes_a_capture_and_perhaps_keys() {
    let explain = |capture, key_log: Option<&str>, eyes| {
        Ok(Command::Explain(Explain {
            capture,
            key_log: key_log.map(PathBuf::from),
            eyes,
            no_color: false,
        }))
    };
    let file = || Input::File("f.pcapng".into());
    for (line, command) in [
        ("explain f.pcapng", explain(file(), None, Eyes::Server)),
        ("explain -", explain(Input::Stdin, None, Eyes::Server)),
        ("explain --eve f.pcapng", explain(file(), None, Eyes::Eve)),
        (
            "explain --keylog k f.pcapng",
            explain(file(), Some("k"), Eyes::Server),
        ),
        (
            "explain f.pcapng --keylog=-k --eve",
            explain(file(), Some("-k"), Eyes::Eve),
        ),
    ] {
        assert_eq!(read(line), command, "{line}");
    }
}

/// What is written, and what is answered.
const COMPLAINTS: [(&str, &str); 50] = [
    (
        "--max-connections 0",
        "\"0\" is no limit: write a number from 1 to 1000000 after --max-connections.",
    ),
    (
        "--max-per-address 1000001",
        "\"1000001\" is no limit: write a number from 1 to 1000000 after --max-per-address.",
    ),
    (
        "--message-rate +5",
        "\"+5\" is no limit: write a number from 1 to 1000000 after --message-rate.",
    ),
    (
        "--capture-size 1",
        "--capture-size goes with --capture: add --capture FILE, or leave it out.",
    ),
    (
        "--capture c --capture-size 0",
        "\"0\" is not a size: write a number of MiB from 1 to 1048576 after --capture-size.",
    ),
    (
        "--capture c --capture-size 1048577",
        "\"1048577\" is not a size: write a number of MiB from 1 to 1048576 after --capture-size.",
    ),
    (
        "--capture c --capture-size +1",
        "\"+1\" is not a size: write a number of MiB from 1 to 1048576 after --capture-size.",
    ),
    (
        "--live-to-all",
        "--live-to-all goes with --live: add --live ADDRESS, or leave it out.",
    ),
    (
        "--live 0.0.0.0:19000",
        "--live 0.0.0.0:19000 would hand the keys and passwords of everybody to other machines: write --live 127.0.0.1:19000, or add --live-to-all if that is what you want.",
    ),
    (
        "--live [::]:19000",
        "--live [::]:19000 would hand the keys and passwords of everybody to other machines: write --live 127.0.0.1:19000, or add --live-to-all if that is what you want.",
    ),
    (
        "--live [::ffff:10.0.0.7]:19000",
        "--live [::ffff:10.0.0.7]:19000 would hand the keys and passwords of everybody to other machines: write --live 127.0.0.1:19000, or add --live-to-all if that is what you want.",
    ),
    (
        "--live 127.0.0.1",
        "\"127.0.0.1\" is not an address to stream from: write one with its port after --live, as in --live 127.0.0.1:19000.",
    ),
    (
        "--live chat.example:19000",
        "\"chat.example:19000\" is not an address to stream from: write one with its port after --live, as in --live 127.0.0.1:19000.",
    ),
    (
        "--live :65536",
        "\":65536\" is not an address to stream from: write one with its port after --live, as in --live 127.0.0.1:19000.",
    ),
    (
        "--live :+1",
        "\":+1\" is not an address to stream from: write one with its port after --live, as in --live 127.0.0.1:19000.",
    ),
    (
        "--keylog k",
        "--keylog means nothing without TLS: add --tls or --both, or leave it out.",
    ),
    ("--prot 1", "There is no flag --prot: did you mean --port?"),
    (
        "--tls-confg=x",
        "There is no flag --tls-confg: did you mean --tls-config?",
    ),
    (
        "--verbose",
        "There is no flag --verbose: --help lists those there are.",
    ),
    ("-p 1", "There is no flag -p: --help lists those there are."),
    (
        "serve",
        "\"serve\" belongs to no flag: everything here is a flag or its value; see --help.",
    ),
    (
        "--tls on",
        "\"on\" belongs to no flag: everything here is a flag or its value; see --help.",
    ),
    (
        "--tls=on",
        "--tls takes no value: write --tls alone, or leave it out.",
    ),
    ("--tls --tls", "--tls is given twice: keep one."),
    ("--port 1 --port=1", "--port is given twice: keep one."),
    (
        "--log",
        "--log needs a value: write --log FILE, or --log=FILE if it begins with -.",
    ),
    (
        "--log --tls",
        "--log needs a value: write --log FILE, or --log=FILE if it begins with -.",
    ),
    (
        "--data=",
        "--data needs a value: write --data DIR, or --data=DIR if it begins with -.",
    ),
    (
        "--port 65536",
        "\"65536\" is not a port: write a number from 1 to 65535 after --port, or 0 for any free one.",
    ),
    (
        "--port=-1",
        "\"-1\" is not a port: write a number from 1 to 65535 after --port, or 0 for any free one.",
    ),
    (
        "--port +80",
        "\"+80\" is not a port: write a number from 1 to 65535 after --port, or 0 for any free one.",
    ),
    (
        "--both --tls-port http",
        "\"http\" is not a port: write a number from 1 to 65535 after --tls-port, or 0 for any free one.",
    ),
    (
        "--tls --both",
        "--tls and --both contradict each other: --tls alone speaks HTTPS only, --both alone speaks HTTP as well.",
    ),
    (
        "--tls-port 1",
        "--tls-port goes with --both: add --both, or leave it out.",
    ),
    (
        "--tls --tls-port 1",
        "--tls-port goes with --both: with --tls alone, --port is the port of HTTPS.",
    ),
    (
        "--both --port 8443",
        "HTTP and HTTPS cannot share port 8443: give them different ones with --port and --tls-port.",
    ),
    (
        "--both --port 7 --tls-port 7",
        "HTTP and HTTPS cannot share port 7: give them different ones with --port and --tls-port.",
    ),
    (
        "--certfile c --keyfile k",
        "--certfile means nothing without TLS: add --tls or --both, or leave it out.",
    ),
    (
        "--tls-config t",
        "--tls-config means nothing without TLS: add --tls or --both, or leave it out.",
    ),
    (
        "--tls --certfile c",
        "--certfile without --keyfile: certificate and key belong together, so name both.",
    ),
    (
        "--trace=alice",
        "--trace knows no \"alice\": write --trace=eve, or --trace alone.",
    ),
    (
        "--trace=",
        "--trace knows no \"\": write --trace=eve, or --trace alone.",
    ),
    (
        "--trace eve",
        "\"eve\" belongs to no flag: everything here is a flag or its value; see --help.",
    ),
    (
        "--tls explain f",
        "\"explain\" belongs to no flag: everything here is a flag or its value; see --help.",
    ),
    (
        "explain",
        "explain needs a capture: write secure-chat explain FILE, or - to read standard input.",
    ),
    (
        "explain a b",
        "\"b\" belongs to no flag: everything here is a flag or its value; see --help.",
    ),
    (
        "explain --keylgo k f",
        "There is no flag --keylgo: did you mean --keylog?",
    ),
    (
        "explain f --keylog",
        "--keylog needs a value: write --keylog FILE, or --keylog=FILE if it begins with -.",
    ),
    (
        "explain f --eve=no",
        "--eve takes no value: write --eve alone, or leave it out.",
    ),
    (
        "--both --keyfile k",
        "--keyfile without --certfile: certificate and key belong together, so name both.",
    ),
];

#[test]
fn each_mistake_has_its_sentence_and_its_cure() {
    for (line, sentence) in COMPLAINTS {
        assert_eq!(complaint(line), sentence, "{line}");
    }
}

#[test]
fn an_argument_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let args = [OsString::from_vec(b"--data=\xff".to_vec())];
    let refused = Config::from_args(args, |_| None).unwrap_err();
    assert!(refused.to_string().contains("not UTF-8"), "{refused}");
}

#[test]
fn help_and_version_are_given_whatever_follows() {
    for line in ["--help", "-h", "--tls --help --nonsense"] {
        assert!(
            matches!(read(line), Ok(Command::Help(text)) if text.contains("--tls-port")),
            "{line}"
        );
    }
    assert!(
        matches!(read("explain -h --nonsense"), Ok(Command::Help(text)) if text.contains("--keylog"))
    );
    for line in ["--version", "-V"] {
        assert_eq!(
            read(line),
            Ok(Command::Version(format!(
                "secure-chat {}\n",
                env!("CARGO_PKG_VERSION")
            )))
        );
    }
    assert!(read("--nonsense --help").is_err());
}

#[test]
fn asset_version_is_pinned_by_the_environment() {
    let with = |value: &str| {
        Config::from_args([], |name| {
            (name == "ASSET_VERSION").then(|| OsString::from(value))
        })
    };
    for good in ["1", "v1.2_3-rc", &"a".repeat(64)] {
        match with(good) {
            Ok(Command::Serve(config)) => assert_eq!(config.asset_version.as_deref(), Some(good)),
            other => panic!("{good}: {other:?}"),
        }
    }
    for bad in ["", "a b", "a/b", "ä", ".", "..", &"a".repeat(65)] {
        assert_eq!(
            with(bad),
            Err(UsageError::NotAnAssetVersion {
                value: bad.to_owned()
            })
        );
    }
}

#[test]
fn what_may_surprise_is_allowed_but_noted() {
    assert!(config("--tls").notes().is_empty());
    assert!(config("--port 8080").notes().is_empty());
    assert!(config("--both").notes().is_empty());
    assert!(config("--both --host 127.0.0.1").notes().is_empty());
    let notes = config("--both --host 127.0.0.2").notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let notes = config("--both --host 0.0.0.0").notes();
    assert!(
        notes.len() == 1 && notes[0].contains("cookies"),
        "{notes:?}"
    );
    assert!(config("--tls --trace=eve").notes().is_empty());
    for line in [
        "--trace",
        "--tls --trace",
        "--trace=eve",
        "--both --trace=eve",
    ] {
        let notes = config(line).notes();
        assert!(
            notes.len() == 1 && notes[0].contains("passwords"),
            "{line}: {notes:?}"
        );
    }
    let notes = config("--tls --port 8080").notes();
    assert!(notes.len() == 1 && notes[0].contains("8080"), "{notes:?}");
}

#[test]
fn without_a_record_there_is_nothing_to_show() {
    assert!(!config("--no-wire").wire);
    assert_eq!(
        complaint("--no-wire --instructor"),
        "--instructor shows what is recorded, and --no-wire records nothing: leave one of them out."
    );
    for (line, flag) in [
        ("--trace=eve", "--trace"),
        ("--capture c", "--capture"),
        ("--live :1", "--live"),
        ("--tls --keylog k", "--keylog"),
    ] {
        assert_eq!(
            complaint(&format!("--no-wire {line}")),
            format!(
                "{flag} shows what is recorded, and --no-wire records nothing: leave one of them out."
            )
        );
    }
}

#[test]
fn a_capture_has_files_of_a_hundred_mebibytes_unless_told_otherwise() {
    for (line, file_bytes_max) in [
        ("--capture c", 100 << 20),
        ("--capture c --capture-size 1", 1 << 20),
        ("--capture c --capture-size 1048576", 1 << 40),
    ] {
        let capture = config(line).exports.capture;
        let path = "c".into();
        assert_eq!(
            capture,
            Some(Capture {
                path,
                file_bytes_max
            }),
            "{line}"
        );
    }
}

#[test]
fn a_live_stream_stays_on_this_machine_unless_told_otherwise() {
    for (line, address) in [
        ("--live 127.0.0.1:19000", "127.0.0.1:19000"),
        ("--live [::1]:19000", "[::1]:19000"),
        ("--live localhost:19000", "127.0.0.1:19000"),
        ("--live :19000", "127.0.0.1:19000"),
        ("--live 19000", "127.0.0.1:19000"),
        ("--live 127.9.9.9:0", "127.9.9.9:0"),
        ("--live [::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1"),
        ("--live 0.0.0.0:19000 --live-to-all", "0.0.0.0:19000"),
        ("--live 10.0.0.7:19000 --live-to-all", "10.0.0.7:19000"),
    ] {
        let live = config(line).exports.live;
        assert_eq!(live, Some(address.parse().unwrap()), "{line}");
    }
}

#[test]
fn a_key_log_is_named_by_its_flag_or_else_by_the_environment() {
    let key_log = |line: &str, variable: &str| {
        let args = line.split_whitespace().map(OsString::from);
        let env = |name: &str| (name == "SSLKEYLOGFILE").then(|| OsString::from(variable));
        match Config::from_args(args, env) {
            Ok(Command::Serve(config)) => config.exports,
            other => panic!("{line}: {other:?}"),
        }
    };
    for (line, variable, path, named_by) in [
        ("--tls --keylog k", "", "k", "--keylog"),
        ("--tls --keylog k", "e", "k", "--keylog"),
        ("--both", "e", "e", "SSLKEYLOGFILE"),
    ] {
        let exports = key_log(line, variable);
        let path = path.into();
        assert_eq!(exports.key_log, Some(KeyLogFile { path, named_by }));
        assert!(!exports.key_log_is_idle);
    }
    // Without TLS there are no keys, and many shells have this variable set for browsers.
    for (line, variable) in [("", "e"), ("--tls", "")] {
        assert_eq!(key_log(line, variable), Exports::default(), "{line}");
    }
    let idle = key_log("--tls --no-wire", "e");
    assert!(idle.key_log.is_none() && idle.key_log_is_idle);
}

#[test]
fn whatever_hands_keys_out_is_warned_of_in_a_line_of_its_own() {
    for (line, parts) in [
        ("--capture c.pcapng", ["c.pcapng gets", "passwords"]),
        ("--live :1", ["every user of this machine", "passwords"]),
        (
            "--live 0.0.0.0:1 --live-to-all",
            ["everybody who reaches that port", "passwords"],
        ),
        ("--tls --keylog k", ["k gets the TLS keys", "(--keylog)"]),
    ] {
        let notes = config(line).notes();
        assert_eq!(notes.len(), 1, "{line}: {notes:?}");
        assert!(
            parts.iter().all(|part| notes[0].contains(part)),
            "{notes:?}"
        );
    }
}
