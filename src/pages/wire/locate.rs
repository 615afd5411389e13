//! Where a chat message crossed: the frame that carried it, among the connections that the viewer may see.
//! The viewer's own recorded frames are searched, and nothing else: what they did not get themselves is not found.

use serde_json::{Value, json};

use crate::model::MessageId;
use crate::octets::Direction::{FromClient, FromServer};
use crate::wire::log::{Cursor, Sight, Viewer, WireLog};
use crate::wire::timeline::{Item, Kind, Timeline};

use super::search::{inside, unmasked};
use super::wish::Needle;

/// So many connections are searched at most, the latest first: a conversation that is open is among them.
const SEARCHED_MAX: usize = 100;

/// A frame that carried the message.
struct Place {
    connection: u64,
    item: u64,
    /// The frame in which its author sent it, if that was on the same connection.
    sent: Option<u64>,
    /// Whether it came as news, not as a part of the history.
    is_news: bool,
}

/// The event that answers where a message crossed.
pub(super) fn locate(log: &WireLog, viewer: &Viewer, message: MessageId) -> String {
    let mut found = None;
    let latest_first = log.connections(viewer).into_iter().rev();
    for sight in latest_first.take(SEARCHED_MAX) {
        let Some(place) = place_on(&sight, message) else {
            continue;
        };
        let is_news = place.is_news;
        if is_news || found.is_none() {
            found = Some(place);
        }
        if is_news {
            break;
        }
    }
    answer(message, found).to_string()
}

fn answer(message: MessageId, found: Option<Place>) -> Value {
    let Some(place) = found else {
        let text = format!(
            "Message {message} is in none of the connections that were recorded for you: it crossed earlier, or that part was not kept. Write another one, and follow its link."
        );
        return json!({ "type": "located", "message": message.0, "connection": null, "item": null, "text": text });
    };
    let text = match (place.sent, place.is_news) {
        (Some(_), _) => format!(
            "Your message {message}, as you sent it. Once stored, it came back to you as item {}.",
            place.item
        ),
        (None, true) => format!("Message {message}, as it came to you."),
        (None, false) => format!("Message {message}, as it came to you in the history."),
    };
    let item = place.sent.unwrap_or(place.item);
    json!({ "type": "located", "message": message.0, "connection": place.connection, "item": item, "text": text })
}

/// The best frame on one connection.
fn place_on(sight: &Sight, message: MessageId) -> Option<Place> {
    let reading = sight.read(&mut Cursor::default())?;
    let mut timeline = Timeline::new(reading.secrets);
    for event in &reading.events {
        timeline.push(event);
    }
    timeline.finish();
    // As `chat::event` writes a message, in an event of its own and in a list; what people write cannot look like
    // it, since its quotation marks are escaped.
    let beginning = Needle::Bytes(format!("{{\"id\":{message},\"change\":").into_bytes());
    let frames = texts(&timeline);
    let carriers = frames
        .iter()
        .filter(|(item, text)| item.direction == FromServer && beginning.find_in(text).is_some());
    let (item, text) = carriers.max_by_key(|(_, text)| is_news(text))?;
    let sent = client_id(text).and_then(|id| {
        let mut sends = frames
            .iter()
            .filter(|(item, _)| item.direction == FromClient);
        let (item, _) = sends.find(|(_, text)| is_send_of(text, &id))?;
        Some(item.number)
    });
    Some(Place {
        connection: sight.about().number,
        item: item.number,
        sent,
        is_news: is_news(text),
    })
}

/// All frames, with what they say.
fn texts(timeline: &Timeline) -> Vec<(&Item, Vec<u8>)> {
    let plain = inside(timeline);
    let frames = timeline
        .items()
        .iter()
        .filter(|item| item.kind == Kind::Frame);
    frames
        .filter_map(|item| {
            let runs = plain.of(item.direction).runs_in(item.plain.as_ref()?);
            Some((item, unmasked(runs.concat())))
        })
        .collect()
}

/// The object that a text frame holds.
fn object_in(frame: &[u8]) -> Option<Value> {
    let start = frame.iter().position(|&byte| byte == b'{')?;
    serde_json::from_slice(frame.get(start..)?).ok()
}

fn is_news(frame: &[u8]) -> bool {
    object_in(frame).is_some_and(|event| text_in(&event, "/type") == Some("message"))
}

fn client_id(frame: &[u8]) -> Option<String> {
    let event = object_in(frame)?;
    text_in(&event, "/message/client_id").map(str::to_owned)
}

fn is_send_of(frame: &[u8], client_id: &str) -> bool {
    object_in(frame).is_some_and(|event| {
        text_in(&event, "/type") == Some("send") && text_in(&event, "/client_id") == Some(client_id)
    })
}

