//! Error pages: what went wrong, and what to do about it, in plain words.
//! The whole chain of causes goes to the log; the reader gets the sentence that helps.

use std::time::Duration;

use crate::app::App;
use crate::http::form::{FORM_TYPE, FormError};
use crate::http::io::ReadError;
use crate::http::{Response, StatusCode};
use crate::log;
use crate::store::StoreError;
use crate::template::Value;

use super::layout::{self, Page};
use super::request::Request;

/// An error page with a sentence of its own.
pub(super) fn page(app: &App, request: &Request<'_>, status: StatusCode, text: &str) -> Response {
    let number = status.number().to_string();
    let content = app.assets.render(
        "error.html",
        &[
            ("status", Value::Text(&number)),
            ("reason", Value::Text(status.reason_phrase())),
            ("text", Value::Text(text)),
            ("cure", Value::Text(cure(status))),
        ],
    );
    let title = status.to_string();
    layout::respond(
        app,
        request,
        Page {
            status,
            name: "error",
            title: &title,
            user: None,
            content,
        },
    )
}

/// 404
pub(super) fn not_found(app: &App, request: &Request<'_>) -> Response {
    page(
        app,
        request,
        StatusCode::NOT_FOUND,
        "There is nothing at this address.",
    )
}

/// 400 or 415 for a form that cannot be read.
pub(super) fn form(app: &App, request: &Request<'_>, error: &FormError) -> Response {
    let response = page(app, request, error.status(), &error.to_string());
    match error {
        // RFC 9110 §15.5.16: says what would have been taken.
        FormError::ContentType => response.field("Accept", FORM_TYPE),
        FormError::ContentEncoding => response.field("Accept-Encoding", "identity"),
        _ => response,
    }
}

/// 403 for what another site made the browser send.
pub(super) fn foreign_site(app: &App, request: &Request<'_>) -> Response {
    log!(
        app.log,
        "#{} a form from another site was refused",
        request.via.number
    );
    page(
        app,
        request,
        StatusCode::FORBIDDEN,
        "This form was sent from a page of another site, so it was not carried out.",
    )
}

/// 503 when the store cannot do what is asked.
pub(super) fn store(app: &App, request: &Request<'_>, error: &StoreError) -> Response {
    log!(app.log, "#{} {error}", request.via.number);
    // The path of the database is for the operator, not for whoever asks.
    let why = error.in_plain_words();
    let text = format!("The server cannot do this at the moment: {why}.");
    page(app, request, StatusCode::SERVICE_UNAVAILABLE, &text).field("Retry-After", "5")
}

/// 429 for who may do this again in a while (RFC 6585 §4).
pub(super) fn too_often(app: &App, request: &Request<'_>, wait: Duration, text: &str) -> Response {
    page(app, request, StatusCode::TOO_MANY_REQUESTS, text)
        .field("Retry-After", (wait.as_secs() + 1).to_string())
}

/// The answer to bytes that never became a request.
#[must_use]
pub fn refused(error: &ReadError) -> Option<Response> {
    let status = error.status()?;
    Some(bare(status, format!("{status}\n\n{error}")))
}

/// An answer without a page around it, for those whose requests are not looked at: nothing of what they sent is certain
/// enough to build on.
#[must_use]
pub fn bare(status: StatusCode, text: impl Into<String>) -> Response {
    Response::text(status, text)
        .field("X-Content-Type-Options", "nosniff")
        .field("Cache-Control", "no-store")
}

/// The answer to one connection too many.
#[must_use]
pub fn too_many() -> Response {
    bare(
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many connections are open: try again in a few seconds.",
    )
    .field("Retry-After", "5")
}

/// What the reader can do.
fn cure(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Look at the address again, or go on to the chat.",
        StatusCode::FORBIDDEN => "Open the page itself, and send the form from there.",
        StatusCode::METHOD_NOT_ALLOWED => "Open the page from its own link.",
        StatusCode::CONFLICT => {
            "Go back and choose another name, or join the group that has this one."
        }
        StatusCode::UNPROCESSABLE_CONTENT => "Go back and try another one.",
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            "Go back, reload the page, and send the form again."
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            "Wait a moment, then try again: nothing is lost."
        }
        _ => "Go on to the chat; if it happens again, the server's log says more.",
    }
}
