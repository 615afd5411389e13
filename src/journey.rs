//! One connection from its first byte to its last: the file to read first.
//! It tells the journey in its order and does nothing else; every grammar is in a room of its own.
//!
//! first byte → tap → TLS → request → page → response, again and again → perhaps a WebSocket → goodbye

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::app::{self, App};
use crate::http::body::Framing;
use crate::http::io::{Deadlines, HttpConnection, ReadError};
use crate::http::response::Circumstances;
use crate::http::target::{Scheme, decode_target};
use crate::http::{HeadError, Method, RequestHead, StatusCode, Version};
use crate::log;
use crate::pages::{self, Encrypted, Opened, Reply, Request, Via};
use crate::start_url;
use crate::tls::{self, Negotiated, Tls};
use crate::transport::Stream;
use crate::transport::tap::Tap;
use crate::watch::{Traffic, Watch, log_request};
use crate::wire::log::{About, Recorder};

/// How long a peer may refuse to take the next bytes of a response before it is given up.
const WRITE_STALL_MAX: Duration = Duration::from_secs(30);

/// What a TLS connection begins with: a record of content type handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// A connection as it was accepted.
#[derive(Debug)]
pub struct Arrival {
    /// Counts from 1, over all ports; the log calls it `#1`.
    pub number: u64,
    /// The other end.
    pub peer: SocketAddr,
    /// What is spoken on the port it came to.
    pub scheme: Scheme,
    /// Whether there are too many connections already: it is heard, and asked to come back later.
    pub turned_away: bool,
}

/// Takes one connection through its whole journey.
///
/// Each part is boxed, so that what is over takes no memory: an open WebSocket lasts for hours, all that comes before it
/// for milliseconds.
pub async fn travel(app: &App, socket: TcpStream, arrival: &Arrival) {
    let started = Instant::now();
    let traffic = Arc::new(Traffic::default());
    log!(
        app.log,
        "#{} {} connected, {}",
        arrival.number,
        arrival.peer,
        arrival.scheme.as_str()
    );
    let ending = match Box::pin(first_byte(app, &socket)).await {
        Ok(first_byte) => {
            let recorder = record(app, &socket, arrival, first_byte);
            let watch = Watch {
                traffic: traffic.clone(),
                recorder: recorder.clone(),
            };
            let ending = match Box::pin(lead(app, socket, arrival, first_byte, watch)).await {
                Served::Over(ending) => ending,
                Served::Upgraded(opened) => {
                    let ended = pages::converse(app, arrival.peer, *opened).await;
                    format!("WebSocket ended {ended}")
                }
            };
            if let Some(recorder) = recorder {
                recorder.ended(app::now_ns(), &ending);
            }
            ending
        }
        Err(ending) => ending,
    };
    log!(
        app.log,
        "#{} closed after {:.1} s: {ending}; {} bytes in, {} out",
        arrival.number,
        started.elapsed().as_secs_f64(),
        traffic.bytes_in(),
        traffic.bytes_out()
    );
}

/// Tap, TLS; then requests. Says what they have led to.
async fn lead(
    app: &App,
    socket: TcpStream,
    arrival: &Arrival,
    first_byte: u8,
    watch: Watch,
) -> Served {
    let tapped = Tap::new(socket, Some(watch.wire_observer()));
    let (stream, encrypted) = match (arrival.scheme, &app.tls) {
        (Scheme::Http, _) if first_byte == TLS_HANDSHAKE => {
            let what = "This port speaks plain HTTP, and you speak TLS";
            return Served::Over(wrong_port(app, tapped, arrival, what).await);
        }
        (Scheme::Https, _) if first_byte.is_ascii_alphabetic() => {
            let what = "This port speaks TLS, and you speak plain HTTP";
            return Served::Over(wrong_port(app, tapped, arrival, what).await);
        }
        (Scheme::Https, Some(tls)) => {
            // Boxed once more: a connection that waits for its next request need not hold what its handshake needed.
            match Box::pin(encrypt(app, tls, tapped, &watch)).await {
                Ok((mut stream, encrypted)) => {
                    log!(app.log, "#{} {}", arrival.number, encrypted.negotiated);
                    if let Some(recorder) = &watch.recorder {
                        let negotiated = encrypted.negotiated.to_string();
                        recorder.established(negotiated, stream.waiting_len());
                    }
                    (stream, Some(encrypted))
                }
                Err(ending) => return Served::Over(ending),
            }
        }
        _ => (Stream::Plain(tapped), None),
    };
    let via = Via {
        number: arrival.number,
        peer: arrival.peer,
        tls: encrypted,
        recorder: watch.recorder,
    };
    serve(app, stream, &via, arrival.turned_away).await
}

