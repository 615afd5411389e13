//! What someone without the keys must remember of a connection to tell what is in a record.
//! Nothing is decrypted: what an onlooker cannot know stays unknown.

use super::{ContentType, Protection, RECORD_HEADER_LEN, RecordContext};
use crate::octets::Direction;
use crate::wire::dissect::tls_handshake::{HandshakeContext, message_len};

/// How much of a message is kept until it is whole. Only a ServerHello must be, and it takes some 1,300 bytes.
const BEGUN_LEN_MAX: usize = 1 << 12;

/// Sees each record of a connection once, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Onlooker {
    agreed: HandshakeContext,
    client: Half,
    server: Half,
}

#[derive(Debug, Clone, Default)]
struct Half {
    /// Whether a change_cipher_spec went by: in TLS 1.2, what follows is encrypted.
    encrypts: bool,
    /// The beginning of a handshake message that is not whole yet.
    begun: Vec<u8>,
    /// How long it is so far, kept or not.
    begun_len: usize,
}

impl Onlooker {
    /// Remembers what this record changes, and gives what one must know to take it apart.
    pub fn see(&mut self, sender: Direction, record: &[u8]) -> RecordContext {
        let agreed = self.agreed;
        let half = match sender {
            Direction::FromClient => &mut self.client,
            Direction::FromServer => &mut self.server,
        };
        let protection = match Protection::agreed(&agreed) {
            // The content type tells, even of early data, which come before anything is agreed on.
            Protection::Tls13 => Protection::Tls13,
            tls12 if half.encrypts => tls12,
            _ => Protection::Clear,
        };
        let mut context = RecordContext {
            protection,
            handshake: agreed,
            continued_bytes: 0,
        };
        let content = record.get(RECORD_HEADER_LEN..).unwrap_or_default();
        let clear = matches!(protection, Protection::Clear | Protection::Tls13);
        match record.first().copied().and_then(ContentType::from_byte) {
            Some(ContentType::ChangeCipherSpec) => half.encrypts = true,
            Some(ContentType::Handshake) if clear => {
                let (continued_bytes, settled) = half.read(content);
                context.continued_bytes = continued_bytes;
                self.agreed = settled.unwrap_or(agreed);
            }
            _ => {}
        }
        context
    }
}

impl Half {
    /// Goes through the messages in `content`. Gives how many bytes end an earlier one, and what a ServerHello settles.
    fn read(&mut self, content: &[u8]) -> (usize, Option<HandshakeContext>) {
        let mut settled = None;
        let mut rest = content;
        let mut continued_bytes = 0;
        while !rest.is_empty() {
            let begun_len = self.begun_len;
            // As far as it goes: a header may be cut, too.
            let room = BEGUN_LEN_MAX.saturating_sub(self.begun.len());
            self.begun.extend(rest.iter().take(room));
            let missing = message_len(&self.begun).map(|len| len.saturating_sub(begun_len));
            let taken = missing.unwrap_or(rest.len()).min(rest.len());
            if begun_len > 0 {
                continued_bytes = taken;
            }
            rest = rest.get(taken..).unwrap_or_default();
            if missing == Some(taken) {
                self.begun.truncate(begun_len + taken);
                settled = HandshakeContext::after_server_hello(&self.begun).or(settled);
                self.begun.clear();
                self.begun_len = 0;
            } else {
                self.begun_len += taken;
            }
        }
        (continued_bytes, settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dissect::tls_handshake::Version;

    fn record(content: &[u8]) -> Vec<u8> {
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[22, 3, 3], &len[..], content].concat()
    }

    /// A ServerHello of TLS 1.2 that chooses ECDHE-RSA with AES-128-GCM, and an empty message behind it.
    fn server_hello() -> Vec<u8> {
        let body = [&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
        [&[2, 0, 0, 38], &body[..], &[14, 0, 0, 0]].concat()
    }

    #[test]
    fn messages_are_followed_however_they_are_cut() {
        let messages = server_hello();
        for cut in 1..messages.len() {
            let mut onlooker = Onlooker::default();
            let (first, second) = messages.split_at(cut);
            let context = onlooker.see(Direction::FromServer, &record(first));
            assert_eq!(context.continued_bytes, 0);
            let context = onlooker.see(Direction::FromServer, &record(second));
            // The hello takes 42 bytes, the message behind it 4.
            let expected = match cut {
                ..42 => 42 - cut,
                42 => 0,
                _ => second.len(),
            };
            assert_eq!(context.continued_bytes, expected, "cut at {cut}");
            assert_eq!(onlooker.agreed.version, Version::Tls12, "cut at {cut}");
            assert_eq!(onlooker.agreed.cipher_suite, Some(0xc02f));
        }
    }

    #[test]
    fn tls12_encrypts_from_change_cipher_spec_on_each_way_by_itself() {
        let mut onlooker = Onlooker::default();
        onlooker.see(Direction::FromServer, &record(&server_hello()));
        let change_cipher_spec = [20, 3, 3, 0, 1, 1];
        onlooker.see(Direction::FromClient, &change_cipher_spec);
        let protection =
            |onlooker: &mut Onlooker, sender| onlooker.see(sender, &record(&[20])).protection;
        let gcm = Protection::Tls12 {
            explicit_nonce_len: 8,
        };
        assert_eq!(protection(&mut onlooker, Direction::FromClient), gcm);
        assert_eq!(
            protection(&mut onlooker, Direction::FromServer),
            Protection::Clear
        );
    }

    #[test]
    fn a_message_that_never_ends_is_not_kept() {
        let mut onlooker = Onlooker::default();
        let endless = record(&[11, 0xff, 0xff, 0xff].repeat(4_000));
        for _ in 0..10 {
            onlooker.see(Direction::FromServer, &endless);
        }
        assert!(onlooker.server.begun.len() <= BEGUN_LEN_MAX);
    }
}
