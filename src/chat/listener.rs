//! The other end of a room: one open page, to which frames are offered.
//! No sockets: a listener hands what it gets to an `Outlet`, which somebody else implements.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::model::UserId;

/// How many bytes may wait for a listener that is still being told what came before. Shared with all
/// others for whom the same frames wait. Beyond it the listener is given up, and comes back later.
const HELD_BYTES_MAX: usize = 1024 * 1024;

/// How many listeners are offered something before other tasks have their turn. Each costs a system call: some
/// hundred microseconds in all, so that nobody else's answer is late because a room is large. (The news count
/// people, each of whom has several pages.)
const OFFERED_AT_A_TIME: usize = 64;

/// Where frames go: one WebSocket.
pub trait Outlet: Send + Sync {
    /// Takes whole frames for sending, without waiting. False if this outlet takes nothing any
    /// more: it is closed, or its queue is full.
    fn offer(&self, frames: &Bytes) -> bool;

    /// Ends the connection, after what was offered before.
    fn close(&self, why: CloseReason);
}

/// Why the chat ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// It does not take frames as fast as they come.
    TooSlow,
    /// Its user is no longer in this group.
    NotMember,
    /// The room has broken down: a new one opens for whoever comes back.
    Interrupted,
}

/// One open page.
///
/// It begins *held*: frames that are offered wait until `release`, so that whoever opens the page can
/// first be told what was said before, however long that takes, and then misses nothing.
pub struct Listener {
    /// Whose page it is.
    pub user: UserId,
    outlet: Arc<dyn Outlet>,
    held: Mutex<Held>,
}

enum Held {
    Waiting { frames: Vec<Bytes>, len: usize },
    Released,
}

impl Listener {
    /// A held listener.
    pub fn new(user: UserId, outlet: Arc<dyn Outlet>) -> Self {
        let held = Mutex::new(Held::Waiting {
            frames: Vec::new(),
            len: 0,
        });
        Self { user, outlet, held }
    }

    /// Offers frames; false if this listener is lost and should be forgotten.
    pub fn offer(&self, frames: &Bytes) -> bool {
        match &mut *self.held.lock().unwrap_or_else(PoisonError::into_inner) {
            Held::Released => self.outlet.offer(frames),
            Held::Waiting {
                frames: waiting,
                len,
            } => {
                *len += frames.len();
                if *len > HELD_BYTES_MAX {
                    waiting.clear();
                    self.outlet.close(CloseReason::TooSlow);
                    return false;
                }
                waiting.push(frames.clone());
                true
            }
        }
    }

