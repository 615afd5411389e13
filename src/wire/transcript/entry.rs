//! One item of a timeline as lines: a heading with its time, or indented below its record, and what it says.
//! Whether and when it is told is decided by `teller`.

use super::manner::{Manner, hexadecimal};
use super::message::{self, Heading};
use super::sheet::{Role, Sheet};
use crate::octets::{Direction, counted};
use crate::wire::dissect::tls_record::{ContentType, RECORD_HEADER_LEN};
use crate::wire::timeline::{Item, Kind, Pane, Shown};

/// Where lines below a heading begin.
pub(super) const BELOW: usize = 4;

/// How wide the seconds are.
const TIME_COLUMN: usize = 11;

/// So much of an encrypted record is shown: enough to see that there is nothing to see.
const CIPHERTEXT_ROWS_MAX: usize = 2;

/// An item that is told.
pub(super) struct Entry<'a> {
    pub(super) item: &'a Item,
    /// When it was there, in seconds since the connection was opened.
    pub(super) time: String,
    /// Whether it will not grow any more, whole or not.
    pub(super) at_end: bool,
}

impl Entry<'_> {
    /// Writes that a thing has ended whose beginning was told before.
    pub(super) fn write_end(&self, sheet: &mut Sheet) {
        let Item {
            number,
            len,
            is_whole,
            ..
        } = self.item;
        let text = if *is_whole {
            format!("#{number} has ended: {} in all", counted(*len, "byte"))
        } else {
            format!("#{number} was cut short: {} in all", counted(*len, "byte"))
        };
        self.head(&text, false, sheet);
    }

    /// Writes a record as the network saw it; of one that `is_closed`, the first encrypted bytes.
    pub(super) fn write_record(&self, shown: Option<&Shown>, is_closed: bool, sheet: &mut Sheet) {
        let item = self.item;
        let pane = shown.and_then(|shown| shown.on_the_wire.first());
        let content_type = pane.and_then(|pane| pane.bytes.first()).copied();
        let content_type = content_type.map_or("unknown", type_name);
        let mut text = format!(
            "#{} record: {content_type}, {}",
            item.number,
            counted(item.len, "byte")
        );
        let closed = pane.filter(|pane| is_closed && pane.tree.name == "TLSCiphertext");
        if let Some(len) = item.eve_plaintext_len.filter(|_| closed.is_some()) {
            text.push_str(&format!(" ({len})"));
        }
        self.head(&text, true, sheet);
        if let Some(pane) = closed {
            let fragment = pane.bytes.get(RECORD_HEADER_LEN..).unwrap_or_default();
            hexadecimal(sheet, fragment, CIPHERTEXT_ROWS_MAX, BELOW);
        }
    }

    /// Writes a message. Under TLS it stands below the last of its records; `carrier` is that one, if another stands above.
    pub(super) fn write_message(
        &self,
        shown: Option<&Shown>,
        carrier: Option<u64>,
        sheet: &mut Sheet,
    ) {
        let item = self.item;
        let pane = shown.and_then(message_pane);
        let is_carried = shown.is_some_and(|shown| !shown.inside.is_empty());
        let in_clear = item.eve_title.is_some();
        let heading = pane.map(|pane| message::heading(item.kind, pane));
        let protection = is_carried.then_some(in_clear);
        let mut text = words(item, protection, self.at_end, heading.unwrap_or_default());
        if is_carried {
            if let Some(record) = carrier {
                text.push_str(&format!(" (in #{record})"));
            }
            sheet.line(BELOW, &[(role(in_clear), &text)]);
        } else {
            self.head(&text, in_clear, sheet);
        }
        if let Some(pane) = pane {
            let manner = Manner {
                indent: if is_carried { BELOW + 2 } else { BELOW },
                direction: item.direction,
                in_clear,
            };
            message::write(sheet, item.kind, pane, manner);
        }
    }

    /// What is wrong with it, if anything. What still grows lacks something of course.
    pub(super) fn problem<'s>(&'s self, shown: Option<&'s Shown>) -> Option<&'s str> {
        let is_final = self.item.is_whole || self.at_end;
        let pane = shown.and_then(message_pane).filter(|_| is_final);
        let in_tree = pane.and_then(|pane| {
            let mut fields = pane.tree.walk();
            fields.find_map(|field| field.problem.as_deref())
        });
        self.item.problem.as_deref().or(in_tree)
    }

    /// `   0.004100 client → server  …`.
    fn head(&self, text: &str, in_clear: bool, sheet: &mut Sheet) {
        let arrow = match self.item.direction {
            Direction::FromClient => (Role::Client, " client → server  "),
            Direction::FromServer => (Role::Server, " client ← server  "),
        };
        let time = format!("{:>TIME_COLUMN$}", self.time);
        sheet.columns(&[(Role::Faint, &time), arrow, (role(in_clear), text)]);
    }
}

fn role(in_clear: bool) -> Role {
    if in_clear { Role::InClear } else { Role::Plain }
}

/// The bytes of a message itself: what TLS wrapped, or without TLS what crossed the network.
fn message_pane(shown: &Shown) -> Option<&Pane> {
    shown.inside.first().or(shown.on_the_wire.first())
}

/// What a message is, in a few words: `#9 text frame, 23 bytes, encrypted: FIN, …`.
///
/// `in_clear` says of what was carried by records whether those were in clear.
fn words(item: &Item, in_clear: Option<bool>, at_end: bool, heading: Heading) -> String {
    let is_told_by_title = matches!(
        item.kind,
        Kind::ChangeCipherSpec | Kind::Missing | Kind::End
    );
    let name = match (&heading.name, item.kind) {
        (Some(name), _) => name,
        (None, Kind::Handshake) => &item.title,
        (None, _) if is_told_by_title => &item.title,
        (None, kind) => kind.word(),
    };
    let mut text = format!("#{} {name}", item.number);
    if !is_told_by_title {
        text.push_str(&format!(", {}", counted(item.len, "byte")));
    }
    match in_clear {
        Some(true) => text.push_str(", in clear"),
        Some(false) => text.push_str(", encrypted"),
        None => {}
    }
    if !item.is_whole && !is_told_by_title {
        text.push_str(if at_end {
            ", cut short"
        } else {
            ", not whole yet"
        });
    }
    if let Some(says) = heading.says {
        text.push_str(&format!(": {says}"));
    }
    text
}

fn type_name(byte: u8) -> &'static str {
    match ContentType::from_byte(byte) {
        Some(ContentType::ChangeCipherSpec) => "change_cipher_spec",
        Some(ContentType::Alert) => "alert",
        Some(ContentType::Handshake) => "handshake",
        Some(ContentType::ApplicationData) => "application_data",
        Some(ContentType::Heartbeat) => "heartbeat",
        None => "unknown",
    }
}