fn text_in<'a>(event: &'a Value, place: &str) -> Option<&'a str> {
    event.pointer(place)?.as_str()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::octets::Direction;
    use crate::websocket::frame::{append_text_frame, apply_mask};
    use crate::wire::decrypt::Secrets;
    use crate::wire::log::{About, Badge, HELD_BYTES_MAX, Recorder, Traveller};

    const KEY: [u8; 4] = [1, 2, 3, 4];

    /// A conversation in clear, up to its first frame.
    fn conversation(log: &WireLog, number: u64, badge: Badge) -> Arc<Recorder> {
        let about = About {
            number,
            client: "127.0.0.1:40000".parse().unwrap(),
            server: "127.0.0.1:8080".parse().unwrap(),
            is_tls_port: false,
            opened_ns: 1,
        };
        let recorder = log.open(about, false);
        recorder.carries(Traveller::Session(badge));
        let request = b"GET /ws/chat/1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        recorder.chunk(1, FromClient, request);
        let response = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        recorder.chunk(2, FromServer, response);
        recorder
    }

    fn says(recorder: &Recorder, direction: Direction, text: &str) {
        let mut frame = Vec::new();
        append_text_frame(&mut frame, text.as_bytes());
        if direction == FromClient {
            let header_len = frame.len() - text.len();
            let mut payload = frame.split_off(header_len);
            apply_mask(&mut payload, KEY);
            frame[1] |= 0x80;
            frame.extend_from_slice(&KEY);
            frame.extend_from_slice(&payload);
        }
        recorder.chunk(3, direction, &frame);
    }

    fn message(id: u64, client_id: &str) -> String {
        format!(
            r#"{{"id":{id},"change":9,"author":{{"id":1,"name":"ana"}},"content":"hi","client_id":"{client_id}"}}"#
        )
    }

    fn located(log: &WireLog, badge: Badge, id: i64) -> Value {
        let viewer = Viewer {
            session: Some(badge),
            ..Viewer::default()
        };
        let event = locate(log, &viewer, MessageId(id));
        serde_json::from_str(&event).unwrap()
    }

    fn title_of(log: &WireLog, recorder: &Recorder, item: &Value) -> String {
        let sight = log.connection(&Viewer::OF_ALL, recorder.about().number);
        let mut timeline = Timeline::new(Secrets::default());
        for event in sight.unwrap().read(&mut Cursor::default()).unwrap().events {
            timeline.push(&event);
        }
        let number = usize::try_from(item.as_u64().unwrap()).unwrap();
        timeline.items()[number].title.clone()
    }

    #[test]
    fn a_message_is_found_where_it_was_sent_and_where_it_arrived_and_only_by_those_it_came_to() {
        let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
        let (ana, ben, eve) = (
            Badge::new([1; 32]),
            Badge::new([2; 32]),
            Badge::new([3; 32]),
        );
        let anas = conversation(&log, 1, ana);
        let bens = conversation(&log, 2, ben);
        let history = format!(
            r#"{{"type":"history","messages":[{}],"older":false}}"#,
            message(30, "old")
        );
        says(&anas, FromServer, &history);
        says(
            &anas,
            FromClient,
            r#"{"type":"send","content":"hi","client_id":"c1"}"#,
        );
        let news = format!(r#"{{"type":"message","message":{}}}"#, message(31, "c1"));
        says(&anas, FromServer, &news);
        says(&bens, FromServer, &news);

        let own = located(&log, ana, 31);
        assert_eq!(own["connection"], 1);
        assert!(title_of(&log, &anas, &own["item"]).contains("send"));
        let others = located(&log, ben, 31);
        assert_eq!(others["connection"], 2);
        assert!(title_of(&log, &bens, &others["item"]).contains("message"));
        let old = located(&log, ana, 30);
        assert!(title_of(&log, &anas, &old["item"]).contains("history"));
        for (badge, id) in [(eve, 31), (ben, 30), (ana, 3)] {
            let nowhere = located(&log, badge, id);
            assert_eq!(nowhere["connection"], Value::Null);
            assert!(nowhere["text"].as_str().unwrap().contains("none"));
        }
    }

    #[test]
    fn text_that_looks_like_a_message_is_none() {
        let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
        let ana = Badge::new([1; 32]);
        let recorder = conversation(&log, 1, ana);
        let text = json!({ "type": "message", "message": { "id": 31, "content": "{\"id\":40,\"change\":" } });
        says(&recorder, FromServer, &text.to_string());
        assert_eq!(located(&log, ana, 40)["connection"], Value::Null);
    }
}
