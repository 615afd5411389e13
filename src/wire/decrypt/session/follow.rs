//! Where the two directions of a connection meet: which message of whom changes whose keys.
//!
//! ```text
//! TLS 1.3   ClientHello ──► ServerHello     both: handshake keys
//!           server's EncryptedExtensions    client: early data keys, if it says that it takes early data
//!           client's EndOfEarlyData         client: handshake keys
//!           Finished                        its sender: application keys
//!           KeyUpdate                       its sender: the next application keys
//! TLS 1.2   ChangeCipherSpec                its sender: the keys of the connection
//! ```

use super::super::event::{Event, What};
use super::super::half::{Protection, Sealed, Waiting};
use super::super::handshake::message_type;
use super::super::hello;
use super::super::negotiation::EarlyData;
use super::super::reason::{Problem, Reason};
use super::super::secrets::Label;
use super::super::stream::Placed;
use super::{Session, tell};
use crate::octets::Direction;

impl Session {
    /// Does what a whole message asks for. `label`: the secret that protected it, if any did. A message that comes
    /// where it must not, as in clear when it should be encrypted, changes nothing.
    pub(super) fn follow(
        &mut self,
        placed: &Placed,
        message_type: u8,
        body: &[u8],
        label: Option<Label>,
        events: &mut Vec<Event>,
    ) {
        use Direction::{FromClient, FromServer};
        let sender = placed.direction;
        match (sender, label, message_type) {
            (FromClient, None, message_type::CLIENT_HELLO) if !self.negotiation.is_settled() => {
                self.client_hello(placed, body, events);
            }
            (FromServer, None, message_type::SERVER_HELLO) if !self.negotiation.is_settled() => {
                self.server_hello(placed, body, events);
            }
            (
                FromServer,
                Some(Label::ServerHandshakeTrafficSecret),
                message_type::ENCRYPTED_EXTENSIONS,
            ) => self.encrypted_extensions(body, events),
            (
                FromClient,
                Some(Label::ClientEarlyTrafficSecret),
                message_type::END_OF_EARLY_DATA,
            ) => self.seal(sender, Label::ClientHandshakeTrafficSecret, placed, events),
            (FromClient, Some(Label::ClientHandshakeTrafficSecret), message_type::FINISHED) => {
                self.seal(sender, Label::ClientTrafficSecret0, placed, events);
            }
            (FromServer, Some(Label::ServerHandshakeTrafficSecret), message_type::FINISHED) => {
                self.seal(sender, Label::ServerTrafficSecret0, placed, events);
            }
            (
                _,
                Some(Label::ClientTrafficSecret0 | Label::ServerTrafficSecret0),
                message_type::KEY_UPDATE,
            ) => self.update_keys(placed, events),
            _ => {}
        }
    }

    fn client_hello(&mut self, placed: &Placed, body: &[u8], events: &mut Vec<Event>) {
        let Some(hello) = hello::read_client_hello(body) else {
            return tell(placed, What::Problem(Problem::HelloUnreadable), events);
        };
        self.negotiation.client_hello(&hello);
        if hello.offers_early_data {
            self.halves.of(Direction::FromClient).protection = Protection::Undecided;
        }
    }

    fn server_hello(&mut self, placed: &Placed, body: &[u8], events: &mut Vec<Event>) {
        let Some(hello) = hello::read_server_hello(body) else {
            return tell(placed, What::Problem(Problem::HelloUnreadable), events);
        };
        if hello.is_retry {
            // To ask for another ClientHello is to refuse the early data behind the first (RFC 8446 §4.2.10).
            return self.decide(EarlyData::Rejected, Protection::InClear, events);
        }
        self.negotiation.server_hello(&hello);
        if !self.negotiation.is_tls13() {
            return self.decide(EarlyData::Rejected, Protection::InClear, events);
        }
        let label = Label::ServerHandshakeTrafficSecret;
        self.seal(Direction::FromServer, label, placed, events);
        if !self.client_is_undecided() {
            let label = Label::ClientHandshakeTrafficSecret;
            self.seal(Direction::FromClient, label, placed, events);
        }
    }

