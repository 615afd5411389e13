//! Who may look at the wire: asked on every URL of the view, before anything is looked up.
//! Whose connection is whose stands in `wire::log::owner`; here is who asks, from which page and of which host.

use std::net::IpAddr;
use std::sync::Arc;

use std::borrow::Cow;

use crate::app::App;
use crate::chat::sessions::SessionView;
use crate::http::cookie::{SetCookie, cookies};
use crate::http::target::{Resource, split_authority};
use crate::http::{Method, Response, StatusCode, cross_site};
use crate::log;
use crate::store::SessionTransport;
use crate::tls;
use crate::wire::log::{Viewer, WireLog};

use super::error;
use super::layout::see_other;
use super::request::Request;
use super::traveller;
use super::visitor::{Visitor, visitor};

/// The names of the cookie that holds the instructor's key.
const PLAIN_COOKIE: &str = "instructor_key_plain";
const TLS_COOKIE: &str = "__Host-instructor-key";

/// How long a browser keeps it: a day of teaching. With the next start of the server comes another key.
const COOKIE_SECS: u64 = 12 * 60 * 60;

/// Somebody who may look, though perhaps at nothing.
pub(super) struct Admitted<'a> {
    pub(super) log: &'a Arc<WireLog>,
    pub(super) viewer: Viewer,
    /// The session that `viewer` has, if there is one: with it ends what may be seen.
    pub(super) session: Option<SessionView>,
}

/// Finds out who wants to see, and hands over the log; or the answer to those who may see nothing at all.
pub(super) async fn admit<'a>(
    app: &'a App,
    request: &Request<'_>,
) -> Result<Admitted<'a>, Box<Response>> {
    let Some(log) = app.wire.as_ref() else {
        let text = "This server was started with --no-wire: it records nothing, so there is nothing to see.";
        return Err(Box::new(error::page(
            app,
            request,
            StatusCode::NOT_FOUND,
            text,
        )));
    };
    if !is_own_host(app, request.target.authority) {
        log!(
            app.log,
            "#{} the wire view was asked for under a host that is not this server's",
            request.via.number
        );
        let text = "The wire view is shown only under this server's own names and addresses: open the address that it printed when it started, or name this one with --host.";
        return Err(Box::new(error::page(
            app,
            request,
            StatusCode::MISDIRECTED_REQUEST,
            text,
        )));
    }
    if !is_from_own_page(request) {
        return Err(Box::new(error::foreign_site(app, request)));
    }
    if let Some(key) = shown_key(request) {
        return Err(Box::new(take_key(app, request, &key)));
    }
    let session = match visitor(app, request).await {
        Ok(Visitor::Member(session)) => Some(session),
        Ok(_) => None,
        Err(error) => return Err(Box::new(error::store(app, request, &error))),
    };
    let viewer = Viewer {
        browser: traveller::badge(request).filter(|_| session.is_none()),
        session: session.as_ref().map(traveller::badge_of),
        is_instructor: is_instructor(app, request),
    };
    Ok(Admitted {
        log,
        viewer,
        session,
    })
}

/// Whether the request is for this server under a name of its own. A page of another site whose name was made to point here (DNS
/// rebinding) would send that name.
fn is_own_host(app: &App, authority: &str) -> bool {
    let Some((host, _)) = split_authority(authority) else {
        return false;
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    // An address cannot be made to point elsewhere.
    if bare.parse::<IpAddr>().is_ok() || host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    let is_certified = |tls: &tls::Tls| tls.setup().certificate.is_for(&host);
    app.config.host.is_named(&host)
        || tls::host_name().is_some_and(|name| name.eq_ignore_ascii_case(&host))
        || app.tls.as_ref().is_some_and(is_certified)
}

/// Whether the request comes from one of our own pages. A link on another site may open the view as a page of its own, which that
/// site cannot read; it may not embed or fetch any of it.
fn is_from_own_page(request: &Request<'_>) -> bool {
    let fields = &request.head.fields;
    let is_opened = request.head.method == Method::Get
        && fields.only("Sec-Fetch-Mode") == Some(b"navigate")
        && fields.only("Sec-Fetch-Dest") == Some(b"document")
        && !fields.contains("Origin");
    is_opened || cross_site::is_own(fields, request.via.scheme(), request.target.authority)
}

/// The key in the URL that was printed: `?key=…`.
fn shown_key<'a>(request: &'a Request<'_>) -> Option<Cow<'a, str>> {
    match &request.target.resource {
        Resource::Path(path) => path.query_value("key"),
        Resource::Server => None,
    }
}

/// Turns the key in a URL into a cookie, so that it stays in no history and no address bar on a projector.
fn take_key(app: &App, request: &Request<'_>, key: &str) -> Response {
    if !app.instructor.as_ref().is_some_and(|own| own.is(key)) {
        let text = "This key does not fit: open the URL that the server printed when it started, with --instructor.";
        return error::page(app, request, StatusCode::FORBIDDEN, text);
    }
    log!(
        app.log,
        "#{} {} now sees the connections of everybody",
        request.via.number,
        request.via.address()
    );
    let transport = request.via.session_transport();
    let cookie = SetCookie {
        name: cookie_name(transport),
        value: key,
        secure: transport == SessionTransport::Tls,
        max_age_secs: COOKIE_SECS,
    };
    let response = see_other(app, request, "/wire".to_owned());
    match cookie.to_field_value() {
        Some(cookie) => response.field("Set-Cookie", cookie),
        None => response,
    }
}

fn is_instructor(app: &App, request: &Request<'_>) -> bool {
    let name = cookie_name(request.via.session_transport());
    app.instructor
        .as_ref()
        .is_some_and(|own| cookies(&request.head.fields, name).any(|text| own.is(text)))
}

fn cookie_name(transport: SessionTransport) -> &'static str {
    match transport {
        SessionTransport::Plain => PLAIN_COOKIE,
        SessionTransport::Tls => TLS_COOKIE,
    }
}
