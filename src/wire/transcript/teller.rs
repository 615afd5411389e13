//! Which items of a timeline are told when: records in the order in which they ended, what they carried below the last of
//! them, nothing twice. How a message looks is known to `message`.

use super::message::{self, Heading, Manner};
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

/// So many different problems are remembered, so that none of them is told twice.
const PROBLEMS_KEPT_MAX: usize = 16;

/// Tells the items of one connection.
#[derive(Debug)]
pub(super) struct Teller {
    number: u64,
    opened_ns: u64,
    as_eve: bool,
    palette: Palette,
    /// By number of the item.
    told: Vec<Told>,
    problems: Vec<String>,
    /// Below which record the next line would stand.
    latest_record: Option<u64>,
}

/// Something that is told.
enum Line<'a> {
    Record(&'a Item),
    Message(&'a Item),
    /// A record carried a part of a message that it does not end.
    Part {
        record: u64,
        of: &'a Item,
    },
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
            problems: Vec::new(),
            latest_record: None,
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
        let ready = changed.filter_map(|number| super::item(items, number));
        let ready = ready.filter(|item| self.is_ready(item, at_end));
        let mut lines: Vec<Line<'_>> = ready.flat_map(|item| self.lines_of(item, items)).collect();
        // Below each record, in the order in which it carried them: messages that it ends, and parts of those that go on.
        lines.sort_by_key(|line| match line {
            Line::Record(item) => (item.number, false, 0),
            Line::Message(item) => (last_record(item), true, item.number),
            Line::Part { record, of } => (*record, true, of.number),
        });
        let mut sheet = self.sheet();
        for line in lines {
            self.tell_line(&line, items, at_end, &show, &mut sheet);
        }
        sheet.into_text()
    }

    /// What there is to tell when an item is told.
    fn lines_of<'a>(&self, item: &'a Item, items: &'a [Item]) -> Vec<Line<'a>> {
        if item.kind != Kind::Record {
            return vec![Line::Message(item)];
        }
        let goes_on = |of: &&Item| !of.is_whole || last_record(of) > item.number;
        let parts = self.carried(item, items).filter(goes_on);
        let parts = parts.map(|of| Line::Part {
            record: item.number,
            of,
        });
        std::iter::once(Line::Record(item)).chain(parts).collect()
    }

    /// What a record carried, as far as whoever listens can tell.
    fn carried<'a>(&self, record: &'a Item, items: &'a [Item]) -> impl Iterator<Item = &'a Item> {
        let as_eve = self.as_eve;
        let carried = record.related.iter();
        let carried = carried.filter_map(|&number| super::item(items, number));
        carried.filter(move |item| !as_eve || item.eve_title.is_some())
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

    fn tell_line(
        &mut self,
        line: &Line<'_>,
        items: &[Item],
        at_end: bool,
        show: &impl Fn(u64) -> Option<Shown>,
        sheet: &mut Sheet,
    ) {
        let item = match line {
            Line::Part { of, .. } => {
                let text = format!("a part of #{}, which goes on", of.number);
                return sheet.line(BELOW, &[(Role::Faint, &text)]);
            }
            Line::Record(item) | Line::Message(item) => item,
        };
        let before = self.told_of(item.number);
        self.note(
            item.number,
            if item.is_whole {
                Told::All
            } else {
                Told::Beginning
            },
        );
        if before == Told::Beginning {
            let text = format!("#{} has ended: {} bytes in all", item.number, item.len);
            return self.head(item, &text, false, sheet);
        }
        let shown = show(item.number);
        if item.kind == Kind::Record {
            self.tell_record(item, items, shown.as_ref(), sheet);
            self.latest_record = Some(item.number);
        } else {
            self.tell_message(item, at_end, shown.as_ref(), sheet);
        }
        // What still grows lacks something of course.
        let is_final = item.is_whole || at_end;
        let pane = shown.as_ref().and_then(message_pane).filter(|_| is_final);
        let in_tree =
            pane.and_then(|pane| pane.tree.walk().find_map(|field| field.problem.as_deref()));
        let problem = item.problem.as_deref().or(in_tree);
        if let Some(problem) = problem.filter(|_| !self.is_closed_to_eve(item)) {
            self.tell_problem(problem, sheet);
        }
    }

    /// That Eve cannot open what is encrypted is no problem, but the point.
    fn is_closed_to_eve(&self, item: &Item) -> bool {
        self.as_eve && item.kind == Kind::Record
    }

    /// Once each: without a key, every record has the same.
    fn tell_problem(&mut self, problem: &str, sheet: &mut Sheet) {
        if self.problems.iter().any(|told| told == problem) {
            return;
        }
        if self.problems.len() < PROBLEMS_KEPT_MAX {
            self.problems.push(problem.to_owned());
        }
        sheet.line(BELOW, &[(Role::Problem, "! "), (Role::Problem, problem)]);
    }

    fn tell_record(&self, item: &Item, items: &[Item], shown: Option<&Shown>, sheet: &mut Sheet) {
        let pane = shown.and_then(|shown| shown.on_the_wire.first());
        let content_type = pane.and_then(|pane| pane.bytes.first()).copied();
        let content_type = content_type.map_or("unknown", type_name);
        let mut text = format!(
            "#{} record: {content_type}, {} bytes",
            item.number, item.len
        );
        let is_closed = self.carried(item, items).next().is_none();
        let closed = pane.filter(|pane| is_closed && pane.tree.name == "TLSCiphertext");
        let guess = item
            .eve_title
            .as_deref()
            .and_then(|title| title.split_once(": "));
        if let Some((_, guess)) = guess.filter(|_| closed.is_some()) {
            text.push_str(&format!(" ({guess})"));
        }
        self.head(item, &text, true, sheet);
        if let Some(pane) = closed {
            let fragment = pane.bytes.get(RECORD_HEADER_LEN..).unwrap_or_default();
            message::write_hex(sheet, fragment, CIPHERTEXT_ROWS_MAX, BELOW);
        }
    }

    fn tell_message(&self, item: &Item, at_end: bool, shown: Option<&Shown>, sheet: &mut Sheet) {
        let pane = shown.and_then(message_pane);
        let is_nested = !item.related.is_empty();
        let in_clear = item.eve_title.is_some();
        let heading = pane.map(|pane| message::heading(item.kind, pane));
        let mut text = words(
            item,
            is_nested.then_some(in_clear),
            at_end,
            heading.unwrap_or_default(),
        );
        let record = last_record(item);
        if is_nested && self.latest_record != Some(record) {
            text.push_str(&format!(" (in #{record})"));
        }
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
        sheet.columns(&[(Role::Faint, &time), arrow, (role, text)]);
    }
}

/// The number of the last record that carried it; without TLS its own.
fn last_record(item: &Item) -> u64 {
    match item.kind {
        Kind::Record => item.number,
        // They ascend.
        _ => item.related.last().copied().unwrap_or(item.number),
    }
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
        text.push_str(&format!(", {} bytes", item.len));
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
        None => "unknown",
    }
}