/// The first byte, left where it is: it tells TLS from HTTP before anything is read. Or why there is none.
async fn first_byte(app: &App, socket: &TcpStream) -> Result<u8, String> {
    let mut first = [0];
    let peeked = tokio::select! {
        // What came before the word to stop is still heard; a socket dropped with bytes unread would be reset.
        biased;
        peeked = timeout(app.config.limits.head_deadline, socket.peek(&mut first)) => peeked,
        () = app.stopped() => return Err("the server stops".to_owned()),
    };
    match peeked {
        Ok(Ok(0)) | Err(_) => Err("nothing was said".to_owned()),
        Ok(Ok(_)) => Ok(first[0]),
        Ok(Err(error)) => Err(error.to_string()),
    }
}

/// Begins the record of a connection, unless nothing is recorded.
fn record(
    app: &App,
    socket: &TcpStream,
    arrival: &Arrival,
    first_byte: u8,
) -> Option<Arc<Recorder>> {
    let is_tls_port = arrival.scheme == Scheme::Https;
    let about = About {
        number: arrival.number,
        client: arrival.peer,
        server: socket.local_addr().ok()?,
        is_tls_port,
        opened_ns: app::now_ns(),
    };
    let shakes_hands = is_tls_port && !first_byte.is_ascii_alphabetic();
    Some(app.wire.as_ref()?.open(about, shakes_hands))
}

/// The TLS handshake; the stream within and what was agreed on, or how it failed.
async fn encrypt(
    app: &App,
    tls: &Tls,
    tapped: Tap<TcpStream>,
    watch: &Watch,
) -> Result<(Stream, Encrypted), String> {
    let setup = tls.setup();
    let handshake = timeout(
        app.config.limits.tls_handshake_deadline,
        setup.accept(tapped, watch.secret_listener()),
    );
    let accepted = tokio::select! {
        biased;
        accepted = handshake => accepted,
        // Nothing has been asked for yet, so there is nothing to finish.
        () = app.stopped() => return Err("the server stops".to_owned()),
    };
    match accepted {
        Ok(Ok(stream)) => match Negotiated::of(stream.get_ref().1) {
            Some(negotiated) => {
                let encrypted = Encrypted {
                    negotiated,
                    setup: setup.clone(),
                };
                let tapped = Tap::new(stream, watch.plaintext_observer());
                Ok((Stream::Tls(Box::new(tapped)), encrypted))
            }
            None => Err("the handshake did not finish".to_owned()),
        },
        Ok(Err(refused)) => {
            let explanation = tls::explain(&refused.error);
            HttpConnection::new(Stream::Plain(refused.io), deadlines(app))
                .close()
                .await;
            Err(explanation)
        }
        Err(_) => Err("the TLS handshake took too long".to_owned()),
    }
}

/// Tells a client that speaks the other protocol where that one is spoken.
async fn wrong_port(app: &App, tapped: Tap<TcpStream>, arrival: &Arrival, what: &str) -> String {
    let here = match tapped.get_ref().local_addr() {
        Ok(address) => start_url::reached_at(&app.config.host, arrival.scheme, address) + "/",
        Err(error) => return error.to_string(),
    };
    let mut connection = HttpConnection::new(Stream::Plain(tapped), deadlines(app));
    let response = pages::bare(StatusCode::BAD_REQUEST, format!("{what}: open {here}"));
    // What the client sent is not answered, only its mistake: so the request itself need not be read first.
    let circumstances = Circumstances {
        version: Version::Http11,
        method: None,
        keep_alive: false,
    };
    let written = connection.write_response(&response, circumstances).await;
    connection.close().await;
    match written {
        Ok(()) => format!("{what}; was told {here}"),
        Err(error) => error.to_string(),
    }
}

/// What requests have led to.
enum Served {
    /// The connection is over, and so it ended.
    Over(String),
    /// From here on the bytes are frames.
    Upgraded(Box<Opened<Stream>>),
}

/// Requests and responses, until one side has enough or they are over.
async fn serve(app: &App, stream: Stream, via: &Via, turned_away: bool) -> Served {
    let mut connection = HttpConnection::new(stream, deadlines(app));
    // One for all requests: to begin to wait for the word costs more than to go on.
    let mut stopped = pin!(app.stopped());
    let mut requests = 0_u64;
    loop {
        let head = match connection.next_head(stopped.as_mut()).await {
            Ok(Some(head)) => head,
            Ok(None) => break,
            Err(error) => {
                return Served::Over(refuse(app, connection, via, None, &error).await);
            }
        };
        requests += 1;
        let started = Instant::now();
        let reply = match respond(app, &mut connection, via, &head, turned_away).await {
            Ok(reply) => reply,
            Err(error) => {
                let method = Some(head.method);
                return Served::Over(refuse(app, connection, via, method, &error).await);
            }
        };
        let (response, upgrade) = match reply {
            Reply::Response(response) => (response, None),
            Reply::Upgrade(response, upgrade) => (response, Some(upgrade)),
        };
        let is_last = via.recorder.as_ref().is_some_and(|it| it.should_close());
        let keep_alive = head.wants_keep_alive() && !turned_away && !app.is_stopping() && !is_last;
        let circumstances = Circumstances {
            version: head.version,
            method: Some(head.method),
            keep_alive,
        };
        if let Err(error) = connection.write_response(&response, circumstances).await {
            return Served::Over(format!("{}, then {error}", counted(requests)));
        }
        log_request(app, via, &head, &response, started.elapsed());
        if let Some(upgrade) = upgrade {
            if let Some(recorder) = &via.recorder {
                recorder.goes_on();
            }
            let (stream, leftover) = connection.into_parts();
            return Served::Upgraded(Box::new(Opened {
                stream,
                leftover,
                upgrade,
            }));
        }
        if let Some(recorder) = &via.recorder {
            recorder.between_requests(unread_len(&mut connection));
        }
        if !keep_alive {
            break;
        }
    }
    connection.close().await;
    Served::Over(counted(requests))
}

