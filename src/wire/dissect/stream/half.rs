//! One direction of a connection: which part of which message its next byte belongs to.
//! What a head means for both directions is decided in `stream`; here it is only collected.

use std::borrow::Cow;

use super::content::{Content, Fed};
use super::message::{Message, What};
use super::reading::Reading;
use crate::http::fields::is_token;
use crate::octets::Direction;
use crate::websocket::frame::Opcode;
use crate::wire::dissect::http::framing::Framing;
use crate::wire::dissect::websocket::FrameContext;
use crate::wire::dissect::websocket::layout::Layout;

/// The longest head that is read, in bytes: four times what this server takes.
const HEAD_LEN_MAX: usize = 64 * 1024;

/// One direction.
#[derive(Debug)]
pub(super) struct Half {
    direction: Direction,
    /// How many bytes this direction has sent.
    offset: u64,
    pub(super) message: Option<Message>,
    pub(super) reading: Reading,
    /// The fragmented message that has not ended: its opcode, and the number of its first frame.
    unfinished: Option<(Opcode, u64)>,
    /// A head that is whole and was not taken yet.
    whole_head: Option<Vec<u8>>,
    has_grown: bool,
}

impl Half {
    pub(super) fn new(direction: Direction) -> Self {
        Self {
            direction,
            offset: 0,
            message: None,
            reading: Reading::head(),
            unfinished: None,
            whole_head: None,
            has_grown: false,
        }
    }

    /// Begins a message with the next byte.
    pub(super) fn begin(&mut self, number: u64) {
        let what = match (&self.reading, self.direction) {
            (Reading::FrameHeader { deflate, .. }, direction) => What::Frame {
                opcode: None,
                context: FrameContext {
                    direction,
                    unfinished: self.unfinished.map(|(opcode, _)| opcode),
                    deflate: *deflate,
                },
                continues: None,
            },
            (Reading::Unreadable(why), _) => What::Unreadable(why.clone()),
            (Reading::Lost { .. }, _) => What::Unreadable(
                "Bytes before these were not kept, and these do not begin like a message.".into(),
            ),
            (_, Direction::FromClient) => What::Request { line: None },
            (_, Direction::FromServer) => What::Response {
                line: None,
                answers: None,
                request_method: None,
            },
        };
        self.message = Some(Message {
            number,
            direction: self.direction,
            bytes: self.offset..self.offset,
            is_whole: false,
            what,
        });
    }

    /// Reads on within the message, no further than its end or that of its head, and says how far.
    pub(super) fn read(&mut self, bytes: &[u8], told: &mut Vec<Message>) -> usize {
        let used = match &mut self.reading {
            Reading::Head { .. } => self.read_head(bytes),
            Reading::Content { content, .. } => {
                let fed = content.feed(bytes);
                return self.fed(fed, bytes.len(), told);
            }
            Reading::FrameHeader { .. } => return self.read_frame_header(bytes, told),
            Reading::Payload { left, .. } => {
                let used = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= used as u64;
                self.grow(used);
                self.end_frame_if_done(told);
                return used;
            }
            Reading::Waiting | Reading::Lost { .. } | Reading::Unreadable(_) => bytes.len(),
        };
        self.grow(used);
        used
    }

    fn read_head(&mut self, new: &[u8]) -> usize {
        let Reading::Head {
            bytes,
            scan,
            has_begun,
        } = &mut self.reading
        else {
            return 0;
        };
        if !*has_begun && let Some(&first) = new.iter().find(|byte| !matches!(byte, b'\r' | b'\n'))
        {
            *has_begun = true;
            let fits = match self.direction {
                Direction::FromClient => is_token(&[first]),
                Direction::FromServer => first == b'H',
            };
            if !fits {
                let why = if first == 0x16 {
                    "This does not begin like HTTP; it looks like TLS."
                } else {
                    "This does not begin like HTTP."
                };
                self.become_unreadable(why.into());
                return new.len();
            }
        }
        let end = scan.feed(new);
        let used = end.unwrap_or(new.len());
        if bytes.len() + used > HEAD_LEN_MAX {
            self.become_unreadable("This head is longer than 64 KiB.".into());
            return used;
        }
        bytes.extend_from_slice(new.get(..used).unwrap_or_default());
        if end.is_some() {
            self.whole_head = Some(std::mem::take(bytes));
        }
        used
    }

    /// The head that has just ended, once.
    pub(super) fn take_head(&mut self) -> Option<Vec<u8>> {
        self.whole_head.take()
    }

    fn fed(&mut self, fed: Fed, len: usize, told: &mut Vec<Message>) -> usize {
        match fed {
            Fed::More => {
                self.grow(len);
                len
            }
            Fed::Done(used) => {
                self.grow(used);
                self.end_content(told);
                used
            }
            Fed::Broken(used, why) => {
                self.grow(used);
                self.end_unreadable(why.into_owned(), told);
                used
            }
        }
    }

    fn read_frame_header(&mut self, new: &[u8], told: &mut Vec<Message>) -> usize {
        let Reading::FrameHeader { bytes, deflate } = &mut self.reading else {
            return 0;
        };
        let deflate = *deflate;
        let mut used = 0;
        let layout = new.iter().find_map(|&byte| {
            used += 1;
            bytes.push(byte);
            Layout::read(bytes)
        });
        self.grow(used);
        if let Some(layout) = layout {
            self.name_frame(&layout);
            self.reading = Reading::Payload {
                left: layout.payload_len,
                deflate,
            };
            self.end_frame_if_done(told);
        }
        used
    }

