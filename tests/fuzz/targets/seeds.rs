//! Good inputs to begin with: examples from the standards, and what browsers and servers said in the recorded captures.

use bytes::Bytes;
use secure_chat::octets::Direction;
use secure_chat::wire::decrypt::{KeyLog, Session, What};
use secure_chat::wire::event::{self, Event};
use secure_chat::wire::pcapng::{self, Connection};
use secure_chat::wire::timeline::{Kind, Timeline};

use super::recording::{self, Step};

/// Longer seeds cost more than they teach.
const SEED_LEN_MAX: usize = 12 * 1024;

const PLAIN: &[u8] = include_bytes!("../../fixtures/http/chromium_plain.pcapng");
const TLS: [&[u8]; 9] = [
    include_bytes!("../../fixtures/tls/crafted.pcapng"),
    include_bytes!("../../fixtures/tls/fragmented.pcapng"),
    include_bytes!("../../fixtures/tls/many_certificates.pcapng"),
    include_bytes!("../../fixtures/tls/tls12_curl.pcapng"),
    include_bytes!("../../fixtures/tls/tls13_curl.pcapng"),
    include_bytes!("../../fixtures/tls/tls13_early_data.pcapng"),
    include_bytes!("../../fixtures/tls/tls13_hello_retry.pcapng"),
    include_bytes!("../../fixtures/tls/tls13_key_update.pcapng"),
    include_bytes!("../../fixtures/tls/tls13_unknown_ca.pcapng"),
];
const RFC_8448: &str = include_str!("../../fixtures/rfc8448.txt");

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Each with a byte in front by which the target chooses.
fn chosen(choices: &[u8], seeds: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let choices = choices.iter().cycle();
    seeds
        .into_iter()
        .zip(choices)
        .map(|(seed, choice)| [&[*choice], &seed[..]].concat())
        .collect()
}

fn short(seeds: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = seeds
        .into_iter()
        .filter(|seed| (1..=SEED_LEN_MAX).contains(&seed.len()))
        .collect();
    seeds.sort();
    seeds.dedup();
    seeds
}

/// RFC 9112 §§2.1, 3.2, 6, RFC 9110 §13, RFC 6265 §3.1.
pub(super) fn heads() -> Vec<Vec<u8>> {
    texts(&[
        "GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n",
        "GET http://www.example.org/pub/WWW/TheProject.html?a=%41+b HTTP/1.1\r\nHost: www.example.org:8001\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]:8001\r\nConnection: keep-alive, Upgrade\r\n\r\n",
        "\r\n\r\nPOST /login HTTP/1.0\r\nHost:a\r\nContent-Length: 7, 7\r\nContent-Length:\t7\t\r\nConnection: close\r\n\r\n",
        "POST /groups HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nOrigin: null\r\nSec-Fetch-Site: same-origin\r\nX: \"\\\"é\r\n\r\n",
    ])
    .into_iter()
    .chain(short(of_application(|kind| kind == Kind::Request)).into_iter().take(8))
    .collect()
}

pub(super) fn targets() -> Vec<Vec<u8>> {
    texts(&[
        "/",
        "/chat/1?after=%33+4&b&c=",
        "/static/..%2f%2E%2e/app.js",
        "//a%00/%C3%A9/",
        "http://b:8080/x?y",
        "HTTP://[2001:db8::7]:80?y",
        "https://a",
        "*",
        "localhost:8443",
        "[::ffff:1.2.3.4]:",
        "127.0.0.1",
    ])
}

/// RFC 9112 §7.1.
pub(super) fn chunked() -> Vec<Vec<u8>> {
    texts(&[
        "4\r\nWiki\r\n7\r\npedia i\r\nB\r\nn \r\nchunks.\r\n0\r\n\r\n",
        "a;name=\"quoted; \\\" string\" ;b\r\n0123456789\r\n000\r\nExpires: Wed, 21 Oct 2015 07:28:00 GMT\r\nA:\r\n\r\n",
        "1 \t;x\r\na\r\nFFFFFFFFFFFFFFFF\r\n",
        "\r\n",
    ])
}

