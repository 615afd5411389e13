//! Which items of a timeline are told when: records in the order in which they ended, what they carried below the last of
//! them, nothing twice. How they look is known to `entry`.

use super::entry::{BELOW, Entry};
use super::sheet::{Palette, Role, Sheet};
use crate::wire::timeline::{Item, Kind, PANE_LEN_MAX, Shown};

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
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
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
            Told::Beginning => item.is_whole || at_end,
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
        let now = if item.is_whole || at_end {
            Told::All
        } else {
            Told::Beginning
        };
        self.note(item.number, now);
        let entry = Entry {
            item,
            time: self.time(item.ended_ns),
            at_end,
        };
        if before == Told::Beginning {
            return entry.write_end(sheet);
        }
        let shown = show(item.number);
        if item.kind == Kind::Record {
            let is_closed = self.carried(item, items).next().is_none();
            entry.write_record(shown.as_ref(), is_closed, sheet);
            self.latest_record = Some(item.number);
        } else {
            let carrier = last_record(item);
            let is_elsewhere = self.latest_record != Some(carrier);
            entry.write_message(shown.as_ref(), is_elsewhere.then_some(carrier), sheet);
        }
        if let Some(problem) = entry.problem(shown.as_ref())
            && !self.is_closed_to_eve(item)
        {
            self.tell_problem(problem, sheet);
        }
    }

    /// That Eve cannot open what is encrypted is no problem, but the point.
    fn is_closed_to_eve(&self, item: &Item) -> bool {
        self.as_eve && item.kind == Kind::Record && item.related.is_empty()
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
}

/// The number of the last record that carried it; without TLS its own.
fn last_record(item: &Item) -> u64 {
    match item.kind {
        Kind::Record => item.number,
        // They ascend.
        _ => item.related.last().copied().unwrap_or(item.number),
    }
}
