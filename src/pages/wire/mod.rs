//! The wire view: which connections there are, what crossed on each, and what it means; live, on paper, and side by side.
//! What is shown is computed in `crate::wire`; who may see it is asked of `viewer`, on every URL, before anything is looked up.

mod list;
mod locate;
mod modules;
mod paper;
mod proof;
mod search;
mod seats;
mod socket;
mod watched;
mod wish;

use std::sync::Arc;

use crate::app::App;
use crate::http::{Response, StatusCode};
use crate::template::{Markup, Value};
use crate::wire::log::{Recorder, Viewer, WireLog};

use super::capture_file;
use super::error;
use super::layout::{self, Page, add_page_fields};
use super::request::{Reply, Request, Upgrade};
use super::sockets::handshake;
use super::viewer::admit;
use super::visitor::{Visitor, visitor};

pub use socket::Watcher;
pub(super) use socket::{QUEUE_LEN_MAX, WISH_LEN_MAX, serve};

use seats::{Seat, VIEWS_PER_VIEWER_MAX};

/// `/wire`: the list, and whichever connection its script opens.
pub(super) async fn home(app: &App, request: &Request<'_>) -> Response {
    match admit(app, request).await {
        Ok(_) => show(app, request).await,
        Err(refusal) => *refusal,
    }
}

/// `/wire/12` is a connection on the page, `/wire/12.html` on paper, `/wire/12.pcapng` for Wireshark.
pub(super) async fn connection(app: &App, request: &Request<'_>, name: &str) -> Response {
    if let Some(number) = name.strip_suffix(".pcapng") {
        return capture_file::pcapng(app, request, number).await;
    }
    let (log, viewer) = match admit(app, request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let (number, ending) = match name.split_once('.') {
        Some((number, ending)) => (number, Some(ending)),
        None => (name, None),
    };
    let found = number.parse().ok().and_then(|it| find(log, &viewer, it));
    match (found, ending) {
        // The page itself says if there is no such connection, and shows which there are.
        (_, None) if number.parse::<u64>().is_ok() => show(app, request).await,
        (Some(recorder), Some("html")) => paper::page(app, request, recorder).await,
        _ => error::not_found(app, request),
    }
}

/// `/wire/compare`
pub(super) async fn compare(app: &App, request: &Request<'_>) -> Response {
    if let Err(refusal) = admit(app, request).await {
        return *refusal;
    }
    let content = app.assets.render("wire_view.html", &[]).and_then(|view| {
        let rows = app.assets.render("wire_rows.html", &[])?;
        app.assets.render(
            "wire_compare.html",
            &[
                ("assets", Value::Text(&app.assets.base())),
                ("plain", Value::Markup(&view)),
                ("tls", Value::Markup(&view)),
                ("rows", Value::Markup(&rows)),
            ],
        )
    });
    respond(app, request, ("compare", "Compare"), content).await
}

/// `/ws/wire`
pub(super) async fn socket(app: &App, request: &Request<'_>) -> Reply {
    let switching = match handshake(app, request) {
        Ok(switching) => switching,
        Err(refusal) => return (*refusal).into(),
    };
    let viewer = match admit(app, request).await {
        Ok((_, viewer)) => viewer,
        Err(refusal) => return (*refusal).into(),
    };
    let session = match visitor(app, request).await {
        Ok(Visitor::Member(session)) => Some(session),
        Ok(_) => None,
        Err(error) => return error::store(app, request, &error).into(),
    };
    let Some(seat) = Seat::take(&viewer) else {
        let text = format!(
            "Too many views are open, of which you may have {VIEWS_PER_VIEWER_MAX}: close some of them."
        );
        let mut refusal = Response::text(StatusCode::TOO_MANY_REQUESTS, &text);
        add_page_fields(app, request, &mut refusal);
        return refusal.into();
    };
    let watcher = Watcher {
        viewer,
        session,
        _seat: seat,
    };
    Reply::Upgrade(switching, Upgrade::Wire(watcher))
}

/// The connection of this number, if it is there and the viewer may see it: the same answer for both, so that nobody learns which are there.
fn find(log: &WireLog, viewer: &Viewer, number: u64) -> Option<Arc<Recorder>> {
    let recorder = log.connection(number)?;
    recorder.may_be_seen_by(viewer).then_some(recorder)
}

async fn show(app: &App, request: &Request<'_>) -> Response {
    let content = app.assets.render("wire_view.html", &[]).and_then(|view| {
        let rows = app.assets.render("wire_rows.html", &[])?;
        app.assets.render(
            "wire.html",
            &[
                ("assets", Value::Text(&app.assets.base())),
                ("view", Value::Markup(&view)),
                ("rows", Value::Markup(&rows)),
            ],
        )
    });
    respond(app, request, ("wire", "The wire"), content).await
}

async fn respond(
    app: &App,
    request: &Request<'_>,
    (name, title): (&str, &str),
    content: Result<Markup, crate::assets::AssetError>,
) -> Response {
    let session = match visitor(app, request).await {
        Ok(Visitor::Member(session)) => Some(session),
        Ok(_) => None,
        Err(error) => return error::store(app, request, &error),
    };
    let page = Page {
        status: StatusCode::OK,
        name,
        title,
        user: session.as_ref().map(|it| it.user().name.as_str()),
        content,
    };
    layout::respond(app, request, page)
}

fn error_page(app: &App, request: &Request<'_>, text: &str) -> Response {
    error::page(app, request, StatusCode::INTERNAL_SERVER_ERROR, text)
}
