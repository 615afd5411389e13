//! What the server reads of HTTP: heads, chunks, targets, forms, cookies, conditions, and whole connections.

use std::collections::HashSet;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use secure_chat::http::body::{
    CHUNK_LINE_LEN_MAX, Framing, TRAILERS_LEN_MAX, decode_chunk_end, decode_chunk_line,
    decode_trailers,
};
use secure_chat::http::conditional::{Validators, Verdict, evaluate, if_range_holds};
use secure_chat::http::cookie::{SetCookie, cookies};
use secure_chat::http::form::{FORM_FIELDS_MAX, FORM_TYPE, Form};
use secure_chat::http::head::{
    FIELD_LINES_MAX, HEAD_LEN_MAX, Scanned, TARGET_LEN_MAX, decode_request_head,
};
use secure_chat::http::io::{Deadlines, HttpConnection};
use secure_chat::http::range::{Wanted, wanted};
use secure_chat::http::router::{Found, Route, find};
use secure_chat::http::static_path::is_plain_name;
use secure_chat::http::target::{Resource, Scheme, decode_target, split_authority};
use secure_chat::http::{
    FieldLine, Fields, HeadError, Method, RequestHead, Version, cross_site, date, fields, percent,
};
use secure_chat::octets::{Direction, Progress};
use secure_chat::transport::WriteChunks;
use secure_chat::wire::dissect::http::dissect_request;
use secure_chat::wire::dissect::stream::{self, What};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::promises::{choices, decode, lengths_below, pieces};

/// A head is the same however it arrives, is spelled by its parts and nothing else, and what is refused in it is shown as wrong.
pub(crate) fn head(input: &[u8]) -> bool {
    let at_once = decode_request_head(input, &mut Scanned::default());
    let mut scanned = Scanned::default();
    let stepwise = lengths_below(input.len())
        .chain([input.len()])
        .map(|len| decode_request_head(&input[..len], &mut scanned))
        .find(|answer| !matches!(answer, Ok(Progress::NeedMore)))
        .unwrap_or(Ok(Progress::NeedMore));
    match (&at_once, &stepwise) {
        (Err(_), Err(_)) => {}
        _ => assert_eq!(at_once, stepwise, "it depends on how it was cut"),
    }
    match at_once {
        Ok(Progress::Done { value, used_bytes }) => {
            is_spelled_by_its_parts(&value, &input[..used_bytes]);
            is_judged(&value);
            true
        }
        Ok(Progress::NeedMore) => {
            assert!(
                input.len() <= HEAD_LEN_MAX,
                "too long, and still waited for"
            );
            false
        }
        Err(error) => {
            is_shown_as_wrong(&error, input);
            false
        }
    }
}

/// The bytes of a head are its parts, the separators that RFC 9112 puts between them, and blanks around values: nothing else
/// got in, and nothing was left out.
fn is_spelled_by_its_parts(head: &RequestHead, bytes: &[u8]) {
    assert_eq!(head.bytes(), bytes);
    assert!(bytes.len() <= HEAD_LEN_MAX && head.target().len() <= TARGET_LEN_MAX);
    assert!(head.fields.lines().len() <= FIELD_LINES_MAX);
    let version = match head.version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
    };
    let method = head.method.as_str();
    let mut rest = bytes;
    while let Some(behind) = rest.strip_prefix(b"\r\n") {
        rest = behind;
    }
    let start = bytes.len() - rest.len();
    assert_eq!(head.method_at(), start..start + method.len());
    let line = format!("{method} {} {version}\r\n", head.target());
    rest = rest
        .strip_prefix(line.as_bytes())
        .expect("the request line");
    assert_eq!(&bytes[head.target_at()], head.target().as_bytes());
    for (name, value) in head.fields.iter() {
        assert!(fields::is_token(name), "{name:?}");
        assert!(
            !value
                .iter()
                .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        );
        assert!(
            !value.starts_with(b" ") && !value.ends_with(b" "),
            "{value:?}"
        );
        rest = rest
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(b":"))
            .expect("a name");
        rest = blanks_off(rest).strip_prefix(value).expect("its value");
        rest = blanks_off(rest)
            .strip_prefix(b"\r\n")
            .expect("the end of a line");
    }
    assert_eq!(rest, b"\r\n");
}

