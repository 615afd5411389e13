//! The messages of RFC 8448, "Example Handshake Traces for TLS 1.3", and what they say.

use super::{HandshakeContext, dissect_handshake};
use crate::wire::field::{Field, Value};

/// The bytes that these hexadecimal digits stand for.
pub(in crate::wire::dissect) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// All messages below.
pub(in crate::wire::dissect) const ALL: &[&str] = &[
    CLIENT_HELLO,
    SERVER_HELLO,
    ENCRYPTED_EXTENSIONS,
    CERTIFICATE,
    CERTIFICATE_VERIFY,
    FINISHED,
    NEW_SESSION_TICKET,
    RESUMING_CLIENT_HELLO,
    END_OF_EARLY_DATA,
    HELLO_RETRY_REQUEST,
    CERTIFICATE_REQUEST,
    ECDSA_CERTIFICATE_VERIFY,
];

/// ClientHello of the simple handshake (§3).
pub(in crate::wire::dissect) const CLIENT_HELLO: &str = "\
    010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece700000613011303130201 \
    0000910000000b0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400 \
    230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b00 \
    03020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d00020101001c \
    00024001";

/// ServerHello of the simple handshake (§3).
pub(in crate::wire::dissect) const SERVER_HELLO: &str = "\
    020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024 \
    001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304";

/// EncryptedExtensions of the simple handshake (§3).
pub(in crate::wire::dissect) const ENCRYPTED_EXTENSIONS: &str = "\
    080000240022000a00140012001d00170018001901000101010201030104001c0002400100000000";

/// Certificate of the simple handshake (§3).
pub(in crate::wire::dissect) const CERTIFICATE: &str = "\
    0b0001b9000001b50001b0308201ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a \
    06035504031303727361301e170d3136303733303031323335395a170d3236303733303031323335395a300e310c300a \
    0603550403130372736130819f300d06092a864886f70d010101050003818d0030818902818100b4bb498f8279303d98 \
    0836399b36c6988c0c68de55e1bdb826d3901a2461eafd2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced4312 \
    0998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0461c8ca9d9efbfae8ea6d1d0 \
    3e2bd193eff0ab9a8002c47428a6d35a8d88d79f7f1e3f0203010001a31a301830090603551d1304023000300b060355 \
    1d0f0404030205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b908c65f73a7267170618a54c5f \
    8a7b337d2df7a594365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102 \
    702e608ccae6bec1fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0cc8 \
    f8961229ac9187b42b4de10000";

/// CertificateVerify of the simple handshake (§3).
pub(in crate::wire::dissect) const CERTIFICATE_VERIFY: &str = "\
    0f000084080400805a747c5d88fa9bd2e55ab085a61015b7211f824cd484145ab3ff52f1fda8477b0b7abc90db78e2d3 \
    3a5c141a078653fa6bef780c5ea248eeaaa785c4f394cab6d30bbe8d4859ee511f602957b15411ac027671459e46445c \
    9ea58c181e818e95b8c3fb0bf3278409d3be152a3da5043e063dda65cdf5aea20d53dfacd42f74f3";

/// The server's Finished of the simple handshake (§3).
pub(in crate::wire::dissect) const FINISHED: &str = "\
    140000209b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718";

/// NewSessionTicket of the simple handshake (§3).
pub(in crate::wire::dissect) const NEW_SESSION_TICKET: &str = "\
    040000c90000001efad6aac502000000b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf \
    1b0070ad3c498883c9367c09a2be785abc55cd226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827 \
    db279cce145077d454a3664d4e6da4d29ee03725a6a4dafcd0fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228 \
    bda40dda721470f9fbf297b5aea617646fac5c03272e970727c621a79141ef5f7de6505e5bfbc388e93343694093934a \
    e4d3570008002a000400000400";

