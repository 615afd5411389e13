//! Finds packets and secrets in a capture file: pcapng of either byte order, and classic pcap of four kinds.
//! What is in a packet is not looked at; what cannot be read is said in words, with its place.

mod classic;
mod cursor;
mod section;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use classic::Classic;
use section::Section;

/// A packet, and where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet {
    /// In nanoseconds since 1970; 0 if the file does not say.
    pub(super) time_ns: u64,
    /// What its bytes begin with (`LINKTYPE_…`).
    pub(super) link_type: u16,
    pub(super) at: Range<usize>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Packet(Packet),
    /// Lines of a TLS key log.
    KeyLog(Range<usize>),
    /// A block of another kind.
    Other,
    Problem(Problem),
}

/// Something in a file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the file, in bytes from its beginning.
    pub offset: usize,
    /// What is wrong, in one sentence.
    pub text: Cow<'static, str>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.text, self.offset)
    }
}

/// The contents of a file, one after the other. A problem within a block is passed over with it; where no next
/// block can be found, the problem is the last item.
#[derive(Debug)]
pub(super) struct Items<'a> {
    file: &'a [u8],
    at: usize,
    format: Format,
}

#[derive(Debug)]
enum Format {
    Pcapng(Section),
    Classic(Classic),
    Unknown(Cow<'static, str>),
    Ended,
}

impl<'a> Items<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        let (format, at) = match file {
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => (Format::Pcapng(Section::default()), 0),
            [0x1f, 0x8b, ..] => (
                Format::Unknown("This file is compressed: unpack it with gunzip first.".into()),
                0,
            ),
            _ => match Classic::read(file) {
                Ok((classic, used)) => (Format::Classic(classic), used),
                Err(why) => (Format::Unknown(why), 0),
            },
        };
        Self { file, at, format }
    }

    fn end(&mut self, text: Cow<'static, str>) -> Item {
        self.format = Format::Ended;
        Item::Problem(Problem {
            offset: self.at,
            text,
        })
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let step = match &mut self.format {
            Format::Ended => return None,
            Format::Unknown(why) => {
                let why = std::mem::take(why);
                return Some(self.end(why));
            }
            _ if self.at >= self.file.len() => return None,
            Format::Pcapng(section) => section.block(self.file, self.at),
            Format::Classic(classic) => classic.record(self.file, self.at),
        };
        match step {
            Ok((item, end)) => {
                self.at = end;
                Some(item)
            }
            Err(why) => Some(self.end(why)),
        }
    }
}

/// An item and where the next one begins; or why there is no next one.
type Step = Result<(Item, usize), Cow<'static, str>>;
