//! What waits to be sent on one connection: whole frames, bounded, with a Close as the last one.
//! No sockets: the shell asks for bytes, and says how many were taken.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::close::{CloseCode, append_close_frame};
use crate::octets::Chunk;

/// What one waiting entry costs beside its bytes. Counted, so that a peer that asks for many small
/// frames cannot make the bookkeeping outgrow the bound on bytes.
const ENTRY_COST: usize = 64;

/// Frames in order. A broadcast that waits in many outboxes is stored once: `Bytes` is shared.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Bytes>,
    waiting_len: usize,
    /// The first entry was sent in part: it can only be finished.
    front_begun: bool,
    closing: Option<(CloseCode, String)>,
}

impl Outbox {
    /// Whether everything was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What the entries behind the first cost this connection. The first is under way, and may be
    /// larger than any bound: a long history is one frame.
    pub(super) fn cost_behind_first(&self) -> usize {
        self.waiting.front().map_or(0, |first| {
            self.waiting_len - first.len() + (self.waiting.len() - 1) * ENTRY_COST
        })
    }

    /// The Close that was queued, if one was. Nothing can be queued behind it.
    pub(super) fn closing(&self) -> Option<&(CloseCode, String)> {
        self.closing.as_ref()
    }

    /// Queues whole frames; false if a Close was queued before (RFC 6455 §5.5.1).
    pub(super) fn push(&mut self, frames: Bytes) -> bool {
        if self.closing.is_some() {
            return false;
        }
        self.append(frames);
        true
    }

    /// Queues what is left of whole frames, of which the first `sent_len` bytes were sent past the empty queue.
    pub(super) fn push_rest(&mut self, mut frames: Bytes, sent_len: usize) {
        debug_assert!(self.waiting.is_empty());
        frames.advance(sent_len.min(frames.len()));
        self.front_begun = sent_len > 0 && !frames.is_empty();
        self.append(frames);
    }

    /// Queues a Close frame as the last frame; false if there is one already.
    pub(super) fn close(&mut self, code: CloseCode, reason: &str) -> bool {
        if self.closing.is_some() {
            return false;
        }
        let mut frame = Vec::new();
        append_close_frame(&mut frame, code, reason);
        self.append(frame.into());
        self.closing = Some((code, reason.to_owned()));
        true
    }

    /// Forgets what waits, but for the rest of an entry that was sent in part: the peer must be
    /// able to read the frame that comes next.
    pub(super) fn forget_waiting(&mut self) {
        self.waiting.truncate(usize::from(self.front_begun));
        self.waiting_len = self.waiting.front().map_or(0, Bytes::len);
    }

