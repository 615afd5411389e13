//! The list of connections, as one viewer sees it: which there are, what each carried, and what has changed since it was told.
//! Everything here computes, so none of it is for an async thread.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::octets::Direction::FromClient;
use crate::wire::event::What;
use crate::wire::log::{About, Cursor, Reading, Sight, State, Viewer, WireLog};
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
    pub(super) fn news(&mut self, log: &WireLog, viewer: &Viewer) -> Option<String> {
        let seen = log.connections(viewer).into_iter().rev().take(LISTED_MAX);
        let rows = seen.filter_map(|sight| Some((sight.about().number, self.row(&sight)?)));
        let current: BTreeMap<u64, Value> = rows.collect();
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

    /// What is told of one connection now; `None` if it may not be seen any more.
    fn row(&mut self, sight: &Sight) -> Option<Value> {
        let number = sight.about().number;
        let state = sight.state()?;
        if let Some(known) = self.carried.get(&number)
            && (known.is_final || known.client_bytes == state.bytes.client)
        {
            return Some(entry(sight.about(), &state, &known.words));
        }
        let reading = sight.read(&mut Cursor::default())?;
        let (words, is_whole) = carried_by(&reading);
        let state = reading.state;
        let row = entry(sight.about(), &state, &words);
        let known = Carried {
            words,
            client_bytes: state.bytes.client,
            is_final: is_whole || state.ended.is_some(),
        };
        self.carried.insert(number, known);
        Some(row)
    }
}

/// What is told of one connection.
pub(super) fn entry(about: &About, state: &State, carried: &str) -> Value {
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
pub(super) fn carried_by(reading: &Reading) -> (String, bool) {
    let mut timeline = Timeline::new(reading.secrets.clone());
    let (mut client_bytes, mut bytes) = (0, 0);
    for event in &reading.events {
        if let What::Bytes(chunk) = &event.what {
            bytes += chunk.len();
            if event.direction == FromClient {
                client_bytes += chunk.len();
            }
        }
        timeline.push(event);
        if client_bytes >= CLIENT_BYTES_READ || bytes >= BYTES_READ {
            break;
        }
    }
    let is_whole = client_bytes >= CLIENT_BYTES_READ || bytes >= BYTES_READ;
    (in_words(&timeline, is_whole), is_whole)
}

/// `GET /register, POST /register, 9 files`.
fn in_words(timeline: &Timeline, is_cut: bool) -> String {
    let items = timeline.items().iter();
    let requests: Vec<Asked<'_>> = items
        .filter(|item| item.kind == Kind::Request)
        .map(|item| Asked::in_line(&item.title))
        .collect();
    let has_frames = timeline.items().iter().any(|it| it.kind == Kind::Frame);
    let (files, pages): (Vec<_>, Vec<_>) = requests.into_iter().partition(Asked::is_file);
    let mut words = named(&pages);
    match files.len() {
        0 => {}
        1 => words.push("1 file".to_owned()),
        count => words.push(format!("{count} files")),
    }
    if has_frames {
        words.push("WebSocket".to_owned());
    } else if is_cut {
        words.push("…".to_owned());
    }
    words.join(", ")
}

/// The first requests that sent something, and if there are not as many, the first others; in the order in which they came.
fn named(pages: &[Asked<'_>]) -> Vec<String> {
    let sends_first = [true, false].into_iter().flat_map(|sends| {
        let alike = pages.iter().enumerate();
        alike.filter(move |(_, asked)| asked.sends_something() == sends)
    });
    let mut chosen: Vec<_> = sends_first.take(NAMED_MAX).collect();
    chosen.sort_by_key(|(at, _)| *at);
    let mut words: Vec<String> = chosen.iter().map(|(_, asked)| asked.in_words()).collect();
    if pages.len() > NAMED_MAX {
        words.push(format!("{} more", pages.len() - NAMED_MAX));
    }
    words
}

/// What a request line asks for, without its version and its query.
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
}

impl<'a> Asked<'a> {
    fn in_line(line: &'a str) -> Self {
        let line = line.split(" HTTP/").next().unwrap_or_default();
        let (method, target) = line.split_once(' ').unwrap_or((line, ""));
        let path = target.split('?').next().unwrap_or_default();
        Self { method, path }
    }

    /// A script, a style, a picture: browsers fetch a dozen with a page.
    fn is_file(&self) -> bool {
        self.method == "GET" && (self.path.starts_with("/static/") || self.path == "/favicon.ico")
    }

    fn sends_something(&self) -> bool {
        self.method == "POST"
    }

    fn in_words(&self) -> String {
        format!("{} {}", self.method, self.path)
            .trim_end()
            .to_owned()
    }
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
        let event = list.news(log, viewer)?;
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
        let carried = || {
            let sight = log.connection(&Viewer::OF_ALL, 1).unwrap();
            carried_by(&sight.read(&mut Cursor::default()).unwrap())
        };
        assert_eq!(carried(), (String::new(), false));
        for (request, words) in [
            ("GET /a?b=c", "GET /a"),
            ("POST /b", "GET /a, POST /b"),
            ("GET /static/7/x.js", "GET /a, POST /b, 1 file"),
            ("GET /c", "GET /a, POST /b, GET /c, 1 file"),
            ("GET /static/7/y.js", "GET /a, POST /b, GET /c, 2 files"),
            ("GET /d", "GET /a, POST /b, GET /c, 1 more, 2 files"),
            (
                "GET /favicon.ico",
                "GET /a, POST /b, GET /c, 1 more, 3 files",
            ),
            // What somebody sent is never among the others, as long as there is a place for it.
            ("POST /e", "GET /a, POST /b, POST /e, 2 more, 3 files"),
            ("POST /f", "POST /b, POST /e, POST /f, 3 more, 3 files"),
            ("POST /g", "POST /b, POST /e, POST /f, 4 more, 3 files"),
        ] {
            let text = format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n");
            recorder.chunk(1, FromClient, text.as_bytes());
            recorder.chunk(
                2,
                FromServer,
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            );
            assert_eq!(carried(), (words.to_owned(), false));
        }
    }

    #[test]
    fn no_more_than_the_latest_are_listed() {
        let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
        let count = LISTED_MAX as u64 + 1;
        let recorders: Vec<_> = (1..=count)
            .map(|number| log.open(about(number), false))
            .collect();
        let first = told(&mut List::default(), &log, &Viewer::OF_ALL).unwrap();
        let listed = first["connections"].as_array().unwrap();
        assert_eq!(listed.len(), LISTED_MAX);
        assert!(listed.iter().all(|entry| entry["number"] != 1));
        drop(recorders);
    }
}