fn blanks_off(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// What else is asked of a head gives an answer, and the same for both spellings of a list.
fn is_judged(head: &RequestHead) {
    let framing = Framing::of(head);
    let has = |name| head.fields.contains(name);
    match framing {
        Ok(Framing::None) => assert!(!has("Transfer-Encoding")),
        Ok(Framing::Length(_)) => assert!(has("Content-Length") && !has("Transfer-Encoding")),
        Ok(Framing::Chunked) => {
            assert!(head.fields.lists("Transfer-Encoding", "chunked") && !has("Content-Length"));
            assert_eq!(head.version, Version::Http11);
        }
        Err(_) => assert!(has("Transfer-Encoding") || has("Content-Length")),
    }
    if head.fields.lists("Connection", "close") {
        assert!(!head.wants_keep_alive());
    }
    for scheme in [Scheme::Http, Scheme::Https] {
        if let Ok(target) = decode_target(head, scheme) {
            is_a_target(head, &target.resource, target.authority);
        }
    }
}

/// Eve's tree and the server read the same rules: what the server refuses for its form, the tree calls wrong.
fn is_shown_as_wrong(error: &HeadError, input: &[u8]) {
    let is_a_limit = matches!(
        error,
        HeadError::UnknownMethod
            | HeadError::TooLong
            | HeadError::TooManyFieldLines
            | HeadError::TargetTooLong
    );
    // A longer head is not taken apart line by line to its end.
    if !is_a_limit && input.len() < 8 * 1024 {
        let tree = dissect_request(input);
        let wrong = tree.walk().any(|field| field.problem.is_some());
        assert!(wrong, "{error:?}, and the tree shows nothing wrong");
    }
}

/// A target is one of the forms of RFC 9112 §3.2, and no escape leads out of its segment.
pub(crate) fn target(input: &[u8]) -> bool {
    let request = [b"GET ", input, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    let Ok(Progress::Done { value: head, .. }) =
        decode_request_head(&request, &mut Scanned::default())
    else {
        return authority(input);
    };
    let Ok(target) = decode_target(&head, Scheme::Http) else {
        return authority(input);
    };
    is_a_target(&head, &target.resource, target.authority);
    true
}

fn is_a_target(head: &RequestHead, resource: &Resource<'_>, its_authority: &str) {
    const ROUTES: &[Route<&str>] = &[
        Route::get("/", "home"),
        Route::post("/login", "log in"),
        Route::get("/chat/{}", "chat"),
        Route::get("/static/{..}", "file"),
    ];
    assert!(its_authority.is_empty() || authority(its_authority.as_bytes()));
    let Resource::Path(path) = resource else {
        assert_eq!(head.method, Method::Options);
        return;
    };
    assert!(path.raw.starts_with('/') && !path.raw.contains('?'));
    let parts = path.raw.split('/').skip(1);
    assert_eq!(parts.clone().count(), path.segments.len());
    for (raw, segment) in parts.zip(&path.segments) {
        assert_eq!(
            percent::decode(raw.as_bytes(), false).as_ref(),
            Some(segment)
        );
        assert_eq!(
            percent::decode(percent::encode(segment).as_bytes(), true).as_ref(),
            Some(segment)
        );
        if is_plain_name(segment) {
            assert_eq!(
                std::path::Path::new(segment.as_ref()).components().count(),
                1
            );
            assert!(!segment.contains(['/', '\\', '\0', ':']) && !segment.contains(".."));
        }
    }
    for pair in path.query.split('&').take(8) {
        let name = pair.split('=').next().unwrap_or_default();
        if let Some(name) = percent::decode(name.as_bytes(), true) {
            let _ = path.query_value(&name);
        }
    }
    if let Found::Page { target, values } = find(ROUTES, head.method, &path.segments) {
        let stand_for = |value: &&str| path.segments.iter().any(|segment| segment == value);
        assert!(values.iter().all(stand_for), "{target}");
    }
}

/// An authority is the same host after it was written out.
fn authority(input: &[u8]) -> bool {
    let Some((host, port)) = std::str::from_utf8(input).ok().and_then(split_authority) else {
        return false;
    };
    let host_again = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.clone()
    };
    let again = port.map_or(host_again.clone(), |port| format!("{host_again}:{port}"));
    assert_eq!(split_authority(&again), Some((host, port)));
    for (scheme, default) in [(Scheme::Http, 80), (Scheme::Https, 443)] {
        let name = scheme.as_str();
        assert!(cross_site::is_same_origin(
            &format!("{name}://{again}"),
            scheme,
            &again
        ));
        let other = if port == Some(1) { 2 } else { 1 };
        let foreign = format!("{name}://{host_again}:{other}");
        assert!(!cross_site::is_same_origin(&foreign, scheme, &again));
        let explicit = format!("{name}://{host_again}:{}", port.unwrap_or(default));
        assert!(cross_site::is_same_origin(&explicit, scheme, &again));
    }
    true
}

/// The lines around chunks keep the promises of decoders, and chunked content is the same when it is written out again.
pub(crate) fn chunked(input: &[u8]) -> bool {
    if let Some((line, used)) = decode(input, decode_chunk_line) {
        assert!(used <= CHUNK_LINE_LEN_MAX + 1);
        let digits = std::str::from_utf8(&input[line.size_at]).unwrap();
        assert_eq!(u64::from_str_radix(digits, 16), Ok(line.chunk_size));
        assert!(line.extensions_at.end + 2 == used);
    }
    decode(input, decode_chunk_end);
    if let Some((trailers, used)) = decode(input, decode_trailers) {
        assert!(used <= TRAILERS_LEN_MAX + 4);
        for (name, value) in trailers.iter() {
            assert!(fields::is_token(name), "{name:?}");
            assert!(!value.contains(&b'\r') && !value.contains(&b'\n'));
        }
    }
    let Some(chunks) = chunks_of(input) else {
        return false;
    };
    let mut again = Vec::new();
    for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
        again.extend_from_slice(format!("{:X};a=b\r\n", chunk.len()).as_bytes());
        again.extend_from_slice(chunk);
        again.extend_from_slice(b"\r\n");
    }
    again.extend_from_slice(b"0\r\na: b\r\n\r\n");
    assert_eq!(chunks_of(&again), Some(chunks));
    true
}

