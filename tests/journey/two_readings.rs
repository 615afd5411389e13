//! What two servers could read in two ways is the raw material of request smuggling: one of them takes for content what
//! the other takes for the next request. So each such request is refused, whole, and the connection closed.
//! Beside the refusals stand their neighbours: what looks alike and has one reading only.

mod heads;
mod lengths;

use crate::client::{Client, WIRES};
use crate::support::Server;

/// Stands behind every request here, as the prey of the smuggler: it may be answered only where the request has one reading.
const NEXT: &[u8] = b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Each request of the table, `front` first, gets this status, and then the end: `NEXT` is not answered.
async fn expect_refused(front: &[u8], table: &[(u16, &[u8])]) {
    expect(front, table, false).await;
}

/// Each request of the table, `front` first, gets this status, and so does `NEXT` get its own.
async fn expect_one_reading(front: &[u8], table: &[(u16, &[u8])]) {
    expect(front, table, true).await;
}

async fn expect(front: &[u8], table: &[(u16, &[u8])], next_is_read: bool) {
    let server = Server::both().await;
    for wire in WIRES {
        for (status, request) in table {
            let request = [front, request].concat();
            let what = format!("{:.300} over {wire:?}", request.escape_ascii().to_string());
            let mut client = Client::connect(&server, wire).await;
            client.send([&request, NEXT].concat()).await;
            let answer = client.answer().await;
            let got = (answer.status, answer.closes());
            assert_eq!(got, (*status, !next_is_read), "{what}");
            if next_is_read {
                let next = client.answer().await;
                assert_eq!((next.status, next.closes()), (404, true), "{what}");
            }
            let rest = client.rest().await;
            assert!(rest.is_empty(), "{what}: then {}", rest.escape_ascii());
        }
    }
}
