//! Finds the lines of a head and their parts, request or response, well formed or not (RFC 9112 §2.1).
//! No judgement and no fields of the tree: the server's own decoder refuses, this one shows.

use std::ops::Range;

use bytes::Bytes;

use crate::http::{FieldLine, Fields};

/// The most field lines that are told apart; the server itself takes a hundred.
const FIELD_LINES_MAX: usize = 1000;

/// A line and the CR LF behind it. Where a line feed stands alone, `end` is one byte long; where the
/// bytes end first, it is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) struct Line {
    pub(in crate::wire) text: Range<usize>,
    pub(in crate::wire) end: Range<usize>,
}

impl Line {
    /// The line at `start`.
    fn read(bytes: &[u8], start: usize) -> Self {
        let rest = bytes.get(start..).unwrap_or_default();
        let Some(len) = rest.iter().position(|&byte| byte == b'\n') else {
            let end = start + rest.len();
            return Self {
                text: start..end,
                end: end..end,
            };
        };
        let has_cr = rest.get(..len).is_some_and(|line| line.ends_with(b"\r"));
        let text_end = start + len - usize::from(has_cr);
        Self {
            text: start..text_end,
            end: text_end..start + len + 1,
        }
    }

    /// Text and end.
    pub(in crate::wire) fn bytes(&self) -> Range<usize> {
        self.text.start..self.end.end
    }
}

/// `field-name ":" OWS field-value OWS`; without a colon, all of it is the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) struct FieldLineAt {
    pub(in crate::wire) line: Line,
    pub(in crate::wire) name: Range<usize>,
    pub(in crate::wire) has_colon: bool,
    pub(in crate::wire) value: Range<usize>,
}

/// A head: perhaps some empty lines, the first line, field lines, and the empty line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) struct Head {
    /// Empty lines in front, which are passed over (RFC 9112 §2.2).
    pub(in crate::wire) before: Range<usize>,
    pub(in crate::wire) start_line: Line,
    pub(in crate::wire) fields: FieldLines,
}

impl Head {
    /// Reads the head at the beginning of `bytes`, or as much of it as there is.
    pub(in crate::wire) fn read(bytes: &[u8]) -> Self {
        let mut start = 0;
        let start_line = loop {
            let line = Line::read(bytes, start);
            if !line.text.is_empty() || line.end.is_empty() {
                break line;
            }
            start = line.end.end;
        };
        Self {
            before: 0..start,
            fields: FieldLines::read(bytes, start_line.end.end),
            start_line,
        }
    }

    /// Where the content begins.
    pub(in crate::wire) fn end(&self) -> usize {
        self.fields.end()
    }

    /// The field lines in the shape that the server's own functions read. `bytes` are those of `read`.
    pub(in crate::wire) fn values(&self, bytes: &[u8]) -> Fields {
        let head = bytes.get(..self.fields.further.start).unwrap_or_default();
        let lines = self
            .fields
            .lines
            .iter()
            .filter(|line| line.has_colon)
            .map(|line| FieldLine {
                name: line.name.clone(),
                value: line.value.clone(),
            })
            .collect();
        Fields::new(Bytes::copy_from_slice(head), lines)
    }
}

/// The lines of a head behind its first one, or those of a trailer section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) struct FieldLines {
    pub(in crate::wire) lines: Vec<FieldLineAt>,
    /// Lines beyond `FIELD_LINES_MAX`.
    pub(in crate::wire) further: Range<usize>,
    /// The empty line, once it is there.
    pub(in crate::wire) empty_line: Option<Range<usize>>,
}

impl FieldLines {
    /// Reads field lines from `start` up to the empty line, or as many as there are.
    pub(in crate::wire) fn read(bytes: &[u8], start: usize) -> Self {
        let mut lines = Vec::new();
        let mut further_start = None;
        let mut empty_line = None;
        let mut at = start;
        while at < bytes.len() {
            let line = Line::read(bytes, at);
            if line.text.is_empty() {
                empty_line = Some(line.bytes());
                break;
            }
            at = line.end.end;
            if lines.len() < FIELD_LINES_MAX {
                lines.push(FieldLineAt::read(bytes, line));
            } else {
                further_start.get_or_insert(line.text.start);
            }
        }
        Self {
            lines,
            further: further_start.unwrap_or(at)..at,
            empty_line,
        }
    }

    /// Where what follows them begins.
    pub(in crate::wire) fn end(&self) -> usize {
        self.empty_line
            .as_ref()
            .map_or(self.further.end, |line| line.end)
    }
}

impl FieldLineAt {
    fn read(bytes: &[u8], line: Line) -> Self {
        let text = bytes.get(line.text.clone()).unwrap_or_default();
        let colon = text.iter().position(|&byte| byte == b':');
        let name = line.text.start..line.text.start + colon.unwrap_or(text.len());
        let value = colon.map_or(line.text.end, |colon| line.text.start + colon + 1)..line.text.end;
        Self {
            value: trim(bytes, value),
            has_colon: colon.is_some(),
            name,
            line,
        }
    }
}

/// `at` without the blanks and tabs on both sides (OWS, RFC 9110 §5.6.3).
pub(in crate::wire) fn trim(bytes: &[u8], at: Range<usize>) -> Range<usize> {
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let slice = bytes.get(at.clone()).unwrap_or_default();
    let start = at.start + slice.iter().take_while(blank).count();
    let after = slice.iter().rev().take_while(blank).count();
    start..(at.end - after).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], at: &Range<usize>) -> String {
        bytes[at.clone()].escape_ascii().to_string()
    }

    #[test]
    fn a_head_is_lines_up_to_the_empty_one() {
        let bytes = b"\r\nGET / HTTP/1.1\r\nHost:  a \r\nb:\r\n\r\ncontent";
        let head = Head::read(bytes);
        assert_eq!(head.before, 0..2);
        assert_eq!(shown(bytes, &head.start_line.text), "GET / HTTP/1.1");
        let lines: Vec<_> = head
            .fields
            .lines
            .iter()
            .map(|line| (shown(bytes, &line.name), shown(bytes, &line.value)))
            .collect();
        assert_eq!(
            lines,
            [("Host".into(), "a".into()), ("b".into(), String::new())]
        );
        assert_eq!(shown(bytes, &(head.end()..bytes.len())), "content");
        assert_eq!(head.values(bytes).only("host"), Some(&b"a"[..]));
    }

    #[test]
    fn line_feeds_alone_end_lines_too() {
        let bytes = b"GET / HTTP/1.1\nHost: a\n\nrest";
        let head = Head::read(bytes);
        assert_eq!(head.start_line.end, 14..15);
        assert_eq!(head.fields.empty_line, Some(23..24));
    }

    #[test]
    fn an_unfinished_head_is_read_as_far_as_it_goes() {
        let whole = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for end in 0..whole.len() {
            let head = Head::read(&whole[..end]);
            assert_eq!(head.end(), end, "{end}");
            // The second LF alone would end the head as well, so the CR before it is no end yet.
            assert_eq!(head.fields.empty_line, None, "{end}");
        }
    }

    #[test]
    fn lines_beyond_the_limit_stay_together() {
        let bytes = [
            b"a\r\n".to_vec(),
            b"b:c\r\n".repeat(FIELD_LINES_MAX + 2),
            b"\r\n".to_vec(),
        ]
        .concat();
        let head = Head::read(&bytes);
        assert_eq!(head.fields.lines.len(), FIELD_LINES_MAX);
        assert_eq!(head.fields.further.len(), 2 * 5);
        assert_eq!(head.end(), bytes.len());
    }
}
