//! News that waits to be written, bounded in bytes: who brings it never waits, and what finds no room is counted.
//! What is done with it is not known here.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::borders::Borders;
use super::sink::{About, News};
use crate::octets::Direction;
use crate::wire::both::Both;
use crate::wire::decrypt::KeyLogLine;
use crate::wire::event::{self, Event, Missing};

/// What a piece of news takes besides its bytes.
const ITEM_COST: usize = 256;

/// A piece of news.
#[derive(Debug)]
pub struct Item {
    /// Of which connection.
    pub number: u64,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// It begins.
    Opened(Arc<About>),
    /// A secret of it.
    Secret(KeyLogLine),
    /// Bytes, a gap, or the end of a direction.
    Event(Event),
    /// So many bytes of it found no room. The gap itself follows as an event.
    Left {
        /// In one direction.
        bytes: u64,
    },
    /// It is over.
    Ended {
        /// When, in nanoseconds since 1970.
        time_ns: u64,
        /// In a few words, as in the log.
        why: String,
    },
    /// So many connections began while there was no room, and are not told at all.
    Unseen {
        /// How many.
        connections: u64,
    },
}

impl What {
    /// News that is kept.
    #[must_use]
    pub fn of(about: &Arc<About>, news: &News<'_>) -> Self {
        match news {
            News::Opened => Self::Opened(Arc::clone(about)),
            News::Secret(line) => Self::Secret((*line).clone()),
            News::Event(event) => Self::Event((*event).clone()),
            News::Ended { time_ns, why } => Self::Ended {
                time_ns: *time_ns,
                why: (*why).to_owned(),
            },
        }
    }
}

