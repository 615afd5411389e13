//! Decides whether a request becomes a WebSocket, and what the 101 then says (RFC 6455 §4.2).
//! No sockets, sessions or routes: who may connect to what is asked elsewhere.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};

use crate::http::cross_site::is_same_origin;
use crate::http::target::Scheme;

/// What every server appends to the key, so that no other kind of server answers by accident (§1.3).
const ACCEPT_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The length of the nonce behind `Sec-WebSocket-Key` (§4.1).
const KEY_LEN: usize = 16;

/// The only version there ever was on the open web.
const VERSION: &[u8] = b"13";

/// Keys are thrown away after hashing, so the unused low bits of the last character are let pass:
/// a key typed by hand is as good as another.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The parts of a request's head that matter to the upgrade.
#[derive(Debug, Clone, Copy)]
pub struct UpgradeRequest<'a> {
    /// The method, as received.
    pub method: &'a str,
    /// Whether the request line says HTTP/1.1 or a later HTTP/1.
    pub http_1_1: bool,
    /// Whether the request came over TLS.
    pub secure: bool,
    /// Name and value of every field line, in order. Other fields may be among them.
    pub fields: &'a [(&'a str, &'a [u8])],
}

impl<'a> UpgradeRequest<'a> {
    fn lines(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim_ascii())
    }

    /// Whether a list field contains `token`, over all its lines (RFC 9110 §5.6.1).
    fn lists(&self, name: &'a str, token: &[u8]) -> bool {
        self.lines(name)
            .flat_map(|line| line.split(|&byte| byte == b','))
            .any(|element| element.trim_ascii().eq_ignore_ascii_case(token))
    }

    /// The value of a field that has one line; `repeated` if it has several.
    fn only(
        &self,
        name: &'a str,
        repeated: HandshakeError,
    ) -> Result<Option<&'a [u8]>, HandshakeError> {
        let mut lines = self.lines(name);
        let first = lines.next();
        match lines.next() {
            None => Ok(first),
            Some(_) => Err(repeated),
        }
    }
}

/// The consent to an upgrade: what the 101 response says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchingProtocols {
    sec_websocket_accept: String,
}

impl SwitchingProtocols {
    /// All field lines of the 101.
    ///
    /// Extensions and subprotocols are missing on purpose: a server consents to one by naming it
    /// (§9.1, §11.3.4), and we have none.
    #[must_use]
    pub fn field_lines(&self) -> [(&'static str, &str); 3] {
        [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", &self.sec_websocket_accept),
        ]
    }
}

/// Judges a request for a WebSocket (RFC 6455 §4.2.1).
///
/// # Errors
/// The first rule that the request breaks, in the order of the variants.
pub fn accept_upgrade(request: &UpgradeRequest<'_>) -> Result<SwitchingProtocols, HandshakeError> {
    if request.method != "GET" {
        return Err(HandshakeError::MethodNotGet);
    }
    // RFC 9110 §7.8: an HTTP/1.0 request asks for no upgrade, whatever its fields say.
    if !request.http_1_1
        || !request.lists("Connection", b"upgrade")
        || !request.lists("Upgrade", b"websocket")
    {
        return Err(HandshakeError::NotAnUpgrade);
    }
    match request.only("Sec-WebSocket-Version", HandshakeError::VersionRepeated)? {
        Some(VERSION) => {}
        _ => return Err(HandshakeError::VersionNot13),
    }
    let key = request
        .only("Sec-WebSocket-Key", HandshakeError::KeyRepeated)?
        .ok_or(HandshakeError::KeyMissing)?;
    let sec_websocket_accept = sec_websocket_accept(key)?;
    if let Some(origin) = request.only("Origin", HandshakeError::OriginRepeated)? {
        let host = request.lines("Host").next().unwrap_or_default();
        let scheme = if request.secure {
            Scheme::Https
        } else {
            Scheme::Http
        };
        // Both are ASCII; what is not even UTF-8 is nobody's origin.
        let text = |value| std::str::from_utf8(value).unwrap_or_default();
        if !is_same_origin(text(origin), scheme, text(host)) {
            return Err(HandshakeError::ForeignOrigin);
        }
    }
    Ok(SwitchingProtocols {
        sec_websocket_accept,
    })
}

/// Derives the `Sec-WebSocket-Accept` value from the client's key (RFC 6455 §4.2.2).
///
/// `key` is the field value as received: 24 base64 characters that stand for 16 bytes. It is
/// hashed as it is written, not as it decodes.
///
/// # Errors
/// `KeyNotSixteenBytes` if `key` is not base64 or decodes to another length.
pub fn sec_websocket_accept(key: &[u8]) -> Result<String, HandshakeError> {
    match BASE64.decode(key) {
        Ok(nonce) if nonce.len() == KEY_LEN => {}
        _ => return Err(HandshakeError::KeyNotSixteenBytes),
    }
    let digest = Sha1::new()
        .chain_update(key)
        .chain_update(ACCEPT_GUID)
        .finalize();
    Ok(BASE64.encode(digest))
}

/// Why a request does not become a WebSocket. `Display` is the sentence that the peer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeError {
    /// A method other than GET.
    MethodNotGet,
    /// An ordinary request to a place where only a WebSocket is served.
    NotAnUpgrade,
    /// More than one `Sec-WebSocket-Version` line.
    VersionRepeated,
    /// A missing `Sec-WebSocket-Version`, or one other than 13.
    VersionNot13,
    /// More than one `Sec-WebSocket-Key` line.
    KeyRepeated,
    /// No `Sec-WebSocket-Key` line.
    KeyMissing,
    /// A key that is not base64 of 16 bytes.
    KeyNotSixteenBytes,
    /// More than one `Origin` line.
    OriginRepeated,
    /// A page of another origin: it would speak with its visitor's session.
    ForeignOrigin,
}

