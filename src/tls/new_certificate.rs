//! Makes a self-signed certificate for this machine and its key, for a first start without any.
//! Never touches files that exist: `certificate` looks first.

use std::io;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::rand;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::ServerName;

use super::calendar::UnixSecs;
use super::error::SetupError;
use super::files;
use super::machine;
use super::settings::{CertificateFiles, Subject};

/// Clocks of two machines may differ: a certificate of this minute must not lie in the client's future.
const BEFORE_NOW_SECS: i64 = 3600;

/// 9999-12-31T23:59:59Z: certificates know no later time (RFC 5280 §4.1.2.5).
const LAST_SECS: i64 = 253_402_300_799;

/// RFC 5280 §4.1.2.2 allows up to twenty bytes; sixteen random ones never repeat.
const SERIAL_LEN: usize = 16;

/// A common name has at most 64 characters (RFC 5280, ub-common-name).
const COMMON_NAME_CHARS_MAX: usize = 64;

/// Makes key and certificate, and writes both where `files` says.
///
/// Both appear, or neither does.
pub(crate) fn make(
    files: &CertificateFiles,
    subject: &Subject,
    names: &[ServerName<'static>],
    now: UnixSecs,
) -> Result<(), SetupError> {
    let failed = |path: &Path, detail: String| SetupError::CannotMake {
        path: path.to_owned(),
        detail,
    };
    let impossible = |error: rcgen::Error| failed(&files.certificate, error.to_string());
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(impossible)?;
    let certificate = params(subject, names, now)
        .and_then(|params| params.self_signed(&key))
        .map_err(impossible)?;
    write(&files.private_key, &key.serialize_pem())
        .map_err(|error| failed(&files.private_key, error.to_string()))?;
    write(&files.certificate, &certificate.pem()).map_err(|error| {
        // Nobody has seen this key yet, and left alone it would stand in the way of the next start.
        let _ = std::fs::remove_file(&files.private_key);
        failed(&files.certificate, error.to_string())
    })
}

fn write(path: &Path, pem: &str) -> io::Result<()> {
    files::make_private_folder(path.parent().unwrap_or(Path::new("")))?;
    files::write_private(path, pem.as_bytes())
}

/// A server's certificate and nothing more: it can sign for no other, nor stand for a client.
fn params(
    subject: &Subject,
    names: &[ServerName<'static>],
    now: UnixSecs,
) -> Result<CertificateParams, rcgen::Error> {
    let names: Vec<String> = names
        .iter()
        .map(|name| name.to_str().into_owned())
        .collect();
    let mut params = CertificateParams::new(names)?;
    let not_before = UnixSecs(now.0 - BEFORE_NOW_SECS);
    let date_time = |moment: UnixSecs| {
        let secs = moment.0.clamp(0, LAST_SECS).unsigned_abs();
        date_time_ymd(1970, 1, 1) + Duration::from_secs(secs)
    };
    params.not_before = date_time(not_before);
    params.not_after = date_time(UnixSecs(
        not_before.0 + i64::from(subject.days) * UnixSecs::DAY,
    ));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name(now));
    params.serial_number = Some(random_serial().ok_or(rcgen::Error::RingUnspecified)?);
    Ok(params)
}

/// Names the machine and the day, so that two of our certificates can be told apart: clients that
/// know one of two with the same name complain about a bad signature rather than a stranger.
fn common_name(now: UnixSecs) -> String {
    let host = machine::host_name().unwrap_or_else(|| "localhost".to_owned());
    let name = format!("Secure Chat Demo {host} {now}");
    if name.len() <= COMMON_NAME_CHARS_MAX {
        name
    } else {
        format!("Secure Chat Demo {now}")
    }
}

/// `None` if the system has no random bytes.
fn random_serial() -> Option<SerialNumber> {
    let mut serial = [0_u8; SERIAL_LEN];
    rand::fill(&mut serial).ok()?;
    // The first bit is the sign, and serial numbers are positive; the second keeps their length.
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Some(SerialNumber::from_slice(&serial))
}
