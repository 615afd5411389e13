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
mod turns;
mod watched;
mod wish;

use crate::app::App;
use crate::chat::sessions::SessionView;
use crate::http::{Response, StatusCode};
use crate::template::{Markup, Value};

use super::capture_file::{self, number_of};
use super::error;
use super::layout::{self, Page, add_page_fields};
use super::request::{Reply, Request, Upgrade};
use super::sockets::handshake;
use super::viewer::{Admitted, admit};

pub use socket::Watcher;
pub(super) use socket::{QUEUE_LEN_MAX, WISH_LEN_MAX, serve};
pub(super) use turns::compute;
pub use wish::{Needle, Wish, decode as decode_wish};

use seats::{Seat, VIEWS_PER_VIEWER_MAX};

/// `/wire`: the list, and whichever connection its script opens.
pub(super) async fn home(app: &App, request: &Request<'_>) -> Response {
    match admit(app, request).await {
        Ok(admitted) => show(app, request, admitted.session.as_ref()),
        Err(refusal) => *refusal,
    }
}

/// `/wire/12` is a connection on the page, `/wire/12.html` on paper, `/wire/12.pcapng` for Wireshark.
pub(super) async fn connection(app: &App, request: &Request<'_>, name: &str) -> Response {
    if let Some(number) = name.strip_suffix(".pcapng") {
        return capture_file::pcapng(app, request, number).await;
    }
    let Admitted {
        log,
        viewer,
        session,
    } = match admit(app, request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let (number, ending) = match name.split_once('.') {
        Some((number, ending)) => (number, Some(ending)),
        None => (name, None),
    };
    let Some(number) = number_of(number) else {
        return error::not_found(app, request);
    };
    match (log.connection(&viewer, number), ending) {
        // The page itself says if there is no such connection, and shows which there are.
        (_, None) => show(app, request, session.as_ref()),
        (Some(sight), Some("html")) => paper::page(app, request, sight).await,
        _ => error::not_found(app, request),
    }
}

/// `/wire/compare`
pub(super) async fn compare(app: &App, request: &Request<'_>) -> Response {
    let session = match admit(app, request).await {
        Ok(admitted) => admitted.session,
        Err(refusal) => return *refusal,
    };
    let content = app.assets.render("wire_view.html", &[]).and_then(|view| {
        let rows = app.assets.render("wire_rows.html", &[])?;
        app.assets.render(
            "wire_compare.html",
            &[
                ("assets", Value::Text(app.assets.base())),
                ("plain", Value::Markup(&view)),
                ("tls", Value::Markup(&view)),
                ("rows", Value::Markup(&rows)),
            ],
        )
    });
    respond(
        app,
        request,
        session.as_ref(),
        ("compare", "Compare"),
        content,
    )
}

/// `/ws/wire`
pub(super) async fn socket(app: &App, request: &Request<'_>) -> Reply {
    let switching = match handshake(app, request) {
        Ok(switching) => switching,
        Err(refusal) => return (*refusal).into(),
    };
    let Admitted {
        viewer, session, ..
    } = match admit(app, request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return (*refusal).into(),
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

fn show(app: &App, request: &Request<'_>, session: Option<&SessionView>) -> Response {
    let content = app.assets.render("wire_view.html", &[]).and_then(|view| {
        let rows = app.assets.render("wire_rows.html", &[])?;
        app.assets.render(
            "wire.html",
            &[
                ("assets", Value::Text(app.assets.base())),
                ("view", Value::Markup(&view)),
                ("rows", Value::Markup(&rows)),
            ],
        )
    });
    respond(app, request, session, ("wire", "The wire"), content)
}

fn respond(
    app: &App,
    request: &Request<'_>,
    session: Option<&SessionView>,
    (name, title): (&str, &str),
    content: Result<Markup, crate::assets::AssetError>,
) -> Response {
    let page = Page {
        status: StatusCode::OK,
        name,
        title,
        user: session.map(|it| it.user().name.as_str()),
        content,
    };
    layout::respond(app, request, page)
}

fn error_page(app: &App, request: &Request<'_>, text: &str) -> Response {
    error::page(app, request, StatusCode::INTERNAL_SERVER_ERROR, text)
}
