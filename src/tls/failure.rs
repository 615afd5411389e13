//! Says in plain words why a handshake failed: one clause for the log.
//! What goes wrong before there is any connection is a `SetupError`.

use std::io;

use tokio_rustls::rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible,
};

/// Why a handshake failed, from the error in `Refused`.
///
/// After the handshake an `UnexpectedEof` is nothing to report: browsers end connections so.
#[must_use]
pub fn explain(error: &io::Error) -> String {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match (tls, error.kind()) {
        (Some(tls), _) => explain_tls(tls),
        (None, io::ErrorKind::UnexpectedEof) => {
            "the client hung up in the middle (many do so when a person has to decide about the certificate)".to_owned()
        }
        (None, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            "the client broke the connection off".to_owned()
        }
        (None, io::ErrorKind::TimedOut) => "the client took too long".to_owned(),
        (None, _) => format!("the connection failed: {error}"),
    }
}

fn explain_tls(error: &Error) -> String {
    match error {
        Error::AlertReceived(alert) => explain_alert(*alert),
        Error::PeerIncompatible(incompatible) => explain_incompatible(incompatible).to_owned(),
        Error::NoApplicationProtocol => {
            "the client offers protocols by ALPN, but not http/1.1".to_owned()
        }
        Error::NoCertificatesPresented => {
            "the client shows no certificate, and the settings require one".to_owned()
        }
        Error::InvalidCertificate(certificate) => {
            format!(
                "the client's certificate is refused: {}",
                explain_certificate(certificate)
            )
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType)
        | Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion) => {
            "the client sends something that is not TLS".to_owned()
        }
        Error::DecryptError => {
            "a record cannot be decrypted: it was changed on the way, or made with other keys"
                .to_owned()
        }
        Error::PeerSentOversizedRecord => "the client sends a record that is too long".to_owned(),
        other => format!("the client breaks the rules of TLS ({other})"),
    }
}

/// An alert that the client sent (RFC 8446 §6.2): its opinion of us.
fn explain_alert(alert: AlertDescription) -> String {
    let (meaning, name) = match alert {
        AlertDescription::UnknownCA => ("does not trust this certificate", "unknown_ca"),
        AlertDescription::CertificateUnknown => {
            ("does not accept this certificate", "certificate_unknown")
        }
        AlertDescription::BadCertificate => ("finds this certificate faulty", "bad_certificate"),
        AlertDescription::UnsupportedCertificate => (
            "cannot use this kind of certificate",
            "unsupported_certificate",
        ),
        AlertDescription::CertificateExpired => {
            ("finds this certificate expired", "certificate_expired")
        }
        AlertDescription::CertificateRevoked => {
            ("finds this certificate revoked", "certificate_revoked")
        }
        AlertDescription::HandshakeFailure => {
            ("finds nothing both sides could use", "handshake_failure")
        }
        AlertDescription::ProtocolVersion => (
            "does not take the TLS version of this server",
            "protocol_version",
        ),
        AlertDescription::DecryptError => (
            "finds a signature or checksum of the handshake wrong",
            "decrypt_error",
        ),
        AlertDescription::BadRecordMac => ("could not decrypt a record", "bad_record_mac"),
        AlertDescription::InternalError => ("failed in itself", "internal_error"),
        AlertDescription::UserCanceled => ("was told to stop", "user_canceled"),
        AlertDescription::UnrecognisedName => ("knows no such name", "unrecognized_name"),
        other => return format!("the client gave up (alert number {})", u8::from(other)),
    };
    format!("the client {meaning} (alert {name})")
}

fn explain_incompatible(incompatible: &PeerIncompatible) -> &'static str {
    match incompatible {
        PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::SupportedVersionsExtensionRequired => {
            "the client offers no TLS version that this server allows"
        }
        PeerIncompatible::NoCipherSuitesInCommon => {
            "the client offers no cipher suite that this server allows"
        }
        PeerIncompatible::NoKxGroupsInCommon | PeerIncompatible::NamedGroupsExtensionRequired => {
            "the client offers no key exchange group that this server allows"
        }
        PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::SignatureAlgorithmsExtensionRequired => {
            "the client cannot check signatures of this server's kind of key"
        }
        _ => "the client lacks something that TLS here needs",
    }
}

fn explain_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => "none of the authorities in client_auth vouches for it",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet"
        }
        CertificateError::BadSignature => "its signature is wrong",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not meant for clients"
        }
        CertificateError::BadEncoding => "it is not encoded as a certificate",
        _ => "it does not stand up to the check",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(error: Error) -> String {
        explain(&io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn every_alert_is_told_in_plain_words_with_its_name() {
        for (alert, told) in [
            (
                AlertDescription::UnknownCA,
                "the client does not trust this certificate (alert unknown_ca)",
            ),
            (
                AlertDescription::CertificateUnknown,
                "the client does not accept this certificate (alert certificate_unknown)",
            ),
            (
                AlertDescription::CertificateExpired,
                "the client finds this certificate expired (alert certificate_expired)",
            ),
            (
                AlertDescription::ProtocolVersion,
                "the client does not take the TLS version of this server (alert protocol_version)",
            ),
            (
                AlertDescription::HandshakeFailure,
                "the client finds nothing both sides could use (alert handshake_failure)",
            ),
            (
                AlertDescription::UserCanceled,
                "the client was told to stop (alert user_canceled)",
            ),
            (
                AlertDescription::AccessDenied,
                "the client gave up (alert number 49)",
            ),
            (
                AlertDescription::Unknown(200),
                "the client gave up (alert number 200)",
            ),
        ] {
            assert_eq!(of(Error::AlertReceived(alert)), told);
        }
    }

    #[test]
    fn what_the_client_did_and_what_the_network_did_are_told_apart() {
        assert_eq!(
            of(Error::DecryptError),
            "a record cannot be decrypted: it was changed on the way, or made with other keys"
        );
        assert_eq!(
            of(Error::InvalidCertificate(CertificateError::Expired)),
            "the client's certificate is refused: it has expired"
        );
        assert_eq!(
            of(Error::General("no rule".to_owned())),
            "the client breaks the rules of TLS (unexpected error: no rule)"
        );
        for (kind, told) in [
            (
                io::ErrorKind::ConnectionReset,
                "the client broke the connection off",
            ),
            (
                io::ErrorKind::BrokenPipe,
                "the client broke the connection off",
            ),
            (io::ErrorKind::TimedOut, "the client took too long"),
            (io::ErrorKind::Other, "the connection failed: other error"),
        ] {
            assert_eq!(explain(&kind.into()), told);
        }
    }
}
