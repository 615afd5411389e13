//! Signed certificate timestamps: a public log's promise to show a certificate to everybody (RFC 6962 §3).
//! They stand in certificates, in the handshake and in stapled answers, always in this form.

use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_names as names;

const SOURCE: &str = "RFC 6962 §3.3";
const RFC6962_3_2: &str = "RFC 6962 §3.2";

/// Reads a SignedCertificateTimestampList.
pub(in crate::wire::dissect) fn sct_list(parts: &mut Parts<'_>) -> Step<()> {
    let list = named("sct_list", SOURCE).meaning("One timestamp from each log.");
    parts.vector(2, Some("tls.sct.scts_length"), list, |parts| {
        while parts.more() {
            let one = named("SignedCertificateTimestamp", RFC6962_3_2)
                .meaning("A log promises to publish this certificate.");
            parts.vector(2, Some("tls.sct.sct_length"), one, timestamp)?;
        }
        Ok(())
    })
}

fn timestamp(parts: &mut Parts<'_>) -> Step<()> {
    parts.code(
        1,
        named("sct_version", RFC6962_3_2)
            .wireshark("tls.sct.sct_version")
            .meaning("The version of the logs: always v1."),
        names::sct_version,
    )?;
    parts.bytes(
        32,
        named("id", RFC6962_3_2)
            .wireshark("tls.sct.sct_logid")
            .meaning("Which log: the SHA-256 of its public key."),
    )?;
    parts.number(
        8,
        named("timestamp", RFC6962_3_2)
            .wireshark("tls.sct.sct_timestamp")
            .meaning("When, in milliseconds since 1970."),
    )?;
    parts.opaque(
        2,
        Some("tls.sct.sct_extensions_length"),
        named("extensions", RFC6962_3_2)
            .wireshark("tls.sct.sct_extensions")
            .meaning("Nothing yet."),
    )?;
    let scheme = parts.code(
        2,
        named("algorithm", "RFC 5246 §7.4.1.4.1")
            .wireshark("tls.handshake.sig_hash_alg")
            .meaning("How it is signed."),
        names::signature_scheme,
    )?;
    let signature = named("signature", "RFC 5246 §4.7")
        .wireshark("tls.sct.sct_signature")
        .meaning("The log's signature over all of this and the certificate.");
    super::signature::by_scheme(
        parts,
        scheme,
        Some("tls.sct.sct_signature_length"),
        signature,
    )
}
