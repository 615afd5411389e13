//! Who is next where only a few can be served at once: the sources take turns, so that nobody waits for a whole flood.
//! What is done in a turn, and why it is scarce, is the caller's affair.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The turns there are, and a line of those who wait for one. Clones are the same turns.
#[derive(Debug)]
pub(super) struct Turns<S: PartialEq>(Arc<Mutex<State<S>>>);

/// The right to be served, given on to the next in line when it is dropped.
#[must_use = "a turn that is dropped goes to the next"]
#[derive(Debug)]
pub(super) struct Turn<S: PartialEq>(Turns<S>);

#[derive(Debug)]
struct State<S: PartialEq> {
    free: usize,
    waiting_max: usize,
    line: Line<S, oneshot::Sender<Turn<S>>>,
}

impl<S: PartialEq> Clone for Turns<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: PartialEq> Turns<S> {
    /// So many are served at once, and so many may wait.
    pub(super) fn new(at_once: usize, waiting_max: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: at_once,
            waiting_max,
            line: Line::default(),
        })))
    }

    /// A turn, when it comes; `None` if too many wait, be it now or because somebody came later of whose source fewer do.
    ///
    /// Dropped while it waits, it leaves the line.
    pub(super) async fn take(&self, source: S) -> Option<Turn<S>> {
        let called = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Some(Turn(self.clone()));
            }
            if state.line.len >= state.waiting_max && !state.make_room(&source) {
                return None;
            }
            let (call, called) = oneshot::channel();
            state.line.push(source, call);
            called
        };
        called.await.ok()
    }

    /// How many could be served at once at this moment.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.lock().free
    }

    fn lock(&self) -> MutexGuard<'_, State<S>> {
        // Counts are whole after every step, so a panic elsewhere leaves nothing broken behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: PartialEq> State<S> {
    /// Whether there is a place in the full line for one more of this source, if need be at the cost of a source of which more wait.
    fn make_room(&mut self, source: &S) -> bool {
        self.line.retain(|call| !call.is_closed());
        self.line.len < self.waiting_max || self.line.remove_last_of_longest(source).is_some()
    }

    /// The next who still waits; without one, a turn is free.
    fn next(&mut self) -> Option<oneshot::Sender<Turn<S>>> {
        while let Some(call) = self.line.pop() {
            if !call.is_closed() {
                return Some(call);
            }
        }
        self.free += 1;
        None
    }
}

impl<S: PartialEq> Drop for Turn<S> {
    fn drop(&mut self) {
        let next = self.0.lock().next();
        if let Some(call) = next {
            // Whoever hangs up in this very moment gives it back, and it goes on to the next.
            let _ = call.send(Self(self.0.clone()));
        }
    }
}

/// Those who wait, each source in the order of its own coming. There are a few hundred at most, so that a look at all is cheap.
#[derive(Debug)]
struct Line<S, T> {
    /// The source whose turn it is stands first. None is without anybody who waits.
    sources: VecDeque<(S, VecDeque<T>)>,
    len: usize,
}

impl<S, T> Default for Line<S, T> {
    fn default() -> Self {
        Self {
            sources: VecDeque::new(),
            len: 0,
        }
    }
}

impl<S: PartialEq, T> Line<S, T> {
    fn push(&mut self, source: S, one: T) {
        self.len += 1;
        match self.sources.iter_mut().find(|(known, _)| *known == source) {
            Some((_, waiting)) => waiting.push_back(one),
            None => self.sources.push_back((source, VecDeque::from([one]))),
        }
    }

    /// The first of the source whose turn it is, which goes to the end.
    fn pop(&mut self) -> Option<T> {
        let (source, mut waiting) = self.sources.pop_front()?;
        let one = waiting.pop_front()?;
        self.len -= 1;
        if !waiting.is_empty() {
            self.sources.push_back((source, waiting));
        }
        Some(one)
    }

    fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        for (_, waiting) in &mut self.sources {
            waiting.retain(&keep);
        }
        self.sources.retain(|(_, waiting)| !waiting.is_empty());
        self.len = self.sources.iter().map(|(_, waiting)| waiting.len()).sum();
    }

    /// Takes out who came last of the longest line, if that is longer than the one of `source` would be with one more.
    fn remove_last_of_longest(&mut self, source: &S) -> Option<T> {
        let own = self.sources.iter().find(|(known, _)| known == source);
        let own_len = own.map_or(0, |(_, waiting)| waiting.len());
        let longest = self.sources.iter_mut().map(|(_, waiting)| waiting);
        let longest = longest.max_by_key(|waiting| waiting.len())?;
        if longest.len() <= own_len + 1 {
            return None;
        }
        self.len -= 1;
        longest.pop_back()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn line(coming: &str) -> Line<char, (usize, char)> {
        let mut line = Line::default();
        for (number, source) in coming.chars().enumerate() {
            line.push(source, (number, source));
        }
        line
    }

    fn order(mut line: Line<char, (usize, char)>) -> String {
        std::iter::from_fn(|| line.pop())
            .map(|(_, source)| source)
            .collect()
    }

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn sources_take_turns_and_within_one_the_first_comes_first() {
        for (coming, served) in [
            ("", ""),
            ("aaa", "aaa"),
            ("aaab", "abaa"),
            ("aaaabbc", "abcabaa"),
            ("cba", "cba"),
        ] {
            assert_eq!(order(line(coming)), served, "{coming}");
        }
        let mut line = line("aaba");
        let mut of_a = Vec::new();
        while let Some((number, source)) = line.pop() {
            of_a.extend((source == 'a').then_some(number));
        }
        assert_eq!(of_a, [0, 1, 3]);
    }

    #[test]
    fn who_came_last_of_the_longest_makes_room_for_a_source_of_which_fewer_wait() {
        for (waiting, newcomer, out) in [
            ("aaab", 'c', Some((2, 'a'))),
            ("aaab", 'b', Some((2, 'a'))),
            ("aab", 'b', None),
            ("aaab", 'a', None),
            ("abc", 'd', None),
        ] {
            let mut line = line(waiting);
            let removed = line.remove_last_of_longest(&newcomer);
            assert_eq!(removed, out, "{newcomer} in {waiting}");
            assert_eq!(line.len, waiting.len() - usize::from(out.is_some()));
        }
    }

    #[tokio::test]
    async fn a_flood_from_one_source_fills_the_line_and_another_is_next_all_the_same() {
        let turns = Turns::new(1, 3);
        let served = turns.take('a').await.unwrap();
        let mut flood: Vec<_> = (0..3).map(|_| Box::pin(turns.take('a'))).collect();
        for one in &mut flood {
            assert!(poll_once(one.as_mut()).is_pending());
        }
        assert!(turns.take('a').await.is_none(), "the line is full");
        let mut other = pin!(turns.take('b'));
        assert!(poll_once(other.as_mut()).is_pending());
        assert!(flood.pop().unwrap().await.is_none(), "it made room");

        drop(served);
        let first = flood.remove(0).await.unwrap();
        assert!(poll_once(other.as_mut()).is_pending());
        drop(first);
        let second = other.await.unwrap();
        assert!(poll_once(flood[0].as_mut()).is_pending());
        drop(second);
        assert!(flood.remove(0).await.is_some());
        assert_eq!(turns.free(), 1);
    }

    #[tokio::test]
    async fn who_hangs_up_leaves_the_line_and_loses_no_turn() {
        let turns = Turns::new(1, 2);
        let served = turns.take('a').await.unwrap();
        let mut gone = Box::pin(turns.take('a'));
        let mut called = Box::pin(turns.take('a'));
        assert!(poll_once(gone.as_mut()).is_pending());
        assert!(poll_once(called.as_mut()).is_pending());
        drop(gone);
        let mut last = Box::pin(turns.take('a'));
        assert!(poll_once(last.as_mut()).is_pending(), "there is a place");
        drop(served);
        // It was called, and hangs up before it hears so.
        drop(called);
        assert!(last.await.is_some());
        assert_eq!(turns.free(), 1);
    }
}