    /// Sends `first`, then all that has waited, and from now on everything at once.
    pub fn release(&self, first: &Bytes) -> bool {
        // Held for the whole of it: a frame offered meanwhile must not overtake those that waited. So
        // they go out as one piece, for the room waits as long as this takes.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *held, Held::Released) {
            Held::Waiting { frames, len } if len > 0 => {
                let mut all = Vec::with_capacity(first.len() + len);
                all.extend_from_slice(first);
                frames
                    .iter()
                    .for_each(|frames| all.extend_from_slice(frames));
                self.outlet.offer(&all.into())
            }
            Held::Waiting { .. } | Held::Released => self.outlet.offer(first),
        }
    }

    /// Ends the connection.
    pub fn close(&self, why: CloseReason) {
        self.outlet.close(why);
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The listeners of one room, in the order in which they came.
#[derive(Debug, Default)]
pub struct Audience(Vec<Arc<Listener>>);

impl Audience {
    /// Adds one.
    pub fn add(&mut self, listener: Arc<Listener>) {
        self.0.push(listener);
    }

    /// Removes one; false if it was not there any more.
    pub fn remove(&mut self, listener: &Arc<Listener>) -> bool {
        let before = self.0.len();
        self.0.retain(|other| !Arc::ptr_eq(other, listener));
        self.0.len() < before
    }

    /// Offers the same frames to all whom `wanted` picks; forgets those that are lost. Gives way now and then.
    pub async fn offer(&mut self, frames: &Bytes, wanted: impl Fn(&Listener) -> bool) {
        // Those that stay move up, in their order, over those that are lost.
        let mut stayed = 0;
        for at in 0..self.0.len() {
            if at > 0 && at.is_multiple_of(OFFERED_AT_A_TIME) {
                tokio::task::yield_now().await;
            }
            let stays = |listener: &Arc<Listener>| !wanted(listener) || listener.offer(frames);
            if self.0.get(at).is_some_and(stays) {
                self.0.swap(stayed, at);
                stayed += 1;
            }
        }
        self.0.truncate(stayed);
    }

    /// Ends the connections of one user.
    pub fn close(&mut self, user: UserId, why: CloseReason) {
        self.0.retain(|listener| {
            let stays = listener.user != user;
            if !stays {
                listener.close(why);
            }
            stays
        });
    }

    /// Sends everybody away.
    pub fn close_all(&mut self, why: CloseReason) {
        for listener in self.0.drain(..) {
            listener.close(why);
        }
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    /// An outlet that keeps what it gets, and can be full.
    #[derive(Default)]
    pub(crate) struct Kept {
        pub(crate) frames: Mutex<Vec<Bytes>>,
        pub(crate) closed: Mutex<Option<CloseReason>>,
        pub(crate) full: AtomicBool,
        pub(crate) offers: AtomicUsize,
    }

    impl Outlet for Kept {
        fn offer(&self, frames: &Bytes) -> bool {
            self.offers.fetch_add(1, Ordering::Relaxed);
            if self.full.load(Ordering::Relaxed) {
                return false;
            }
            self.frames.lock().unwrap().push(frames.clone());
            true
        }

        fn close(&self, why: CloseReason) {
            *self.closed.lock().unwrap() = Some(why);
        }
    }

    fn listener() -> (Arc<Listener>, Arc<Kept>) {
        let kept = Arc::new(Kept::default());
        (Arc::new(Listener::new(UserId(1), kept.clone())), kept)
    }

    #[test]
    fn what_is_offered_to_a_held_listener_comes_after_what_was_before() {
        let (listener, kept) = listener();
        assert!(listener.offer(&Bytes::from_static(b", live 1")));
        assert!(listener.offer(&Bytes::from_static(b", live 2")));
        assert!(kept.frames.lock().unwrap().is_empty());
        assert!(listener.release(&Bytes::from_static(b"before")));
        assert!(listener.offer(&Bytes::from_static(b", live 3")));
        assert_eq!(
            *kept.frames.lock().unwrap(),
            ["before, live 1, live 2", ", live 3"]
        );
    }

    #[test]
    fn a_listener_that_is_held_for_too_long_is_given_up() {
        let (listener, kept) = listener();
        let half = Bytes::from(vec![0; HELD_BYTES_MAX / 2]);
        assert!(listener.offer(&half));
        assert!(listener.offer(&half));
        assert_eq!(*kept.closed.lock().unwrap(), None);
        assert!(!listener.offer(&Bytes::from_static(b"x")));
        assert_eq!(*kept.closed.lock().unwrap(), Some(CloseReason::TooSlow));
    }

    type Seat = (Arc<Listener>, Arc<Kept>);

    /// An audience of as many as asked for, who hear everything at once.
    fn audience(size: usize) -> (Audience, Vec<Seat>) {
        let listeners: Vec<_> = (0..size).map(|_| listener()).collect();
        let mut audience = Audience::default();
        for (listener, _) in &listeners {
            listener.release(&Bytes::new());
            audience.add(listener.clone());
        }
        (audience, listeners)
    }

    fn heard(kept: &Kept) -> usize {
        kept.frames.lock().unwrap().len() - 1
    }

    #[tokio::test]
    async fn an_audience_forgets_who_takes_nothing_any_more_and_passes_over_nobody_else() {
        let (mut audience, listeners) = audience(3 * OFFERED_AT_A_TIME);
        let is_lost = |number: &usize| number.is_multiple_of(5) || (60..70).contains(number);
        for number in (0..listeners.len()).filter(is_lost) {
            let full = &listeners[number].1.full;
            full.store(true, Ordering::Relaxed);
        }
        for _ in 0..2 {
            audience.offer(&Bytes::from_static(b"hi"), |_| true).await;
        }
        for (number, (listener, kept)) in listeners.iter().enumerate() {
            let is_lost = is_lost(&number);
            assert_eq!(heard(kept), if is_lost { 0 } else { 2 }, "{number}");
            assert_eq!(audience.remove(listener), !is_lost, "{number}");
        }
        assert!(audience.is_empty());
    }

    #[tokio::test]
    async fn while_a_large_audience_is_told_others_have_their_turn_even_if_all_are_lost() {
        for all_are_lost in [false, true] {
            let (mut audience, seats) = audience(2 * OFFERED_AT_A_TIME + 1);
            for (_, kept) in &seats {
                kept.full.store(all_are_lost, Ordering::Relaxed);
            }
            let told = || {
                seats
                    .iter()
                    .map(|(_, kept)| kept.offers.load(Ordering::Relaxed))
            };
            let before: usize = told().sum();
            let frames = Bytes::from_static(b"hi");
            let mut offer = std::pin::pin!(audience.offer(&frames, |_| true));
            let mut seen = Vec::new();
            loop {
                tokio::select! {
                    biased;
                    () = &mut offer => break,
                    () = std::future::ready(()) => seen.push(told().sum::<usize>() - before),
                }
            }
            assert_eq!(seen, [OFFERED_AT_A_TIME, 2 * OFFERED_AT_A_TIME]);
            assert_eq!(told().sum::<usize>() - before, seats.len());
        }
    }
}
