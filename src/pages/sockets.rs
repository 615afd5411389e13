//! The WebSockets: who may open one, and what everybody else is answered.
//! No frames: what is said over an open one is in `conversation`.

use crate::app::App;
use crate::chat::seats::SOCKETS_PER_USER_MAX;
use crate::http::target::Resource;
use crate::http::{Method, Response, StatusCode, Version};
use crate::model::ChangeId;
use crate::websocket::handshake::{
    HandshakeError, SwitchingProtocols, UpgradeRequest, accept_upgrade,
};

use super::error;
use super::groups::group_id;
use super::layout::add_page_fields;
use super::request::{Admission, Reply, Request, Upgrade};
use super::visitor::{Visitor, visitor};

/// The name of the challenge in a 401 (RFC 9110 §11.6.1 requires one): what is asked for is the cookie of a login.
const CHALLENGE: &str = "Cookie realm=\"log in at /login\"";

/// `/ws`
pub(super) async fn news(app: &App, request: &Request<'_>) -> Reply {
    match admit(app, request).await {
        Ok((switching, admission)) => Reply::Upgrade(switching, Upgrade::News(admission)),
        Err(refusal) => (*refusal).into(),
    }
}

/// `/ws/chat/{group_id}?after=…`
pub(super) async fn chat(app: &App, request: &Request<'_>, id: &str) -> Reply {
    let (switching, admission) = match admit(app, request).await {
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
        let user = admission.session.user().id;
        Ok((group, app.chat.is_member(user, id).await?))
    };
    match found.await {
        Ok((Some(group), true)) => Reply::Upgrade(
            switching,
            Upgrade::Chat {
                admission,
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

/// The 101 and the admission of whoever may open a WebSocket, or the refusal.
async fn admit(app: &App, request: &Request<'_>) -> Result<(Response, Admission), Box<Response>> {
    let switching = handshake(app, request)?;
    let session = match visitor(app, request).await {
        Ok(Visitor::Member(session)) => session,
        Ok(_) => {
            let text = "Log in first: there is no session.";
            let refusal = refuse(app, request, StatusCode::UNAUTHORIZED, text);
            return Err(Box::new(refusal.field("WWW-Authenticate", CHALLENGE)));
        }
        Err(error) => return Err(Box::new(error::store(app, request, &error))),
    };
    match app.hub.seat(session.user().id) {
        Some(_seat) => Ok((switching, Admission { session, _seat })),
        None => {
            let text = format!(
                "You have {SOCKETS_PER_USER_MAX} connections open, and more are not possible: close some pages."
            );
            let refusal = refuse(app, request, StatusCode::TOO_MANY_REQUESTS, &text);
            Err(Box::new(refusal))
        }
    }
}

/// The 101 that opens a WebSocket, or what is wrong with the handshake.
pub(super) fn handshake(app: &App, request: &Request<'_>) -> Result<Response, Box<Response>> {
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
    let accepted = match accept_upgrade(&asked) {
        // The handshake of RFC 6455 knows of `Origin` alone; browsers say more than that by now.
        Ok(_) if !request.is_from_own_page() => Err(HandshakeError::ForeignOrigin),
        judged => judged,
    };
    accepted
        .map(|accepted| switching(&accepted))
        .map_err(|error| Box::new(turn_down(app, request, error)))
}

fn switching(accepted: &SwitchingProtocols) -> Response {
    let response = Response::new(StatusCode::SWITCHING_PROTOCOLS);
    accepted
        .field_lines()
        .into_iter()
        .fold(response, |response, (name, value)| {
            response.field(name, value)
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
    let Resource::Path(path) = &request.target.resource else {
        return Ok(None);
    };
    match path.query_value("after").map(|text| text.parse()) {
        None => Ok(None),
        Some(Ok(change)) if change >= 0 => Ok(Some(ChangeId(change))),
        Some(_) => Err("?after= is the number of a change, 0 or more."),
    }
}