/// ClientHello of the resumed handshake (§4).
pub(in crate::wire::dissect) const RESUMING_CLIENT_HELLO: &str = "\
    010001fc03031bc3ceb6bbe39cff938355b5a50adb6db21b7a6af649d7b4bc419d7876487d9500000613011303130201 \
    0001cd0000000b0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400 \
    3300260024001d0020e4ffb68ac05f8d96c99da26698346c6be16482badddafe051a66b4f18d668f0b002a0000002b00 \
    03020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d00020101001c \
    000240010015005700000000000000000000000000000000000000000000000000000000000000000000000000000000 \
    000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000 \
    2900dd00b800b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c498883c936 \
    7c09a2be785abc55cd226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3 \
    664d4e6da4d29ee03725a6a4dafcd0fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf2 \
    97b5aea617646fac5c03272e970727c621a79141ef5f7de6505e5bfbc388e93343694093934ae4d357fad6aacb002120 \
    3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d";

/// EndOfEarlyData (§4).
pub(in crate::wire::dissect) const END_OF_EARLY_DATA: &str = "\
    05000000";

/// HelloRetryRequest (§5).
pub(in crate::wire::dissect) const HELLO_RETRY_REQUEST: &str = "\
    020000ac0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c00130100008400330002 \
    0017002c0074007271dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf6256 \
    36e5f21bb2e23fcc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16 \
    aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f934b0002b00020304";

/// CertificateRequest (§6).
pub(in crate::wire::dissect) const CERTIFICATE_REQUEST: &str = "\
    0d000027000024000d0020001e040305030603020308040805080604010501060102010402050206020202";

/// CertificateVerify of a key on a curve (§6).
pub(in crate::wire::dissect) const ECDSA_CERTIFICATE_VERIFY: &str = "\
    0f00004b040300473045022100d7a4d34bd54f55fee1a89625678c3dd5e5f60dac73ec940c5c7b9304a02084a9022028 \
    9f595ed488b9ac689a3d192b1a8bb38f34af7874c059c9806a1f38269353e8";

/// Name and value of each leaf that has a value of its own, of a message without fault.
fn said(hex: &str) -> Vec<String> {
    let message = bytes(hex);
    let field = dissect_handshake(&message, &HandshakeContext::default());
    assert_eq!(field.flaw(), None);
    let fault = field.walk().find_map(|field| field.problem.clone());
    assert_eq!(fault, None);
    // The first is the message as a whole.
    field.walk().skip(1).filter_map(in_words).collect()
}

fn in_words(field: &Field) -> Option<String> {
    let name = &field.name;
    let len = field.bytes.len();
    match &field.value {
        Value::Group => None,
        _ if name.starts_with("length") => None,
        // Of bytes that are divided, the parts are told.
        Value::Bytes if !field.children.is_empty() => None,
        Value::Number(number) => Some(format!("{name}: {number}")),
        Value::Code { number, name: None } => Some(format!("{name}: {number}")),
        Value::Code {
            name: Some(meant), ..
        } => Some(format!("{name}: {meant}")),
        Value::Text(text) => Some(format!("{name}: {text}")),
        Value::Bytes => Some(format!("{name}: {len} bytes")),
    }
}

#[test]
fn client_hello_of_section_3() {
    let said = said(CLIENT_HELLO);
    assert_eq!(
        said[..10],
        [
            "msg_type: ClientHello",
            "legacy_version: TLS 1.2",
            "random: 32 bytes",
            "legacy_session_id: 0 bytes",
            "CipherSuite: TLS_AES_128_GCM_SHA256",
            "CipherSuite: TLS_CHACHA20_POLY1305_SHA256",
            "CipherSuite: TLS_AES_256_GCM_SHA384",
            "CompressionMethod: null",
            "extension_type: server_name",
            "name_type: host_name",
        ]
    );
    for line in [
        "HostName: server",
        "NamedGroup: x25519",
        "NamedGroup: ffdhe8192",
        "ProtocolVersion: TLS 1.3",
        "X25519 public key: 32 bytes",
        "SignatureScheme: rsa_pkcs1_sha1",
        "SignatureScheme: dsa_sha1",
        "PskKeyExchangeMode: psk_dhe_ke",
        "RecordSizeLimit: 16385",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
    }
}