    fn encrypted_extensions(&mut self, body: &[u8], events: &mut Vec<Event>) {
        let handshake = Sealed::new(Label::ClientHandshakeTrafficSecret);
        if hello::accepts_early_data(body) != Some(true) {
            let sealed = handshake.passing_over(Reason::RejectedEarlyData);
            return self.decide(EarlyData::Rejected, Protection::Sealed(sealed), events);
        }
        let label = Label::ClientEarlyTrafficSecret;
        let sealed = match self.secrets.get(label) {
            Some(_) => Sealed::new(label),
            // Then its end cannot be seen, but what comes after it be found.
            None => handshake.passing_over(Reason::NoSecret { label }),
        };
        self.decide(EarlyData::Accepted, Protection::Sealed(sealed), events);
    }

    /// The server's answer to early data is in a record that cannot be opened: go on without it.
    pub(super) fn server_is_silent(&mut self, placed: &Placed, events: &mut Vec<Event>) {
        if placed.direction == Direction::FromServer && self.negotiation.is_tls13() {
            let sealed = Sealed::new(Label::ClientHandshakeTrafficSecret)
                .passing_over(Reason::EarlyDataUnanswered);
            self.decide(EarlyData::Offered, Protection::Sealed(sealed), events);
        }
    }

    /// Lets the client's records go on that waited for this; nothing, if none wait.
    pub(super) fn decide(
        &mut self,
        early_data: EarlyData,
        protection: Protection,
        events: &mut Vec<Event>,
    ) {
        if !self.client_is_undecided() {
            return;
        }
        self.negotiation.early_data = early_data;
        self.halves.of(Direction::FromClient).protection = protection;
        let Waiting {
            records,
            turned_away,
            ..
        } = std::mem::take(&mut self.waiting);
        for placed in records {
            self.read(&placed, events);
        }
        let client = self.halves.of(Direction::FromClient);
        if let Protection::Sealed(sealed) = &mut client.protection
            && sealed.label == Label::ClientEarlyTrafficSecret
        {
            sealed.skip(turned_away);
            client.exact &= turned_away == 0;
        }
    }

    fn client_is_undecided(&self) -> bool {
        let protection = self.halves.protection(Direction::FromClient);
        matches!(protection, Protection::Undecided)
    }

    /// From its next record on this side uses the keys of this secret.
    fn seal(&mut self, sender: Direction, label: Label, placed: &Placed, events: &mut Vec<Event>) {
        self.halves.of(sender).protection = Protection::Sealed(Sealed::new(label));
        self.begin_with_whole_messages(sender, placed, events);
    }

    /// The sender's next record has the keys of the next generation (RFC 8446 §4.6.3, §7.2).
    fn update_keys(&mut self, placed: &Placed, events: &mut Vec<Event>) {
        let half = self.halves.of(placed.direction);
        if let Protection::Sealed(sealed) = &mut half.protection {
            sealed.update();
        }
        self.begin_with_whole_messages(placed.direction, placed, events);
    }

    /// No message may have a part before a change of keys and a part behind it (RFC 8446 §5.1).
    fn begin_with_whole_messages(
        &mut self,
        sender: Direction,
        placed: &Placed,
        events: &mut Vec<Event>,
    ) {
        if self.halves.of(sender).assembly.reset() {
            let problem = Problem::MessageAcrossKeyChange;
            tell(placed, What::Problem(problem), events);
        }
    }

    /// In TLS 1.2, the sender's next record is encrypted (RFC 5246 §7.1); in TLS 1.3 it means nothing.
    pub(super) fn change_cipher_spec(
        &mut self,
        placed: &Placed,
        label: Option<Label>,
        events: &mut Vec<Event>,
    ) {
        if self.negotiation.is_tls13() || !self.negotiation.is_settled() {
            return;
        }
        if label.is_some() {
            self.negotiation.renegotiate();
        }
        self.seal(placed.direction, Label::ClientRandom, placed, events);
    }
}
