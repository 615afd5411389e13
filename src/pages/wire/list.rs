//! The list of connections, as one viewer sees it: which there are, what each carried, and what has changed since it was told.
//! Everything here computes, so none of it is for an async thread.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::octets::Direction::FromClient;
use crate::wire::event::What;
use crate::wire::log::{Cursor, Recorder, State, Viewer};
use crate::wire::timeline::{Kind, Timeline};

/// So many connections are listed, the latest: a browser has some ten a minute.
const LISTED_MAX: usize = 500;

/// What a connection carried is read off its first bytes, this many of the client and of both together: a handshake and some requests.
const CLIENT_BYTES_READ: usize = 16 * 1024;
const BYTES_READ: usize = 96 * 1024;

/// So many requests are named.
const NAMED_MAX: usize = 3;

/// The list as one viewer was told it.
#[derive(Default)]
pub(super) struct List {
    told: BTreeMap<u64, Value>,
    carried: HashMap<u64, Carried>,
    has_told: bool,
}

/// What a connection carried, as it was last found out.
struct Carried {
    words: String,
    /// How many bytes of the client there were then.
    client_bytes: u64,
    is_final: bool,
}

impl List {
    /// The event that tells what has changed since the last one, if anything has.
    pub(super) fn news(
        &mut self,
        recorders: Vec<Arc<Recorder>>,
        viewer: &Viewer,
    ) -> Option<String> {
        let seen: Vec<_> = recorders
            .into_iter()
            .rev()
            .filter(|recorder| recorder.may_be_seen_by(viewer))
            .take(LISTED_MAX)
            .collect();
        let mut current = BTreeMap::new();
        for recorder in seen {
            let state = recorder.state();
            let carried = self.carried(&recorder, &state);
            current.insert(recorder.about().number, entry(&recorder, &state, &carried));
        }
        let changed: Vec<&Value> = current
            .iter()
            .filter(|(number, entry)| self.told.get(number) != Some(entry))
            .map(|(_, entry)| entry)
            .collect();
        let gone: Vec<u64> = self
            .told
            .keys()
            .filter(|number| !current.contains_key(number))
            .copied()
            .collect();
        if self.has_told && changed.is_empty() && gone.is_empty() {
            return None;
        }
        let event = json!({ "type": "connections", "all": !self.has_told, "connections": changed, "gone": gone });
        self.has_told = true;
        self.carried
            .retain(|number, _| current.contains_key(number));
        self.told = current;
        Some(event.to_string())
    }

    fn carried(&mut self, recorder: &Recorder, state: &State) -> String {
        let number = recorder.about().number;
        if let Some(known) = self.carried.get(&number)
            && (known.is_final || known.client_bytes == state.bytes.client)
        {
            return known.words.clone();
        }
        let (words, is_whole) = carried_by(recorder);
        let known = Carried {
            words: words.clone(),
            client_bytes: state.bytes.client,
            is_final: is_whole || state.ended.is_some(),
        };
        self.carried.insert(number, known);
        words
    }
}

/// What is told of one connection.
pub(super) fn entry(recorder: &Recorder, state: &State, carried: &str) -> Value {
    let about = recorder.about();
    json!({
        "number": about.number,
        "client": about.client.to_string(),
        "server": about.server.to_string(),
        "tls": about.is_tls_port,
        "opened": about.opened_ns / 1_000_000,
        "ended": state.ended.as_ref().map(|ending| ending.time_ns / 1_000_000),
        "why": state.ended.as_ref().map(|ending| ending.why.as_str()),
        "negotiated": state.negotiated,
        "carried": carried,
        "bytes": [state.bytes.client, state.bytes.server],
        "missing": [state.missing.client, state.missing.server],
    })
}

/// The first requests of a connection in a few words, and whether more bytes would change nothing.
pub(super) fn carried_by(recorder: &Recorder) -> (String, bool) {
    let mut timeline = Timeline::new(recorder.secrets());
    let (mut client_bytes, mut bytes) = (0, 0);
    for event in recorder.read(&mut Cursor::default()) {
        if let What::Bytes(chunk) = &event.what {
            bytes += chunk.len();
            if event.direction == FromClient {
                client_bytes += chunk.len();
            }
        }
        timeline.push(&event);
        if client_bytes >= CLIENT_BYTES_READ || bytes >= BYTES_READ {
            break;
        }
    }
    let is_whole = client_bytes >= CLIENT_BYTES_READ || bytes >= BYTES_READ;
    (in_words(&timeline, is_whole), is_whole)
}

