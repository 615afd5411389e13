//! Which pairs of certificate and key are taken, made and refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;

const DAY: i64 = UnixSecs::DAY;

fn in_folder(folder: &TempDir) -> CertificateFiles {
    CertificateFiles {
        certificate: folder.path().join(".tls/cert.pem"),
        private_key: folder.path().join(".tls/key.pem"),
    }
}

fn names(names: &[&str]) -> Vec<ServerName<'static>> {
    names
        .iter()
        .map(|name| ServerName::try_from((*name).to_owned()).unwrap())
        .collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn later(days: i64) -> UnixSecs {
    UnixSecs(UnixSecs::now().0 + days * DAY)
}

/// A pair of ours that was made at this moment.
fn made() -> (TempDir, CertificateSource) {
    let folder = tempfile::tempdir().unwrap();
    let source = CertificateSource::Ours(in_folder(&folder));
    let wanted = names(&["localhost", "127.0.0.1", "::1"]);
    let made = load_or_make(&source, &Subject::default(), &wanted, UnixSecs::now()).unwrap();
    assert!(made.facts.made_now);
    (folder, source)
}

fn load(
    source: &CertificateSource,
    wanted: &[&str],
    now: UnixSecs,
) -> Result<CertificateFacts, SetupError> {
    let loaded = load_or_make(source, &Subject::default(), &names(wanted), now)?;
    Ok(loaded.facts)
}

#[test]
fn a_first_start_makes_a_pair_and_later_ones_use_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = in_folder(&folder);
    let source = CertificateSource::Ours(files.clone());
    let wanted = [
        "localhost",
        "127.0.0.1",
        "::1",
        "chat.example.org",
        "192.168.0.7",
    ];
    let now = UnixSecs(1_800_000_000);
    let first = load(&source, &wanted, now).unwrap();
    assert!(first.made_now);
    assert_eq!(first.names, wanted);
    assert_eq!(first.not_before, UnixSecs(now.0 - 3600));
    assert_eq!(first.not_after, UnixSecs(now.0 - 3600 + 365 * DAY));
    assert_eq!(first.warnings, Vec::<String>::new());
    assert_eq!(mode(&files.private_key), 0o600);
    assert_eq!(mode(files.private_key.parent().unwrap()), 0o700);

    let second = load(&source, &wanted, now).unwrap();
    assert_eq!(
        second,
        CertificateFacts {
            made_now: false,
            ..first
        }
    );
    assert_eq!(second.fingerprint.len(), 32 * 3 - 1);
    assert_eq!(
        STANDARD.decode(&second.public_key_sha256).unwrap().len(),
        32
    );
}

#[test]
fn two_certificates_are_never_the_same() {
    let ((_a, first), (_b, second)) = (made(), made());
    let (first, second) = (
        load(&first, &[], later(0)).unwrap(),
        load(&second, &[], later(0)).unwrap(),
    );
    assert_ne!(first.fingerprint, second.fingerprint);
    assert_ne!(first.public_key_sha256, second.public_key_sha256);
}

#[test]
fn files_that_somebody_named_are_never_made() {
    let folder = tempfile::tempdir().unwrap();
    let files = in_folder(&folder);
    let refused = load(&CertificateSource::Theirs(files.clone()), &[], later(0)).unwrap_err();
    assert_eq!(
        refused,
        SetupError::Missing {
            path: files.certificate.clone()
        }
    );
    assert!(!files.certificate.parent().unwrap().exists());
}

#[test]
fn half_a_pair_is_refused_and_left_as_it_is() {
    for keeps_key in [true, false] {
        let (_folder, source) = made();
        let files = source.files().clone();
        let (kept, removed) = match keeps_key {
            true => (files.private_key, files.certificate),
            false => (files.certificate, files.private_key),
        };
        let before = std::fs::read(&kept).unwrap();
        std::fs::remove_file(&removed).unwrap();
        let refused = load(&source, &[], later(0)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "{} exists without {}: put the second beside it, or move the first away to have a new pair made.",
                kept.display(),
                removed.display()
            )
        );
        assert_eq!(std::fs::read(&kept).unwrap(), before);
        assert!(!removed.exists());
    }
}

#[test]
fn a_certificate_is_used_from_its_first_second_to_its_last() {
    let (_folder, source) = made();
    let facts = load(&source, &[], later(0)).unwrap();
    assert!(load(&source, &[], facts.not_before).is_ok());
    assert!(load(&source, &[], facts.not_after).is_ok());
    let path = facts.files.certificate.display();
    let key = facts.files.private_key.display();
    let too_early = load(&source, &[], UnixSecs(facts.not_before.0 - 1)).unwrap_err();
    assert_eq!(
        too_early.to_string(),
        format!(
            "The certificate {path} is valid only from {} on: set this machine's clock right, or use another certificate.",
            facts.not_before
        )
    );
    let too_late = UnixSecs(facts.not_after.0 + 1);
    let expired = load(&source, &[], too_late).unwrap_err();
    assert_eq!(
        expired.to_string(),
        format!(
            "The certificate {path} expired on {}: remove it and {key} to have a new pair made.",
            facts.not_after
        )
    );
    let theirs = CertificateSource::Theirs(facts.files.clone());
    let expired = load(&theirs, &[], too_late).unwrap_err();
    assert_eq!(
        expired.to_string(),
        format!(
            "The certificate {path} expired on {}: put a renewed one in its place.",
            facts.not_after
        )
    );
}

