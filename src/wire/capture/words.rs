//! The sentences in our captures: on the file, and on its packets.
//! Nothing is found out here.

use crate::octets::{Direction, counted};
use crate::wire::event::{Event, What};
use crate::wire::log::{About, Ending, State};
use crate::wire::timeline::{Item, Kind};

/// On the first packet of a connection.
pub(super) fn opening(about: &About) -> String {
    format!(
        "Connection #{} in the server's log, accepted on {}. The handshake of TCP is rebuilt: the system does it, and the program does not see it.",
        about.number,
        port(about)
    )
}

/// On the first packet in a file of a connection that began in an earlier one.
pub(super) fn continued(about: &About) -> String {
    format!(
        "Connection #{} in the server's log goes on here: it began in an earlier file. Wireshark opens its TLS records only together with that file; mergecap puts both into one.",
        about.number
    )
}

/// On the first that a client says.
pub(super) fn first_bytes(bytes: &[u8]) -> &'static str {
    match bytes {
        // A record of content type handshake, and in it a message of type client_hello (RFC 8446 §5.1, §4).
        [0x16, 3, _, _, _, 1, ..] => {
            "The ClientHello of TLS: what everybody on the way can read of this connection."
        }
        [0x14..=0x17, ..] => "It begins as TLS does.",
        _ => "In clear: anybody on the way can read it.",
    }
}

/// The end of the server's direction, where it was not seen. `why` is for those who have the keys.
pub(super) fn end_event(time_ns: u64, why: Option<&str>) -> Event {
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Event {
        time_ns,
        direction: Direction::FromServer,
        what: What::End,
        comment: Some(format!(
            "The server has closed the connection{why}. This packet is rebuilt: whether the system sent FIN or RST was not seen."
        )),
    }
}

/// On the file of one connection.
pub(super) fn file(about: &About, state: &State, with_keys: bool) -> String {
    let mut lines = vec![format!(
        "Connection #{} in the server's log, accepted on {}.",
        about.number,
        port(about)
    )];
    let [client, server] = [state.bytes.client, state.bytes.server];
    lines.push(format!(
        "{} came from the client, {server} from the server; {}.",
        counted(client, "byte"),
        match &state.ended {
            Some(Ending { why, .. }) if with_keys => format!("it has ended: {why}"),
            Some(_) => "it has ended".to_owned(),
            None => "it was still open when this file was written".to_owned(),
        }
    ));
    let missing = [
        (state.missing.client, "the client"),
        (state.missing.server, "the server"),
    ];
    for (missing, who) in missing.into_iter().filter(|(missing, _)| *missing > 0) {
        lines.push(format!(
            "Missing from {who}: {}. Of each direction, the beginning and the latest bytes are kept. Wireshark cannot open TLS records behind a gap.",
            counted(missing, "byte")
        ));
    }
    lines.push(match (&state.negotiated, with_keys) {
        (Some(negotiated), true) => {
            format!(
                "{negotiated}. The keys are in this file, so whoever has it can read everything."
            )
        }
        (None, true) => "Whoever has this file can read everything that is in it.".to_owned(),
        (_, false) => {
            "There are no keys in this file: it holds what an eavesdropper has.".to_owned()
        }
    });
    lines.join("\n")
}

/// On the packet in which something begins: what it is, and, with the keys, what Eve makes of it.
pub(super) fn note(item: &Item, with_keys: bool) -> Option<String> {
    let eve = item.eve_title.as_deref()?;
    let what = match item.kind {
        Kind::Record => "TLS record",
        Kind::Request => "Request",
        Kind::Response => "Response",
        Kind::Frame => "Frame",
        Kind::Unreadable => return Some(eve.to_owned()),
        _ => return None,
    };
    let is_hidden = item.title != eve;
    let mut text = match with_keys {
        true => format!("{what}: {}", item.title),
        false => format!("{what}: {eve}"),
    };
    if with_keys && is_hidden {
        text.push_str(&format!("\nWithout the keys: {eve}"));
    }
    if item.secret && !is_hidden {
        text.push_str("\nAnybody on the way can read the password or session cookie in it.");
    }
    // That Eve cannot open it is no problem, but the purpose.
    if let Some(problem) = item.problem.as_ref().filter(|_| with_keys) {
        text.push_str(&format!("\n{problem}"));
    }
    Some(text)
}

fn port(about: &About) -> &'static str {
    if about.is_tls_port {
        "the TLS port"
    } else {
        "the port for plain HTTP"
    }
}