impl HandshakeError {
    /// The status code of the answer (RFC 6455 §4.2.2, RFC 9110 §15).
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::MethodNotGet => 405,
            Self::NotAnUpgrade | Self::VersionNot13 => 426,
            Self::VersionRepeated
            | Self::KeyRepeated
            | Self::KeyMissing
            | Self::KeyNotSixteenBytes
            | Self::OriginRepeated => 400,
            Self::ForeignOrigin => 403,
        }
    }

    /// The field lines that the answer carries beside those of every answer.
    #[must_use]
    pub fn field_lines(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::MethodNotGet => &[("Allow", "GET")],
            // RFC 9110 §15.5.22: a 426 names the protocol it asks for, and §7.8 has `Upgrade`
            // listed in `Connection` wherever it is sent. RFC 6455 §4.4 adds the version.
            Self::NotAnUpgrade | Self::VersionNot13 => &[
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Version", "13"),
            ],
            _ => &[],
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MethodNotGet => "A WebSocket is opened with GET.",
            Self::NotAnUpgrade => {
                "A WebSocket lives here: ask with HTTP/1.1, “Connection: Upgrade” and “Upgrade: websocket”."
            }
            Self::VersionRepeated => "Sec-WebSocket-Version may be sent once.",
            Self::VersionNot13 => "This server speaks WebSocket version 13: send “Sec-WebSocket-Version: 13”.",
            Self::KeyRepeated => "Sec-WebSocket-Key may be sent once.",
            Self::KeyMissing => "A Sec-WebSocket-Key is needed: 16 random bytes in base64.",
            Self::KeyNotSixteenBytes => "Sec-WebSocket-Key is 16 bytes in base64, 24 characters.",
            Self::OriginRepeated => "Origin may be sent once.",
            Self::ForeignOrigin => "This WebSocket is open to pages of this server only, at the same scheme, host and port.",
        })
    }
}

impl std::error::Error for HandshakeError {}

#[cfg(test)]
mod tests {
    use super::*;

    type Field<'a> = (&'a str, &'a [u8]);

    /// The request of RFC 6455 §1.3 without its subprotocols.
    const FIELDS: [Field<'_>; 6] = [
        ("Host", b"server.example.com"),
        ("Upgrade", b"websocket"),
        ("Connection", b"Upgrade"),
        ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", b"13"),
        ("Origin", b"http://server.example.com"),
    ];