#[test]
fn it_warns_of_what_will_trouble_somebody() {
    let (_folder, source) = made();
    let CertificateFiles {
        certificate,
        private_key,
    } = source.files().clone();
    let facts = load(&source, &["localhost"], later(0)).unwrap();
    assert_eq!(facts.warnings, Vec::<String>::new());

    let days = |left: i64| UnixSecs(facts.not_after.0 - left * DAY);
    assert_eq!(
        load(&source, &["localhost"], days(30)).unwrap().warnings,
        Vec::<String>::new()
    );
    let cure = format!(
        "remove {} and {} to have a new pair made",
        certificate.display(),
        private_key.display()
    );
    assert_eq!(
        load(&source, &["localhost"], UnixSecs(days(30).0 + 1))
            .unwrap()
            .warnings,
        [format!(
            "The certificate {} expires on {}: {cure}.",
            certificate.display(),
            facts.not_after
        )]
    );
    assert_eq!(
        load(
            &source,
            &["localhost", "10.9.8.7", "chat.example.org"],
            later(0)
        )
        .unwrap()
        .warnings,
        [format!(
            "The certificate {} does not cover 10.9.8.7, chat.example.org, and browsers will object to it there: {cure}.",
            certificate.display()
        )]
    );
    let theirs = CertificateSource::Theirs(facts.files.clone());
    assert_eq!(
        load(&theirs, &["localhost", "10.9.8.7"], later(0))
            .unwrap()
            .warnings,
        [format!(
            "The certificate {} does not cover 10.9.8.7, and browsers will object to it there: call this server by the names that it covers.",
            certificate.display()
        )]
    );
    std::fs::set_permissions(&private_key, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(
        load(&source, &[], later(0)).unwrap().warnings,
        [format!(
            "The key {0} can be read by other users of this machine: `chmod 600 {0}`.",
            private_key.display()
        )]
    );
}

/// Writes `certificate` and `key` where a loaded pair would lie, and tries to use them.
fn refusal(certificate: &str, key: &str) -> (String, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let files = CertificateFiles {
        certificate: folder.path().join("c.pem"),
        private_key: folder.path().join("k.pem"),
    };
    std::fs::write(&files.certificate, certificate).unwrap();
    std::fs::write(&files.private_key, key).unwrap();
    let refused = load(&CertificateSource::Theirs(files.clone()), &[], later(0)).unwrap_err();
    (refused.to_string(), files.certificate, files.private_key)
}

#[test]
fn a_pair_that_is_no_pair_is_refused_in_one_sentence() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let key = key.serialize_pem();
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let broken_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let broken_certificate = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n";
    let no_end = pem.replace("-----END CERTIFICATE-----", "");
    for (certificate, key, names_certificate, said) in [
        (
            pem.as_str(),
            other_key.as_str(),
            true,
            "do not match, as the certificate is for another key",
        ),
        ("", &key, true, "holds no certificate"),
        (&key, &key, true, "holds no certificate"),
        (&no_end, &key, true, "it must hold PEM"),
        (
            broken_certificate,
            &key,
            true,
            "cannot be understood (the certificate is cut off)",
        ),
        (&pem, "", false, "holds no private key"),
        (&pem, &pem, false, "holds no private key"),
        (&pem, encrypted, false, "holds a key behind a password"),
        (&pem, broken_key, false, "holds a key that cannot be used"),
    ] {
        let (sentence, certificate, key) = refusal(certificate, key);
        assert!(sentence.contains(said), "{sentence}");
        let path = if names_certificate { certificate } else { key };
        assert!(sentence.contains(&path.display().to_string()), "{sentence}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder should be: that stops root as well.
    std::fs::write(folder.path().join(".tls"), "").unwrap();
    let files = in_folder(&folder);
    let refused = load(&CertificateSource::Ours(files.clone()), &[], later(0)).unwrap_err();
    assert!(
        matches!(&refused, SetupError::CannotMake { path, .. } if *path == files.private_key),
        "{refused}"
    );
}

#[test]
fn a_certificate_is_for_its_names_and_a_wildcard_for_one_label() {
    let (_folder, source) = made();
    let mut facts = load(&source, &[], UnixSecs::now()).unwrap();
    facts.names = ["Chat.example", "*.lab.example", "*.example", "127.0.0.1"]
        .map(str::to_owned)
        .into();
    for (host, is_for) in [
        ("chat.example", true),
        ("CHAT.EXAMPLE", true),
        ("a.lab.example", true),
        ("A.LAB.example", true),
        ("lab.example", false),
        ("a.b.lab.example", false),
        ("a.chat.example", false),
        ("other.example", false),
        ("example", false),
        ("", false),
    ] {
        assert_eq!(facts.is_for(host), is_for, "{host}");
    }
}