/// The chunks of a content that is whole, put together from the decoders as `http::io` does.
fn chunks_of(input: &[u8]) -> Option<Vec<&[u8]>> {
    let mut chunks = Vec::new();
    let mut rest = input;
    loop {
        let Ok(Progress::Done { value, used_bytes }) = decode_chunk_line(rest) else {
            return None;
        };
        rest = &rest[used_bytes..];
        if value.chunk_size == 0 {
            let whole = matches!(decode_trailers(rest), Ok(Progress::Done { .. }));
            return whole.then_some(chunks);
        }
        let (chunk, behind) = rest.split_at_checked(usize::try_from(value.chunk_size).ok()?)?;
        chunks.push(chunk);
        let Ok(Progress::Done { used_bytes, .. }) = decode_chunk_end(behind) else {
            return None;
        };
        rest = &behind[used_bytes..];
    }
}

/// A form is the same when it is encoded again, whatever stands between its fields.
pub(crate) fn form(input: &[u8]) -> bool {
    let text = percent::decode(input, true);
    if let Some(text) = &text {
        let encoded = percent::encode(text);
        assert!(
            encoded
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte))
        );
        assert_eq!(
            percent::decode(encoded.as_bytes(), true).as_ref(),
            Some(text)
        );
        assert_eq!(
            percent::decode(encoded.as_bytes(), false).as_ref(),
            Some(text)
        );
    }
    let Ok(form) = Form::decode(Some(FORM_TYPE), input) else {
        return false;
    };
    let pairs: Vec<_> = input
        .split(|&byte| byte == b'&')
        .filter(|pair| !pair.is_empty())
        .collect();
    assert!(pairs.len() <= FORM_FIELDS_MAX);
    let again: Vec<String> = pairs
        .iter()
        .map(|pair| {
            let at = pair
                .iter()
                .position(|&byte| byte == b'=')
                .unwrap_or(pair.len());
            let half =
                |half| percent::encode(&percent::decode(half, true).expect("it was decoded"));
            format!(
                "{}={}",
                half(&pair[..at]),
                half(pair.get(at + 1..).unwrap_or_default())
            )
        })
        .collect();
    let again = format!("&{}&", again.join("&&"));
    assert_eq!(
        Form::decode(
            Some("Application/x-www-form-urlencoded; charset=utf-8"),
            again.as_bytes()
        ),
        Ok(form.clone())
    );
    for name in ["name", "password", "a"] {
        if let Ok(value) = form.value(name) {
            assert_eq!(again.matches(&format!("&{name}=")).count(), 1);
            assert!(again.contains(&format!("&{name}={}&", percent::encode(value))));
        }
    }
    true
}