#[test]
fn server_hello_of_section_3() {
    assert_eq!(
        said(SERVER_HELLO),
        [
            "msg_type: ServerHello",
            "legacy_version: TLS 1.2",
            "random: 32 bytes",
            "legacy_session_id_echo: 0 bytes",
            "cipher_suite: TLS_AES_128_GCM_SHA256",
            "legacy_compression_method: null",
            "extension_type: key_share",
            "group: x25519",
            "X25519 public key: 32 bytes",
            "extension_type: supported_versions",
            "selected_version: TLS 1.3",
        ]
    );
}

#[test]
fn certificate_of_section_3() {
    let said = said(CERTIFICATE);
    for line in [
        "certificate_request_context: 0 bytes",
        "contents: v3",
        "serialNumber: 2",
        "contents: sha256WithRSAEncryption (1.2.840.113549.1.1.11)",
        "contents: CN (2.5.4.3)",
        "contents: rsa",
        "contents: 2016-07-30 01:23:59 (UTC)",
        "contents: 2026-07-30 01:23:59 (UTC)",
        "contents: rsaEncryption (1.2.840.113549.1.1.1)",
        "contents: 129 bytes",
        "contents: 65537",
        "contents: id-ce-basicConstraints (2.5.29.19)",
        "contents: id-ce-keyUsage (2.5.29.15)",
        "digitalSignature: 1",
        "keyEncipherment: 1",
        "keyCertSign: 0",
        "signature: 128 bytes",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
    }
}

#[test]
fn proofs_of_sections_3_and_6() {
    assert_eq!(
        said(CERTIFICATE_VERIFY),
        [
            "msg_type: CertificateVerify",
            "algorithm: rsa_pss_rsae_sha256",
            "signature: 128 bytes"
        ]
    );
    let ecdsa = said(ECDSA_CERTIFICATE_VERIFY);
    assert!(ecdsa.contains(&"algorithm: ecdsa_secp256r1_sha256".to_owned()));
    assert!(
        ecdsa.contains(&"contents: 33 bytes".to_owned()),
        "{ecdsa:?}"
    );
    assert_eq!(
        said(FINISHED),
        ["msg_type: Finished", "verify_data: 32 bytes"]
    );
}

#[test]
fn encrypted_extensions_of_section_3() {
    let said = said(ENCRYPTED_EXTENSIONS);
    assert_eq!(said.last().unwrap(), "extension_type: server_name");
    assert!(said.contains(&"RecordSizeLimit: 16385".to_owned()));
}

#[test]
fn new_session_ticket_of_section_3() {
    assert_eq!(
        said(NEW_SESSION_TICKET),
        [
            "msg_type: NewSessionTicket",
            "ticket_lifetime: 30",
            "ticket_age_add: 4208372421",
            "ticket_nonce: 2 bytes",
            "ticket: 178 bytes",
            "extension_type: early_data",
            "max_early_data_size: 1024",
        ]
    );
}

#[test]
fn resuming_client_hello_of_section_4() {
    let said = said(RESUMING_CLIENT_HELLO);
    for line in [
        "extension_type: early_data",
        "identity: 178 bytes",
        "obfuscated_ticket_age: 4208372427",
        "PskBinderEntry: 32 bytes",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
    }
    assert_eq!(
        super::message_name(&bytes(END_OF_EARLY_DATA)).as_deref(),
        Some("EndOfEarlyData")
    );
}

#[test]
fn hello_retry_request_of_section_5() {
    let message = bytes(HELLO_RETRY_REQUEST);
    assert_eq!(
        super::message_name(&message).as_deref(),
        Some("HelloRetryRequest")
    );
    let said = said(HELLO_RETRY_REQUEST);
    for line in [
        "msg_type: ServerHello",
        "selected_group: secp256r1",
        "cookie: 114 bytes",
        "selected_version: TLS 1.3",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
    }
}

#[test]
fn certificate_request_of_section_6() {
    let said = said(CERTIFICATE_REQUEST);
    assert_eq!(
        said[..3],
        [
            "msg_type: CertificateRequest",
            "certificate_request_context: 0 bytes",
            "extension_type: signature_algorithms"
        ]
    );
    assert_eq!(said.len(), 3 + 15);
}
