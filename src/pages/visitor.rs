//! Who asks: the session behind a request's cookies.
//! A token that shows up on the transport it was not made on is ended here, logged, and told to its owner.

use crate::app::{self, App};
use crate::chat::sessions::{Found, SessionView};
use crate::http::cookie::{SetCookie, cookies};
use crate::log;
use crate::store::{SessionTransport, StoreError};

use super::request::Request;

/// The names of the session cookie. Two, because cookies ignore ports: on one host both servers see both.
const PLAIN_COOKIE: &str = "sid_plain";
const TLS_COOKIE: &str = "__Host-sid";

/// How many session cookies of a request are looked at: a browser has at most one of each name.
const COOKIES_MAX: usize = 4;

/// How long a browser keeps the cookie: as long as a session can last.
const COOKIE_SECS: u64 = 7 * 24 * 60 * 60;

/// Whoever sent a request.
#[derive(Debug)]
pub(super) enum Visitor {
    /// Nobody we know.
    Guest,
    /// Somebody whose session ran out.
    Expired,
    /// Somebody whose session was ended, since its token was seen on the wrong transport.
    Leaked,
    /// Somebody who is logged in.
    Member(SessionView),
}

/// Finds the session of a request.
pub(super) async fn visitor(app: &App, request: &Request<'_>) -> Result<Visitor, StoreError> {
    let fields = &request.head.fields;
    let tokens = cookies(fields, PLAIN_COOKIE)
        .chain(cookies(fields, TLS_COOKIE))
        .take(COOKIES_MAX);
    let mut visitor = Visitor::Guest;
    for token in tokens {
        match app
            .sessions
            .find(token, request.via.session_transport(), app::steady_now())
            .await?
        {
            Found::Valid(session) => visitor = Visitor::Member(session),
            Found::Leaked {
                user_id,
                discovered_now,
                ..
            } => {
                if discovered_now {
                    log!(
                        app.log,
                        "#{} the session of user {user_id} was used on the wrong transport: its token counts as leaked, and the session has ended",
                        request.via.number
                    );
                }
                // A valid session counts more than the news of an older one.
                if !matches!(visitor, Visitor::Member(_)) {
                    visitor = Visitor::Leaked;
                }
            }
            Found::Expired if matches!(visitor, Visitor::Guest) => visitor = Visitor::Expired,
            Found::Expired | Found::None => {}
        }
    }
    Ok(visitor)
}

/// The token that a login on this connection replaces.
pub(super) fn old_token<'a>(request: &'a Request<'_>) -> Option<&'a str> {
    cookies(
        &request.head.fields,
        cookie_name(request.via.session_transport()),
    )
    .next()
}

/// The field value that gives the browser its token.
pub(super) fn set_cookie(transport: SessionTransport, token: &str) -> Option<String> {
    session_cookie(transport, token, COOKIE_SECS)
}

/// The field value that takes it away.
pub(super) fn remove_cookie(transport: SessionTransport) -> Option<String> {
    session_cookie(transport, "", 0)
}

fn session_cookie(transport: SessionTransport, value: &str, max_age_secs: u64) -> Option<String> {
    let secure = transport == SessionTransport::Tls;
    SetCookie {
        name: cookie_name(transport),
        value,
        secure,
        max_age_secs,
    }
    .to_field_value()
}

fn cookie_name(transport: SessionTransport) -> &'static str {
    match transport {
        SessionTransport::Plain => PLAIN_COOKIE,
        SessionTransport::Tls => TLS_COOKIE,
    }
}
