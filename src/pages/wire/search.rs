//! Which items hold some bytes or some text, on the wire and inside.
//! People look for what was said: frames of clients are searched unmasked, and requests also in what their fields say, since
//! forms cross percent-encoded.

use crate::octets::Direction::{self, FromClient, FromServer};
use crate::octets::Progress;
use crate::websocket::frame::{apply_mask, decode_frame_header};
use crate::wire::both::Both;
use crate::wire::event::What;
use crate::wire::field::Value;
use crate::wire::log::{Cursor, Sight};
use crate::wire::timeline::{Item, Kind, Timeline};

use super::wish::Needle;

/// So many items of each kind are told: more than anybody reads.
const FOUND_MAX: usize = 2_000;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The items in whose bytes on the wire it stands.
    pub(super) wire: Vec<u64>,
    /// The items in which it stands inside.
    pub(super) inside: Vec<u64>,
    /// Whether there were too many to tell them all.
    pub(super) more: bool,
}

/// Searches all that is recorded and all that could be opened. `None` if it may not be seen any more.
pub(super) fn find(sight: &Sight, timeline: &Timeline, needle: &Needle) -> Option<Found> {
    let wire = on_the_wire(sight)?;
    let plain = inside(timeline);
    let is_layered = timeline.summary().is_tls;
    let mut found = Found::default();
    for item in timeline.items() {
        if is_on_the_wire(item, is_layered) && needle_in(&wire, item, &item.wire, needle) {
            found.wire.push(item.number);
        }
        if item.kind != Kind::Record && is_inside(timeline, &plain, item, needle) {
            found.inside.push(item.number);
        }
    }
    for list in [&mut found.wire, &mut found.inside] {
        found.more |= list.len() > FOUND_MAX;
        list.truncate(FOUND_MAX);
    }
    Some(found)
}

/// Under TLS what crosses are records; a message spans several of them, with what lies between.
fn is_on_the_wire(item: &Item, is_layered: bool) -> bool {
    !is_layered || item.kind == Kind::Record
}

fn needle_in(
    stream: &Both<Stream>,
    item: &Item,
    range: &std::ops::Range<u64>,
    needle: &Needle,
) -> bool {
    let runs = stream.of(item.direction).runs_in(range);
    runs.into_iter()
        .any(|bytes| needle.find_in(bytes).is_some())
}

fn is_inside(timeline: &Timeline, plain: &Both<Stream>, item: &Item, needle: &Needle) -> bool {
    match (&item.plain, item.kind) {
        (Some(range), Kind::Frame) => {
            let bytes: Vec<u8> = plain.of(item.direction).runs_in(range).concat();
            needle.find_in(&unmasked(bytes)).is_some()
        }
        (Some(range), Kind::Request) => {
            needle_in(plain, item, range, needle)
                || is_encoded(plain, item, range) && is_said(timeline, item, needle)
        }
        (Some(range), _) => needle_in(plain, item, range, needle),
        // Messages of the handshake and alerts: few, and kept by the timeline alone.
        (None, Kind::Handshake | Kind::Alert) => is_said(timeline, item, needle),
        (None, _) => false,
    }
}

/// Whether anything in a request may say something else than its bytes: `%21` for `!`, `+` for a space.
fn is_encoded(plain: &Both<Stream>, item: &Item, range: &std::ops::Range<u64>) -> bool {
    let runs = plain.of(item.direction).runs_in(range);
    runs.into_iter()
        .any(|bytes| bytes.iter().any(|byte| matches!(byte, b'%' | b'+')))
}

/// Whether it stands in a thing as it is shown taken apart: in the bytes, or text in what a field says.
fn is_said(timeline: &Timeline, item: &Item, needle: &Needle) -> bool {
    let Some(shown) = timeline.show(item.number) else {
        return false;
    };
    // Without TLS nothing is inside: what is on the wire is the thing itself.
    let panes = if shown.inside.is_empty() {
        &shown.on_the_wire
    } else {
        &shown.inside
    };
    panes.iter().any(|pane| {
        needle.find_in(&pane.bytes).is_some()
            || pane.tree.walk().any(|field| says(&field.value, needle))
    })
}

fn says(value: &Value, needle: &Needle) -> bool {
    match (value, needle) {
        (Value::Text(text), Needle::Text(_)) => needle.find_in(text.as_bytes()).is_some(),
        _ => false,
    }
}

/// A frame, its payload as it was before masking (RFC 6455 §5.3).
pub(super) fn unmasked(mut frame: Vec<u8>) -> Vec<u8> {
    if let Ok(Progress::Done { value, used_bytes }) = decode_frame_header(&frame)
        && let (Some(key), Some(payload)) = (value.masking_key, frame.get_mut(used_bytes..))
    {
        apply_mask(payload, key);
    }
    frame
}

/// What is known of a stream: runs of bytes in order, each with the place of its first.
#[derive(Debug, Default)]
pub(super) struct Stream(Vec<(u64, Vec<u8>)>);