/// The news of all connections.
#[derive(Debug)]
pub struct Queue {
    bytes_max: usize,
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    is_closed: bool,
    /// Those connections of which everything was taken or counted since their beginning.
    followed: HashMap<u64, Both<Half>>,
    unseen: u64,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Half {
    borders: Borders,
    /// How many bytes found no room since the last that did.
    left: u64,
}

impl Queue {
    /// Empty. About so many bytes may wait.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            state: Mutex::default(),
            filled: Condvar::new(),
        }
    }

    /// Takes news, or counts it. Never waits.
    pub fn put(&self, about: &Arc<About>, news: &News<'_>) {
        let mut state = self.state();
        if state.is_closed {
            return;
        }
        let has_room = state.bytes < self.bytes_max;
        state.put(about, news, has_room);
        drop(state);
        self.filled.notify_one();
    }

    /// All that waits; waits for something. `None` when the queue is closed and empty.
    pub fn take(&self) -> Option<VecDeque<Item>> {
        let mut state = self.state();
        while state.items.is_empty() {
            if state.is_closed {
                return None;
            }
            let waited = self.filled.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.bytes = 0;
        Some(std::mem::take(&mut state.items))
    }

    /// Takes no more; what waits can still be taken, and before it ends, what was left out last is told.
    pub fn close(&self) {
        self.state().close();
        self.filled.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with the lock held did so between whole steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Beginnings, secrets and ends of connections are small, and as many as connections: of those that are followed
    /// they are taken in any case, or what comes behind them would make no sense.
    fn put(&mut self, about: &Arc<About>, news: &News<'_>, has_room: bool) {
        let number = about.number;
        match news {
            News::Opened if !has_room => self.unseen += 1,
            News::Opened => {
                self.tell_unseen(number);
                self.followed.insert(number, Both::default());
                self.push(number, What::of(about, news));
            }
            News::Secret(_) if self.followed.contains_key(&number) => {
                self.push(number, What::of(about, news));
            }
            News::Event(event) => self.event(number, event, has_room),
            News::Ended { time_ns, .. } => {
                if let Some(mut halves) = self.followed.remove(&number) {
                    for direction in [Direction::FromClient, Direction::FromServer] {
                        let gap = halves.of_mut(direction).gap();
                        self.resume(number, direction, *time_ns, gap);
                    }
                    self.push(number, What::of(about, news));
                }
            }
            News::Secret(_) => {}
        }
    }

    fn close(&mut self) {
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        let mut followed: Vec<_> = std::mem::take(&mut self.followed).into_iter().collect();
        followed.sort_by_key(|(number, _)| *number);
        for (number, mut halves) in followed {
            for direction in [Direction::FromClient, Direction::FromServer] {
                // Where the gap lies is told by what comes behind it, and nothing does.
                self.left(number, halves.of_mut(direction).left);
            }
        }
        self.tell_unseen(0);
    }

    fn event(&mut self, number: u64, event: &Event, has_room: bool) {
        let Some(halves) = self.followed.get_mut(&number) else {
            return;
        };
        let half = halves.of_mut(event.direction);
        let event::What::Bytes(bytes) = &event.what else {
            let gap = half.gap();
            self.resume(number, event.direction, event.time_ns, gap);
            return self.push(number, What::Event(event.clone()));
        };
        if !has_room {
            half.borders.next_border(bytes, usize::MAX);
            half.left += bytes.len() as u64;
            return;
        }
        let mut rest = bytes.clone();
        if half.left > 0 {
            // Behind the gap it goes on where a record begins, or nothing could be opened any more.
            let (before, is_border) = half.borders.next_border(bytes, 0);
            half.left += before as u64;
            if !is_border {
                return;
            }
            rest = bytes.slice(before.min(bytes.len())..);
        }
        let gap = half.gap();
        half.borders.next_border(&rest, usize::MAX);
        self.resume(number, event.direction, event.time_ns, gap);
        let what = event::What::Bytes(rest);
        let event = Event {
            what,
            ..event.clone()
        };
        self.push(number, What::Event(event));
    }

    /// Tells of a gap that ends here, if there is one.
    fn resume(&mut self, number: u64, direction: Direction, time_ns: u64, gap: Option<Missing>) {
        if let Some(missing) = gap {
            self.left(number, missing.bytes);
            let what = event::What::Missing(missing);
            self.push(
                number,
                What::Event(Event {
                    time_ns,
                    direction,
                    what,
                    comment: None,
                }),
            );
        }
    }

    fn left(&mut self, number: u64, bytes: u64) {
        if bytes > 0 {
            self.push(number, What::Left { bytes });
        }
    }

    fn tell_unseen(&mut self, number: u64) {
        let connections = std::mem::take(&mut self.unseen);
        if connections > 0 {
            self.push(number, What::Unseen { connections });
        }
    }

    fn push(&mut self, number: u64, what: What) {
        self.bytes += ITEM_COST;
        if let What::Event(Event {
            what: event::What::Bytes(bytes),
            ..
        }) = &what
        {
            self.bytes += bytes.len();
        }
        self.items.push_back(Item { number, what });
    }
}

impl Half {
    /// The gap before what comes next, which is then told.
    fn gap(&mut self) -> Option<Missing> {
        let bytes = std::mem::take(&mut self.left);
        let records = self.borders.records();
        (bytes > 0).then_some(Missing {
            bytes,
            records_before: self.borders.are_of_records().then_some(records),
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::octets::Direction::{FromClient, FromServer};

    fn about(number: u64) -> Arc<About> {
        Arc::new(About {
            number,
            client: "127.0.0.1:40000".parse().unwrap(),
            server: "127.0.0.1:8080".parse().unwrap(),
            is_tls_port: false,
            opened_ns: 1,
        })
    }

    fn said(direction: Direction, len: usize) -> Event {
        Event {
            time_ns: 1,
            direction,
            what: event::What::Bytes(Bytes::from(vec![b'x'; len])),
            comment: None,
        }
    }

    #[test]
    fn what_was_left_out_last_is_told_when_it_ends() {
        let queue = Queue::new(ITEM_COST * 3);
        for number in [2, 1] {
            queue.put(&about(number), &News::Opened);
        }
        queue.put(&about(2), &News::Event(&said(FromClient, 10)));
        // There is no more room.
        queue.put(&about(2), &News::Event(&said(FromClient, 20)));
        queue.put(&about(1), &News::Event(&said(FromServer, 30)));
        queue.put(&about(1), &News::Event(&said(FromClient, 40)));
        queue.put(&about(3), &News::Opened);
        queue.close();
        queue.close();
        queue.put(&about(4), &News::Opened);
        let told = queue.take().unwrap().into_iter().skip(3);
        let told: Vec<_> = told
            .map(|item| match item.what {
                What::Left { bytes } => (item.number, "left", bytes),
                What::Unseen { connections } => (item.number, "unseen", connections),
                what => panic!("{what:?}"),
            })
            .collect();
        let left = [(1, "left", 40), (1, "left", 30), (2, "left", 20)];
        assert_eq!(told, [&left[..], &[(0, "unseen", 1)]].concat());
        assert!(queue.take().is_none());
    }

    #[test]
    fn where_nothing_was_left_out_the_end_says_nothing() {
        let queue = Queue::new(ITEM_COST * 3);
        queue.put(&about(1), &News::Opened);
        queue.close();
        assert_eq!(queue.take().unwrap().len(), 1);
        assert!(queue.take().is_none());
    }
}