    fn name_frame(&mut self, layout: &Layout) {
        let Some(message) = &mut self.message else {
            return;
        };
        let What::Frame {
            opcode, continues, ..
        } = &mut message.what
        else {
            return;
        };
        *opcode = Some(layout.opcode_bits);
        match layout.opcode_bits {
            0x0 => {
                *continues = self.unfinished.map(|(_, number)| number);
                if layout.fin {
                    self.unfinished = None;
                }
            }
            bits @ (0x1 | 0x2) => {
                let begun = if bits == 0x1 {
                    Opcode::Text
                } else {
                    Opcode::Binary
                };
                self.unfinished = (!layout.fin).then_some((begun, message.number));
            }
            _ => {}
        }
    }

    fn end_frame_if_done(&mut self, told: &mut Vec<Message>) {
        if let Reading::Payload { left: 0, deflate } = self.reading {
            self.reading = Reading::frames(deflate);
            self.finish(told);
        }
    }

    /// Says what the message is, and gives its number.
    pub(super) fn name(&mut self, what: What) -> Option<u64> {
        let message = self.message.as_mut()?;
        message.what = what;
        Some(message.number)
    }

    /// Goes on with content of this framing, and then with `next`.
    pub(super) fn content(&mut self, framing: Framing, next: Reading, told: &mut Vec<Message>) {
        let content = match framing {
            Framing::None | Framing::Unknown | Framing::Length(0) => {
                self.reading = next;
                return self.finish(told);
            }
            Framing::Length(len) => Content::Length(len),
            Framing::Chunked => Content::chunked(),
            Framing::ToEnd => Content::ToEnd,
        };
        self.reading = Reading::Content {
            content,
            next: Box::new(next),
        };
    }

    fn end_content(&mut self, told: &mut Vec<Message>) {
        let next = match std::mem::replace(&mut self.reading, Reading::head()) {
            Reading::Content { next, .. } => *next,
            other => other,
        };
        self.reading = next;
        self.finish(told);
    }

    fn become_unreadable(&mut self, why: Cow<'static, str>) {
        self.name(What::Unreadable(why.clone()));
        self.reading = Reading::Unreadable(why);
    }

    /// Ends the message here; nothing behind it can be read.
    pub(super) fn end_unreadable(&mut self, why: String, told: &mut Vec<Message>) {
        self.reading = Reading::Unreadable(why.into());
        self.finish(told);
    }

    fn grow(&mut self, len: usize) {
        self.grow_by(len as u64);
    }

    fn grow_by(&mut self, len: u64) {
        self.offset = self.offset.saturating_add(len);
        if let Some(message) = &mut self.message {
            message.bytes.end = self.offset;
        }
        self.has_grown |= len > 0;
    }

    fn finish(&mut self, told: &mut Vec<Message>) {
        if let Some(mut message) = self.message.take() {
            message.is_whole = true;
            told.push(message);
        }
        self.has_grown = false;
    }

    /// Tells of the message that has grown and not ended.
    pub(super) fn tell(&mut self, told: &mut Vec<Message>) {
        if std::mem::take(&mut self.has_grown) {
            told.extend(self.message.clone());
        }
    }

    /// The direction has ended.
    pub(super) fn end(&mut self, told: &mut Vec<Message>) {
        let lasts_to_the_end = matches!(
            self.reading,
            Reading::Content {
                content: Content::ToEnd,
                ..
            } | Reading::Unreadable(_)
                | Reading::Lost { .. }
        );
        if lasts_to_the_end {
            self.finish(told);
        }
    }

    /// Passes over as many of `len` missing bytes as certainly belong to the message, and says how many.
    pub(super) fn pass(&mut self, len: u64, told: &mut Vec<Message>) -> u64 {
        let passed = match &mut self.reading {
            Reading::Content { content, .. } => {
                let passed = content.certain_len().min(len);
                let is_done = content.pass(passed);
                self.grow_by(passed);
                if is_done {
                    self.end_content(told);
                }
                passed
            }
            Reading::Payload { left, .. } => {
                let passed = len.min(*left);
                *left -= passed;
                self.grow_by(passed);
                self.end_frame_if_done(told);
                passed
            }
            _ => 0,
        };
        self.tell(told);
        passed
    }

    /// Gives up the message, and tells of `len` bytes behind it that are missing.
    pub(super) fn lose(&mut self, number: u64, len: u64, told: &mut Vec<Message>) {
        told.extend(self.message.take());
        self.has_grown = false;
        self.reading = self.reading.lost();
        self.unfinished = None;
        let start = self.offset;
        self.grow_by(len);
        self.has_grown = false;
        told.push(Message {
            number,
            direction: self.direction,
            bytes: start..self.offset,
            is_whole: true,
            what: What::Missing,
        });
    }

    /// After a loss: if `bytes` begin like a message, goes on with it.
    pub(super) fn find_beginning(&mut self, bytes: &[u8], told: &mut Vec<Message>) {
        if let Some(found) = self.reading.found(bytes, self.direction) {
            self.finish(told);
            self.reading = found;
        }
    }
}