impl Stream {
    fn push(&mut self, start: u64, bytes: &[u8]) {
        match self.0.last_mut() {
            Some((from, run)) if *from + run.len() as u64 == start => run.extend_from_slice(bytes),
            _ => self.0.push((start, bytes.to_vec())),
        }
    }

    /// The known bytes of a range, run by run.
    pub(super) fn runs_in(&self, range: &std::ops::Range<u64>) -> Vec<&[u8]> {
        let first = self
            .0
            .partition_point(|(start, run)| start + run.len() as u64 <= range.start);
        let rest = self.0.get(first..).unwrap_or_default();
        rest.iter()
            .take_while(|(start, _)| *start < range.end)
            .filter_map(|(start, run)| {
                let from = range.start.saturating_sub(*start);
                let to = (range.end - start).min(run.len() as u64);
                run.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
            })
            .collect()
    }
}

fn on_the_wire(sight: &Sight) -> Option<Both<Stream>> {
    let mut streams = Both::<Stream>::default();
    let mut places = Both::<u64>::default();
    for event in sight.read(&mut Cursor::default())?.events {
        let place = places.of_mut(event.direction);
        match event.what {
            What::Bytes(bytes) => {
                streams.of_mut(event.direction).push(*place, &bytes);
                *place += bytes.len() as u64;
            }
            What::Missing(missing) => *place += missing.bytes,
            What::End | What::Reset => {}
        }
    }
    Some(streams)
}

/// What the application sent, as far as it is known.
pub(super) fn inside(timeline: &Timeline) -> Both<Stream> {
    let stream_of = |direction: Direction| {
        let mut stream = Stream::default();
        for (range, bytes) in timeline.plaintext(direction) {
            stream.push(range.start, bytes);
        }
        stream
    };
    Both {
        client: stream_of(FromClient),
        server: stream_of(FromServer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::log::{About, HELD_BYTES_MAX, Viewer, WireLog};

    #[test]
    fn a_range_of_a_stream_gives_what_is_known_of_it() {
        let mut stream = Stream::default();
        stream.push(0, b"abc");
        stream.push(3, b"def");
        stream.push(10, b"klm");
        for (range, runs) in [
            (0..6, &[b"abcdef".as_slice()][..]),
            (2..4, &[b"cd"]),
            (4..11, &[b"ef", b"k"]),
            (6..10, &[]),
            (12..20, &[b"m"]),
            (13..20, &[]),
        ] {
            assert_eq!(stream.runs_in(&range), runs, "{range:?}");
        }
    }

    /// Which items hold this, on the wire and inside.
    fn found_in(request: &[u8], needle: &Needle) -> Found {
        let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
        let about = About {
            number: 7,
            client: "127.0.0.1:40000".parse().unwrap(),
            server: "127.0.0.1:8080".parse().unwrap(),
            is_tls_port: false,
            opened_ns: 0,
        };
        log.open(about, false).chunk(1, FromClient, request);
        let sight = log.connection(&Viewer::OF_ALL, 7).unwrap();
        let reading = sight.read(&mut Cursor::default()).unwrap();
        let mut timeline = Timeline::new(reading.secrets);
        for event in &reading.events {
            timeline.push(event);
        }
        timeline.finish();
        find(&sight, &timeline, needle).unwrap()
    }

    #[test]
    fn what_a_request_says_is_found_as_it_was_typed_and_as_it_crossed() {
        let content = "name=ana&password=Tr3e%21house+by+the+%c3%96stersee";
        let request = format!(
            "POST /login?from=the%20gate HTTP/1.1\r\nHost: a\r\nCookie: a=%7e1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{content}",
            content.len()
        );
        let text = |text: &str| Needle::Text(text.to_owned());
        for (needle, on_the_wire, inside) in [
            (text("tr3e%21house+by"), true, true),
            (text("tr3e!house by"), false, true),
            (text("the Östersee"), false, true),
            (text("the östersee"), false, false),
            (text("the gate"), false, true),
            (text("tr3e!house+by"), false, false),
            // Bytes are those that crossed.
            (Needle::Bytes(b"e%21h".to_vec()), true, true),
            (Needle::Bytes(b"e!h".to_vec()), false, false),
        ] {
            let found = found_in(request.as_bytes(), &needle);
            let expected = |there: bool| if there { vec![0] } else { vec![] };
            assert_eq!(found.wire, expected(on_the_wire), "{needle:?}");
            assert_eq!(found.inside, expected(inside), "{needle:?}");
        }
    }

    #[test]
    fn a_masked_frame_is_read_as_it_was_said() {
        // RFC 6455 §5.7.
        let masked = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert!(unmasked(masked.to_vec()).ends_with(b"Hello"));
        let in_clear = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
        assert_eq!(unmasked(in_clear.to_vec()), in_clear);
        assert_eq!(unmasked(vec![0x81]), [0x81]);
    }
}
