//! The frame around every page: title, badge, who is logged in, and the fields that keep a page to itself.
//! What stands within the frame comes from the page.

use std::sync::LazyLock;

use crate::app::App;
use crate::assets::AssetError;
use crate::http::{FieldLines, Response, StatusCode};
use crate::log;
use crate::template::{Markup, Value};

use super::badge;
use super::request::Request;
use super::visitor;

/// Scripts, styles and connections from this server only; nothing inline, no frames, no plug-ins.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a browser may do with anything of ours, whatever its policy.
static FIELDS_BESIDE_POLICY: LazyLock<FieldLines> = LazyLock::new(|| {
    FieldLines::of(&[
        ("X-Content-Type-Options", "nosniff"),
        // Nobody else learns where a reader came from. Pages widen this, by a <meta>, to requests to this
        // very server: under `no-referrer` a browser would send our own forms with `Origin: null`, and
        // they could not be told from those of other sites (Fetch, "append a request Origin header").
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ])
});

/// One page before it is framed.
pub(super) struct Page<'a> {
    /// The status of the response.
    pub(super) status: StatusCode,
    /// The `class` and `data-page` of its body.
    pub(super) name: &'a str,
    /// What stands in the browser's tab.
    pub(super) title: &'a str,
    /// Who is logged in.
    pub(super) user: Option<&'a str>,
    /// What stands within the frame.
    pub(super) content: Result<Markup, AssetError>,
}

/// Frames a page. A slip in a template becomes a plain 500, and a line in the log.
pub(super) fn respond(app: &App, request: &Request<'_>, page: Page<'_>) -> Response {
    let status = page.status;
    match frame(app, request, page) {
        Ok(markup) => {
            let mut response =
                Response::with_content(status, "text/html; charset=utf-8", markup.into_string());
            add_page_fields(app, request, &mut response);
            response
        }
        Err(error) => {
            log!(
                app.log,
                "#{} a page could not be rendered: {error}",
                request.via.number
            );
            let text = "This page could not be put together; the log says why.";
            let mut response = Response::text(StatusCode::INTERNAL_SERVER_ERROR, text);
            add_page_fields(app, request, &mut response);
            response
        }
    }
}

/// Sends the browser on; such an answer is not kept either.
pub(super) fn see_other(app: &App, request: &Request<'_>, location: String) -> Response {
    let mut response = Response::see_other(location);
    add_page_fields(app, request, &mut response);
    response
}

/// The fields of everything that is not a static file.
pub(super) fn add_page_fields(app: &App, request: &Request<'_>, response: &mut Response) {
    response.add_field("Cache-Control", "no-store");
    add_security_fields(app, request, response);
}

/// The fields of a page with a content security policy of its own.
pub(super) fn add_own_policy_fields(
    app: &App,
    request: &Request<'_>,
    response: &mut Response,
    policy: &str,
) {
    response.add_field("Cache-Control", "no-store");
    response.add_field("Content-Security-Policy", policy);
    add_fields_beside_policy(app, request, response);
}

/// The fields of everything.
pub(super) fn add_security_fields(app: &App, request: &Request<'_>, response: &mut Response) {
    response.add_field("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    add_fields_beside_policy(app, request, response);
}

fn add_fields_beside_policy(app: &App, request: &Request<'_>, response: &mut Response) {
    response.add_field_lines(&FIELDS_BESIDE_POLICY);
    let hsts_secs = app
        .tls
        .as_ref()
        .map_or(0, |tls| tls.setup().settings.hsts_seconds);
    if request.via.tls.is_some() && app.may_demand_tls() && hsts_secs > 0 {
        response.add_field("Strict-Transport-Security", format!("max-age={hsts_secs}"));
    }
}

fn frame(app: &App, request: &Request<'_>, page: Page<'_>) -> Result<Markup, AssetError> {
    let content = page.content?;
    let user = match page.user {
        Some(name) => app
            .assets
            .render("user.html", &[("name", Value::Text(name))])?,
        // An error looks no session up; its owner, if there is one, is not told to log in.
        None if page.name == "error" && visitor::old_token(request).is_some() => {
            app.assets.render("someone.html", &[])?
        }
        None => app.assets.render("guest.html", &[])?,
    };
    let badge = badge::render(app, request.via)?;
    // With --no-wire there is nothing to go to.
    let wire = match &app.wire {
        Some(_) => app.assets.render("wire_link.html", &[])?,
        None => Markup::default(),
    };
    app.assets.render(
        "layout.html",
        &[
            ("title", Value::Text(page.title)),
            ("page", Value::Text(page.name)),
            ("assets", Value::Text(app.assets.base())),
            ("badge", Value::Markup(&badge)),
            ("wire", Value::Markup(&wire)),
            ("user", Value::Markup(&user)),
            ("content", Value::Markup(&content)),
        ],
    )
}