fn counted(requests: u64) -> String {
    match requests {
        1 => "1 request".to_owned(),
        _ => format!("{requests} requests"),
    }
}

/// One request: its target and framing are judged, its content is read, its page answers.
async fn respond(
    app: &App,
    connection: &mut HttpConnection<Stream>,
    via: &Via,
    head: &RequestHead,
    turned_away: bool,
) -> Result<Reply, ReadError> {
    let target = decode_target(head, via.scheme()).map_err(ReadError::Head)?;
    let framing = Framing::of(head).map_err(ReadError::Head)?;
    let expects_continue = expects_continue(head).map_err(ReadError::Head)?;
    if let Some(recorder) = &via.recorder
        && pages::is_of_the_view(&target, &head.fields)
    {
        recorder.conceal(app::now_ns());
    }
    if turned_away {
        return Ok(pages::too_many().into());
    }
    let mut request = Request {
        head,
        target,
        content: Bytes::new(),
        via,
    };
    match connection.read_content(framing, expects_continue).await {
        Ok(content) => {
            request.content = content;
            if let Some(recorder) = &via.recorder {
                recorder.request_is_whole(unread_len(connection));
            }
            Ok(pages::answer(app, &request).await)
        }
        Err(error) => {
            turn_back(app, connection, &request, framing).await;
            Err(error)
        }
    }
}

/// Notes whose request it was that is refused for its content.
async fn turn_back(
    app: &App,
    connection: &mut HttpConnection<Stream>,
    request: &Request<'_>,
    framing: Framing,
) {
    let Some(recorder) = &request.via.recorder else {
        return;
    };
    // Up to its length all is this request's; where broken chunks end nobody knows, so that what follows may be another's.
    let has_end = matches!(framing, Framing::Length(_));
    let unread_len = if has_end { 0 } else { unread_len(connection) };
    recorder.request_is_whole(unread_len);
    pages::turn_back(app, request).await;
    if !has_end {
        recorder.between_requests(unread_len);
    }
}

/// How much has come of the client behind the request that is whole.
fn unread_len(connection: &mut HttpConnection<Stream>) -> usize {
    connection.unread_len() + connection.stream_mut().waiting_len()
}

/// Whether the client waits for a 100 before it sends content (RFC 9110 §10.1.1).
fn expects_continue(head: &RequestHead) -> Result<bool, HeadError> {
    if head.version == Version::Http10 || !head.fields.contains("Expect") {
        return Ok(false);
    }
    match head.fields.only("Expect") {
        Some(value) if value.eq_ignore_ascii_case(b"100-continue") => Ok(true),
        _ => Err(HeadError::UnknownExpectation),
    }
}

/// Answers bytes that are no request, and ends the connection: where a next one would begin is not certain.
/// `method` is known if it is not the head that is refused.
async fn refuse(
    app: &App,
    mut connection: HttpConnection<Stream>,
    via: &Via,
    method: Option<Method>,
    error: &ReadError,
) -> String {
    let Some(response) = pages::refused(error) else {
        return error.to_string();
    };
    log!(
        app.log,
        "#{} {} refused: {error}",
        via.number,
        response.status
    );
    let circumstances = Circumstances {
        version: Version::Http11,
        method,
        keep_alive: false,
    };
    if let Err(error) = connection.write_response(&response, circumstances).await {
        return error.to_string();
    }
    connection.close().await;
    format!("refused with {}", response.status)
}

fn deadlines(app: &App) -> Deadlines {
    let limits = &app.config.limits;
    Deadlines {
        head: limits.head_deadline,
        content: limits.body_deadline,
        idle: limits.keep_alive_idle,
        write: WRITE_STALL_MAX,
        linger: limits.lingering_close,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn future_len<A, B, C, F>(_: fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// What is over when an open WebSocket begins is in a box, and gone.
    #[test]
    fn a_journey_as_a_whole_holds_little() {
        let travel_len = future_len(travel as fn(&'static App, TcpStream, &'static Arrival) -> _);
        assert!(travel_len < 256, "{travel_len}");
    }
}
