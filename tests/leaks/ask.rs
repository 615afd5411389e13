//! One request for something of the view, and whatever came back, to its last byte.

use crate::client::{Answer, Client, HOST, Wire};
use crate::support::Server;

/// What a browser of these years says of a page of our own.
pub(crate) const OWN_PAGE: &str = "Sec-Fetch-Site: same-origin\r\n";

/// Asks on a connection of its own.
pub(crate) async fn ask(server: &Server, wire: Wire, path: &str, lines: &str) -> Answer {
    ask_as(server, wire, &format!("GET {path}"), HOST, lines).await
}

/// As `ask`, with method and host as the test wants.
pub(crate) async fn ask_as(
    server: &Server,
    wire: Wire,
    method_and_path: &str,
    host: &str,
    lines: &str,
) -> Answer {
    let mut client = Client::connect(server, wire).await;
    client
        .send(format!("{method_and_path} HTTP/1.1\r\n{host}{lines}\r\n"))
        .await;
    if method_and_path.starts_with("HEAD") {
        client.answer_to_head().await
    } else {
        client.answer().await
    }
}

/// All of it, as one text.
pub(crate) fn all_of(answer: &Answer) -> Vec<u8> {
    let mut all = answer.status.to_string().into_bytes();
    for (name, value) in &answer.fields {
        all.extend_from_slice(format!("\n{name}: {value}").as_bytes());
    }
    all.extend_from_slice(b"\n\n");
    all.extend_from_slice(&answer.content);
    all
}

/// All of it but what differs from one answer to the next, whatever was asked: the time, and a badge.
pub(crate) fn essence(mut answer: Answer) -> Vec<u8> {
    answer.fields.retain(|(name, value)| {
        name != "Date" && !(name == "Set-Cookie" && value.contains("browser"))
    });
    all_of(&answer)
}