pub(super) fn forms() -> Vec<Vec<u8>> {
    texts(&[
        "name=ana&password=a+b%2B%26%3D%C3%A9&empty=&bare",
        "&&name=%00%0d%0a&&a=b=c&a=%F0%9F%98%80",
        "%C3%A9=%e2%82%ac&=&=x",
    ])
}

pub(super) fn cookies() -> Vec<Vec<u8>> {
    texts(&[
        "SID=31d4d96e407aad42; lang=en-US",
        "a=1; sid=first;b ; sid=\"second\"; SID=3; xsid=4; sid=x=y",
        "__Host-sid=nPhbj6MG_QglGjW0UFXXgRt-DR-nMS62hwv5byY6bag",
        "sid=\"",
    ])
}

/// RFC 9110 §§5.6.7, 13.1, 14.2.
pub(super) fn conditions() -> Vec<Vec<u8>> {
    let lines = texts(&[
        "If-None-Match: \"x\", W/\"abc\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        "If-Match: \"abc\"\r\nIf-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT",
        "Range: bytes=2-4\r\nIf-Range: \"abc\"",
        "Range: bytes=-3\r\nIf-Range: Sun Nov  6 08:49:37 1994",
        "Range: bytes=99999999999999999999-",
        "Sat, 31 Dec 2016 23:59:60 GMT",
        "Thu, 29 Feb 2024 00:00:00 GMT",
        "If-None-Match: *",
    ]);
    chosen(&[4], lines)
}

pub(super) fn connections() -> Vec<Vec<u8>> {
    let pipelined = texts(&[
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na=1&\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;a\r\nWiki\r\n0\r\nA: b\r\n\r\nHEAD / HTTP/1.1\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ]);
    chosen(&[0, 3, 200], [pipelined, requests()].concat())
}

/// RFC 6455 §1.2.
pub(super) fn upgrades() -> Vec<Vec<u8>> {
    let heads = texts(&[
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://server.example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13",
        "GET /ws HTTP/1.1\r\nHost: localhost:8443\r\nConnection: keep-alive, upgrade\r\nUpgrade: h2c, WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAB==\r\nOrigin: https://localhost:8443",
        "dGhlIHNhbXBsZSBub25jZQ==",
    ]);
    chosen(&[0, 1], heads)
}

/// RFC 6455 §5.7.
pub(super) fn frames() -> Vec<Vec<u8>> {
    let examples: [&[u8]; 9] = [
        b"\x81\x05Hello",
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        b"\x01\x03Hel",
        b"\x80\x02lo",
        b"\x89\x05Hello",
        b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        b"\x82\x7e\x01\x00",
        b"\x82\x7f\0\0\0\0\0\x01\0\0",
        b"\x88\x04\x03\xe8\xc3\xa9",
    ];
    let recorded = short(of_application(|kind| kind == Kind::Frame));
    let examples = examples.iter().map(|frame| frame.to_vec());
    let frames = examples.chain(recorded.into_iter().take(10));
    chosen(&[7, 6, 5, 4, 3], frames.collect())
}

pub(super) fn messages() -> Vec<Vec<u8>> {
    let examples: [&[u8]; 4] = [
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x82\0\0\0\0\x03\xe8",
        b"\x01\x83\0\0\0\0Hel\x89\x81\0\0\0\0?\x80\x82\0\0\0\0lo\x8a\x80\0\0\0\0",
        b"\x01\x81\0\0\0\0\xc3\x80\x81\0\0\0\0\xa9\x82\xfe\x00\x7e\0\0\0\0",
        b"\x88\x85\0\0\0\0\x03\xe9bye",
    ];
    chosen(
        &[0, 1, 9, 150],
        examples.iter().map(|frames| frames.to_vec()).collect(),
    )
}