    fn judge(fields: &[Field<'_>]) -> Result<SwitchingProtocols, HandshakeError> {
        accept_upgrade(&UpgradeRequest {
            method: "GET",
            http_1_1: true,
            secure: false,
            fields,
        })
    }

    /// The same request, all lines of `name` replaced by `lines`.
    fn with(name: &'static str, lines: &[&'static [u8]]) -> Vec<Field<'static>> {
        FIELDS
            .into_iter()
            .filter(|(n, _)| *n != name)
            .chain(lines.iter().map(|&line| (name, line)))
            .collect()
    }

    #[test]
    fn the_handshake_of_rfc_6455_section_1_3_is_answered_as_printed_there() {
        assert_eq!(
            judge(&FIELDS).unwrap().field_lines(),
            [
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ]
        );
    }

    #[test]
    fn field_names_and_tokens_are_equal_whatever_their_case_and_lists_span_lines() {
        for fields in [
            with("Connection", &[b"keep-alive, Upgrade"]),
            with("Connection", &[b"keep-alive", b"upgrade"]),
            with("Connection", &[b" ,, UPGRADE ,"]),
            with("Upgrade", &[b"WebSocket"]),
            with("Upgrade", &[b"h2c , websocket"]),
            with("Sec-WebSocket-Version", &[b" 13\t"]),
        ] {
            assert!(judge(&fields).is_ok(), "{fields:?}");
        }
        let lower: Vec<_> = FIELDS
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), *value))
            .collect();
        let lower: Vec<_> = lower.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        assert!(judge(&lower).is_ok());
    }

    #[test]
    fn what_is_no_upgrade_is_told_where_it_is() {
        for fields in [
            with("Connection", &[]),
            with("Connection", &[b"keep-alive"]),
            with("Connection", &[b"upgraded"]),
            with("Connection", &[b"keep-alive Upgrade"]),
            with("Upgrade", &[]),
            with("Upgrade", &[b"h2c"]),
            with("Upgrade", &[b"websocket/13"]),
        ] {
            assert_eq!(
                judge(&fields),
                Err(HandshakeError::NotAnUpgrade),
                "{fields:?}"
            );
        }
        let http_1_0 = UpgradeRequest {
            method: "GET",
            http_1_1: false,
            secure: false,
            fields: &FIELDS,
        };
        assert_eq!(accept_upgrade(&http_1_0), Err(HandshakeError::NotAnUpgrade));
        for method in ["POST", "HEAD", "get"] {
            assert_eq!(
                accept_upgrade(&UpgradeRequest {
                    method,
                    http_1_1: true,
                    ..http_1_0
                }),
                Err(HandshakeError::MethodNotGet)
            );
        }
    }

    #[test]
    fn only_version_13_is_spoken() {
        for lines in [&[][..], &[&b"8"[..]], &[b"013"], &[b"13, 8"], &[b""]] {
            assert_eq!(
                judge(&with("Sec-WebSocket-Version", lines)),
                Err(HandshakeError::VersionNot13)
            );
        }
        assert_eq!(
            judge(&with("Sec-WebSocket-Version", &[b"13", b"13"])),
            Err(HandshakeError::VersionRepeated)
        );
    }

    #[test]
    fn refuses_a_key_that_is_not_sixteen_bytes() {
        const GOOD: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
        use HandshakeError::{KeyMissing, KeyNotSixteenBytes, KeyRepeated};
        for (lines, why) in [
            (&[][..], KeyMissing),
            (&[GOOD, GOOD], KeyRepeated),
            (&[b""], KeyNotSixteenBytes),
            (&[b"dGhlIHNhbXBsZSBub25j"], KeyNotSixteenBytes), // 15 bytes
            (&[b"dGhlIHNhbXBsZSBub25jZSE="], KeyNotSixteenBytes), // 17 bytes
            (&[b"dGhlIHNhbXBsZSBub25jZQ"], KeyNotSixteenBytes), // no padding
            (&[b"dGhlIHNhbXBsZSBub25jZ-=="], KeyNotSixteenBytes), // another alphabet
            (&[b"dGhlIHNhbXBs ZSBub25jZQ=="], KeyNotSixteenBytes),
        ] {
            assert_eq!(
                judge(&with("Sec-WebSocket-Key", lines)),
                Err(why),
                "{lines:?}"
            );
        }
        assert!(judge(&with("Sec-WebSocket-Key", &[b"abcdefghijklmnopqrstuv=="])).is_ok());
    }

    #[test]
    fn a_page_of_another_origin_is_refused_and_a_program_without_one_is_not() {
        assert!(judge(&with("Origin", &[])).is_ok());
        assert!(judge(&with("Origin", &[b"http://Server.example.com:80"])).is_ok());
        for foreign in [
            &b"http://evil.example"[..],
            b"https://server.example.com",
            b"null",
            b"",
        ] {
            assert_eq!(
                judge(&with("Origin", &[foreign])),
                Err(HandshakeError::ForeignOrigin)
            );
        }
        assert_eq!(
            judge(&with("Origin", &[b"http://server.example.com", b"null"])),
            Err(HandshakeError::OriginRepeated)
        );
        assert_eq!(
            judge(&with("Host", &[])),
            Err(HandshakeError::ForeignOrigin)
        );
    }

    #[test]
    fn extensions_and_subprotocols_that_we_do_not_have_are_not_accepted() {
        let mut fields = FIELDS.to_vec();
        fields.push(("Sec-WebSocket-Extensions", b"permessage-deflate"));
        fields.push(("Sec-WebSocket-Protocol", b"chat, superchat"));
        assert_eq!(judge(&fields), judge(&FIELDS));
    }

    #[test]
    fn each_refusal_has_its_status_and_the_fields_that_go_with_it() {
        use HandshakeError::{
            ForeignOrigin, KeyMissing, KeyNotSixteenBytes, KeyRepeated, MethodNotGet, NotAnUpgrade,
            OriginRepeated, VersionNot13, VersionRepeated,
        };
        const UPGRADE: &[(&str, &str)] = &[
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
        ];
        for (error, status, fields) in [
            (MethodNotGet, 405, &[("Allow", "GET")][..]),
            (NotAnUpgrade, 426, UPGRADE),
            (VersionNot13, 426, UPGRADE),
            (VersionRepeated, 400, &[]),
            (KeyRepeated, 400, &[]),
            (KeyMissing, 400, &[]),
            (KeyNotSixteenBytes, 400, &[]),
            (OriginRepeated, 400, &[]),
            (ForeignOrigin, 403, &[]),
        ] {
            assert_eq!(error.status(), status, "{error:?}");
            assert_eq!(error.field_lines(), fields, "{error:?}");
        }
    }
}
