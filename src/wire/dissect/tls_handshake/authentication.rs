//! The messages by which a side proves who it is (RFC 8446 §4.4, RFC 5246 §7.4).
//! No proof is checked here.

use super::{HandshakeContext, Version};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_extension::{
    self, Place, certificate_authorities, extensions, signature_schemes,
};
use crate::wire::dissect::tls_names as names;
use crate::wire::dissect::x509;
use crate::wire::field::Field;

const RFC8446_4_4_2: &str = "RFC 8446 §4.4.2";
const RFC8446_4_4_3: &str = "RFC 8446 §4.4.3";

/// Reads a Certificate message.
pub(super) fn certificate(parts: &mut Parts<'_>, context: &HandshakeContext) -> Step<()> {
    let tls13 = context.version == Version::Tls13;
    if tls13 {
        request_context(parts, RFC8446_4_4_2)?;
    }
    let list = named("certificate_list", RFC8446_4_4_2)
        .wireshark("tls.handshake.certificates")
        .meaning("The sender's own certificate first, then those that vouch for the one before.");
    let len = Some("tls.handshake.certificates_length");
    parts.vector(3, len, list, |parts| {
        while parts.more() {
            let cert_data = named("cert_data", RFC8446_4_4_2)
                .wireshark("tls.handshake.certificate")
                .meaning("One certificate.");
            let len = Some("tls.handshake.certificate_length");
            parts.vector(3, len, cert_data, x509::certificate)?;
            if tls13 {
                extensions(parts, Place::Certificate)?;
            }
        }
        Ok(())
    })
}

/// Reads a CertificateRequest.
pub(super) fn certificate_request(parts: &mut Parts<'_>, context: &HandshakeContext) -> Step<()> {
    const RFC5246_7_4_4: &str = "RFC 5246 §7.4.4";
    if context.version == Version::Tls13 {
        request_context(parts, "RFC 8446 §4.3.2")?;
        return extensions(parts, Place::CertificateRequest);
    }
    let types = named("certificate_types", RFC5246_7_4_4)
        .wireshark("tls.handshake.cert_types")
        .meaning("The kinds of certificates that are accepted.");
    let len = Some("tls.handshake.cert_types_count");
    parts.vector(1, len, types, |parts| {
        while parts.more() {
            let field = named("ClientCertificateType", RFC5246_7_4_4)
                .wireshark("tls.handshake.cert_type")
                .meaning("A kind of certificate.");
            parts.code(1, field, names::client_certificate_type)?;
        }
        Ok(())
    })?;
    signature_schemes(parts)?;
    certificate_authorities(parts)
}

/// Reads a CertificateVerify.
pub(super) fn certificate_verify(parts: &mut Parts<'_>, _: &HandshakeContext) -> Step<()> {
    let signature = named("signature", RFC8446_4_4_3)
        .wireshark("tls.handshake.client_cert_vrfy.sig")
        .meaning("Over all messages so far: worth nothing in any other handshake.");
    signed(
        parts,
        RFC8446_4_4_3,
        "tls.handshake.client_cert_vrfy.sig_len",
        signature,
    )
}

/// Reads a signature scheme and a signature.
pub(super) fn signed(
    parts: &mut Parts<'_>,
    source: &'static str,
    len_wireshark: &'static str,
    signature: Field,
) -> Step<()> {
    let algorithm = named("algorithm", source)
        .wireshark("tls.handshake.sig_hash_alg")
        .meaning("How it is signed.");
    let scheme = parts.code(2, algorithm, names::signature_scheme)?;
    x509::signature(parts, scheme, Some(len_wireshark), signature)
}

/// Reads a Finished.
pub(super) fn finished(parts: &mut Parts<'_>, _: &HandshakeContext) -> Step<()> {
    let field = named("verify_data", "RFC 8446 §4.4.4")
        .wireshark("tls.handshake.verify_data")
        .meaning("Computed from the keys and all messages so far.");
    parts.rest(field)?;
    Ok(())
}

/// Reads a CertificateStatus.
pub(super) fn certificate_status(parts: &mut Parts<'_>, _: &HandshakeContext) -> Step<()> {
    tls_extension::certificate_status(parts)
}

/// Reads a CompressedCertificate, which stays compressed.
pub(super) fn compressed_certificate(parts: &mut Parts<'_>, _: &HandshakeContext) -> Step<()> {
    const SOURCE: &str = "RFC 8879 §4";
    parts.code(
        2,
        named("algorithm", SOURCE)
            .wireshark("tls.compress_certificate.algorithm")
            .meaning("Which algorithm, by its number in the tree of all standards."),
        names::certificate_compression,
    )?;
    parts.number(
        3,
        named("uncompressed_length", SOURCE)
            .wireshark("tls.compress_certificate.uncompressed_length")
            .meaning("How long the Certificate message is when it is unpacked."),
    )?;
    parts.opaque(
        3,
        Some("tls.compress_certificate.compressed_certificate_message.length"),
        named("compressed_certificate_message", SOURCE)
            .wireshark("tls.compress_certificate.compressed_certificate_message")
            .meaning("To be unpacked before it can be read."),
    )?;
    Ok(())
}

fn request_context(parts: &mut Parts<'_>, source: &'static str) -> Step<()> {
    let field = named("certificate_request_context", source)
        .wireshark("tls.handshake.certificate_request_context")
        .meaning("Ties a late request and its answer together; empty within the handshake.");
    let len = Some("tls.handshake.certificate_request_context_length");
    parts.opaque(1, len, field)?;
    Ok(())
}