pub(super) fn closes() -> Vec<Vec<u8>> {
    let longest = [&b"\x0f\xa0"[..], "é".repeat(61).as_bytes(), b"x"].concat();
    vec![
        b"\x03\xe8".to_vec(),
        b"\x03\xf5going \xe2\x82\xac".to_vec(),
        longest,
    ]
}

pub(super) fn client_events() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"type":"send","content":"hi \ud83d\ude00\n","client_id":"a-1"}"#,
        r#"{"type":"edit","message_id":9007199254740993,"content":"é"}"#,
        r#"{"content":"hi","type":"send","client_id":null,"more":[1,-2.5e9,{"a":true}]}"#,
        r#"{"type":"delete","message_id":-1}"#,
        r#"{"type":"typing"}"#,
        r#"{"type":"read","message_id":31}"#,
        r#"{"type":"older","before":7}"#,
    ])
}

pub(super) fn names() -> Vec<Vec<u8>> {
    texts(&[
        "ana",
        "Bert.B-2_x",
        "Straße İstanbul",
        "  a group ",
        "a\u{202e}b",
        "\u{200b}",
        "x",
    ])
}

pub(super) fn wishes() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"type":"watch","connection":7}"#,
        r#"{"type":"watch","connection":null}"#,
        r#"{"type":"show","item":0}"#,
        r#"{"type":"find","text":"Password"}"#,
        r#"{"type":"find","hex":"17AB","question":9}"#,
        r#"{"type":"locate","message":31}"#,
    ])
}

pub(super) fn templates() -> Vec<Vec<u8>> {
    texts(&[
        include_str!("../../../templates/login.html"),
        include_str!("../../../templates/error.html"),
        include_str!("../../../templates/wire_link.html"),
        "<p title='{{a}}' class=\"b {{c_1}}\">{{a}}<!-- no -->&{{b}}</p>",
        "<a href={{b}}>",
        "a < b {{x}} }} {{",
    ])
}

pub(super) fn tls_settings() -> Vec<Vec<u8>> {
    texts(&[
        include_str!("../../../tls_config.json"),
        "{}",
        r#"{"min_version":"1.3","groups":["X25519"],"alpn":["http/1.1"],"subject":{"dns":["a.example"],"ips":["::1"],"days":30}}"#,
        r#"{"min_version":"1.2","max_version":"1.2","cipher_suites":["TLS_AES_128_GCM_SHA256"],"a":1,"a":2}"#,
    ])
}

pub(super) fn command_lines() -> Vec<Vec<u8>> {
    texts(&[
        "--both\0--port\x008080\0--tls-port=8443\0--host\0::1",
        "--tls\0--trace=eve\0--echo\0--data\0d\0--instructor",
        "explain\0--eve\0a.pcapng\0--keys\0k.txt",
        "--capture\0c.pcapng\0--max-connections\x0010",
        "--help",
        "--prot=1",
    ])
}

pub(super) fn requests() -> Vec<Vec<u8>> {
    let examples = texts(&[
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nCookie: sid_plain=abc; b=\"c\"\r\nContent-Length: 22\r\n\r\nname=ana&password=x%20",
        "PUT /a?b=c#d HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3;e=\"1\"\r\nabc\r\n0\r\nX: y\r\n\r\n",
    ]);
    let recorded = short(of_application(|kind| kind == Kind::Request));
    examples
        .into_iter()
        .chain(recorded.into_iter().take(12))
        .collect()
}

pub(super) fn responses() -> Vec<Vec<u8>> {
    let examples = texts(&[
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: sid=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure\r\n\r\n5\r\nHello\r\n0\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nDate: Mon, 27 Jul 2009 12:28:53 GMT\r\nETag: W/\"a\"\r\nCache-Control: public, max-age=31536000, immutable\r\n\r\n",
        "HTTP/1.0 404 \r\n\r\nto the end",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    ]);
    let recorded = short(of_application(|kind| kind == Kind::Response));
    let responses = examples.into_iter().chain(recorded.into_iter().take(8));
    chosen(&[0, 1, 2, 3], responses.collect())
}

