//! A connection as text for a terminal, in the manner of `curl --trace` and `ssldump`, but with both layers and their names.
//! Pure: events and secrets in, lines out; what a stranger sent can never act on the terminal.
//!
//! A line with a time is what the network saw; what is indented below it is what that meant, for those who may read it.

mod capture;
mod content;
mod entry;
mod handshake;
mod http;
mod manner;
mod message;
mod sheet;
mod teller;
mod tree;
mod visible;

use std::net::SocketAddr;

use crate::http::date::Civil;
use crate::octets::counted;
use crate::wire::decrypt::{KeyLogLine, Secrets};
use crate::wire::event::Event;
use crate::wire::timeline::{Item, Kind, Summary, Timeline};
pub use capture::{Listener, Told, write_capture};
pub use sheet::Palette;
use sheet::Role;
use teller::Teller;

/// One connection while it is told.
#[derive(Debug)]
pub struct Transcript {
    client: SocketAddr,
    server: SocketAddr,
    opened_ns: u64,
    as_eve: bool,
    timeline: Timeline,
    teller: Teller,
    is_readable: bool,
}

/// What is known of a connection before its first byte.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// What it is called in each of its lines.
    pub number: u64,
    /// Who opened it.
    pub client: SocketAddr,
    /// Whom to.
    pub server: SocketAddr,
    /// When, in nanoseconds since 1970.
    pub opened_ns: u64,
}

impl Transcript {
    /// Begins before the first event. With secrets, even with none yet, it tells what the server knows. Without (`None`)
    /// it tells what Eve can: it has no key, so nothing that was encrypted can get into it by mistake.
    #[must_use]
    pub fn new(opening: Opening, secrets: Option<Secrets>, palette: Palette) -> Self {
        let Opening {
            number,
            client,
            server,
            opened_ns,
        } = opening;
        let as_eve = secrets.is_none();
        Self {
            client,
            server,
            opened_ns,
            as_eve,
            timeline: Timeline::new(secrets.unwrap_or_default()),
            teller: Teller::new(number, opened_ns, as_eve, palette),
            is_readable: false,
        }
    }

    /// Takes a secret of this connection, unless it is Eve who listens.
    pub fn learn(&mut self, line: KeyLogLine) {
        if !self.as_eve {
            self.timeline.learn(line);
        }
    }

    /// The first line.
    #[must_use]
    pub fn opening(&self) -> String {
        let mut sheet = self.teller.sheet();
        let from = self.client.to_string();
        let to = self.server.to_string();
        let when = format!(", {}", date(self.opened_ns));
        sheet.line(
            0,
            &[
                (Role::Faint, "── "),
                (Role::Client, &from),
                (Role::Faint, " → "),
                (Role::Server, &to),
                (Role::Faint, &when),
            ],
        );
        sheet.into_text()
    }

    /// A line about the connection as a whole.
    #[must_use]
    pub fn remark(&self, text: &str) -> String {
        let mut sheet = self.teller.sheet();
        sheet.line(3, &[(Role::Faint, text)]);
        sheet.into_text()
    }

    /// Takes what happened next; gives the lines that it completed.
    pub fn push(&mut self, event: &Event) -> String {
        let changed = self.timeline.push(event);
        self.tell(changed, false)
    }

    /// Nothing more will come: gives what was not told yet, and a line or two on the whole.
    ///
    /// `ended` says when and why, if that is known. Why is the server's knowledge: it may repeat what a frame said.
    pub fn finish(&mut self, ended: Option<(u64, &str)>) -> String {
        let _ = self.timeline.finish();
        let all = (0..).take(self.timeline.items().len()).collect();
        let mut text = self.tell(all, true);
        let summary = self.timeline.summary();
        let mut sheet = self.teller.sheet();
        let end = match ended {
            Some((time_ns, _)) if self.as_eve => {
                format!("ended after {} s", self.teller.time(time_ns))
            }
            Some((time_ns, why)) => {
                format!("ended after {} s: {why}", self.teller.time(time_ns))
            }
            None => "end".to_owned(),
        };
        let says = in_a_line(&summary);
        sheet.line(
            0,
            &[
                (Role::Faint, "── "),
                (Role::Plain, &end),
                (Role::Faint, &says),
            ],
        );
        if summary.closed_records > 0 && !self.as_eve {
            let text = format!(
                "{} stayed closed",
                counted(summary.closed_records, "record")
            );
            sheet.line(3, &[(Role::Problem, &text)]);
        }
        if self.as_eve {
            for lesson in self.timeline.lessons() {
                let what = format!("Eve knows the {}: ", lesson.what);
                sheet.line(3, &[(Role::Faint, &what), (Role::InClear, &lesson.value)]);
                sheet.line(5, &[(Role::Faint, &lesson.how)]);
            }
        }
        text.push_str(&sheet.into_text());
        text
    }

    /// Whether anything was found so far that this program can read: a record, a request, a response, a frame.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.is_readable
    }

    /// The connection as a whole.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.timeline.summary()
    }

    fn tell(&mut self, changed: Vec<u64>, at_end: bool) -> String {
        let timeline = &self.timeline;
        let items = changed
            .iter()
            .filter_map(|&number| item(timeline.items(), number));
        let is_known = |kind| !matches!(kind, Kind::Unreadable | Kind::Missing | Kind::End);
        self.is_readable |= items.map(|item| item.kind).any(is_known);
        self.teller
            .tell(timeline.items(), changed.into_iter(), at_end, |number| {
                timeline.show(number)
            })
    }
}

/// The item of this number.
fn item(items: &[Item], number: u64) -> Option<&Item> {
    items.get(usize::try_from(number).ok()?)
}

/// `; TLS 1.3, TLS_AES_128_GCM_SHA256, x25519; HTTP/1.1: 2 requests`.
fn in_a_line(summary: &Summary) -> String {
    let Summary {
        version,
        cipher_suite,
        group,
        ..
    } = summary;
    // In clear, the version is that of the application, which follows.
    let version = version.as_ref().filter(|_| summary.is_tls);
    let agreed = [version, cipher_suite.as_ref(), group.as_ref()]
        .into_iter()
        .flatten();
    let agreed: Vec<&str> = agreed.map(String::as_str).collect();
    let mut parts = vec![agreed.join(", "), summary.application.join(" and ")];
    let some = |number, what| (number > 0).then(|| counted(number, what));
    parts.extend(some(summary.requests, "request"));
    parts.extend(some(summary.frames, "frame"));
    parts.extend(some(summary.missing_bytes, "byte").map(|bytes| format!("{bytes} not kept")));
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.map(|part| format!("; {part}")).collect()
}

/// `2026-11-23 00:08:31.123456 UTC`.
fn date(time_ns: u64) -> String {
    let seconds = Civil::from_unix(time_ns / 1_000_000_000).in_order(' ');
    format!("{seconds}.{:06} UTC", time_ns % 1_000_000_000 / 1000)
}

#[cfg(test)]
mod tests;
