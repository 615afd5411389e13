//! Where TLS records begin and end in a stream that is only passing by (RFC 8446 §5.1).
//! Nothing is kept of it, and nothing else of TLS is known here.

use crate::octets::Progress;
use crate::wire::dissect::tls_record::{RECORD_HEADER_LEN, decode_record_header};

/// Follows one direction from its first byte on.
#[derive(Debug, Default)]
pub struct Borders {
    state: State,
    records: u64,
    /// What has come of a record's header.
    header: [u8; RECORD_HEADER_LEN],
    header_len: usize,
    /// How much of the record's fragment is still to come.
    left: usize,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing has come yet.
    #[default]
    Unknown,
    Records,
    /// Any place is a border.
    Bytes,
}

impl Borders {
    /// Whether the stream is made of records, as far as it has gone by.
    #[must_use]
    pub fn are_of_records(&self) -> bool {
        self.state == State::Records
    }

    /// How many whole records have gone by.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// These are no records after all.
    pub fn give_up(&mut self) {
        self.state = State::Bytes;
    }

    /// Goes on to the first border behind at least `wanted_len` bytes. Gives how many of `bytes` lie before it, and whether
    /// it was reached; all of them if it was not.
    pub fn next_border(&mut self, bytes: &[u8], wanted_len: usize) -> (usize, bool) {
        let mut at = 0;
        if self.state == State::Unknown && !bytes.is_empty() {
            self.state = State::Records;
        }
        while self.state == State::Records {
            let is_border = self.header_len == 0;
            if is_border && at >= wanted_len {
                return (at, true);
            }
            let Some(ahead) = bytes.get(at..).filter(|ahead| !ahead.is_empty()) else {
                return (at, false);
            };
            at += self.step(ahead);
        }
        // Not `wanted_len` itself, if the last record that was one reached beyond it.
        let end = wanted_len.max(at).min(bytes.len());
        (end, end >= wanted_len)
    }

    /// How long the record is that begins with these bytes; `None` if none does.
    pub fn record_len(&self, header: impl Iterator<Item = u8>) -> Option<usize> {
        let mut bytes = [0; RECORD_HEADER_LEN];
        let mut len = 0;
        for (place, byte) in bytes.iter_mut().zip(header) {
            *place = byte;
            len += 1;
        }
        fragment_len(bytes.get(..len)?).map(|fragment_len| RECORD_HEADER_LEN + fragment_len)
    }

    /// Passes over some bytes of one record. Gives how many.
    fn step(&mut self, ahead: &[u8]) -> usize {
        if self.header_len < RECORD_HEADER_LEN {
            let missing = self.header.iter_mut().skip(self.header_len);
            let taken_len = missing
                .zip(ahead)
                .map(|(place, byte)| *place = *byte)
                .count();
            self.header_len += taken_len;
            if self.header_len == RECORD_HEADER_LEN {
                match fragment_len(&self.header) {
                    Some(len) => self.left = len,
                    None => self.state = State::Bytes,
                }
                self.end_record_if_over();
            }
            return taken_len;
        }
        let taken_len = self.left.min(ahead.len());
        self.left -= taken_len;
        self.end_record_if_over();
        taken_len
    }

    fn end_record_if_over(&mut self) {
        if self.left == 0 {
            self.header_len = 0;
            self.records += u64::from(self.state == State::Records);
        }
    }
}

fn fragment_len(header: &[u8]) -> Option<usize> {
    match decode_record_header(header) {
        Ok(Progress::Done { value, .. }) => Some(value.fragment_len.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_RECORDS: &[u8] = b"\x16\x03\x01\0\x03abc\x17\x03\x03\0\0rest";

    #[test]
    fn a_border_is_found_however_the_stream_is_cut() {
        for (wanted_len, border, records) in [(0, 0, 0), (1, 8, 1), (8, 8, 1), (9, 13, 2)] {
            for cut in 0..=13 {
                let mut borders = Borders::default();
                let (first, second) = TWO_RECORDS.split_at(cut);
                let (mut at, mut reached) = borders.next_border(first, wanted_len);
                if !reached {
                    assert_eq!(at, cut);
                    let (more, there) = borders.next_border(second, wanted_len.saturating_sub(at));
                    (at, reached) = (at + more, there);
                }
                assert_eq!((at, reached), (border, true), "{wanted_len}, cut at {cut}");
                assert_eq!(borders.records(), records);
                assert!(borders.are_of_records() || cut == 0);
            }
        }
    }

    #[test]
    fn where_there_are_no_records_every_place_is_a_border() {
        for (bytes, wanted_len, border) in [
            (&b"GET / HTTP/1.1\r\n"[..], 3, Some(5)),
            (b"GET / HTTP/1.1\r\n", 7, Some(7)),
            (b"GET / HTTP/1.1\r\n", 17, None),
            (b"\x16\x03\x01\0\x01aGET / HTTP/1.1", 8, Some(11)),
        ] {
            let mut borders = Borders::default();
            let found = borders.next_border(bytes, wanted_len);
            assert_eq!(found, (border.unwrap_or(bytes.len()), border.is_some()));
            assert!(!borders.are_of_records());
        }
    }
}
