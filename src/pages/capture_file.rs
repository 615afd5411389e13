//! `/wire/{number}.pcapng`: one connection as a file that Wireshark opens, with its keys or, as `?eve=1`, without.
//! What stands in the file is `wire::capture`'s; here is only who gets it.

use crate::app::App;
use crate::http::target::Resource;
use crate::http::{Response, StatusCode};
use crate::log;
use crate::wire::capture::{self, Recorded};
use crate::wire::log::{Cursor, Sight};

use super::error;
use super::layout::add_page_fields;
use super::request::Request;
use super::viewer::{self, Admitted};
use super::wire::compute;

/// As Wireshark itself registers its files with the desktop; IANA knows none for pcapng.
const MEDIA_TYPE: &str = "application/x-pcapng";

/// The file of the connection with this number, to those who may see it. Everybody else is told the same, whether there is such a
/// connection or not.
pub(super) async fn pcapng(app: &App, request: &Request<'_>, number: &str) -> Response {
    let Admitted { log, viewer, .. } = match viewer::admit(app, request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let Some(sight) = number_of(number).and_then(|number| log.connection(&viewer, number)) else {
        return error::not_found(app, request);
    };
    let as_eve = asks_as_eve(request);
    let number = sight.about().number;
    let Some(written) = compute(move || file(&sight, as_eve)).await else {
        let text = "This connection could not be written as a file; the log says why.";
        return error::page(app, request, StatusCode::INTERNAL_SERVER_ERROR, text);
    };
    // While this one waited for their turn, it may have become somebody else's, too.
    let Some(file) = written else {
        return error::not_found(app, request);
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

/// `None` if it may not be seen any more.
fn file(sight: &Sight, as_eve: bool) -> Option<Vec<u8>> {
    let reading = sight.read(&mut Cursor::default())?;
    Some(capture::file(&Recorded {
        about: sight.about(),
        state: &reading.state,
        events: &reading.events,
        secrets: (!as_eve).then_some(&reading.secrets),
    }))
}

/// A number as we write it: no sign, no leading zero, so that each file has one address.
pub(super) fn number_of(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn asks_as_eve(request: &Request<'_>) -> bool {
    match &request.target.resource {
        Resource::Path(path) => path.query_value("eve").is_some_and(|value| value != "0"),
        Resource::Server => false,
    }
}
