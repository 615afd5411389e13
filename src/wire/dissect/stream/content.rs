//! Finds the end of content that comes in pieces: by length, chunk by chunk, or with the connection.
//! The content itself is passed over; the grammar of chunks is that of `http::body`.

use std::borrow::Cow;

use super::line_scan::LineScan;
use crate::http::body::{CHUNK_LINE_LEN_MAX, decode_chunk_line};
use crate::octets::Progress;

/// How far content was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// So many bytes are left.
    Length(u64),
    /// In chunks.
    Chunks(Chunks),
    /// All that comes.
    ToEnd,
}

/// Which part of a chunked body comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chunks {
    /// The line in front of a chunk, of which these bytes have come.
    Line(Vec<u8>),
    /// Data: so many bytes are left.
    Data(u64),
    /// The line end behind data: so many of its two bytes have come.
    End(usize),
    Trailers(LineScan),
}

/// What became of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fed {
    /// All of them are content, and more is to come.
    More,
    /// So many of them were the rest of the content.
    Done(usize),
    /// Behind so many of them, the content breaks off, for this reason.
    Broken(usize, Cow<'static, str>),
}

impl Content {
    pub(super) fn chunked() -> Self {
        Self::Chunks(Chunks::Line(Vec::new()))
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) -> Fed {
        match self {
            Self::ToEnd => Fed::More,
            Self::Length(left) => {
                let used = take(left, bytes.len());
                if *left == 0 {
                    Fed::Done(used)
                } else {
                    Fed::More
                }
            }
            Self::Chunks(chunks) => chunks.feed(bytes),
        }
    }

    /// How many of the next bytes lie within content whatever they are; `u64::MAX` if all do.
    pub(super) fn certain_len(&self) -> u64 {
        match self {
            Self::ToEnd => u64::MAX,
            Self::Length(left) | Self::Chunks(Chunks::Data(left)) => *left,
            Self::Chunks(_) => 0,
        }
    }

    /// Passes over so many bytes, which must be certain. True if the content has ended with them.
    pub(super) fn pass(&mut self, len: u64) -> bool {
        match self {
            Self::Length(left) => {
                *left = left.saturating_sub(len);
                *left == 0
            }
            Self::Chunks(chunks) => {
                if let Chunks::Data(left) = chunks {
                    *left = left.saturating_sub(len);
                    if *left == 0 {
                        *chunks = Chunks::End(0);
                    }
                }
                false
            }
            Self::ToEnd => false,
        }
    }
}

impl Chunks {
    fn feed(&mut self, bytes: &[u8]) -> Fed {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            match self {
                Self::Line(line) => match read_line(line, rest) {
                    Ok((line_used, None)) => used += line_used,
                    Ok((line_used, Some(chunk_size))) => {
                        used += line_used;
                        *self = if chunk_size == 0 {
                            Self::Trailers(LineScan::begun())
                        } else {
                            Self::Data(chunk_size)
                        };
                    }
                    Err((line_used, why)) => return Fed::Broken(used + line_used, why),
                },
                Self::Data(left) => {
                    used += take(left, rest.len());
                    if *left == 0 {
                        *self = Self::End(0);
                    }
                }
                Self::End(seen) => {
                    let expected = if *seen == 0 { b'\r' } else { b'\n' };
                    if rest.first() != Some(&expected) {
                        return Fed::Broken(
                            used,
                            "A chunk does not end where its size says (RFC 9112 §7.1).".into(),
                        );
                    }
                    used += 1;
                    *self = if *seen == 0 {
                        Self::End(1)
                    } else {
                        Self::Line(Vec::new())
                    };
                }
                Self::Trailers(scan) => match scan.feed(rest) {
                    Some(end) => return Fed::Done(used + end),
                    None => return Fed::More,
                },
            }
        }
        Fed::More
    }
}

/// Takes up to `len` off `left`, and says how many.
fn take(left: &mut u64, len: usize) -> usize {
    let taken = usize::try_from(*left).map_or(len, |left| left.min(len));
    *left -= taken as u64;
    taken
}

/// Adds to `line` what belongs to it; gives the chunk's size once it is whole.
///
/// # Errors
/// How many bytes could still have been the beginning of such a line, and why the next one cannot: the same ones however they came.
fn read_line(
    line: &mut Vec<u8>,
    bytes: &[u8],
) -> Result<(usize, Option<u64>), (usize, Cow<'static, str>)> {
    // One byte more than may be, so that the decoder sees that the line is too long.
    let room = (CHUNK_LINE_LEN_MAX + 1).saturating_sub(line.len());
    let used = bytes
        .iter()
        .take(room)
        .position(|&byte| byte == b'\n')
        .map_or(bytes.len().min(room), |at| at + 1);
    let known_len = line.len();
    line.extend_from_slice(bytes.get(..used).unwrap_or_default());
    match decode_chunk_line(line) {
        Ok(Progress::Done { value, .. }) => Ok((used, Some(value.chunk_size))),
        Ok(Progress::NeedMore) => Ok((used, None)),
        Err(error) => {
            let beginning = |len: &usize| {
                let beginning = line.get(..known_len + len).map(decode_chunk_line);
                matches!(beginning, Some(Ok(_)))
            };
            let good_len = (1..used).take_while(beginning).count();
            Err((good_len, error.to_string().into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the content ends, fed whole and byte by byte.
    fn ends(content: &Content, bytes: &[u8]) -> Fed {
        let mut bytewise = content.clone();
        let steps = bytes.iter().map(|&byte| bytewise.feed(&[byte])).enumerate();
        let last = steps
            .filter(|(_, fed)| *fed != Fed::More)
            .map(|(at, fed)| match fed {
                Fed::Done(used) => Fed::Done(at + used),
                Fed::Broken(used, why) => Fed::Broken(at + used, why),
                Fed::More => fed,
            })
            .next()
            .unwrap_or(Fed::More);
        let whole = content.clone().feed(bytes);
        assert_eq!(whole, last, "{}", bytes.escape_ascii());
        whole
    }

    #[test]
    fn content_ends_where_its_head_says() {
        assert_eq!(ends(&Content::Length(3), b"abcdef"), Fed::Done(3));
        assert_eq!(ends(&Content::Length(7), b"abcdef"), Fed::More);
        assert_eq!(ends(&Content::ToEnd, b"abcdef"), Fed::More);
        for (bytes, end) in [
            (&b"0\r\n\r\nGET"[..], Fed::Done(5)),
            (b"3\r\nabc\r\n0\r\n\r\n", Fed::Done(13)),
            (b"3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\nrest", Fed::Done(23)),
            (b"3\r\nabc\r\n", Fed::More),
        ] {
            assert_eq!(
                ends(&Content::chunked(), bytes),
                end,
                "{}",
                bytes.escape_ascii()
            );
        }
        for (bytes, end) in [
            (&b"x\r\n"[..], 0),
            (b"3\r\nabcd\r\n", 6),
            (b"3\nabc", 1),
            (b"3;a\0b\rc\r\n", 6),
            (&[b'1'; 300], 16),
            (&[&b"1;"[..], &[b'a'; 300]].concat(), 255),
        ] {
            let fed = ends(&Content::chunked(), bytes);
            assert!(
                matches!(fed, Fed::Broken(used, _) if used == end),
                "{fed:?}"
            );
        }
    }
}
