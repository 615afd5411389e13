//! Handshake messages, put together from the records that carried them (RFC 8446 §4, §5.1).
//! Knows where a message begins and ends; what is inside is read by `hello`, and dissected elsewhere.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::reason::Problem;
use crate::octets::Reader;

/// A message may say that it is 16 MiB long. The largest are certificate chains, of which rustls takes 64 KiB and OpenSSL
/// 100 KiB: nobody sends this many, and nobody can make us wait for more.
pub const MESSAGE_LEN_MAX: usize = 256 * 1024;

/// In records of a few bytes, the parts of a message would take more room than the message. The smallest that rustls makes
/// have 27 bytes, of which 64 KiB fill 2,428.
pub const MESSAGE_PARTS_MAX: usize = 8192;

/// Type (1) and length (3) stand before every message.
const HEADER_LEN: usize = 4;

/// The kinds of message that change what comes after them (RFC 8446 §4); the registry's numbers.
pub mod message_type {
    /// The client begins.
    pub const CLIENT_HELLO: u8 = 1;
    /// The server answers: from here on both have keys. Or it asks for another ClientHello.
    pub const SERVER_HELLO: u8 = 2;
    /// The client's last early data lies before.
    pub const END_OF_EARLY_DATA: u8 = 5;
    /// Tells among others whether early data was accepted.
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    /// The last of a side's handshake.
    pub const FINISHED: u8 = 20;
    /// The sender's next record has the next keys.
    pub const KEY_UPDATE: u8 = 24;
}

/// Which record carried a part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The record's number in its direction.
    pub record: u64,
    /// Where the part stands in what the record carried (decrypted, without its header).
    pub in_record: Range<usize>,
    /// Where it stands in the message.
    pub in_message: Range<usize>,
}

/// A whole handshake message.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// See [`message_type`].
    pub message_type: u8,
    /// With the four bytes of its header.
    pub bytes: Bytes,
    /// The records that carried it, in order, without gap or overlap.
    pub parts: Vec<Part>,
}

impl Message {
    /// What stands behind the header.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.bytes.slice(HEADER_LEN.min(self.bytes.len())..)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("message_type", &self.message_type)
            .field("len", &self.bytes.len())
            .field("parts", &self.parts)
            .finish()
    }
}

/// The beginning of a message whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    bytes: Vec<u8>,
    parts: Vec<Part>,
    /// After a message that is too long to be one, nobody knows where the next begins.
    lost: bool,
}

impl Assembly {
    /// Takes what one record carried, and adds the messages that are whole by now. Copies each byte once.
    ///
    /// # Errors
    /// `MessageTooLong` or `MessageTooDivided`, once; what comes later is skipped.
    pub(super) fn push(
        &mut self,
        record: u64,
        content: &[u8],
        messages: &mut Vec<Message>,
    ) -> Result<(), Problem> {
        let mut at = 0;
        while at < content.len() && !self.lost {
            let end = content.len().min(at + self.missing_len());
            self.append(record, at..end, content);
            at = end;
            if self.parts.len() > MESSAGE_PARTS_MAX {
                return Err(self.give_up(Problem::MessageTooDivided));
            }
            let Some((message_type, body_len)) = self.header() else {
                continue;
            };
            if body_len > MESSAGE_LEN_MAX {
                return Err(self.give_up(Problem::MessageTooLong { len: body_len }));
            }
            if self.missing_len() == 0 {
                messages.push(Message {
                    message_type,
                    bytes: std::mem::take(&mut self.bytes).into(),
                    parts: std::mem::take(&mut self.parts),
                });
            }
        }
        Ok(())
    }

    /// Forgets what was begun; `true` if that was something.
    pub(super) fn reset(&mut self) -> bool {
        !std::mem::take(self).bytes.is_empty()
    }

    fn give_up(&mut self, problem: Problem) -> Problem {
        self.reset();
        self.lost = true;
        problem
    }

    /// Type and length, once they are there.
    fn header(&self) -> Option<(u8, usize)> {
        let mut reader = Reader::new(&self.bytes);
        Some((reader.u8()?, usize::try_from(reader.u24()?).ok()?))
    }

    /// How many bytes to take next: first those of the header, then those of the body.
    fn missing_len(&self) -> usize {
        let body_len = self.header().map_or(0, |(_, body_len)| body_len);
        (HEADER_LEN + body_len).saturating_sub(self.bytes.len())
    }