/// A field with this name alone.
fn one_field(name: &str, value: &[u8]) -> Fields {
    let buffer = [name.as_bytes(), value].concat();
    let line = FieldLine {
        name: 0..name.len(),
        value: name.len()..buffer.len(),
    };
    Fields::new(Bytes::from(buffer), vec![line])
}

/// Cookies are pieces of the field, each name finds its own values in order, and what we set cannot break out of its place.
pub(crate) fn cookie(input: &[u8]) -> bool {
    let sent = one_field("Cookie", input);
    let mut found = 0;
    let names: HashSet<&str> = input
        .split(|&byte| byte == b';')
        .filter_map(|pair| std::str::from_utf8(pair.trim_ascii()).ok()?.split_once('='))
        .map(|(name, _)| name)
        .take(50)
        .collect();
    for name in names {
        for value in cookies(&sent, name) {
            found += 1;
            assert!(!value.contains(';'));
            assert!(input.len() >= name.len() + value.len());
        }
    }
    let text = String::from_utf8_lossy(input);
    let (name, value) = text.split_once('=').unwrap_or(("sid", &text));
    let ours = SetCookie {
        name,
        value,
        secure: true,
        max_age_secs: 60,
    };
    if let Some(field) = ours.to_field_value() {
        assert!(!field.contains(|c: char| c.is_control()));
        assert_eq!(field.split("; ").count(), 6, "{field}");
        let sent_back = one_field("Cookie", field.split(';').next().unwrap().as_bytes());
        assert_eq!(cookies(&sent_back, name).collect::<Vec<_>>(), [value]);
    }
    found > 0
}

/// Ranges lie within what there is, dates are what they are written as, and conditions weigh the same whatever else is said.
pub(crate) fn conditions(input: &[u8]) -> bool {
    const NOW: u64 = 1_795_305_600;
    const CURRENT: Validators<'_> = Validators {
        etag: "\"abc\"",
        last_modified: 784_111_777,
    };
    let ([len], lines) = choices(input);
    let len = usize::from(len) * 3;
    let request = [b"GET / HTTP/1.1\r\n", lines, b"\r\n\r\n"].concat();
    let Ok(Progress::Done { value: head, .. }) =
        decode_request_head(&request, &mut Scanned::default())
    else {
        return lines.get(..40.min(lines.len())).is_some_and(is_a_date);
    };
    match wanted(&head.fields, len) {
        Wanted::Part(range) => assert!(!range.is_empty() && range.end <= len),
        Wanted::Unsatisfiable => assert!(head.fields.contains("Range")),
        Wanted::Whole => {}
    }
    let verdict = evaluate(&head.fields, CURRENT, NOW);
    let has = |name| head.fields.contains(name);
    match verdict {
        Verdict::NotModified => assert!(has("If-None-Match") || has("If-Modified-Since")),
        Verdict::PreconditionFailed => assert!(has("If-Match") || has("If-Unmodified-Since")),
        Verdict::Send => {}
    }
    assert!(if_range_holds(&head.fields, CURRENT, NOW) || has("If-Range"));
    let mut dates = 0;
    for (_, value) in head.fields.iter() {
        dates += usize::from(is_a_date(value));
    }
    dates > 0 || verdict != Verdict::Send || has("Range")
}