/// Those of RFC 8448, and all that were recorded.
pub(super) fn handshakes() -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = RFC_8448
        .lines()
        .filter_map(|line| line.strip_prefix("  payload: "))
        .map(unhex)
        .filter(|payload| payload.len() > 4)
        .collect();
    for connection in recorded() {
        for event in followed(&connection) {
            if let What::Handshake(message) = event.what {
                messages.push(message.bytes.to_vec());
            }
        }
    }
    chosen(&[0, 1, 11, 13], short(messages))
}

pub(super) fn certificates() -> Vec<Vec<u8>> {
    let mut certificates = Vec::new();
    for message in handshakes() {
        // Behind the choice: type 11, three bytes of length; then lists whose members are DER, that begins with 0x30 0x82.
        if message.get(1) != Some(&11) {
            continue;
        }
        let starts = (5..message.len().saturating_sub(4)).filter(|&at| {
            message[at..].starts_with(&[0x30, 0x82]) && message.get(at - 3) == Some(&0)
        });
        for at in starts {
            let len = 4 + usize::from(u16::from_be_bytes([message[at + 2], message[at + 3]]));
            certificates.extend(message.get(at..at + len).map(<[u8]>::to_vec));
        }
    }
    short(certificates)
}

pub(super) fn records() -> Vec<Vec<u8>> {
    let mut streams = Vec::new();
    for connection in recorded() {
        for direction in [Direction::FromClient, Direction::FromServer] {
            let (mut stream, _) = recording::stream(&connection.events, direction);
            stream.truncate(6000);
            streams.push(stream);
        }
    }
    chosen(&[0, 1], short(streams))
}

pub(super) fn fragments() -> Vec<Vec<u8>> {
    let messages = handshakes()
        .into_iter()
        .take(20)
        .map(|message| message[1..].to_vec());
    let mut fragments: Vec<Vec<u8>> = messages
        .map(|message| [&[1, 0, 2, 0], &message[..]].concat())
        .collect();
    for stream in records().into_iter().take(16) {
        fragments.push([&[1, 1, 3, 0], &stream[1..stream.len().min(600)]].concat());
    }
    fragments.push(b"\x01\x01\x01\x00\x02\x28\x15\x00\x00".to_vec());
    fragments.push(b"\x0b\x02\x00\x83\x14\x03\x03\x00\x01\x01".to_vec());
    fragments
}

pub(super) fn alerts() -> Vec<Vec<u8>> {
    vec![vec![1, 0], vec![2, 40], vec![2, 48], vec![1]]
}

/// Recordings in clear.
pub(super) fn conversations() -> Vec<Vec<u8>> {
    let mut recordings = vec![chat_in_clear()];
    for connection in pcapng::read(&Bytes::from_static(PLAIN)).connections {
        recordings.push(recording::write(&steps_of(&connection.events, &[])));
    }
    chosen(&[0, 2, 130], short(recordings))
}

