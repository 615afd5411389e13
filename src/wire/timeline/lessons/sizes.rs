//! What the length of a record says about the length of what is in it: as good as everything.

use super::{Kind, Lesson, Timeline, lesson, list};
use crate::octets::Direction;
use crate::wire::decrypt::content_type;
use crate::wire::dissect::tls_record::{Protection, RECORD_HEADER_LEN};

use super::super::ledger::Record;

/// Header, inner type and tag (RFC 8446 §5.2).
const OVERHEAD_TLS13: u64 = 22;

/// At the end of each encrypted record (RFC 5116 §5).
const TAG_LEN: u64 = 16;

/// How much longer a record of application data is than what the application sent in it, as Eve knows it; `None` if it
/// is none, or encrypted in an older way.
fn overhead(record: &Record) -> Option<u64> {
    if record.bytes.first() != Some(&content_type::APPLICATION_DATA) {
        return None;
    }
    let beside = match record.context.protection {
        Protection::Tls13 => 1,
        Protection::Tls12 { explicit_nonce_len } => explicit_nonce_len as u64,
        Protection::Clear | Protection::Other => return None,
    };
    Some(RECORD_HEADER_LEN as u64 + beside + TAG_LEN)
}

/// A record as Eve sees it.
struct Sized {
    item: u64,
    overhead: u64,
    plaintext_len: u64,
}

impl Sized {
    /// In TLS 1.3 an alert looks like data of two bytes, and the last record mostly is one: close_notify.
    fn is_goodbye(&self) -> bool {
        self.overhead == OVERHEAD_TLS13 && self.plaintext_len == 2
    }
}

/// Those that say that they carry application data, in one direction.
fn records(timeline: &Timeline, direction: Direction) -> impl Iterator<Item = Sized> {
    timeline
        .items()
        .iter()
        .filter(move |item| item.kind == Kind::Record && item.direction == direction)
        .filter_map(|item| {
            let record = timeline.record(item.number)?;
            let overhead = overhead(record)?;
            Some(Sized {
                item: item.number,
                overhead,
                plaintext_len: item.len.checked_sub(overhead)?,
            })
        })
}

pub(super) fn lessons(timeline: &Timeline) -> Vec<Lesson> {
    let mut lessons = Vec::new();
    for (direction, what) in [
        (Direction::FromClient, "lengths inside, from the client"),
        (Direction::FromServer, "lengths inside, from the server"),
    ] {
        if let Some(first) = records(timeline, direction).next() {
            let count = records(timeline, direction).count();
            let lens = lengths(records(timeline, direction).map(|record| record.plaintext_len));
            lessons.push(lesson(
                what,
                format!("{count} records: {lens}"),
                how(first.overhead),
                Some(first.item),
            ));
        }
    }
    for (direction, what) in [
        (Direction::FromClient, "lengths of the client's messages"),
        (Direction::FromServer, "lengths of the server's messages"),
    ] {
        lessons.extend(payloads(timeline, direction, what));
    }
    lessons
}

/// `23, 41 and 7 bytes`; of many the first and the latest, since those are what somebody has just said.
fn lengths(lens: impl Iterator<Item = u64>) -> String {
    const FIRST: usize = 3;
    const LATEST: usize = 8;
    let lens: Vec<u64> = lens.collect();
    if lens.len() <= FIRST + LATEST {
        return format!("{} bytes", list(lens));
    }
    let (first, rest) = lens.split_at(FIRST);
    let latest = rest.iter().skip(rest.len() - LATEST);
    format!("{}, … {} bytes", list_plainly(first), list(latest))
}

fn list_plainly(lens: &[u64]) -> String {
    let words: Vec<String> = lens.iter().map(u64::to_string).collect();
    words.join(", ")
}

/// The sum, in words.
fn how(overhead: u64) -> String {
    let sum = match overhead {
        OVERHEAD_TLS13 => {
            "5 of header, 1 of inner type, 16 of tag; exact unless padded, and hardly anybody pads. The first of them end the handshake"
        }
        29 => "5 of header, 8 of nonce, 16 of tag; exact",
        _ => "5 of header, 16 of tag; exact",
    };
    format!(
        "The length of each record stands in clear in its header. {overhead} bytes of a record are not content: {sum}."
    )
}

/// If each record holds one frame: the length of what was said.
fn payloads(timeline: &Timeline, direction: Direction, what: &'static str) -> Option<Lesson> {
    let items = timeline.items();
    let first = items
        .iter()
        .find(|item| item.kind == Kind::Frame && item.direction == direction)?;
    let first_record = *first.related.first()?;
    let is_masked = direction == Direction::FromClient;
    let mut records: Vec<Sized> = records(timeline, direction)
        .filter(|record| record.item >= first_record)
        .collect();
    records.pop_if(|last| last.is_goodbye());
    let lens = records
        .iter()
        .filter_map(|record| payload_len(record.plaintext_len, is_masked));
    let mask = if is_masked { " and 4 of mask" } else { "" };
    Some(lesson(
        what,
        lengths(lens),
        format!(
            "If a record holds one WebSocket frame, its payload is what is inside less 2 bytes of header (4 from 126 bytes on, 10 from 65,536 on){mask}. So encryption hides what was said, but not how long it is."
        ),
        Some(first_record),
    ))
}

/// How long the payload of a frame of this length is (RFC 6455 §5.2); `None` if no frame has it.
fn payload_len(frame_len: u64, is_masked: bool) -> Option<u64> {
    let mask_len = if is_masked { 4 } else { 0 };
    [(2, 0..=125), (4, 126..=65_535), (10, 65_536..=u64::MAX)]
        .into_iter()
        .find_map(|(header_len, range)| {
            let len = frame_len.checked_sub(header_len + mask_len)?;
            range.contains(&len).then_some(len)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websocket::frame::{FrameHeader, Opcode};

    #[test]
    fn the_length_of_a_frame_tells_that_of_its_payload() {
        for len in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 40] {
            for masking_key in [None, Some([1, 2, 3, 4])] {
                let mut header = FrameHeader::from_server(Opcode::Text, len);
                header.masking_key = masking_key;
                let frame_len = header.header_len() as u64 + len;
                assert_eq!(payload_len(frame_len, masking_key.is_some()), Some(len));
            }
        }
        // Between the longest frame with a short header and the shortest with a longer one there is none.
        for (frame_len, is_masked) in [
            (0, false),
            (1, false),
            (5, true),
            (128, false),
            (129, false),
        ] {
            assert_eq!(payload_len(frame_len, is_masked), None);
        }
    }

    #[test]
    fn of_many_lengths_the_first_and_the_latest_are_told() {
        assert_eq!(lengths([7].into_iter()), "7 bytes");
        assert_eq!(lengths([23, 41, 7].into_iter()), "23, 41 and 7 bytes");
        assert_eq!(
            lengths(1..=11),
            "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 11 bytes"
        );
        assert_eq!(
            lengths(1..=20),
            "1, 2, 3, … 13, 14, 15, 16, 17, 18, 19 and 20 bytes"
        );
    }
}
