//! A connection in the few bytes that a fuzzer can turn over: what happened on it, piece by piece.
//!
//! ```text
//!  byte 0   1       2       3…
//! +-------+-------+-------+--------
//! | kind  | length of data| data          and so on; what is cut off is as long as it is
//! +-------+-------+-------+--------
//! ```
//! Kinds count modulo 8: bytes of the client, bytes of the server, bytes that were not kept (their number in up to 8 bytes of data), the same with
//! the number of records before the next one, the end of the client, the end of the server, a reset, a line of a key log.

use bytes::Bytes;
use secure_chat::octets::Direction::{self, FromClient, FromServer};
use secure_chat::wire::decrypt::KeyLogLine;
use secure_chat::wire::event::{Event, Missing, What};

/// When the first thing happens, and how long after it the next one does, in nanoseconds.
pub(crate) const BEGUN_NS: u64 = 1_790_000_000_123_456_789;
const STEP_NS: u64 = 1_000_000;

/// One piece of a recording.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Happened(Event),
    Secret(KeyLogLine),
}

/// Reads a recording; every input is one.
pub(crate) fn read(mut input: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut time_ns = BEGUN_NS;
    while let Some((&[kind, high, low], rest)) = input.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes([high, low])).min(rest.len());
        let (data, behind) = rest.split_at(len);
        input = behind;
        time_ns += STEP_NS;
        let number = data
            .iter()
            .take(8)
            .fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        let (direction, what) = match kind % 8 {
            0 => (FromClient, What::Bytes(Bytes::copy_from_slice(data))),
            1 => (FromServer, What::Bytes(Bytes::copy_from_slice(data))),
            2 => (side(kind), What::Missing(Missing::of(number))),
            3 => (
                side(kind),
                What::Missing(Missing {
                    bytes: number,
                    records_before: Some(u64::from(low)),
                }),
            ),
            4 => (FromClient, What::End),
            5 => (FromServer, What::End),
            6 => (side(kind), What::Reset),
            _ => {
                let line = String::from_utf8_lossy(data);
                if let Ok(Some(line)) = KeyLogLine::parse(line.trim()) {
                    steps.push(Step::Secret(line));
                }
                continue;
            }
        };
        steps.push(Step::Happened(Event {
            time_ns,
            direction,
            what,
            comment: None,
        }));
    }
    steps
}

fn side(kind: u8) -> Direction {
    if kind & 8 == 0 {
        FromClient
    } else {
        FromServer
    }
}

/// Writes a recording.
pub(crate) fn write(steps: &[Step]) -> Vec<u8> {
    let mut out = Vec::new();
    for step in steps {
        match step {
            Step::Secret(line) => put(&mut out, 7, line.to_text().as_bytes()),
            Step::Happened(event) => {
                let server = u8::from(event.direction == FromServer);
                match &event.what {
                    What::Bytes(bytes) => {
                        for piece in bytes.chunks(usize::from(u16::MAX)) {
                            put(&mut out, server, piece);
                        }
                    }
                    What::Missing(missing) => {
                        put(&mut out, 2 + 8 * server, &missing.bytes.to_be_bytes());
                    }
                    What::End => put(&mut out, 4 + server, &[]),
                    What::Reset => put(&mut out, 6 + 8 * server, &[]),
                }
            }
        }
    }
    out
}

fn put(out: &mut Vec<u8>, kind: u8, data: &[u8]) {
    out.push(kind);
    out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
    out.extend_from_slice(data);
}

/// All that one side sent, and whether all of it is here.
pub(crate) fn stream(events: &[Event], direction: Direction) -> (Vec<u8>, bool) {
    let mut stream = Vec::new();
    for event in events.iter().filter(|event| event.direction == direction) {
        match &event.what {
            What::Bytes(bytes) => stream.extend_from_slice(bytes),
            What::Missing(missing) if missing.bytes > 0 => return (stream, false),
            _ => {}
        }
    }
    (stream, true)
}
