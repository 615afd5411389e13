//! What TLS leaves in clear: the hellos.

use super::super::hellos::Hellos;
use super::{Lesson, Timeline, lesson, list, sizes};
use crate::octets::counted;

pub(super) fn lessons(timeline: &Timeline) -> Vec<Lesson> {
    let hellos = Hellos::of(&timeline.ledger);
    let mut lessons = from_client(&hellos);
    lessons.extend(from_server(&hellos));
    lessons.extend(sizes::lessons(timeline));
    lessons
}

fn from_client(hellos: &Hellos) -> Vec<Lesson> {
    let item = hellos.client_hello;
    let mut lessons = Vec::new();
    if let Some(name) = &hellos.server_name {
        lessons.push(lesson(
            "server name",
            name,
            "The ClientHello names it in clear (server_name), for servers with many names must know whose certificate to show.",
            item,
        ));
    }
    if !hellos.protocols.is_empty() {
        lessons.push(lesson(
            "protocols offered",
            list(&hellos.protocols),
            "The ClientHello lists in clear what could be spoken inside (ALPN); which of them it is, is encrypted in TLS 1.3.",
            item,
        ));
    }
    if item.is_some() {
        let (suites, extensions) = hellos.offered;
        lessons.push(lesson(
            "kind of client",
            format!(
                "{}, {}",
                counted(suites, "cipher suite"),
                counted(extensions, "extension")
            ),
            "Each program fills its ClientHello in its own way: from what is listed, browsers and their versions are told apart.",
            item,
        ));
    }
    if hellos.offers_resumption {
        let value = match (hellos.is_resumed, hellos.offers_early_data) {
            (true, true) => "yes, with early data",
            (true, false) => "yes",
            (false, _) => "perhaps",
        };
        lessons.push(lesson(
            "was here before",
            value,
            "The ClientHello brings along a ticket that the server gave it in an earlier connection.",
            item,
        ));
    }
    lessons
}

fn from_server(hellos: &Hellos) -> Vec<Lesson> {
    let item = hellos.server_hello;
    let mut lessons = Vec::new();
    if let Some(version) = &hellos.version {
        lessons.push(lesson(
            "version",
            version,
            "The ServerHello says in clear what was chosen.",
            item,
        ));
    }
    if let Some(suite) = &hellos.cipher_suite {
        lessons.push(lesson(
            "cipher suite",
            suite,
            "The ServerHello names it in clear: it is no secret how something is encrypted, only with which key.",
            item,
        ));
    }
    if hellos.certificate.is_some() {
        lessons.push(lesson(
            "certificate",
            "in clear",
            "TLS 1.2 sends certificates before anything is encrypted: the names in them are for all to read. TLS 1.3 does not.",
            hellos.certificate,
        ));
    }
    lessons
}
