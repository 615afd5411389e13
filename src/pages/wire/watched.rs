//! One connection while somebody looks at it: its record, read on as it grows, on a timeline.
//! Everything here takes apart and computes, so none of it is for an async thread.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::wire::decrypt::Secrets;
use crate::wire::event::{Event, What};
use crate::wire::json;
use crate::wire::log::{Cursor, Sight, State};
use crate::wire::proof::prove;
use crate::wire::timeline::Timeline;

use super::proof;
use super::search;
use super::wish::Needle;

/// After so many bytes the timeline begins anew from what the log still keeps, which is a quarter of this: a view that is left
/// open beside a long download shall not hold all of it.
const TIMELINE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// So many items a view holds: far more than people look at, and some ten megabytes.
const ITEMS_MAX: usize = 50_000;

/// Why a timeline begins anew, for those who look at it.
const WAS_LONG: &str = "The timeline begins anew: the middle of this long connection was let go.";
const WAS_TAKEN_BACK: &str =
    "The timeline begins anew: its end was a request for this view, which is not recorded.";

/// So many items go into one event, some hundred kilobytes of it.
const ITEMS_PER_EVENT: usize = 500;

/// A connection that is looked at.
pub(super) struct Watched {
    sight: Sight,
    cursor: Cursor,
    timeline: Timeline,
    /// How many bytes the timeline was given.
    pushed_bytes: usize,
    /// Items that were not told since they changed.
    untold: BTreeSet<u64>,
    /// Whether the page has to forget what it was told before,
    begins_anew: bool,
    /// and why, if it was told anything.
    why_anew: Option<&'static str>,
    /// The summary and the lessons, as they were told.
    told_whole: String,
    /// Whether they may have changed since.
    owes_whole: bool,
    is_over: bool,
}

impl Watched {
    pub(super) fn new(sight: Sight) -> Self {
        Self {
            timeline: Timeline::with_items_max(Secrets::default(), ITEMS_MAX),
            sight,
            cursor: Cursor::default(),
            pushed_bytes: 0,
            untold: BTreeSet::new(),
            begins_anew: true,
            why_anew: None,
            told_whole: String::new(),
            owes_whole: true,
            is_over: false,
        }
    }

    pub(super) fn sight(&self) -> &Sight {
        &self.sight
    }

