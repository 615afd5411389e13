//! Which items of a timeline are told when: records in the order in which they ended, what they carried below the last of
//! them, nothing twice. How a message looks is known to `message`.

use super::message::{self, Manner};
use super::sheet::{Palette, Role, Sheet};
use crate::octets::Direction;
use crate::wire::dissect::tls_record::{ContentType, RECORD_HEADER_LEN};
use crate::wire::timeline::{Item, Kind, PANE_LEN_MAX, Pane, Shown};

/// Where lines below a heading begin.
const BELOW: usize = 4;

/// So much of an encrypted record is shown to Eve: enough to see that there is nothing to see.
const CIPHERTEXT_ROWS_MAX: usize = 2;

/// Unreadable bytes are told when there are so many of them: they have no end of their own.
const UNREADABLE_LEN_MAX: u64 = 4096;

/// Tells the items of one connection.
#[derive(Debug)]
pub(super) struct Teller {
    number: u64,
    opened_ns: u64,
    as_eve: bool,
    palette: Palette,
    /// By number of the item.
    told: Vec<Told>,
}

/// How much of an item has been told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    /// Its beginning, because it is long and still grows.
    Beginning,
    All,
}

impl Teller {
    pub(super) fn new(number: u64, opened_ns: u64, as_eve: bool, palette: Palette) -> Self {
        Self {
            number,
            opened_ns,
            as_eve,
            palette,
            told: Vec::new(),
        }
    }

    /// Empty lines of this connection.
    pub(super) fn sheet(&self) -> Sheet {
        Sheet::new(self.number, self.palette)
    }