/// `GET /register, POST /register, 9 files`.
fn in_words(timeline: &Timeline, is_cut: bool) -> String {
    let mut words: Vec<String> = Vec::new();
    let (mut pages, mut files, mut has_frames) = (0, 0, false);
    for item in timeline.items() {
        match item.kind {
            Kind::Frame => has_frames = true,
            Kind::Request if item.title.starts_with("GET /static/") => files += 1,
            Kind::Request => {
                pages += 1;
                if pages <= NAMED_MAX {
                    words.push(short(&item.title));
                }
            }
            _ => {}
        }
    }
    if pages > NAMED_MAX {
        words.push(format!("{} more", pages - NAMED_MAX));
    }
    match files {
        0 => {}
        1 => words.push("1 file".to_owned()),
        _ => words.push(format!("{files} files")),
    }
    if has_frames {
        words.push("WebSocket".to_owned());
    } else if is_cut {
        words.push("…".to_owned());
    }
    words.join(", ")
}

/// A request line without its version and its query: `GET /chat/1`.
fn short(line: &str) -> String {
    let line = line.split(" HTTP/").next().unwrap_or_default();
    line.split('?').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::Direction::FromServer;
    use crate::wire::log::{About, Badge, HELD_BYTES_MAX, Traveller, WireLog};

    fn about(number: u64) -> About {
        About {
            number,
            client: "127.0.0.1:40000".parse().unwrap(),
            server: "127.0.0.1:8080".parse().unwrap(),
            is_tls_port: false,
            opened_ns: 1_763_800_000_000_000_000,
        }
    }

    fn told(list: &mut List, log: &WireLog, viewer: &Viewer) -> Option<Value> {
        let event = list.news(log.connections(), viewer)?;
        Some(serde_json::from_str(&event).unwrap())
    }

    #[test]
    fn a_viewer_is_told_of_their_own_connections_and_then_only_of_what_changes() {
        let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
        let (ana, ben) = (Badge::new([1; 32]), Badge::new([2; 32]));
        let viewer = Viewer {
            session: Some(ana),
            ..Viewer::default()
        };
        let own = log.open(about(1), false);
        own.carries(Traveller::Session(ana));
        own.chunk(
            1,
            FromClient,
            b"GET /chat/1?x=1 HTTP/1.1\r\nHost: a\r\n\r\n",
        );
        let other = log.open(about(2), false);
        other.carries(Traveller::Session(ben));

        let mut list = List::default();
        let first = told(&mut list, &log, &viewer).unwrap();
        assert_eq!(first["all"], true);
        assert_eq!(first["connections"].as_array().unwrap().len(), 1);
        let entry = &first["connections"][0];
        assert_eq!(entry["number"], 1);
        assert_eq!(entry["carried"], "GET /chat/1");
        assert_eq!(entry["opened"], 1_763_800_000_000_u64);
        assert_eq!(entry["ended"], Value::Null);
        assert_eq!(told(&mut list, &log, &viewer), None);

        own.chunk(2, FromServer, b"HTTP/1.1 204 No Content\r\n\r\n");
        own.ended(3_000_000, "1 requests");
        let second = told(&mut list, &log, &viewer).unwrap();
        assert_eq!(second["all"], false);
        assert_eq!(second["connections"][0]["why"], "1 requests");

        // Once somebody else's request has come on it, it is nobody's.
        own.carries(Traveller::Session(ben));
        let third = told(&mut list, &log, &viewer).unwrap();
        assert_eq!(third["gone"], json!([1]));
        assert_eq!(third["connections"], json!([]));
    }

    #[test]
    fn the_first_requests_are_named_and_files_are_counted() {
        let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
        let recorder = log.open(about(1), false);
        assert_eq!(carried_by(&recorder), (String::new(), false));
        for (request, words) in [
            ("GET /a?b=c", "GET /a"),
            ("POST /b", "GET /a, POST /b"),
            ("GET /static/7/x.js", "GET /a, POST /b, 1 file"),
            ("GET /c", "GET /a, POST /b, GET /c, 1 file"),
            ("GET /static/7/y.js", "GET /a, POST /b, GET /c, 2 files"),
            ("GET /d", "GET /a, POST /b, GET /c, 1 more, 2 files"),
        ] {
            let text = format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n");
            recorder.chunk(1, FromClient, text.as_bytes());
            recorder.chunk(
                2,
                FromServer,
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            );
            assert_eq!(carried_by(&recorder), (words.to_owned(), false));
        }
    }

    #[test]
    fn no_more_than_the_latest_are_listed() {
        let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
        let instructor = Viewer {
            is_instructor: true,
            ..Viewer::default()
        };
        let count = LISTED_MAX as u64 + 1;
        let recorders: Vec<_> = (1..=count)
            .map(|number| log.open(about(number), false))
            .collect();
        let first = told(&mut List::default(), &log, &instructor).unwrap();
        let listed = first["connections"].as_array().unwrap();
        assert_eq!(listed.len(), LISTED_MAX);
        assert!(listed.iter().all(|entry| entry["number"] != 1));
        drop(recorders);
    }
}
