//! Whose requests travel on a connection, noted with its record: so that everybody sees their own in the wire view, and no others.
//! A browser that is not logged in gets a cookie that means nothing but "the same browser".

use crate::app::App;
use crate::chat::sessions::{SessionToken, SessionView, hash_of};
use crate::http::cookie::{SetCookie, cookies};
use crate::http::{Method, Response};
use crate::store::SessionTransport;
use crate::wire::log::{Badge, Owner, Traveller};

use super::request::{Reply, Request};
use super::visitor::{Visitor, visitor};

/// The names of the cookie, one for each transport as those of sessions.
const PLAIN_COOKIE: &str = "browser_token_plain";
const TLS_COOKIE: &str = "__Host-browser-token";

/// How long a browser keeps it: before their first login, people do not wait longer.
const COOKIE_SECS: u64 = 12 * 60 * 60;

/// A badge for a browser that had none.
#[derive(Debug)]
pub(super) struct NewBadge {
    badge: Badge,
    token: SessionToken,
}

/// Notes who sends this request. Gives a badge to be sent along to a browser that has neither session nor badge.
pub(super) async fn meet(app: &App, request: &Request<'_>) -> Option<NewBadge> {
    let recorder = request.via.recorder.as_ref()?;
    if let Some(traveller) = known(app, request).await {
        recorder.carries(traveller);
        return None;
    }
    if recorder.owner() != Owner::Nobody {
        recorder.carries(Traveller::Stranger);
        return None;
    }
    let (token, hash) = SessionToken::draw().ok()?;
    let badge = Badge::new(hash.0);
    recorder.carries(Traveller::Browser(badge));
    Some(NewBadge { badge, token })
}

/// As `meet`, for what is no page: nobody gets a badge.
pub(super) async fn glimpse(app: &App, request: &Request<'_>) {
    if let Some(recorder) = &request.via.recorder {
        let known = known(app, request).await;
        recorder.carries(known.unwrap_or(Traveller::Stranger));
    }
}

/// As `glimpse`, for files, which everybody gets: without cookies, nothing in the request is anybody's.
pub(super) async fn glimpse_at_file(app: &App, request: &Request<'_>) {
    if request.head.fields.contains("Cookie") {
        glimpse(app, request).await;
    } else if let Some(recorder) = &request.via.recorder {
        recorder.carries(Traveller::Anyone);
    }
}

/// Who sends this request, if they can be told from others.
async fn known(app: &App, request: &Request<'_>) -> Option<Traveller> {
    match visitor(app, request).await {
        Ok(Visitor::Member(session)) => Some(Traveller::Session(badge_of(&session))),
        _ => badge(request).map(Traveller::Browser),
    }
}

/// Sends a new badge along with a page, unless the browser has logged in with this very request.
pub(super) fn see_off(request: &Request<'_>, badge: Option<NewBadge>, reply: Reply) -> Reply {
    let (Some(NewBadge { badge, token }), Some(recorder)) = (badge, &request.via.recorder) else {
        return reply;
    };
    let shows_page =
        request.head.method == Method::Get && recorder.owner() == Owner::Browser(badge);
    match (reply, set_cookie(request, &token)) {
        (Reply::Response(response), Some(cookie))
            if shows_page && response.status.number() < 400 =>
        {
            Reply::Response(response.field("Set-Cookie", cookie))
        }
        (reply, _) => reply,
    }
}

/// Gives the browser another badge: somebody has logged in there or out, and what comes after that session is perhaps somebody else's.
pub(super) fn renew(request: &Request<'_>, response: Response) -> Response {
    if request.via.recorder.is_none() {
        return response;
    }
    let token = SessionToken::draw().ok();
    match token.and_then(|(token, _)| set_cookie(request, &token)) {
        Some(cookie) => response.field("Set-Cookie", cookie),
        None => response,
    }
}

fn set_cookie(request: &Request<'_>, token: &SessionToken) -> Option<String> {
    let transport = request.via.session_transport();
    SetCookie {
        name: cookie_name(transport),
        value: token.as_str(),
        secure: transport == SessionTransport::Tls,
        max_age_secs: COOKIE_SECS,
    }
    .to_field_value()
}

/// The badge of a session.
pub(super) fn badge_of(session: &SessionView) -> Badge {
    Badge::new(session.key().0)
}

/// The badge of a browser that is not logged in.
pub(super) fn badge(request: &Request<'_>) -> Option<Badge> {
    let name = cookie_name(request.via.session_transport());
    let hash = cookies(&request.head.fields, name).find_map(hash_of)?;
    Some(Badge::new(hash.0))
}

/// Somebody has logged in on this connection: what their browser did before is theirs.
pub(super) fn logged_in(app: &App, request: &Request<'_>, token: &SessionToken) {
    if let (Some(wire), Some(recorder), Some(hash)) =
        (&app.wire, &request.via.recorder, hash_of(token.as_str()))
    {
        wire.logged_in(recorder, Badge::new(hash.0));
    }
}

/// Somebody has logged out on this connection: whoever comes next shall have another one.
pub(super) fn logged_out(request: &Request<'_>) {
    if let Some(recorder) = &request.via.recorder {
        recorder.part();
    }
}

fn cookie_name(transport: SessionTransport) -> &'static str {
    match transport {
        SessionTransport::Plain => PLAIN_COOKIE,
        SessionTransport::Tls => TLS_COOKIE,
    }
}
