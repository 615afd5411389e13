//! Bytes that came and were not read yet, looking like a socket to tungstenite, frame by frame.
//! No payload is looked into, and no state of the connection is kept: `messages` does that.

use std::io::{self, Read, Write};

use bytes::{Buf, BytesMut};

use super::frame::{FrameHeader, decode_frame_header};
use crate::octets::Progress;

/// Never gives bytes of two frames in one read. So the reader holds nothing when a frame has
/// ended, and no header reaches it that our own, stricter decoder refuses.
#[derive(Default)]
pub(super) struct Received {
    unread: BytesMut,
    /// How much of the frame under way is still to be read, its header included.
    frame_left: u64,
    /// Between the first frame of a message and its last.
    within_message: bool,
}

impl Received {
    /// Adds bytes that came from the peer.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// Whether whole messages were read, and nothing behind them.
    pub(super) fn is_between_messages(&self) -> bool {
        self.frame_left == 0 && !self.within_message
    }

    /// Whether everything that came was read.
    pub(super) fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }

    fn begin_frame(&mut self, header: &FrameHeader) {
        self.frame_left = header.header_len() as u64 + header.payload_len;
        if !header.opcode.is_control() {
            self.within_message = !header.fin;
        }
    }
}

impl Read for Received {
    /// `WouldBlock` asks for more bytes; any other error is a header that breaks RFC 6455.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.frame_left == 0 {
            match decode_frame_header(&self.unread).map_err(io::Error::other)? {
                Progress::Done { value, .. } => self.begin_frame(&value),
                Progress::NeedMore => return Err(io::ErrorKind::WouldBlock.into()),
            }
        }
        let frame_left = usize::try_from(self.frame_left).unwrap_or(usize::MAX);
        let len = into.len().min(self.unread.len()).min(frame_left);
        if len == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let (into, _) = into.split_at_mut(len);
        self.unread.copy_to_slice(into);
        self.frame_left -= len as u64;
        if self.unread.is_empty() {
            // An idle connection holds nothing here.
            self.unread = BytesMut::new();
        }
        Ok(len)
    }
}

/// tungstenite would answer a Ping or Close by itself, past the outbox, which alone knows whether a
/// frame may still be sent. What it writes goes nowhere.
impl Write for Received {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one read gives; `None` if it asks for more.
    fn read(received: &mut Received) -> Option<Vec<u8>> {
        let mut into = [0; 64];
        match received.read(&mut into) {
            Ok(len) => Some(into[..len].to_vec()),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
                None
            }
        }
    }

    #[test]
    fn one_read_stays_within_one_frame() {
        let mut received = Received::default();
        // “Hel” as the beginning of a text, an empty Ping, and the first byte of its end.
        received.feed(b"\x01\x03Hel\x89\x00\x80");
        assert_eq!(read(&mut received).as_deref(), Some(&b"\x01\x03Hel"[..]));
        assert!(!received.is_between_messages());
        assert_eq!(read(&mut received).as_deref(), Some(&b"\x89\x00"[..]));
        assert!(!received.is_between_messages());
        // Half a header is held back: it may turn out to be refused.
        assert_eq!(read(&mut received), None);
        received.feed(b"\x02");
        assert_eq!(read(&mut received).as_deref(), Some(&b"\x80\x02"[..]));
        assert_eq!(read(&mut received), None);
        received.feed(b"l");
        assert_eq!(read(&mut received).as_deref(), Some(&b"l"[..]));
        assert!(!received.is_between_messages());
        received.feed(b"o\x81");
        assert_eq!(read(&mut received).as_deref(), Some(&b"o"[..]));
        assert!(received.is_between_messages());
        // One byte of a next header.
        assert!(!received.is_empty());
    }

    #[test]
    fn a_header_that_breaks_the_rules_is_an_error_and_not_a_wait() {
        let mut received = Received::default();
        received.feed(b"\x81\x7e\x00\x01x");
        let error = received.read(&mut [0; 64]).unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(
            error.to_string(),
            "A length of 1 is written in the shortest form that holds it."
        );
    }
}