fn is_a_date(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    // Whenever it is read: two digits of a year are placed by it.
    for now in [0, 1_795_305_600, 253_402_300_799] {
        let Some(secs) = date::parse(text, now) else {
            continue;
        };
        let written = date::format(secs);
        assert_eq!(date::parse(&written, now), Some(secs), "{text} {written}");
    }
    date::parse(text, 0).is_some()
}

/// A connection of requests: the server reads the same ones however they arrive, and the wire view finds each of them where it was.
pub(crate) fn connection(input: &[u8]) -> bool {
    let ([cut], client) = choices(input);
    let read = requests(client, cut);
    assert_eq!(read, requests(client, 0), "it depends on how it was cut");
    let answers = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".repeat(read.len() + 1);
    let seen: Vec<_> = stream::split(client, &answers)
        .into_iter()
        .filter(|message| message.direction == Direction::FromClient)
        .collect();
    for (number, request) in read.iter().enumerate() {
        let seen = &seen[number];
        assert!(
            matches!(seen.what, What::Request { .. }) && seen.is_whole,
            "{seen:?}"
        );
        let end = usize::try_from(seen.bytes.end).unwrap();
        assert_eq!(
            behind_empty_lines(client, end),
            request.end,
            "{request:?} {seen:?}"
        );
    }
    !read.is_empty()
}

/// A request that the server read.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    head: Bytes,
    content: Bytes,
    /// Where it ends in all that the client sent, empty lines behind it included.
    end: usize,
}

/// Old clients send an empty line behind a form (RFC 9112 §2.2): whose it is does not matter.
fn behind_empty_lines(client: &[u8], end: usize) -> usize {
    let pairs = client[end..].chunks(2).take_while(|pair| pair == b"\r\n");
    end + 2 * pairs.count()
}

/// What the server reads of a connection, up to where it would close it.
fn requests(client: &[u8], cut: u8) -> Vec<Read> {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    }
    const LONG: Duration = Duration::from_secs(100_000);
    let deadlines = Deadlines {
        head: LONG,
        content: LONG,
        idle: LONG,
        write: LONG,
        linger: LONG,
    };
    let pieces: Vec<&[u8]> = pieces(client, cut).collect();
    let arrived = Arriving {
        pieces: pieces.into_iter(),
        piece: &[],
        given: 0,
    };
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let mut connection = HttpConnection::new(arrived, deadlines);
            let mut read = Vec::new();
            while let Ok(Some(head)) = connection.next_head(std::future::pending()).await {
                let Ok(framing) = Framing::of(&head) else {
                    break;
                };
                let Ok(content) = connection.read_content(framing, false).await else {
                    break;
                };
                let keeps = head.wants_keep_alive();
                let unread_len = connection.unread_len();
                let end = connection.stream_mut().given - unread_len;
                let end = behind_empty_lines(client, end);
                // Empty lines in front are passed over, whether they came with the head or before it.
                let head_at = head.method_at().start;
                read.push(Read {
                    head: head.bytes().slice(head_at..),
                    content,
                    end,
                });
                if !keeps {
                    break;
                }
            }
            read
        })
    })
}

/// A client's bytes, one piece a read. What is written to it goes nowhere.
struct Arriving<'a> {
    pieces: std::vec::IntoIter<&'a [u8]>,
    piece: &'a [u8],
    given: usize,
}

impl AsyncRead for Arriving<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.piece.is_empty() {
            self.piece = self.pieces.next().unwrap_or_default();
        }
        let (piece, rest) = self
            .piece
            .split_at(self.piece.len().min(buffer.remaining()));
        buffer.put_slice(piece);
        self.given += piece.len();
        self.piece = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Arriving<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl WriteChunks for Arriving<'_> {}