    /// Fills `chunks` with what is to be sent next and gives those that were filled.
    pub(super) fn chunks<'a, 'b>(&'a self, chunks: &'b mut [Chunk<'a>]) -> &'b [Chunk<'a>] {
        let len = self.waiting.len().min(chunks.len());
        for (chunk, frames) in chunks.iter_mut().zip(&self.waiting) {
            *chunk = Chunk::Shared(frames);
        }
        if let (true, Some(first), Some(begun)) =
            (self.front_begun, chunks.first_mut(), self.waiting.front())
        {
            // The rest of an entry; its memory holds the whole.
            *first = Chunk::Borrowed(begun);
        }
        chunks.get(..len).unwrap_or_default()
    }

    /// Takes note that the first `sent_len` bytes are on their way.
    pub(super) fn advance(&mut self, mut sent_len: usize) {
        self.waiting_len = self.waiting_len.saturating_sub(sent_len);
        while let Some(front) = self.waiting.front_mut() {
            if sent_len < front.len() {
                front.advance(sent_len);
                self.front_begun |= sent_len > 0;
                return;
            }
            sent_len -= front.len();
            self.front_begun = false;
            self.waiting.pop_front();
        }
        // What a connection takes at once never waits here: most of them have no queue at all.
        self.waiting = VecDeque::new();
    }

    fn append(&mut self, frames: Bytes) {
        if !frames.is_empty() {
            self.waiting_len += frames.len();
            self.waiting.push_back(frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What would be sent next, in at most three pieces.
    fn next(outbox: &Outbox) -> Vec<Vec<u8>> {
        let mut chunks = [Chunk::Borrowed(&[]); 3];
        let chunks = outbox.chunks(&mut chunks);
        chunks.iter().map(|it| it.as_slice().to_vec()).collect()
    }

    fn outbox(frames: &[&'static [u8]]) -> Outbox {
        let mut outbox = Outbox::default();
        for frames in frames {
            assert!(outbox.push(Bytes::from_static(frames)));
        }
        outbox
    }

    #[test]
    fn bytes_leave_in_the_order_in_which_they_came() {
        let mut outbox = outbox(&[b"abc", b"", b"de", b"f", b"g"]);
        assert_eq!(next(&outbox), [&b"abc"[..], b"de", b"f"]);
        outbox.advance(1);
        assert_eq!(next(&outbox), [&b"bc"[..], b"de", b"f"]);
        outbox.advance(3);
        assert_eq!(next(&outbox), [&b"e"[..], b"f", b"g"]);
        assert_eq!(outbox.cost_behind_first(), 2 + 2 * ENTRY_COST);
        outbox.advance(3);
        assert!(outbox.is_empty() && next(&outbox).is_empty());
        assert_eq!(outbox.cost_behind_first(), 0);
    }

    #[test]
    fn entries_are_shared_as_long_as_they_are_whole() {
        let mut outbox = outbox(&[b"abc", b"de"]);
        let is_shared = |outbox: &Outbox| {
            let mut chunks = [Chunk::Borrowed(&[]); 3];
            let chunks = outbox.chunks(&mut chunks).iter();
            let is_shared = chunks.map(|chunk| matches!(chunk, Chunk::Shared(_)));
            is_shared.collect::<Vec<_>>()
        };
        for (sent_len, expected) in [
            (0, &[true, true][..]),
            (1, &[false, true]),
            (2, &[true]),
            (1, &[false]),
            (1, &[]),
        ] {
            outbox.advance(sent_len);
            assert_eq!(is_shared(&outbox), expected);
        }
    }

    #[test]
    fn what_was_sent_past_the_queue_is_not_sent_again() {
        for (sent_len, expected) in [(0, &[&b"abc"[..]][..]), (1, &[b"bc"]), (3, &[])] {
            let mut outbox = Outbox::default();
            outbox.push_rest(Bytes::from_static(b"abc"), sent_len);
            assert_eq!(next(&outbox), expected);
            outbox.forget_waiting();
            // A frame that was begun has to be finished.
            assert_eq!(outbox.is_empty(), sent_len != 1);
        }
    }

    #[test]
    fn nothing_follows_a_close() {
        let mut outbox = outbox(&[b"abc"]);
        assert!(outbox.close(CloseCode(4001), "bye"));
        assert!(!outbox.push(Bytes::from_static(b"late")));
        assert!(!outbox.close(CloseCode::NORMAL, ""));
        assert_eq!(next(&outbox), [&b"abc"[..], b"\x88\x05\x0f\xa1bye"]);
        assert_eq!(outbox.closing(), Some(&(CloseCode(4001), "bye".to_owned())));
    }

    #[test]
    fn what_waits_is_forgotten_but_for_an_entry_that_was_begun() {
        let mut begun = outbox(&[b"abc", b"de"]);
        begun.advance(1);
        begun.forget_waiting();
        assert_eq!(next(&begun), [b"bc"]);
        assert_eq!(begun.waiting_len, 2);
        let mut whole = outbox(&[b"abc", b"de"]);
        whole.advance(3);
        whole.forget_waiting();
        assert!(whole.is_empty());
        assert_eq!(whole.waiting_len, 0);
    }

    #[test]
    fn an_empty_queue_holds_no_memory() {
        let mut outbox = outbox(&[b"x", b"y"]);
        outbox.advance(2);
        assert_eq!(outbox.waiting.capacity(), 0);
    }
}