/// A request, the change to WebSocket, frames of both sides, the end.
fn chat_in_clear() -> Vec<u8> {
    let happened = |direction, bytes: &'static [u8]| {
        Step::Happened(Event {
            time_ns: 0,
            direction,
            what: event::What::Bytes(Bytes::from_static(bytes)),
            comment: None,
        })
    };
    use Direction::{FromClient, FromServer};
    recording::write(&[
        happened(FromClient, b"POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
        happened(FromServer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: sid_plain=abc\r\n\r\nok"),
        happened(FromClient, b"GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
        happened(FromServer, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02Hi"),
        happened(FromClient, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x80\0\0\0\0"),
        happened(FromServer, b"\x88\x00"),
    ])
}

/// Connections with their secrets.
pub(super) fn recordings() -> Vec<Vec<u8>> {
    let mut recordings = vec![chat_in_clear()];
    for file in TLS {
        let capture = pcapng::read(&Bytes::from_static(file));
        let lines: Vec<&str> = capture.key_log.lines().collect();
        for connection in &capture.connections {
            recordings.push(recording::write(&steps_of(&connection.events, &lines)));
        }
    }
    short(recordings)
}

pub(super) fn recordings_cut() -> Vec<Vec<u8>> {
    chosen(&[0, 4, 160], recordings())
}

/// Records for the target that seals: a handshake and then some.
pub(super) fn sealed() -> Vec<Vec<u8>> {
    let part = |how: u8, kind: u8, content: &[u8]| {
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[how, kind, high, low], content].concat()
    };
    let finished = [&[20, 0, 0, 32][..], &[9; 32]].concat();
    let conversation = [
        part(1, 22, &[8, 0, 0, 2, 0, 0]),
        part(1, 22, &finished),
        part(0, 22, &finished),
        part(4, 23, b"GET / HTTP/1.1\r\n\r\n"),
        part(1, 23, b"HTTP/1.1 200 OK\r\n\r\n"),
        part(0, 22, &[24, 0, 0, 1, 0]),
        part(0, 23, b"more"),
        part(1, 21, &[1, 0]),
    ]
    .concat();
    chosen(&[0, 1, 2, 3, 4, 5], vec![conversation; 6])
}

pub(super) fn key_logs() -> Vec<Vec<u8>> {
    let logs = TLS
        .iter()
        .map(|file| pcapng::read(&Bytes::from_static(file)).key_log.into_bytes());
    short(logs.chain([b"# a comment\r\nCLIENT_RANDOM 00 11\n\nX Y Z".to_vec()]))
}

pub(super) fn captures() -> Vec<Vec<u8>> {
    short(TLS.iter().map(|file| file.to_vec()))
}

fn steps_of(events: &[Event], key_log: &[&str]) -> Vec<Step> {
    let client = recording::stream(events, Direction::FromClient).0;
    let lines = KeyLog::read(&key_log.join("\n"));
    // The client's random stands behind the headers of record and message, and the version.
    let random = client.get(11..43).and_then(|random| random.try_into().ok());
    let secrets = random.and_then(|random: [u8; 32]| lines.secrets_of(&random));
    let secrets = secrets
        .into_iter()
        .flat_map(|secrets| secrets.lines())
        .map(Step::Secret);
    secrets
        .chain(events.iter().cloned().map(Step::Happened))
        .collect()
}

/// The connections of all captures, in which TLS was spoken.
fn recorded() -> Vec<Connection> {
    let captures = TLS
        .iter()
        .map(|file| pcapng::read(&Bytes::from_static(file)));
    captures.flat_map(|capture| capture.connections).collect()
}

fn followed(connection: &Connection) -> Vec<secure_chat::wire::decrypt::Event> {
    let key_logs: Vec<String> = key_logs()
        .into_iter()
        .filter_map(|log| String::from_utf8(log).ok())
        .collect();
    let key_logs: Vec<&str> = key_logs.iter().map(String::as_str).collect();
    let mut session = Session::default();
    let mut events = Vec::new();
    for step in steps_of(&connection.events, &key_logs) {
        match step {
            Step::Secret(line) => {
                session.learn(line);
            }
            Step::Happened(Event {
                direction,
                what: event::What::Bytes(bytes),
                ..
            }) => {
                events.extend(session.push(direction, &bytes));
            }
            Step::Happened(_) => {}
        }
    }
    events
}

/// Messages of the application in the recording of a browser without TLS.
fn of_application(wanted: impl Fn(Kind) -> bool) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    for connection in pcapng::read(&Bytes::from_static(PLAIN)).connections {
        let mut timeline = Timeline::new(Default::default());
        for event in &connection.events {
            timeline.push(event);
        }
        timeline.finish();
        for item in timeline.items().iter().filter(|item| wanted(item.kind)) {
            let (stream, _) = recording::stream(&connection.events, item.direction);
            let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
            messages.extend(
                stream
                    .get(number(item.wire.start)..number(item.wire.end))
                    .map(<[u8]>::to_vec),
            );
        }
    }
    messages
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| {
        text.get(at..at + 2)
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    (0..text.len()).step_by(2).filter_map(byte).collect()
}
