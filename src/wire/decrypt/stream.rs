//! One direction's bytes, cut into records wherever its chunks end (RFC 8446 §5.1).
//! Looks at the five bytes of each header, and at nothing within.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::octets::{Direction, Progress};
use crate::wire::dissect::tls_record::{RecordHeader, decode_record_header};

/// One record, where it was found.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) direction: Direction,
    /// Its number in its direction, from 0.
    pub(super) number: u64,
    /// Where it stands in its direction's stream, header included.
    pub(super) wire: Range<u64>,
    pub(super) header: RecordHeader,
    /// Header and fragment.
    pub(super) bytes: Bytes,
}

/// What stands next in the stream.
pub(super) enum Next {
    Record(Placed),
    /// Something else, beginning here. Told once, and nothing after it.
    Other(Range<u64>),
}

/// Holds less than one record between calls.
#[derive(Debug)]
pub(super) struct Stream {
    direction: Direction,
    unread: BytesMut,
    /// Where `unread` begins.
    at: u64,
    next_number: u64,
    ended: bool,
}

impl Stream {
    pub(super) fn new(direction: Direction) -> Self {
        Self {
            direction,
            unread: BytesMut::new(),
            at: 0,
            next_number: 0,
            ended: false,
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        // After something that is no record, nobody can say where the next one would begin.
        if !self.ended {
            self.unread.extend_from_slice(chunk);
        }
    }

    pub(super) fn next(&mut self) -> Option<Next> {
        let header = match decode_record_header(&self.unread) {
            Ok(Progress::Done { value, .. }) => value,
            Ok(Progress::NeedMore) => return None,
            Err(_) => {
                self.ended = true;
                return Some(Next::Other(self.take_rest()));
            }
        };
        let len = header.record_len();
        if self.unread.len() < len {
            return None;
        }
        let number = self.next_number;
        self.next_number += 1;
        let bytes = self.unread.split_to(len).freeze();
        Some(Next::Record(Placed {
            direction: self.direction,
            number,
            wire: self.advance(len),
            header,
            bytes,
        }))
    }

    /// Gives up what is left of a record whose end never came: where it stands.
    pub(super) fn take_rest(&mut self) -> Range<u64> {
        let len = self.unread.len();
        self.unread = BytesMut::new();
        self.advance(len)
    }

    /// Goes on behind bytes that nobody kept, counted from the end of the last whole record.
    pub(super) fn skip(&mut self, records: u64, bytes: u64) -> Range<u64> {
        self.unread = BytesMut::new();
        self.next_number = self.next_number.saturating_add(records);
        let start = self.at;
        self.at = self.at.saturating_add(bytes);
        start..self.at
    }

    pub(super) fn next_number(&self) -> u64 {
        self.next_number
    }

    fn advance(&mut self, len: usize) -> Range<u64> {
        let start = self.at;
        self.at += len as u64;
        start..self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(length: usize, byte: u8) -> Vec<u8> {
        let mut record = vec![23, 3, 3];
        record.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        record.resize(record.len() + length, byte);
        record
    }

    /// Number, place and bytes of a record.
    type Found = (u64, Range<u64>, Bytes);

    fn read(chunks: &[&[u8]]) -> (Vec<Found>, Option<Range<u64>>) {
        let mut stream = Stream::new(Direction::FromClient);
        let (mut records, mut other) = (Vec::new(), None);
        for chunk in chunks {
            stream.push(chunk);
            while let Some(next) = stream.next() {
                match next {
                    Next::Record(it) => records.push((it.number, it.wire, it.bytes)),
                    Next::Other(range) => assert!(other.replace(range).is_none()),
                }
            }
        }
        (records, other)
    }

    #[test]
    fn the_records_are_the_same_wherever_chunks_end() {
        let records = [record(0, 0), record(3, 1), record(300, 2)];
        let stream = records.concat();
        let expected: Vec<_> = [(0, 0..5), (1, 5..13), (2, 13..318)]
            .into_iter()
            .zip(&records)
            .map(|((number, wire), bytes)| (number, wire, Bytes::copy_from_slice(bytes)))
            .collect();
        for chunk_len in 1..=stream.len() {
            let chunks: Vec<_> = stream.chunks(chunk_len).collect();
            assert_eq!(read(&chunks), (expected.clone(), None));
        }
    }

    #[test]
    fn a_record_is_as_long_as_tls_12_allows_and_no_longer() {
        let longest = record(16_384 + 2_048, 0);
        assert_eq!(read(&[&longest]).0.len(), 1);
        let longer = record(16_384 + 2_049, 0);
        let (records, other) = read(&[&longest, &longer]);
        assert_eq!(records.len(), 1);
        let start = longest.len() as u64;
        assert_eq!(other, Some(start..start + longer.len() as u64));
    }

    #[test]
    fn what_is_no_record_is_told_once_and_ends_the_stream() {
        for stranger in [
            b"GET / HTTP/1.1",
            &[25, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            let (records, other) = read(&[&record(1, 0), stranger, stranger, &record(1, 0)]);
            assert_eq!(records.len(), 1);
            assert_eq!(other, Some(6..20));
        }
    }

    #[test]
    fn nothing_is_kept_behind_the_end_of_a_stream() {
        let mut stream = Stream::new(Direction::FromServer);
        stream.push(b"SSH-2.0-OpenSSH");
        assert!(matches!(stream.next(), Some(Next::Other(_))));
        stream.push(&[0; 1000]);
        assert!(stream.next().is_none() && stream.unread.is_empty());
    }
}