    fn append(&mut self, record: u64, in_record: Range<usize>, content: &[u8]) {
        let part = content.get(in_record.clone()).unwrap_or_default();
        let in_message = self.bytes.len()..self.bytes.len() + part.len();
        self.bytes.extend_from_slice(part);
        match self.parts.last_mut() {
            // Header and body are taken one after the other, but are one part.
            Some(last) if last.record == record => {
                last.in_record.end = in_record.end;
                last.in_message.end = in_message.end;
            }
            _ => self.parts.push(Part {
                record,
                in_record,
                in_message,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(message_type: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        bytes[0] = message_type;
        bytes.extend_from_slice(body);
        bytes
    }

    fn assemble(contents: &[&[u8]]) -> (Vec<Message>, Option<Problem>) {
        let (mut assembly, mut messages, mut problem) = (Assembly::default(), Vec::new(), None);
        for (record, content) in (0..).zip(contents) {
            if let Err(found) = assembly.push(record, content, &mut messages) {
                assert_eq!(problem.replace(found), None);
            }
        }
        (messages, problem)
    }

    #[test]
    fn messages_are_the_same_however_records_divide_them() {
        let sent = [message(8, b""), message(11, &[7; 20]), message(20, &[9; 3])];
        let flight = sent.concat();
        for content_len in 1..=flight.len() {
            let contents: Vec<_> = flight.chunks(content_len).collect();
            let (messages, problem) = assemble(&contents);
            assert_eq!(problem, None);
            let bytes: Vec<_> = messages
                .iter()
                .map(|message| message.bytes.to_vec())
                .collect();
            assert_eq!(bytes, sent);
            for message in &messages {
                let mut at = 0;
                for part in &message.parts {
                    assert_eq!(part.in_message.start, at);
                    at = part.in_message.end;
                    let record = contents[usize::try_from(part.record).unwrap()];
                    assert_eq!(
                        record[part.in_record.clone()],
                        message.bytes[part.in_message.clone()]
                    );
                }
                assert_eq!(at, message.bytes.len());
            }
        }
    }

    #[test]
    fn a_message_in_one_record_is_one_part() {
        let flight = [message(8, b"ab"), message(20, b"c")].concat();
        let (messages, _) = assemble(&[&flight]);
        let part = |in_record, in_message| Part {
            record: 0,
            in_record,
            in_message,
        };
        assert_eq!(messages[0].parts, [part(0..6, 0..6)]);
        assert_eq!(messages[1].parts, [part(6..11, 0..5)]);
        assert_eq!(messages[1].body().as_ref(), b"c");
    }

    #[test]
    fn the_longest_message_passes_and_a_longer_one_is_skipped_with_all_behind_it() {
        let longest = message(11, &vec![0; MESSAGE_LEN_MAX]);
        let (messages, problem) = assemble(&[&longest, &message(20, b"")]);
        assert_eq!((messages.len(), problem), (2, None));

        let longer = message(11, &vec![0; MESSAGE_LEN_MAX + 1]);
        let (messages, problem) = assemble(&[&message(8, b""), &longer, &message(20, b"")]);
        assert_eq!(messages.len(), 1);
        let len = MESSAGE_LEN_MAX + 1;
        assert_eq!(problem, Some(Problem::MessageTooLong { len }));
    }

    #[test]
    fn a_message_may_be_divided_into_many_parts_but_not_into_any_number() {
        for (parts, problem) in [
            (MESSAGE_PARTS_MAX, None),
            (MESSAGE_PARTS_MAX + 1, Some(Problem::MessageTooDivided)),
        ] {
            let message = message(11, &vec![0; parts - HEADER_LEN]);
            let contents: Vec<_> = message.chunks(1).collect();
            let (messages, found) = assemble(&contents);
            assert_eq!(found, problem);
            assert_eq!(messages.len(), usize::from(problem.is_none()));
        }
    }

    #[test]
    fn nothing_is_kept_of_what_is_skipped_and_a_reset_begins_anew() {
        let mut assembly = Assembly::default();
        let mut messages = Vec::new();
        assert!(
            assembly
                .push(0, &[11, 255, 255, 255, 0], &mut messages)
                .is_err()
        );
        assembly.push(1, &[0; 16_384], &mut messages).unwrap();
        assert!(assembly.bytes.is_empty() && assembly.parts.is_empty());
        assert!(!assembly.reset());
        assembly.push(2, &[20, 0, 0, 1], &mut messages).unwrap();
        assert!(assembly.reset());
        assembly.push(3, &[20, 0, 0, 0], &mut messages).unwrap();
        assert_eq!(messages.len(), 1);
    }

    #[test]
    fn a_message_does_not_show_its_bytes() {
        let (messages, _) = assemble(&[&message(20, b"secret")]);
        assert!(!format!("{messages:?}").contains("115"));
    }
}
