//! Scripts, styles and icons: sent whole, in part, or not at all if the client has them.
//! Where their bytes come from is `assets`' business.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::app::App;
use crate::assets::StaticFile;
use crate::http::conditional::{Validators, Verdict, evaluate, if_range_holds};
use crate::http::range::{Wanted, wanted};
use crate::http::static_path::is_plain_name;
use crate::http::{Body, Method, Response, StatusCode};

use super::error;
use super::layout::add_security_fields;
use super::request::Request;

/// A year: the URL of a file changes with every start, so what is behind one URL never does.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Ask again each time: the URL may be of another start, or the file may be edited.
const REVALIDATE: &str = "no-cache";

/// `segments` are a file name, perhaps with a version in front; those in a folder always have one.
pub(super) fn file(app: &App, request: &Request<'_>, segments: &[&str]) -> Response {
    let (version, name) = match segments {
        [name] => (None, std::slice::from_ref(name)),
        [version, name @ ..] => (Some(*version), name),
        [] => return error::not_found(app, request),
    };
    // Any version is served, as pages of the start before may still ask, but none that is spelled like a way out.
    let is_current = version == Some(app.assets.version());
    let has_plain_names = name.iter().all(|part| is_plain_name(part));
    let is_plain = has_plain_names && (is_current || version.is_none_or(is_plain_name));
    let name = match name {
        [name] => Cow::Borrowed(*name),
        in_folder => Cow::Owned(in_folder.join("/")),
    };
    let file = is_plain.then(|| app.assets.file(&name)).flatten();
    let Some(file) = file else {
        return error::not_found(app, request);
    };
    let is_final = is_current && !app.assets.is_edited();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let file = file.no_later_than(now);
    let mut response = select(request, &file, now)
        .field("ETag", file.etag.clone())
        .field("Last-Modified", file.last_modified_text.clone());
    let keep = match response.status {
        // Not the file, so not to be kept in its place (RFC 9111 §3 would allow it).
        StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => "no-store",
        _ if is_final => IMMUTABLE,
        _ => REVALIDATE,
    };
    response.add_field("Cache-Control", keep);
    add_security_fields(app, request, &mut response);
    response
}

/// The whole file, a part of it, or none, by the request's conditions (RFC 9110 §13.2.2).
fn select(request: &Request<'_>, file: &StaticFile, now: u64) -> Response {
    let fields = &request.head.fields;
    let current = Validators {
        etag: &file.etag,
        last_modified: file.last_modified,
    };
    match evaluate(fields, current, now) {
        Verdict::NotModified => return Response::new(StatusCode::NOT_MODIFIED),
        Verdict::PreconditionFailed => return Response::new(StatusCode::PRECONDITION_FAILED),
        Verdict::Send => {}
    }
    let len = file.content.len();
    let whole = Response::with_content(StatusCode::OK, file.content_type, file.content.clone())
        .field("Accept-Ranges", "bytes");
    // Ranges are for GET alone (RFC 9110 §14.2).
    if request.head.method != Method::Get || !if_range_holds(fields, current, now) {
        return whole;
    }
    match wanted(fields, len) {
        Wanted::Whole => whole,
        Wanted::Part(range) => {
            let content_range = format!(
                "bytes {}-{}/{len}",
                range.start,
                range.end.saturating_sub(1)
            );
            let mut part = whole.field("Content-Range", content_range);
            part.status = StatusCode::PARTIAL_CONTENT;
            part.body = Body::Shared(file.content.slice(range));
            part
        }
        Wanted::Unsatisfiable => Response::new(StatusCode::RANGE_NOT_SATISFIABLE)
            .field("Content-Range", format!("bytes */{len}")),
    }
}
