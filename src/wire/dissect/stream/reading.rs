//! What the next byte of a direction belongs to, and how to find that out again after bytes were lost.
//! Only states: who moves from one to the next is `half`.

use std::borrow::Cow;

use super::content::Content;
use super::line_scan::LineScan;
use crate::octets::Direction;
use crate::wire::dissect::http::head::Head;
use crate::wire::dissect::http::start_line::{RequestLine, StatusLine};
use crate::wire::dissect::websocket::layout::Layout;

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// A head, of which these bytes have come.
    Head {
        bytes: Vec<u8>,
        scan: LineScan,
        has_begun: bool,
    },
    /// Content, and then something else.
    Content { content: Content, next: Box<Self> },
    /// A frame's header, of which these bytes have come.
    FrameHeader { bytes: Vec<u8>, deflate: bool },
    /// Payload: so many bytes are left.
    Payload { left: u64, deflate: bool },
    /// The server must answer first.
    Waiting,
    /// Bytes are missing: where the next message begins is not known.
    Lost { frames: Option<Frames> },
    /// Nothing that could be read, for this reason.
    Unreadable(Cow<'static, str>),
}

/// That WebSocket is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frames {
    pub(super) deflate: bool,
}

impl Reading {
    pub(super) fn head() -> Self {
        Self::Head {
            bytes: Vec::new(),
            scan: LineScan::default(),
            has_begun: false,
        }
    }

    pub(super) fn frames(deflate: bool) -> Self {
        Self::FrameHeader {
            bytes: Vec::new(),
            deflate,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        *self == Self::Waiting
    }

    /// The same, with what comes next unknown.
    pub(super) fn lost(&self) -> Self {
        let frames = match self {
            Self::FrameHeader { deflate, .. } | Self::Payload { deflate, .. } => {
                Some(Frames { deflate: *deflate })
            }
            // Nobody asks for another protocol and is then refused, except in experiments.
            Self::Waiting => Some(Frames { deflate: false }),
            Self::Lost { frames } => *frames,
            _ => None,
        };
        match self {
            Self::Unreadable(why) => Self::Unreadable(why.clone()),
            _ => Self::Lost { frames },
        }
    }

    /// After a loss: what comes next, if `bytes` begin like a message.
    pub(super) fn found(&self, bytes: &[u8], direction: Direction) -> Option<Self> {
        match self {
            Self::Lost {
                frames: Some(Frames { deflate }),
            } => is_row_of_frames(bytes, direction).then(|| Self::frames(*deflate)),
            Self::Lost { frames: None } => begins_with_head(bytes, direction).then(Self::head),
            _ => None,
        }
    }
}

fn begins_with_head(bytes: &[u8], direction: Direction) -> bool {
    let line = Head::read(bytes).start_line;
    !line.end.is_empty()
        && match direction {
            Direction::FromClient => RequestLine::read(bytes, &line.text).is_ok(),
            Direction::FromServer => StatusLine::read(bytes, &line.text).is_ok(),
        }
}

/// Whether `bytes` are frames that keep the rules, the last of them perhaps unfinished. Two bytes alone would
/// often pass for a frame; a row of them that fits to the end seldom does.
fn is_row_of_frames(mut bytes: &[u8], direction: Direction) -> bool {
    while !bytes.is_empty() {
        let Some(layout) = Layout::read(bytes) else {
            return false;
        };
        let is_masked = layout.masking_key.is_some();
        let fits = is_masked == (direction == Direction::FromClient)
            && layout.rsv & 0b011 == 0
            && matches!(layout.opcode_bits, 0x0..=0x2 | 0x8..=0xa);
        let end = usize::try_from(layout.payload_len)
            .ok()
            .and_then(|len| len.checked_add(layout.header_len()));
        let Some(rest) = end.and_then(|end| bytes.get(end..)).filter(|_| fits) else {
            return false;
        };
        bytes = rest;
    }
    true
}