    /// Seconds since the connection was opened.
    pub(super) fn time(&self, time_ns: u64) -> String {
        let micros = time_ns.saturating_sub(self.opened_ns) / 1000;
        format!("{:>4}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }

    /// Tells what became ready to be told; all of it if nothing more will come.
    pub(super) fn tell(
        &mut self,
        items: &[Item],
        changed: impl Iterator<Item = u64>,
        at_end: bool,
        show: impl Fn(u64) -> Option<Shown>,
    ) -> String {
        let mut ready: Vec<&Item> = changed
            .filter_map(|number| items.get(usize::try_from(number).ok()?))
            .filter(|item| self.is_ready(item, at_end))
            .collect();
        // A message stands below the last of its records.
        ready.sort_by_key(|item| (last_record(item), item.kind != Kind::Record, item.number));
        let mut sheet = self.sheet();
        for item in ready {
            self.tell_item(item, items, &show, &mut sheet);
        }
        sheet.into_text()
    }

    fn is_ready(&self, item: &Item, at_end: bool) -> bool {
        if self.as_eve && item.eve_title.is_none() {
            return false;
        }
        match self.told_of(item.number) {
            Told::All => false,
            Told::Beginning => item.is_whole,
            Told::Nothing => {
                let is_long = match item.kind {
                    Kind::Request | Kind::Response | Kind::Frame => item.len > PANE_LEN_MAX as u64,
                    Kind::Unreadable => item.len > UNREADABLE_LEN_MAX,
                    _ => false,
                };
                item.is_whole || is_long || at_end
            }
        }
    }

    fn told_of(&self, number: u64) -> Told {
        let told = usize::try_from(number)
            .ok()
            .and_then(|at| self.told.get(at));
        told.copied().unwrap_or_default()
    }

    fn note(&mut self, number: u64, told: Told) {
        let Ok(at) = usize::try_from(number) else {
            return;
        };
        if self.told.len() <= at {
            self.told.resize(at + 1, Told::Nothing);
        }
        if let Some(slot) = self.told.get_mut(at) {
            *slot = told;
        }
    }

    fn tell_item(
        &mut self,
        item: &Item,
        items: &[Item],
        show: &impl Fn(u64) -> Option<Shown>,
        sheet: &mut Sheet,
    ) {
        let before = self.told_of(item.number);
        let now = if item.is_whole {
            Told::All
        } else {
            Told::Beginning
        };
        self.note(item.number, now);
        if before == Told::Beginning {
            let text = format!("#{} has ended: {} bytes in all", item.number, item.len);
            self.head(item, &text, false, sheet);
            return;
        }
        let shown = show(item.number);
        if item.kind == Kind::Record {
            self.tell_record(item, items, shown.as_ref(), sheet);
        } else {
            self.tell_message(item, shown.as_ref(), sheet);
        }
        if let Some(problem) = &item.problem {
            sheet.line(BELOW, &[(Role::Problem, "! "), (Role::Problem, problem)]);
        }
    }

    fn tell_record(&self, item: &Item, items: &[Item], shown: Option<&Shown>, sheet: &mut Sheet) {
        let pane = shown.and_then(|shown| shown.on_the_wire.first());
        let content_type = pane.and_then(|pane| pane.bytes.first()).copied();
        let text = format!(
            "#{} record: {}, {} bytes",
            item.number,
            content_type.map_or("unknown", type_name),
            item.len
        );
        self.head(item, &text, true, sheet);
        let carried = item.related.iter();
        let carried = carried.filter_map(|&number| items.get(usize::try_from(number).ok()?));
        let mut carried = carried.filter(|message| self.may_see(message)).peekable();
        if let Some(pane) = pane.filter(|_| self.as_eve && carried.peek().is_none()) {
            let fragment = pane.bytes.get(RECORD_HEADER_LEN..).unwrap_or_default();
            if pane.tree.name == "TLSCiphertext" {
                message::write_hex(sheet, fragment, CIPHERTEXT_ROWS_MAX, BELOW);
            }
        }
        for message in carried {
            if !message.is_whole || last_record(message) > item.number {
                let text = format!("a part of #{}, which goes on", message.number);
                sheet.line(BELOW, &[(Role::Faint, &text)]);
            }
        }
    }

    fn may_see(&self, item: &Item) -> bool {
        !self.as_eve || item.eve_title.is_some()
    }

    fn tell_message(&self, item: &Item, shown: Option<&Shown>, sheet: &mut Sheet) {
        let pane = shown.and_then(message_pane);
        let says = pane.and_then(|pane| message::heading(item.kind, pane));
        let is_nested = !item.related.is_empty();
        let mut text = format!("#{} {}", item.number, words(item, says));
        if is_nested {
            text.push_str(if item.eve_title.is_some() {
                ", in clear"
            } else {
                ", encrypted"
            });
        }
        if !item.is_whole && matches!(item.kind, Kind::Request | Kind::Response | Kind::Frame) {
            text.push_str(", not whole yet");
        }
        let in_clear = item.eve_title.is_some();
        if is_nested {
            let role = if in_clear { Role::InClear } else { Role::Plain };
            sheet.line(BELOW, &[(role, &text)]);
        } else {
            self.head(item, &text, in_clear, sheet);
        }
        if let Some(pane) = pane {
            let manner = Manner {
                indent: if is_nested { BELOW + 2 } else { BELOW },
                direction: item.direction,
                in_clear,
            };
            message::write(sheet, item.kind, pane, manner);
        }
    }

    /// `   0.004100 client → server  …`.
    fn head(&self, item: &Item, text: &str, in_clear: bool, sheet: &mut Sheet) {
        let arrow = match item.direction {
            Direction::FromClient => (Role::Client, " client → server  "),
            Direction::FromServer => (Role::Server, " client ← server  "),
        };
        let role = if in_clear { Role::InClear } else { Role::Plain };
        let time = self.time(item.ended_ns);
        sheet.line(0, &[(Role::Faint, &time), arrow, (role, text)]);
    }
}

/// The number of the last record that carried it; without TLS its own.
fn last_record(item: &Item) -> u64 {
    match item.kind {
        Kind::Record => item.number,
        _ => item.related.iter().copied().max().unwrap_or(item.number),
    }
}

/// The bytes of a message itself: what TLS wrapped, or without TLS what crossed the network.
fn message_pane(shown: &Shown) -> Option<&Pane> {
    shown.inside.first().or(shown.on_the_wire.first())
}

/// What a message is, in a few words.
fn words(item: &Item, says: Option<String>) -> String {
    let len = item.len;
    match (item.kind, says) {
        (Kind::Handshake, Some(name)) => format!("{name}, {len} bytes"),
        (Kind::Alert, Some(says)) => format!("alert: {says}"),
        (Kind::Frame, Some(header)) => format!("frame, {len} bytes: {header}"),
        (Kind::Request | Kind::Response | Kind::Frame, _) => {
            format!("{}, {len} bytes", item.kind.word())
        }
        (Kind::Unreadable, _) => format!("{len} bytes that could not be read"),
        _ => item.title.clone(),
    }
}

fn type_name(byte: u8) -> &'static str {
    match ContentType::from_byte(byte) {
        Some(ContentType::ChangeCipherSpec) => "change_cipher_spec",
        Some(ContentType::Alert) => "alert",
        Some(ContentType::Handshake) => "handshake",
        Some(ContentType::ApplicationData) => "application_data",
        None => "unknown",
    }
}
