//! What a connection's bytes turn out to be, in the order in which that became known.
//! Only the shapes; who finds them stands in `session`.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::handshake::Message;
use super::reason::{Problem, Reason};
use super::record::Opened;
use crate::octets::Direction;
use crate::wire::dissect::tls_record::RecordHeader;

/// Something that became known of one direction.
#[derive(Debug)]
pub struct Event {
    /// Who sent it.
    pub direction: Direction,
    /// The record it is about, or that completed it: numbered from 0 in its direction.
    pub record: u64,
    /// Where that record stands in its direction's stream, header included.
    pub wire: Range<u64>,
    /// What it is.
    pub what: What,
}

/// What became known. Every record is told by one `Record`; what it carried follows at once.
#[derive(Debug)]
pub enum What {
    /// A record, and whether it was opened.
    Record {
        /// As it was sent, in clear.
        header: RecordHeader,
        /// What it was protected by.
        cover: Cover,
    },
    /// A handshake message is whole now.
    Handshake(Message),
    /// This side has changed to the keys that were agreed on (TLS 1.2), or says so for old middleboxes (TLS 1.3).
    ChangeCipherSpec,
    /// A warning, or why the connection ends (RFC 8446 §6).
    Alert {
        /// 1 warning, 2 fatal.
        level: u8,
        /// Which: 0 is `close_notify`.
        description: u8,
    },
    /// A piece of what the application sent.
    ApplicationData(ApplicationData),
    /// Something that no endpoint should send.
    Problem(Problem),
    /// These records were not kept: see [`super::Session::skip`].
    Skipped {
        /// How many.
        records: u64,
    },
}

/// What protected a record, and what became of it.
#[derive(Debug)]
pub enum Cover {
    /// Nothing: it can be read as it is.
    InClear,
    /// Keys that we have.
    Opened(Box<Opened>),
    /// Keys that we lack, or that do not fit.
    NotOpened(Reason),
}

/// A piece of what the application sent, as one record carried it. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApplicationData {
    /// Where it stands in all that this side's application sent.
    pub at: Range<u64>,
    /// The piece itself.
    pub bytes: Bytes,
    /// It was sent before the server had answered, and may be a replay (RFC 8446 §8).
    pub early: bool,
    /// Whether `at` is certain. After records that were skipped or not opened it rests on the assumption that they carried
    /// application data without padding.
    pub exact: bool,
}

impl fmt::Debug for ApplicationData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplicationData")
            .field("at", &self.at)
            .field("early", &self.early)
            .field("exact", &self.exact)
            .finish_non_exhaustive()
    }
}