    pub(super) fn number(&self) -> u64 {
        self.sight.about().number
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether summary and lessons may have changed since they were told.
    pub(super) fn owes_whole(&self) -> bool {
        self.owes_whole
    }

    /// Resolves when there is something to read.
    pub(super) async fn changed(&self) {
        self.sight.changed(&self.cursor).await;
    }

    /// Takes what was recorded since, and gives the events that tell it; of the connection as a whole only `with_whole`. `None` if it
    /// may not be seen any more.
    pub(super) fn read_on(&mut self, with_whole: bool) -> Option<Vec<String>> {
        if self.pushed_bytes > TIMELINE_BYTES_MAX {
            self.begin_anew(WAS_LONG);
        }
        let state = self.push_news()?;
        let has_ended = state.ended.is_some();
        if has_ended && self.has_extra_bytes(&state) {
            self.begin_anew(WAS_TAKEN_BACK);
            self.push_news()?;
        }
        if has_ended {
            self.untold.extend(self.timeline.finish());
            self.is_over = true;
        }
        self.owes_whole |= self.is_over || !self.untold.is_empty();
        let mut events = self.tell_items();
        if with_whole {
            events.extend(self.tell_whole());
        }
        Some(events)
    }

    /// An item taken apart, or why there is nothing to take apart.
    pub(super) fn show(&self, item: u64) -> String {
        let number = self.number();
        match self.timeline.show(item) {
            Some(shown) => {
                json!({ "type": "shown", "connection": number, "shown": json::shown(&shown) })
            }
            None => json!({
                "type": "refused", "connection": number, "item": item,
                "text": format!("There is no item {item} on connection {number}."),
            }),
        }
        .to_string()
    }

    /// The items that hold what is searched for. `None` if the connection may not be seen any more.
    pub(super) fn find(&self, needle: &Needle, question: Option<u64>) -> Option<String> {
        let found = search::find(&self.sight, &self.timeline, needle)?;
        let event = json!({
            "type": "found", "connection": self.number(), "question": question,
            "wire": found.wire, "inside": found.inside, "more": found.more,
        });
        Some(event.to_string())
    }

    /// Summary, proof and lessons, as they stand in the events that tell them.
    pub(super) fn whole(&self) -> (Value, Value, Value) {
        // Without TLS what is shown is what crossed: there is nothing to prove.
        let proof = self.sight.plaintext_fingerprints().map(|really| {
            let is_over = self.sight.state().is_some_and(|it| it.ended.is_some());
            proof::to_json(&prove(&self.timeline, &really), is_over)
        });
        let lessons: Vec<Value> = self.timeline.lessons().iter().map(json::lesson).collect();
        (
            json::summary(&self.timeline.summary()),
            proof.unwrap_or_default(),
            lessons.into(),
        )
    }

    pub(super) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn push_news(&mut self) -> Option<State> {
        let reading = self.sight.read(&mut self.cursor)?;
        // Secrets first: then those of all that is read are known.
        for line in reading.secrets.lines() {
            self.timeline.learn(line);
        }
        for event in &reading.events {
            self.pushed_bytes += len_of(event);
            self.untold.extend(self.timeline.push(event));
        }
        Some(reading.state)
    }

    /// Whether bytes were taken that the log took back: a request for the view itself, read before it was known for one.
    fn has_extra_bytes(&self, state: &State) -> bool {
        let recorded = state.bytes.client + state.bytes.server;
        self.pushed_bytes as u64 + self.timeline.summary().missing_bytes > recorded
    }

    fn begin_anew(&mut self, why: &'static str) {
        // Whoever was told nothing yet needs no reason.
        let why_anew = (!self.begins_anew).then_some(why);
        *self = Self {
            why_anew,
            ..Self::new(self.sight.clone())
        };
    }

    fn tell_items(&mut self) -> Vec<String> {
        let opened_ns = self.sight.about().opened_ns;
        let all = self.timeline.items();
        let untold: Vec<Value> = std::mem::take(&mut self.untold)
            .into_iter()
            .filter_map(|number| all.get(usize::try_from(number).ok()?))
            .map(|item| json::item(item, opened_ns))
            .collect();
        let mut events = Vec::new();
        let mut rest = untold.as_slice();
        while !rest.is_empty() || self.begins_anew {
            let (batch, behind) = rest.split_at(rest.len().min(ITEMS_PER_EVENT));
            let begins_anew = std::mem::take(&mut self.begins_anew);
            let event = json!({ "type": "items", "connection": self.number(), "all": begins_anew, "why": self.why_anew.take(), "more": !behind.is_empty(), "items": batch });
            events.push(event.to_string());
            rest = behind;
        }
        events
    }

    /// The events that tell of the connection as a whole; none if that has not changed.
    fn tell_whole(&mut self) -> Vec<String> {
        self.owes_whole = false;
        let number = self.number();
        let (summary, proof, lessons) = self.whole();
        let events = vec![
            json!({ "type": "summary", "connection": number, "summary": summary, "proof": proof })
                .to_string(),
            json!({ "type": "lessons", "connection": number, "lessons": lessons }).to_string(),
        ];
        let whole = events.concat();
        if whole == self.told_whole {
            return Vec::new();
        }
        self.told_whole = whole;
        events
    }
}

fn len_of(event: &Event) -> usize {
    match &event.what {
        What::Bytes(bytes) => bytes.len(),
        What::Missing(_) | What::End | What::Reset => 0,
    }
}
