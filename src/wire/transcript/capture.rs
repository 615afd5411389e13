//! The transcript of a whole capture: its connections one after the other, and what in it could not be read.
//! Files are opened elsewhere.

use std::fmt;

use super::{Opening, Palette, Transcript};
use crate::octets::{Direction, counted};
use crate::wire::decrypt::{ClientRandom, KeyLog, Secrets, Session};
use crate::wire::event::{Event, What};
use crate::wire::pcapng::{Capture, Connection};

/// A ClientHello ends within so many bytes, or none is looked for any more: the longest handshake message that is put together.
const CLIENT_HELLO_LOOK_MAX: usize = 256 * 1024;

/// What became of the connections in a capture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// How many were told.
    pub readable: usize,
    /// How many are neither TLS nor HTTP nor WebSocket.
    pub unreadable: usize,
    /// How many carried nothing.
    pub silent: usize,
    /// How many have records that stay closed because their secrets are not known.
    pub without_secrets: usize,
}

/// Who listens, and what they know.
#[derive(Debug, Clone, Copy)]
pub enum Listener<'a> {
    /// Somebody who has these secrets, and those in the capture.
    WithKeys(&'a KeyLog),
    /// Somebody who has none, whatever the capture holds.
    Eve,
}

/// Writes what the connections in a capture said, and what could not be read.
///
/// # Errors
/// If `out` takes no more.
pub fn write_capture(
    capture: &Capture,
    listener: Listener<'_>,
    palette: Palette,
    out: &mut impl fmt::Write,
) -> Result<Told, fmt::Error> {
    let in_capture = KeyLog::read(&capture.key_log);
    let mut told = Told::default();
    for (number, connection) in (1..).zip(&capture.connections) {
        let secrets = match listener {
            Listener::Eve => None,
            Listener::WithKeys(key_log) => Some(secrets_of(connection, [&in_capture, key_log])),
        };
        write_connection(number, connection, secrets, palette, &mut told, out)?;
    }
    write_notes(capture, told, out)?;
    Ok(told)
}

fn write_connection(
    number: u64,
    connection: &Connection,
    secrets: Option<Secrets>,
    palette: Palette,
    told: &mut Told,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    let opening = Opening {
        number,
        client: connection.client,
        server: connection.server,
        opened_ns: connection.opened_ns,
    };
    let lacks_secrets = secrets
        .as_ref()
        .is_some_and(|known| known.client_random().is_none());
    let mut transcript = Transcript::new(opening, secrets, palette);
    out.write_str(&transcript.opening())?;
    let bytes: u64 = connection.events.iter().map(len).sum();
    if !connection.saw_start && bytes > 0 {
        let guess = "its beginning was not captured: who is the client was guessed from the ports";
        out.write_str(&transcript.remark(guess))?;
    }
    // Held back until something was found that can be read: a screen full of another protocol's bytes helps nobody.
    let mut held = String::new();
    for event in &connection.events {
        held.push_str(&transcript.push(event));
        if transcript.is_readable() {
            out.write_str(&held)?;
            held.clear();
        }
    }
    if transcript.is_readable() {
        told.readable += 1;
        out.write_str(&transcript.finish(ending(&connection.events)))?;
        told.without_secrets +=
            usize::from(lacks_secrets && transcript.summary().closed_records > 0);
    } else if bytes == 0 {
        told.silent += 1;
        out.write_str(&transcript.remark("nothing was sent"))?;
    } else {
        told.unreadable += 1;
        let remark = format!(
            "neither TLS nor HTTP nor WebSocket: {}, not shown",
            counted(bytes, "byte")
        );
        out.write_str(&transcript.remark(&remark))?;
    }
    out.write_char('\n')
}

/// What else must be said of a capture.
fn write_notes(capture: &Capture, told: Told, out: &mut impl fmt::Write) -> fmt::Result {
    if told.without_secrets > 0 {
        writeln!(
            out,
            "Note: no secret is known for {} of these connections, so their records stay closed. Give the key log with --keylog; \
             programs write one where the environment variable SSLKEYLOGFILE says.",
            told.without_secrets
        )?;
    }
    if capture.passed_over > 0 {
        writeln!(
            out,
            "Note: {} of {} packets were passed over: they belong to no TCP connection that is read.",
            capture.passed_over, capture.packets
        )?;
    }
    for problem in &capture.problems {
        writeln!(out, "Note: {problem}")?;
    }
    Ok(())
}

/// What these logs know of a connection; nothing if it does not begin with a ClientHello.
fn secrets_of(connection: &Connection, logs: [&KeyLog; 2]) -> Secrets {
    let mut all = Secrets::default();
    let Some(random) = client_random(&connection.events) else {
        return all;
    };
    for secrets in logs.into_iter().filter_map(|log| log.secrets_of(&random)) {
        for line in secrets.lines() {
            all.learn(line);
        }
    }
    all
}

/// By what a connection is called in key logs.
fn client_random(events: &[Event]) -> Option<ClientRandom> {
    let mut session = Session::default();
    let mut looked_at = 0;
    for event in events {
        let What::Bytes(bytes) = &event.what else {
            continue;
        };
        if event.direction == Direction::FromClient {
            session.push(event.direction, bytes);
            looked_at += bytes.len();
        }
        if session.client_random().is_some() || looked_at > CLIENT_HELLO_LOOK_MAX {
            break;
        }
    }
    session.client_random().copied()
}

fn len(event: &Event) -> u64 {
    match &event.what {
        What::Bytes(bytes) => bytes.len() as u64,
        What::Missing(missing) => missing.bytes,
        What::End | What::Reset => 0,
    }
}

/// When and how a connection ended, as far as the capture shows.
fn ending(events: &[Event]) -> Option<(u64, &'static str)> {
    let last = events.last()?;
    let ends = events
        .iter()
        .filter(|event| event.what == What::End)
        .count();
    let why = match (&last.what, last.direction, ends) {
        (What::Reset, Direction::FromClient, _) => "the client broke it off (RST)",
        (What::Reset, Direction::FromServer, _) => "the server broke it off (RST)",
        (_, _, 2..) => "both sides had said everything (FIN)",
        _ => "the capture shows no more of it",
    };
    Some((last.time_ns, why))
}
