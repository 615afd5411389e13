//! The WebSockets: who may open one, and how each is kept in conversation with the hub.
//! Frames are made and read in `websocket`, events in `chat`; here they meet.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::app::{self, App};
use crate::chat::event;
use crate::chat::guest::Guest;
use crate::chat::listener::{CloseReason, Outlet};
use crate::chat::sessions::{EndReason, SessionView};
use crate::chat::visit::Opening;
use crate::http::{Method, Response, StatusCode, Version};
use crate::model::{ChangeId, Group};
use crate::store::StoreError;
use crate::websocket::close::CloseCode;
use crate::websocket::frame::{Opcode, append_frame, append_text_frame};
use crate::websocket::handshake::{
    HandshakeError, SwitchingProtocols, UpgradeRequest, accept_upgrade,
};
use crate::websocket::io::{Incoming, Offered, Socket, WebSocket};
use crate::websocket::limits::WebSocketLimits;

use super::error;
use super::groups::group_id;
use super::layout::add_page_fields;
use super::request::{Reply, Request, Upgrade, Via};
use super::visitor::{Visitor, visitor};

/// The session ended; what to do next is to log in (4000–4999 are ours to define, RFC 6455 §7.4.2).
const SESSION_ENDED: CloseCode = CloseCode(4001);

/// The name of the challenge in a 401 (RFC 9110 §11.6.1 requires one): what is asked for is the cookie of a login.
const CHALLENGE: &str = "Cookie realm=\"log in at /login\"";

/// `/ws`
pub(super) async fn news(app: &App, request: &Request<'_>) -> Reply {
    match admit(app, request).await {
        Ok((switching, session)) => Reply::Upgrade(switching, Upgrade::News(session)),
        Err(refusal) => (*refusal).into(),
    }
}

/// `/ws/chat/{group_id}?after=…`
pub(super) async fn chat(app: &App, request: &Request<'_>, id: &str) -> Reply {
    let (switching, session) = match admit(app, request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return (*refusal).into(),
    };
    let after = match after(request) {
        Ok(after) => after,
        Err(text) => return refuse(app, request, StatusCode::BAD_REQUEST, text).into(),
    };
    let Some(id) = group_id(id) else {
        return refuse(
            app,
            request,
            StatusCode::NOT_FOUND,
            "There is no such group.",
        )
        .into();
    };
    let found = async {
        let group = app.chat.group(id).await?;
        Ok((group, app.chat.is_member(session.user().id, id).await?))
    };
    match found.await {
        Ok((Some(group), true)) => Reply::Upgrade(
            switching,
            Upgrade::Chat {
                session,
                group,
                after,
            },
        ),
        Ok((Some(_), false)) => {
            refuse(app, request, StatusCode::FORBIDDEN, "Join the group first.").into()
        }
        Ok((None, _)) => refuse(
            app,
            request,
            StatusCode::NOT_FOUND,
            "There is no such group.",
        )
        .into(),
        Err(error) => error::store(app, request, &error).into(),
    }
}

/// `/ws/echo`, only with `--echo`: it asks for no session, as a first lab has none.
pub(super) fn echo(app: &App, request: &Request<'_>) -> Reply {
    if !app.config.echo {
        return error::not_found(app, request).into();
    }
    match handshake(app, request) {
        Ok(switching) => Reply::Upgrade(switching, Upgrade::Echo),
        Err(refusal) => (*refusal).into(),
    }
}

/// The 101 and the session of a request that may become a WebSocket, or the refusal.
async fn admit(app: &App, request: &Request<'_>) -> Result<(Response, SessionView), Box<Response>> {
    let switching = handshake(app, request)?;
    match visitor(app, request).await {
        Ok(Visitor::Member(session)) => Ok((switching, session)),
        Ok(_) => {
            let refusal = refuse(
                app,
                request,
                StatusCode::UNAUTHORIZED,
                "Log in first: there is no session.",
            );
            Err(Box::new(refusal.field("WWW-Authenticate", CHALLENGE)))
        }
        Err(error) => Err(Box::new(error::store(app, request, &error))),
    }
}

