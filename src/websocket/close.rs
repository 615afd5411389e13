//! Why a connection ends: the status code and reason of a Close frame (RFC 6455 §5.5.1, §7.4).
//! No connection: which code fits an event is for the one who closes to say.

use std::fmt;

use super::frame::{CONTROL_PAYLOAD_LEN_MAX, Opcode, append_frame};

/// The longest reason, in bytes: a control frame's payload less the two of the code.
pub const REASON_LEN_MAX: usize = CONTROL_PAYLOAD_LEN_MAX as usize - 2;

/// A status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The server stops, or the page was left.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke RFC 6455.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// Never on the wire: the peer's Close frame carried no code.
    pub const NO_STATUS: Self = Self(1005);
    /// Never on the wire: the connection ended without a Close frame.
    pub const ABNORMAL: Self = Self(1006);
    /// Text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// Something that the endpoint's rules forbid.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// A message longer than the endpoint takes.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// The server failed.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// The server cannot serve this peer now; it may come back.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// Whether a Close frame may carry it (RFC 6455 §7.4; later codes from the IANA registry).
    #[must_use]
    pub fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// The registry's words for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            1000 => "normal closure",
            1001 => "going away",
            1002 => "protocol error",
            1003 => "unsupported data",
            1005 => "no status received",
            1006 => "abnormal closure",
            1007 => "invalid frame payload data",
            1008 => "policy violation",
            1009 => "message too big",
            1010 => "mandatory extension",
            1011 => "internal error",
            1012 => "service restart",
            1013 => "try again later",
            1014 => "bad gateway",
            1015 => "TLS handshake",
            3000..=3999 => "registered by a library or framework",
            4000..=4999 => "private use",
            _ => "reserved",
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.name())
    }
}

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The other end closed it, or vanished.
    Peer,
    /// This end did, or gave up waiting.
    Us,
}

/// How a connection ended, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Whose Close came first.
    pub by: EndedBy,
    /// That Close frame's code; `NO_STATUS` if it had none, `ABNORMAL` if there was no such frame.
    pub code: CloseCode,
    /// That Close frame's reason, or what happened instead of a Close.
    pub reason: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            EndedBy::Peer => "by the peer",
            EndedBy::Us => "by us",
        };
        write!(f, "{by}, {}", self.code)?;
        if self.reason.is_empty() {
            return Ok(());
        }
        // The peer's words are escaped: a line break in them must not begin a line of the log.
        write!(f, ", {:?}", self.reason)
    }
}

/// Why the payload of a Close frame is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseError {
    /// One byte alone: a code has two.
    HalfACode,
    /// A code that no Close frame may carry.
    CodeNotAllowed(CloseCode),
    /// A reason that is not UTF-8.
    ReasonNotUtf8,
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HalfACode => f.write_str("A Close frame is empty or begins with two code bytes."),
            Self::CodeNotAllowed(code) => write!(f, "A Close frame may not carry {code}."),
            Self::ReasonNotUtf8 => f.write_str("The reason in a Close frame is UTF-8 text."),
        }
    }
}

impl std::error::Error for CloseError {}

/// Reads a Close frame's unmasked payload; `None` if it is empty, which is allowed.
///
/// # Errors
/// `HalfACode` and `CodeNotAllowed` are answered with 1002, `ReasonNotUtf8` with 1007.
pub fn decode_close_payload(payload: &[u8]) -> Result<Option<(CloseCode, &str)>, CloseError> {
    let Some((&code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(CloseError::HalfACode)
        };
    };
    let code = CloseCode(u16::from_be_bytes(code));
    if !code.may_be_sent() {
        return Err(CloseError::CodeNotAllowed(code));
    }
    let reason = std::str::from_utf8(reason).map_err(|_| CloseError::ReasonNotUtf8)?;
    Ok(Some((code, reason)))
}

/// Appends a server's Close frame to `out`.
///
/// A code that may not be sent is left out, with its reason. A reason too long for a control
/// frame is cut between two characters.
pub fn append_close_frame(out: &mut Vec<u8>, code: CloseCode, reason: &str) {
    let mut payload = Vec::new();
    if code.may_be_sent() {
        let (reason, _cut) = reason.split_at(reason.floor_char_boundary(REASON_LEN_MAX));
        payload.extend_from_slice(&code.0.to_be_bytes());
        payload.extend_from_slice(reason.as_bytes());
    }
    append_frame(out, Opcode::Close, &payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(code: u16, reason: &str) -> Vec<u8> {
        let mut out = Vec::new();
        append_close_frame(&mut out, CloseCode(code), reason);
        out
    }

    #[test]
    fn codes_that_may_be_sent_are_those_of_section_7_4_and_the_registry() {
        for (codes, allowed) in [
            (0..=999, false),
            (1000..=1003, true),
            (1004..=1006, false),
            (1007..=1014, true),
            (1015..=2999, false),
            (3000..=4999, true),
            (5000..=u16::MAX, false),
        ] {
            for code in codes {
                assert_eq!(CloseCode(code).may_be_sent(), allowed, "{code}");
            }
        }
    }

    #[test]
    fn a_close_frame_is_written_and_read_back() {
        assert_eq!(frame(1000, ""), b"\x88\x02\x03\xe8");
        assert_eq!(frame(4001, "log in"), b"\x88\x08\x0f\xa1log in");
        assert_eq!(
            decode_close_payload(&frame(4001, "log in")[2..]),
            Ok(Some((CloseCode(4001), "log in")))
        );
        assert_eq!(decode_close_payload(b""), Ok(None));
    }

    #[test]
    fn a_code_that_means_no_code_makes_an_empty_close_frame() {
        assert_eq!(frame(1005, "never seen"), b"\x88\x00");
    }

    #[test]
    fn a_reason_fits_its_control_frame_and_stays_utf8() {
        assert_eq!(frame(1000, &"x".repeat(123)).len(), 2 + 125);
        assert_eq!(frame(1000, &"x".repeat(124)).len(), 2 + 125);
        // 62 characters of two bytes: the last one would end at byte 124.
        let cut = frame(1000, &"é".repeat(62));
        assert_eq!(
            decode_close_payload(&cut[2..]),
            Ok(Some((CloseCode::NORMAL, "é".repeat(61).as_str())))
        );
    }

    #[test]
    fn payloads_that_break_the_rules_are_refused() {
        for (payload, why) in [
            (&b"\x03"[..], CloseError::HalfACode),
            (
                b"\x03\xed",
                CloseError::CodeNotAllowed(CloseCode::NO_STATUS),
            ),
            (b"\x00\x00", CloseError::CodeNotAllowed(CloseCode(0))),
            (b"\x03\xe8\xff", CloseError::ReasonNotUtf8),
        ] {
            assert_eq!(decode_close_payload(payload), Err(why));
        }
    }

    #[test]
    fn an_end_is_one_line_of_the_log_whatever_the_peer_said() {
        let ended = Ended {
            by: EndedBy::Peer,
            code: CloseCode(1013),
            reason: "bye\nGET /".to_owned(),
        };
        assert_eq!(
            ended.to_string(),
            r#"by the peer, 1013 (try again later), "bye\nGET /""#
        );
        let without_words = Ended {
            reason: String::new(),
            ..ended
        };
        assert_eq!(
            without_words.to_string(),
            "by the peer, 1013 (try again later)"
        );
    }
}
