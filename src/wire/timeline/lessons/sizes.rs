//! What the length of a record says about the length of what is in it: as good as everything.

use super::{Kind, Lesson, Timeline, lesson, list};
use crate::octets::{Direction, counted};
use crate::wire::decrypt::content_type;
use crate::wire::dissect::tls_record::{Protection, RECORD_HEADER_LEN, TAG_LEN};

use super::super::ledger::Record;

/// How a record of application data is sealed, as Eve knows it; `None` if it is none, or encrypted in an older way.
fn sealing(record: &Record) -> Option<Protection> {
    let is_data = record.bytes.first() == Some(&content_type::APPLICATION_DATA);
    let protection = record.context.protection;
    let is_known = matches!(protection, Protection::Tls13 | Protection::Tls12 { .. });
    (is_data && is_known).then_some(protection)
}

/// A record as Eve sees it.
struct Sized {
    item: u64,
    protection: Protection,
    plaintext_len: u64,
}

impl Sized {
    /// In TLS 1.3 an alert looks like data of two bytes, and the last record mostly is one: close_notify.
    fn is_goodbye(&self) -> bool {
        self.protection == Protection::Tls13 && self.plaintext_len == 2
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
            let protection = sealing(record)?;
            let overhead_len = protection.overhead_len()? as u64;
            Some(Sized {
                item: item.number,
                protection,
                plaintext_len: item.len.checked_sub(overhead_len)?,
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
                format!("{}: {lens}", counted(count, "record")),
                how(first.protection),
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
        return match lens.as_slice() {
            [only] => counted(*only, "byte"),
            _ => format!("{} bytes", list(lens)),
        };
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
fn how(protection: Protection) -> String {
    let (beside, how_exact) = match protection {
        Protection::Tls13 => (
            ", 1 of inner type".to_owned(),
            "exact unless padded, and hardly anybody pads. The first of them end the handshake",
        ),
        Protection::Tls12 { explicit_nonce_len } if explicit_nonce_len > 0 => {
            (format!(", {explicit_nonce_len} of nonce"), "exact")
        }
        _ => (String::new(), "exact"),
    };
    format!(
        "The length of each record stands in clear in its header. {} bytes of a record are not content: {RECORD_HEADER_LEN} of header{beside}, {TAG_LEN} of tag; {how_exact}.",
        protection.overhead_len().unwrap_or_default()
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
            "That each record from this one on holds one WebSocket frame is a guess, and a good one, for this server and browsers mostly send them so (where the frames begin was looked up here with the keys). Then a payload is what is inside less 2 bytes of header (4 from 126 bytes on, 10 from 65,536 on){mask}. So encryption hides what was said, but hardly how long it is."
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
    fn what_is_not_content_adds_up() {
        for (protection, sum) in [
            (
                Protection::Tls13,
                "22 bytes of a record are not content: 5 of header, 1 of inner type, 16 of tag;",
            ),
            (
                Protection::Tls12 {
                    explicit_nonce_len: 8,
                },
                "29 bytes of a record are not content: 5 of header, 8 of nonce, 16 of tag;",
            ),
            (
                Protection::Tls12 {
                    explicit_nonce_len: 0,
                },
                "21 bytes of a record are not content: 5 of header, 16 of tag;",
            ),
        ] {
            assert!(how(protection).contains(sum), "{}", how(protection));
        }
    }

    #[test]
    fn of_many_lengths_the_first_and_the_latest_are_told() {
        assert_eq!(lengths([1].into_iter()), "1 byte");
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