fn handshake(app: &App, request: &Request<'_>) -> Result<Response, Box<Response>> {
    if request.head.method == Method::Head {
        // HEAD asks what an ordinary GET would be answered; only GET opens a WebSocket.
        return Err(Box::new(turn_down(
            app,
            request,
            HandshakeError::NotAnUpgrade,
        )));
    }
    let fields: Vec<(&str, &[u8])> = request
        .head
        .fields
        .iter()
        .filter_map(|(name, value)| Some((std::str::from_utf8(name).ok()?, value)))
        .map(|(name, value)| match name.eq_ignore_ascii_case("Host") {
            // The host of a whole URL replaces the field (RFC 9112 §3.2.2).
            true => (name, request.target.authority.as_bytes()),
            false => (name, value),
        })
        .collect();
    let asked = UpgradeRequest {
        method: Method::as_str(request.head.method),
        http_1_1: request.head.version == Version::Http11,
        secure: request.via.tls.is_some(),
        fields: &fields,
    };
    accept_upgrade(&asked)
        .map(|accepted| switching(&accepted))
        .map_err(|error| Box::new(turn_down(app, request, error)))
}

fn switching(accepted: &SwitchingProtocols) -> Response {
    let response = Response::new(StatusCode::SWITCHING_PROTOCOLS);
    accepted
        .field_lines()
        .into_iter()
        .fold(response, |response, (name, value)| {
            response.field(name, value.to_owned())
        })
}

