//! The hot parts by themselves, without sockets: `cargo bench --bench parts [-- FILTER]`.
//! What the whole costs is measured from outside; this tells which part it is, and whether a change to it pays.

use std::borrow::Cow;
use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use secure_chat::chat::event::{MessageNews, encode_message};
use secure_chat::http::head::{Scanned, decode_request_head};
use secure_chat::http::router::{Route, find};
use secure_chat::http::{Method, Response, StatusCode, Version, response::Circumstances};
use secure_chat::model::{ChangeId, ClientId, GroupId, Message, MessageId, UserId, UtcMillis};
use secure_chat::octets::Direction;
use secure_chat::octets::Progress;
use secure_chat::template::{Template, Value};
use secure_chat::websocket::frame::{append_text_frame, apply_mask, decode_frame_header};
use secure_chat::wire::decrypt::{KeyLog, Secrets};
use secure_chat::wire::dissect::http::dissect_request;
use secure_chat::wire::event::{Event, What};
use secure_chat::wire::log::Fingerprinter;
use secure_chat::wire::pcapng;
use secure_chat::wire::timeline::Timeline;

/// As Chromium asks for a script of a page.
const REQUEST: &[u8] = b"GET /static/18f0a1b2c3d/messages.js HTTP/1.1\r\n\
    Host: 127.0.0.1:8080\r\n\
    Connection: keep-alive\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n\
    sec-ch-ua: \"Chromium\";v=\"156\", \"Not A(Brand\";v=\"24\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    Origin: http://127.0.0.1:8080\r\n\
    Accept: */*\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Dest: script\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\n\
    Cookie: sid_plain=nPhbj6MG_QglGjW0UFXXgRt-DR-nMS62hwv5byY6bag\r\n\r\n";

const ROUTES: &[Route<&str>] = &[
    Route::get("/", "home"),
    Route::get("/login", "form"),
    Route::post("/login", "log in"),
    Route::get("/chat/{}", "chat"),
    Route::post("/groups/{}/join", "join"),
    Route::get("/ws/chat/{}", "socket"),
    Route::get("/static/{..}", "file"),
];

fn http(c: &mut Criterion) {
    c.bench_function("request head", |b| {
        b.iter(|| decode_request_head(black_box(REQUEST), &mut Scanned::default()));
    });
    let segments = ["static", "18f0a1b2c3d", "messages.js"].map(Cow::from);
    c.bench_function("route", |b| {
        b.iter(|| {
            black_box(find(ROUTES, Method::Get, black_box(&segments)));
        });
    });
    let response = Response::text(StatusCode::OK, "hi")
        .field("ETag", "\"5f0c3b1e2d4a5968776655443322110f\"")
        .field("Cache-Control", "public, max-age=31536000, immutable")
        .field("X-Content-Type-Options", "nosniff");
    let circumstances = Circumstances {
        version: Version::Http11,
        method: Some(Method::Get),
        keep_alive: true,
    };
    let mut out = Vec::new();
    c.bench_function("response head", |b| {
        b.iter(|| {
            out.clear();
            black_box(&response).encode_head(
                circumstances,
                "Sun, 06 Nov 1994 08:49:37 GMT",
                &mut out,
            )
        });
    });
}

fn template(c: &mut Criterion) {
    let Ok(page) = Template::parse(include_str!("../templates/login.html")) else {
        return;
    };
    let names: Vec<String> = page.places().map(str::to_owned).collect();
    let values: Vec<(&str, Value<'_>)> = names
        .iter()
        .map(|name| (name.as_str(), Value::Text("Anna <3 & \"Bert\"")))
        .collect();
    c.bench_function("template", |b| b.iter(|| page.render(black_box(&values))));
}

fn websocket(c: &mut Criterion) {
    let message = Message {
        id: MessageId(123_456),
        change: ChangeId(234_567),
        group_id: GroupId(1),
        author_id: UserId(42),
        content: "What is said in a chat has some sixty characters, more or less.".to_owned(),
        created_at: UtcMillis(1_795_305_600_042),
        edited_at: None,
        deleted_at: None,
        client_id: ClientId::new("0f8fad5b-d9cb-469f-a165-70867728950e").ok(),
    };
    let (mut json, mut frames) = (Vec::new(), Vec::new());
    c.bench_function("fan-out: one message as event and frame", |b| {
        b.iter(|| {
            json.clear();
            frames.clear();
            encode_message(
                &mut json,
                MessageNews::New,
                black_box(&message),
                Some("Anna"),
            );
            append_text_frame(&mut frames, &json);
        });
    });
    let mut frame = vec![0x81, 0xfe, 0, 200, 1, 2, 3, 4];
    frame.resize(208, 0x55);
    c.bench_function("frame header", |b| {
        b.iter(|| {
            matches!(
                decode_frame_header(black_box(&frame)),
                Ok(Progress::Done { .. })
            )
        });
    });
    let mut payload = vec![0x55; 16 * 1024];
    let mut group = c.benchmark_group("mask");
    group.throughput(Throughput::Bytes(payload.len() as u64));
    group.bench_function("16 KiB", |b| {
        b.iter(|| apply_mask(black_box(&mut payload), [1, 2, 3, 4]));
    });
}

/// The connections of a recorded capture, with the secrets that open them.
fn recorded(file: &'static [u8]) -> Vec<(Vec<Event>, Secrets)> {
    let capture = pcapng::read(&Bytes::from_static(file));
    let key_log = KeyLog::read(&capture.key_log);
    let connections = capture.connections.into_iter().map(|connection| {
        let client = connection
            .events
            .iter()
            .find_map(|event| match &event.what {
                What::Bytes(bytes) if event.direction == Direction::FromClient => {
                    Some(bytes.clone())
                }
                _ => None,
            });
        // The client's random stands behind the headers of record and message, and the version.
        let random = client.and_then(|bytes| bytes.get(11..43)?.try_into().ok());
        let secrets = random.and_then(|random: [u8; 32]| key_log.secrets_of(&random).cloned());
        (connection.events, secrets.unwrap_or_default())
    });
    connections.collect()
}

fn wire(c: &mut Criterion) {
    c.bench_function("dissect: a request", |b| {
        b.iter(|| dissect_request(black_box(REQUEST)));
    });
    let connections = recorded(include_bytes!("../tests/fixtures/tls/chromium.pcapng"));
    let bytes: usize = connections
        .iter()
        .flat_map(|(events, _)| events)
        .map(|event| match &event.what {
            What::Bytes(bytes) => bytes.len(),
            _ => 0,
        })
        .sum();
    let mut group = c.benchmark_group("dissect");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function(
        "TLS: a browser's connections, decrypted into timelines",
        |b| {
            b.iter_batched(
                || connections.clone(),
                |connections| {
                    for (events, secrets) in connections {
                        let mut timeline = Timeline::new(secrets);
                        for event in &events {
                            timeline.push(event);
                        }
                        timeline.finish();
                        black_box(timeline.items().len());
                    }
                },
                BatchSize::SmallInput,
            );
        },
    );
    let content = vec![0x55; 16 * 1024];
    group.throughput(Throughput::Bytes(content.len() as u64));
    group.bench_function("fingerprint of 16 KiB", |b| {
        let mut printer = Fingerprinter::default();
        b.iter(|| printer.update(black_box(&content)));
    });
}

criterion_group!(parts, http, template, websocket, wire);
criterion_main!(parts);
