//! The items that stand on a timeline, and what is shown of one of them: shapes only.
//! How they are found stands in `timeline`; who may see them is decided elsewhere.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use crate::octets::Direction;
use crate::wire::field::Field;

/// One item on the timeline of a connection: a record, a message inside records, a gap, an end.
///
/// Under TLS there are two layers: records, which the network saw, and what they carried (handshake messages, alerts,
/// HTTP messages, frames), which only the two ends know. In clear there is one layer, and everybody sees all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Numbered from 0 over both directions, in the order in which they became known: most items with their first byte,
    /// handshake messages and alerts with their last. Never changes.
    pub number: u64,
    /// Who sent it.
    pub direction: Direction,
    /// What it is.
    pub kind: Kind,
    /// When its first byte crossed, in nanoseconds since 1970.
    pub begun_ns: u64,
    /// When the last of its bytes so far crossed.
    pub ended_ns: u64,
    /// Whether it has ended; otherwise it may still grow.
    pub is_whole: bool,
    /// Its length in bytes: of a record with its header, of a message as it was before encryption.
    pub len: u64,
    /// What it is, in a line, for those who have the keys: `POST /login HTTP/1.1`, `Text {"type":"send",…`. Control
    /// characters are replaced; at most [`TITLE_CHARS_MAX`] characters.
    pub title: String,
    /// What Eve, who has no keys, can say of it in a line; `None` if for her it does not exist as an item of its own.
    pub eve_title: Option<String>,
    /// Of an encrypted record: what its length tells Eve of how long what is in it is.
    pub eve_plaintext_len: Option<PlaintextLen>,
    /// Where it stands in all that crossed the network in this direction. A message under TLS: from the beginning of its
    /// first record to the end of its last.
    pub wire: Range<u64>,
    /// Where it, or what it carries, stands in all that the application sent in this direction (without TLS the same as
    /// `wire`); `None` for what is not the application's. Missing bytes of the wire have none, missing bytes of the
    /// application do.
    pub plain: Option<Range<u64>>,
    /// A message under TLS: the items of the records that carried it. A record: the items it carried, wholly or in part.
    pub related: Vec<u64>,
    /// Whether it holds what a thief would want, such as a password or a session cookie.
    pub secret: bool,
    /// What is wrong with it, if anything.
    pub problem: Option<Cow<'static, str>>,
}

/// The longest title.
pub const TITLE_CHARS_MAX: usize = 120;

/// How long what an encrypted record holds is, by the length of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaintextLen {
    /// So many bytes.
    Exactly(u64),
    /// So many, or less if they were padded, as TLS 1.3 allows (RFC 8446 §5.4).
    AtMost(u64),
}

impl fmt::Display for PlaintextLen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(len) => write!(f, "{len} of plaintext, encrypted"),
            Self::AtMost(len) => write!(f, "{len} of plaintext at most"),
        }
    }
}

/// What an item on the timeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A TLS record.
    Record,
    /// A handshake message.
    Handshake,
    /// Change to the keys that were agreed on.
    ChangeCipherSpec,
    /// A TLS alert.
    Alert,
    /// An HTTP request.
    Request,
    /// An HTTP response.
    Response,
    /// A WebSocket frame.
    Frame,
    /// Bytes that could not be read.
    Unreadable,
    /// Bytes that were not kept. Under TLS, where nothing is known of the application's bytes either, there are two of them:
    /// one among the records, with `wire` alone, and one among the messages, with `plain`.
    Missing,
    /// The end of a direction (FIN), or of the connection (RST).
    End,
}

impl Kind {
    /// As it is called in filters and in the page: lower case, one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Handshake => "handshake",
            Self::ChangeCipherSpec => "change_cipher_spec",
            Self::Alert => "alert",
            Self::Request => "request",
            Self::Response => "response",
            Self::Frame => "frame",
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::End => "end",
        }
    }
}

/// An item taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which one.
    pub number: u64,
    /// What crossed the network: one pane for each record (or for the item itself, without TLS).
    pub on_the_wire: Vec<Pane>,
    /// What TLS wrapped: of an opened record what was inside, of an item that records carried the item itself, even if
    /// they are in clear. Empty without TLS, and where it could not be opened.
    pub inside: Vec<Pane>,
    /// How the record was opened, step by step; only for a record that was.
    pub arithmetic: Vec<Step>,
    /// Which bytes of a pane inside were carried by which bytes of a pane on the wire.
    pub aligned: Vec<Aligned>,
}

/// Some bytes and their fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pane {
    /// What these bytes are: `Record 12 of the server`.
    pub title: String,
    /// The item whose bytes they are.
    pub item: u64,
    /// Where the first byte stands in its stream: on the wire, or in what the application sent (or in its record or
    /// handshake message, for what is not the application's).
    pub offset: u64,
    /// The bytes; at most [`PANE_LEN_MAX`] of them.
    pub bytes: Bytes,
    /// How many more there were.
    pub cut_bytes: u64,
    /// Their fields: positions are in `bytes`.
    pub tree: Field,
}

/// So many bytes of one item are shown: a head with a large file behind it would only slow the page.
pub const PANE_LEN_MAX: usize = 64 * 1024;

/// One step of opening a record: secret → key and IV → nonce → additional data → tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `write_key`, `nonce`, …, in the RFC's words.
    pub name: &'static str,
    /// The value, in hexadecimal.
    pub value: String,
    /// How it follows from those before it: one plain sentence.
    pub meaning: String,
    /// Where it is written.
    pub source: &'static str,
}

/// A run of bytes inside, and where the wire carried it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aligned {
    /// Which pane of `inside`.
    pub inside_pane: usize,
    /// Which of its bytes.
    pub inside: Range<usize>,
    /// Which pane of `on_the_wire`.
    pub wire_pane: usize,
    /// Which of its bytes: as many, encrypted unless the record is in clear.
    pub wire: Range<usize>,
}

/// Something that a connection tells those who only listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// What they learn: `server name`, `length of each message`.
    pub what: &'static str,
    /// What it is here: `chat.example`, `frames of 23, 41 and 7 bytes`.
    pub value: String,
    /// How they know, in a plain sentence.
    pub how: String,
    /// The item that shows it best, if there is one.
    pub item: Option<u64>,
}

/// What is known of a connection as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Whether it began with TLS.
    pub is_tls: bool,
    /// `TLS 1.3`, `HTTP/1.1`.
    pub version: Option<String>,
    /// `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: Option<String>,
    /// The group of the key agreement: `X25519MLKEM768`.
    pub group: Option<String>,
    /// The name that the client asked for in clear.
    pub server_name: Option<String>,
    /// Protocols of the application, in the order in which they appeared: `HTTP/1.1`, `WebSocket`.
    pub application: Vec<&'static str>,
    /// How many requests there were.
    pub requests: u64,
    /// How many frames, of both directions.
    pub frames: u64,
    /// Bytes that were not kept, in both directions.
    pub missing_bytes: u64,
    /// Records that could not be opened.
    pub closed_records: u64,
    /// Where it is only assumed at which places of its stream what the application sent stands, and why.
    pub assumption: Option<&'static str>,
}