fn turn_down(app: &App, request: &Request<'_>, error: HandshakeError) -> Response {
    let status = StatusCode::from_number(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let response = refuse(app, request, status, &error.to_string());
    error
        .field_lines()
        .iter()
        .fold(response, |response, &(name, value)| {
            response.field(name, value)
        })
}

/// Plain text, as no browser shows what answers a WebSocket's request.
fn refuse(app: &App, request: &Request<'_>, status: StatusCode, text: &str) -> Response {
    let mut response = Response::text(status, text);
    add_page_fields(app, request, &mut response);
    response
}

/// The change from which the client resumes.
fn after(request: &Request<'_>) -> Result<Option<ChangeId>, &'static str> {
    let crate::http::target::Resource::Path(path) = &request.target.resource else {
        return Ok(None);
    };
    match path.query_value("after").map(|text| text.parse()) {
        None => Ok(None),
        Some(Ok(change)) if change >= 0 => Ok(Some(ChangeId(change))),
        Some(_) => Err("?after= is the number of a change, 0 or more."),
    }
}

/// Keeps an open WebSocket going until it is over, and says how it ended.
pub async fn converse<S>(
    app: &App,
    via: &Via,
    stream: S,
    leftover: &[u8],
    upgrade: Upgrade,
) -> String
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = match upgrade {
        Upgrade::Echo => WebSocketLimits::ECHO,
        _ => chat_limits(app),
    };
    let mut socket = WebSocket::new(stream, leftover, limits);
    let served = match upgrade {
        Upgrade::News(session) => follow_news(app, via, &mut socket, &session).await,
        Upgrade::Chat {
            session,
            group,
            after,
        } => talk(app, via, &mut socket, &session, group, after).await,
        Upgrade::Echo => say_back(app, &mut socket).await,
    };
    if let Err(error) = served {
        socket.socket().close(
            CloseCode::INTERNAL_ERROR,
            "The server could not read its database.",
        );
        while socket.next().await.is_some() {}
        return format!("by us, {error}");
    }
    socket.ended().map(ToString::to_string).unwrap_or_default()
}

fn chat_limits(app: &App) -> WebSocketLimits {
    let limits = &app.config.limits;
    WebSocketLimits {
        message_len_max: limits.websocket_message_bytes_max,
        queue_bytes_max: limits.websocket_queue_bytes_max,
        ping_every: limits.websocket_ping_interval,
        dead_after: limits.websocket_dead_after,
        linger: limits.lingering_close,
        ..WebSocketLimits::CHAT
    }
}

async fn talk<S: Stream>(
    app: &App,
    via: &Via,
    socket: &mut WebSocket<S>,
    session: &SessionView,
    group: Group,
    after: Option<ChangeId>,
) -> Result<(), StoreError> {
    let mut visit = app.hub.enter(guest(via, socket, session), group).await?;
    let mut opening = Opening::new(after);
    while let Some(frames) = visit.tell(&mut opening).await? {
        if socket.send(&frames).await != Offered::Taken {
            break;
        }
    }
    while let Some(text) = hear(app, socket, Some(session)).await {
        app.sessions.touch(session, app::now()).await;
        if let Some(frames) = visit.hear(&text, app::now()).await? {
            socket.socket().offer(&frames);
        }
    }
    Ok(())
}

async fn follow_news<S: Stream>(
    app: &App,
    via: &Via,
    socket: &mut WebSocket<S>,
    session: &SessionView,
) -> Result<(), StoreError> {
    let mut visit = app.hub.follow(guest(via, socket, session)).await?;
    visit.open().await?;
    // Whatever comes in here means nothing.
    while hear(app, socket, Some(session)).await.is_some() {}
    Ok(())
}

async fn say_back<S: Stream>(app: &App, socket: &mut WebSocket<S>) -> Result<(), StoreError> {
    let mut stopped = false;
    loop {
        let incoming = tokio::select! {
            incoming = socket.next() => incoming,
            () = app.stopped(), if !stopped => {
                stopped = true;
                socket.socket().close(CloseCode::GOING_AWAY, "The server stops.");
                continue;
            }
        };
        let mut frame = Vec::new();
        match incoming {
            Some(Incoming::Text(text)) => append_text_frame(&mut frame, text.as_bytes()),
            Some(Incoming::Binary(bytes)) => append_frame(&mut frame, Opcode::Binary, &bytes),
            None => return Ok(()),
        }
        socket.send(&frame.into()).await;
    }
}

/// The next text from the client. Meanwhile the session may end or the server stop: then the socket is
/// closed with the reason, and there is no next text.
async fn hear<S: Stream>(
    app: &App,
    socket: &mut WebSocket<S>,
    session: Option<&SessionView>,
) -> Option<String> {
    let mut closing = false;
    loop {
        tokio::select! {
            incoming = socket.next() => match incoming {
                // A text that came while the socket was closing is not carried out: nobody could be told.
                Some(_) if closing => {}
                Some(Incoming::Text(text)) => return Some(text),
                Some(Incoming::Binary(_)) => {
                    closing = true;
                    socket.socket().close(CloseCode(1003), "This socket carries text only.");
                }
                None => return None,
            },
            reason = ended(session), if !closing => {
                closing = true;
                tell_end(socket.socket(), reason);
            }
            () = app.stopped(), if !closing => {
                closing = true;
                socket.socket().close(CloseCode::GOING_AWAY, "The server stops: reconnect soon.");
            }
        }
    }
}

async fn ended(session: Option<&SessionView>) -> EndReason {
    match session {
        Some(session) => session.ended().await,
        None => std::future::pending().await,
    }
}

fn tell_end<S: Stream>(socket: &Socket<S>, reason: EndReason) {
    let mut frame = Vec::new();
    append_text_frame(
        &mut frame,
        &event::encode_session_ended(reason.code(), &reason.to_string()),
    );
    socket.offer(&frame.into());
    socket.close(SESSION_ENDED, "The session ended.");
}

fn guest<S: Stream>(via: &Via, socket: &WebSocket<S>, session: &SessionView) -> Guest {
    Guest {
        user: session.user().id,
        name: session.user().name.as_str().into(),
        address: via.address(),
        outlet: Arc::new(SocketOutlet(socket.socket().clone())),
    }
}

/// What a WebSocket runs over.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// The chat's view of a WebSocket.
struct SocketOutlet<S>(Arc<Socket<S>>);

impl<S: Stream> Outlet for SocketOutlet<S> {
    fn offer(&self, frames: &Bytes) -> bool {
        self.0.offer(frames) == Offered::Taken
    }

    fn close(&self, why: CloseReason) {
        match why {
            CloseReason::TooSlow => self.0.close(
                CloseCode::TRY_AGAIN_LATER,
                "Too much waits for you: reconnect.",
            ),
            CloseReason::NotMember => self
                .0
                .close(CloseCode::POLICY_VIOLATION, "You are not in this group."),
        }
    }
}
