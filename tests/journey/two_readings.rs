//! What two servers could read in two ways is the raw material of request smuggling: one of them takes for content what
//! the other takes for the next request. So each such request is refused, whole, and the connection closed.
//! Beside the refusals stand their neighbours: what looks alike and has one reading only.
//!
//! `heads` and `lengths` go through RFC 9112 §§2–7, `connections` through §§8–11, `every_byte` tries all bytes in every
//! place, and `smuggling` holds the forms that are known by a name.

mod connections;
mod every_byte;
mod heads;
mod lengths;
mod smuggling;

use std::time::Duration;

use crate::client::{Answer, Client, WIRES, Wire};
use crate::support::Server;

/// Stands behind every request here, as the prey of the smuggler: it may be answered only where the request has one reading.
const NEXT: &[u8] = b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// What `NEXT` is answered.
const NEXT_STATUS: u16 = 404;

/// One row of a table: what it is, the statuses of the only right answers, and the bytes in front of `NEXT`.
///
/// The last status is that of `NEXT`, if the connection goes on so far; if not, it is the one behind which the connection is closed.
type Row<'a> = (&'a str, &'a [u16], &'a [u8]);

/// Each request of the table, `front` first, gets this status, and then the end: `NEXT` is not answered.
async fn expect_refused(front: &[u8], table: &[(u16, &[u8])]) {
    let server = Server::both().await;
    for (status, request) in table {
        let bytes = [front, request].concat();
        expect_row(&server, &("refused", &[*status], &bytes)).await;
    }
}

/// Each request of the table, `front` first, gets this status, and so does `NEXT` get its own.
async fn expect_one_reading(front: &[u8], table: &[(u16, &[u8])]) {
    let server = Server::both().await;
    for (status, request) in table {
        let bytes = [front, request].concat();
        let statuses = [*status, NEXT_STATUS];
        expect_row(&server, &("one reading", &statuses, &bytes)).await;
    }
}

/// Each row of the table, `front` first, gets the answers that it names, and no others.
async fn expect_rows(front: &[u8], table: &[Row<'_>]) {
    let server = Server::both().await;
    for (what, statuses, bytes) in table {
        let bytes = [front, bytes].concat();
        expect_row(&server, &(what, statuses, &bytes)).await;
    }
}

/// The row holds in clear and over TLS, and wherever the packets are cut.
async fn expect_row(server: &Server, row: &Row<'_>) {
    let len = row.2.len();
    for cut in [1, len / 2, len - 1] {
        expect_row_cut(server, row, cut).await;
    }
    // Behind those that were cut: what came too late on them is shown in the wire view only when they have ended.
    for wire in WIRES {
        expect_row_over(wire, server, row).await;
    }
}

/// Sends the bytes of the row and `NEXT` in one piece; fails unless the statuses of the row are what comes back, and the
/// connection is closed behind the last of them, as it says.
async fn expect_row_over(wire: Wire, server: &Server, row: &Row<'_>) {
    let mut client = Client::connect(server, wire).await;
    client.send([row.2, NEXT].concat()).await;
    expect_answers(&mut client, row, &format!("{wire:?}"), false).await;
}

/// As `expect_row_over`, in clear and in two pieces.
async fn expect_row_cut(server: &Server, row: &Row<'_>, cut: usize) {
    let mut client = Client::connect(server, Wire::Plain).await;
    let (first, second) = row.2.split_at(cut);
    client.send(first).await;
    // Gives the server the time to read what there is. If it does not, the cut is elsewhere: no harm.
    tokio::time::sleep(Duration::from_millis(1)).await;
    // It may have heard enough already.
    client.try_send([second, NEXT].concat()).await;
    expect_answers(&mut client, row, &format!("cut at {cut}"), true).await;
}

/// Content that `may_be_late` may be asked for with a 100, if the client has said that it waits for one.
async fn expect_answers(
    client: &mut Client,
    (what, statuses, bytes): &Row<'_>,
    way: &str,
    may_be_late: bool,
) {
    let shown = bytes.escape_ascii().to_string();
    let what = format!("{what}, {way}: {shown:.300}");
    for (index, status) in statuses.iter().enumerate() {
        // Only the first answer can be one without content, that of HEAD.
        let is_to_head = index == 0 && bytes.starts_with(b"HEAD ");
        let mut answer = next_answer(client, is_to_head).await;
        if answer.status == 100 && may_be_late {
            answer = next_answer(client, is_to_head).await;
        }
        let is_last = index + 1 == statuses.len();
        let got = (answer.status, answer.closes());
        assert_eq!(got, (*status, is_last), "answer {index} to {what}");
    }
    let rest = client.rest().await;
    assert!(rest.is_empty(), "{what}: then {}", rest.escape_ascii());
}

async fn next_answer(client: &mut Client, is_to_head: bool) -> Answer {
    if is_to_head {
        client.answer_to_head().await
    } else {
        client.answer().await
    }
}
