//! What comes from the people who run the server: templates, settings of TLS, the command line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use secure_chat::config::{Command, Config};
use secure_chat::template::{Template, Value};
use secure_chat::tls::{SettingsError, TlsSettings};

/// A template is its own text with its places filled, and nothing that fills a place gets out of it.
pub(crate) fn template(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            assert!((1..=text.lines().count() + 1).contains(&error.line));
            assert!(error.column <= text.chars().count() + 1 && !error.to_string().is_empty());
            return false;
        }
    };
    let mut names: Vec<&str> = template.places().collect();
    let places = names.clone();
    names.sort_unstable();
    names.dedup();
    if names.len() > 30 {
        return true;
    }
    for value in ["", "Anna", "<script>\"'&amp;--></title>é"] {
        let values: Vec<_> = names
            .iter()
            .map(|name| (*name, Value::Text(value)))
            .collect();
        let filled = template.render(&values).expect("every place has a value");
        let escaped = value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;");
        let mut expected = text.to_owned();
        for name in &places {
            expected = expected.replace(&format!("{{{{{name}}}}}"), &escaped);
        }
        assert_eq!(filled.as_str(), expected);
    }
    let without: Vec<_> = names
        .iter()
        .skip(1)
        .map(|name| (*name, Value::Text("")))
        .collect();
    assert_eq!(template.render(&without).is_ok(), names.is_empty());
    !places.is_empty()
}

/// Settings that are taken make sense; all that is wrong with others is said, and where.
pub(crate) fn tls_settings(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    let folder = Path::new("/etc/chat");
    let settings = TlsSettings::parse(text, folder);
    if !text.starts_with('\u{feff}') {
        assert_eq!(
            TlsSettings::parse(&format!("\u{feff}{text}"), folder),
            settings
        );
    }
    match settings {
        Ok(settings) => {
            assert!(
                settings.min_version <= settings.max_version && settings.versions().count() > 0
            );
            assert!(!settings.cipher_suites.is_empty() && !settings.groups.is_empty());
            assert!(settings.subject.days > 0 && settings.max_record_payload > 0);
            assert!(
                settings
                    .alpn
                    .iter()
                    .all(|name| (1..=255).contains(&name.len()))
            );
            let of_each_version = settings.versions().all(|version| {
                settings
                    .cipher_suites
                    .iter()
                    .any(|suite| suite.version == version)
            });
            assert!(of_each_version, "a version that no suite belongs to");
            true
        }
        Err(SettingsError::Syntax { line, detail, .. }) => {
            assert!(line <= text.lines().count() + 1 && !detail.is_empty());
            false
        }
        Err(SettingsError::Problems(problems)) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(!problem.at.is_empty() && !problem.sentence.is_empty());
            }
            false
        }
    }
}

/// A command line is a configuration, a request for help, or refused in one sentence; arguments are parted by NUL, as the system has them.
pub(crate) fn command_line(input: &[u8]) -> bool {
    let args = || {
        input
            .split(|&byte| byte == 0)
            .map(|arg| OsString::from_vec(arg.to_vec()))
    };
    let read = Config::from_args(args(), |_| None);
    assert_eq!(
        format!("{read:?}"),
        format!("{:?}", Config::from_args(args(), |_| None))
    );
    match read {
        Ok(Command::Serve(config)) => {
            for note in config.notes() {
                assert!(!note.is_empty());
            }
            true
        }
        Ok(_) => true,
        Err(error) => {
            let sentence = error.to_string();
            assert!(!sentence.is_empty());
            // It is printed as one line of a terminal, whatever was typed.
            assert!(
                !sentence.contains(|c: char| c.is_control() && c != '\n'),
                "{sentence:?}"
            );
            false
        }
    }
}
