//! Extensions about certificates: which are accepted, how they are signed, packed and vouched for.
//! Certificates themselves are taken apart in `x509`.

use super::{Place, item, out_of_place};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_names as names;
use crate::wire::dissect::x509;
use crate::wire::field::Value;

const RFC6066_8: &str = "RFC 6066 §8";

/// Reads signature_algorithms and its like.
pub(super) fn signature_algorithms(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    match place {
        Place::ClientHello | Place::CertificateRequest => signature_schemes(parts),
        _ => out_of_place(parts),
    }
}

/// Reads a list of signature schemes behind its length.
pub(in crate::wire::dissect) fn signature_schemes(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 8446 §4.2.3";
    let list = named("supported_signature_algorithms", SOURCE)
        .wireshark("tls.handshake.sig_hash_algs")
        .meaning("The schemes, the dearest first.");
    parts.vector(2, Some("tls.handshake.sig_hash_alg_len"), list, |parts| {
        while parts.more() {
            let field = item("SignatureScheme", SOURCE, "tls.handshake.sig_hash_alg");
            let scheme = parts.code(2, field, names::signature_scheme)?;
            parts.explain(names::scheme_in_words(scheme));
        }
        Ok(())
    })
}

/// Reads status_request: a wish, or in a certificate's extensions its fulfilment.
pub(super) fn status_request(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    match place {
        Place::Certificate => certificate_status(parts),
        Place::ClientHello => {
            status_type(parts)?;
            parts.opaque(
                2,
                Some("tls.handshake.extensions_status_request_responder_ids_len"),
                named("responder_id_list", RFC6066_8)
                    .meaning("Whose answers are trusted; empty: whoever the certificate names."),
            )?;
            parts.opaque(
                2,
                Some("tls.handshake.extensions_status_request_exts_len"),
                named("request_extensions", RFC6066_8)
                    .meaning("What else the question says; usually nothing."),
            )?;
            Ok(())
        }
        _ => out_of_place(parts),
    }
}

/// Reads a CertificateStatus: what an OCSP responder said of the certificate.
pub(in crate::wire::dissect) fn certificate_status(parts: &mut Parts<'_>) -> Step<()> {
    status_type(parts)?;
    let response = named("OCSPResponse", "RFC 6960 §4.2.1")
        .meaning("Signed by the issuer, and a few days old at most: good, revoked or unknown.");
    let len = Some("tls.handshake.ocsp_response_len");
    parts.vector(3, len, response, x509::any_der)
}

fn status_type(parts: &mut Parts<'_>) -> Step<()> {
    let field = item(
        "status_type",
        RFC6066_8,
        "tls.handshake.extensions_status_request_type",
    )
    .meaning("How to ask: OCSP (RFC 6960).");
    parts.code(1, field, names::certificate_status_type)?;
    Ok(())
}

/// Reads signed_certificate_timestamp: empty as a wish.
pub(super) fn timestamps(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    if parts.more() {
        x509::sct_list(parts)?;
    }
    Ok(())
}

/// Reads compress_certificate.
pub(super) fn compress_certificate(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    const SOURCE: &str = "RFC 8879 §3";
    let list = named("algorithms", SOURCE).meaning("The ways to compress, the dearest first.");
    let len = Some("tls.compress_certificate.algorithms_length");
    parts.vector(1, len, list, |parts| {
        while parts.more() {
            let field = item(
                "CertificateCompressionAlgorithm",
                SOURCE,
                "tls.compress_certificate.algorithm",
            )
            .meaning("A way to compress.");
            parts.code(2, field, names::certificate_compression)?;
        }
        Ok(())
    })
}

/// Reads a list of authorities behind its length, as the extension and the CertificateRequest of TLS 1.2 have it.
pub(in crate::wire::dissect) fn certificate_authorities(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 8446 §4.2.4";
    let list = named("authorities", SOURCE)
        .wireshark("tls.handshake.dnames")
        .meaning("Certificates that one of these vouches for are accepted; empty: any.");
    parts.vector(2, Some("tls.handshake.dnames_len"), list, |parts| {
        while parts.more() {
            let one = named("DistinguishedName", SOURCE).meaning("One authority.");
            parts.vector(2, Some("tls.handshake.dname_len"), one, |parts| {
                x509::distinguished_name(
                    parts,
                    named("Name", "RFC 5280 §4.1.2.4")
                        .meaning("A distinguished name: attributes from the country down."),
                    Some("tls.handshake.dname"),
                )
            })?;
        }
        Ok(())
    })
}

/// Reads trust_anchors: a list in the ClientHello and in EncryptedExtensions.
pub(super) fn trust_anchors(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    const SOURCE: &str = "draft-ietf-tls-trust-anchor-ids §3";
    if !matches!(place, Place::ClientHello | Place::EncryptedExtensions) {
        return out_of_place(parts);
    }
    let list = named("TrustAnchorIDList", SOURCE).meaning("One number for each authority.");
    parts.vector(2, None, list, |parts| {
        while parts.more() {
            let id = parts.ahead().split_first().and_then(|(len, rest)| {
                let id = rest.get(..usize::from(*len))?;
                x509::relative_oid(id)
            });
            let field = named("TrustAnchorID", SOURCE)
                .meaning("An authority, by its numbers below 1.3.6.1.4.1.");
            parts.opaque(1, None, field)?;
            if let (Some(id), Some(field)) = (id, parts.last()) {
                field.value = Value::Text(id);
            }
        }
        Ok(())
    })
}
