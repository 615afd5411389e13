//! `/wire/{number}.pcapng`: one connection as a file that Wireshark opens, with its keys or, as `?eve=1`, without.
//! What stands in the file is `wire::capture`'s; here is only who gets it.

use std::sync::Arc;

use crate::app::App;
use crate::http::target::Resource;
use crate::http::{Response, StatusCode};
use crate::log;
use crate::wire::capture::{self, Recorded};
use crate::wire::log::{Cursor, Recorder};

use super::error;
use super::layout::add_page_fields;
use super::request::Request;
use super::viewer;

/// As Wireshark itself registers its files with the desktop; IANA knows none for pcapng.
const MEDIA_TYPE: &str = "application/x-pcapng";

/// The file of the connection with this number, to those who may see it. Everybody else is told the same, whether there is such a
/// connection or not.
pub(super) async fn pcapng(app: &App, request: &Request<'_>, number: &str) -> Response {
    let (wire, viewer) = match viewer::admit(app, request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let recorder = number_of(number)
        .and_then(|number| wire.connection(number))
        .filter(|recorder| recorder.may_be_seen_by(&viewer));
    let Some(recorder) = recorder else {
        return error::not_found(app, request);
    };
    let as_eve = asks_as_eve(request);
    let number = recorder.about().number;
    let Ok(file) = tokio::task::spawn_blocking(move || file(&recorder, as_eve)).await else {
        let text = "This connection could not be written as a file; the log says why.";
        return error::page(app, request, StatusCode::INTERNAL_SERVER_ERROR, text);
    };
    log!(
        app.log,
        "#{} fetched the capture of #{number}{}",
        request.via.number,
        if as_eve { "" } else { ", with its keys" }
    );
    let name = if as_eve { "-eve" } else { "" };
    let disposition = format!("attachment; filename=\"connection-{number}{name}.pcapng\"");
    let mut response = Response::with_content(StatusCode::OK, MEDIA_TYPE, file)
        .field("Content-Disposition", disposition);
    add_page_fields(app, request, &mut response);
    response
}

fn file(recorder: &Arc<Recorder>, as_eve: bool) -> Vec<u8> {
    let state = recorder.state();
    let events = recorder.read(&mut Cursor::default());
    // After the bytes, so that none of them is there whose secret is not.
    let secrets = recorder.secrets();
    capture::file(&Recorded {
        about: recorder.about(),
        state: &state,
        events: &events,
        secrets: (!as_eve).then_some(&secrets),
    })
}

/// A number as we write it: no sign, no leading zero, so that each file has one address.
fn number_of(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn asks_as_eve(request: &Request<'_>) -> bool {
    match &request.target.resource {
        Resource::Path(path) => path.query_value("eve").is_some_and(|value| value != "0"),
        Resource::Server => false,
    }
}
