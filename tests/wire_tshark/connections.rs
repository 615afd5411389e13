//! Which connection a packet belongs to, and what its onlooker knows.

use std::collections::HashMap;

use secure_chat::octets::Direction;
use secure_chat::wire::dissect::tls_record::{Onlooker, RecordContext};

use crate::tree::Theirs;

/// The connections of a capture, by the client's port.
#[derive(Default)]
pub(crate) struct Connections {
    known: HashMap<String, Onlooker>,
}

impl Connections {
    /// What is known at a record of this packet.
    pub(crate) fn see(&mut self, packet: &[Theirs], record: &[u8]) -> RecordContext {
        // Who speaks first is the client.
        let (from, to) = (shown(packet, "tcp.srcport"), shown(packet, "tcp.dstport"));
        let (client, sender) = if self.known.contains_key(&to) {
            (to, Direction::FromServer)
        } else {
            (from, Direction::FromClient)
        };
        self.known.entry(client).or_default().see(sender, record)
    }
}

fn shown(packet: &[Theirs], name: &str) -> String {
    let mut show = None;
    for field in packet {
        field.walk(&mut |field| {
            if field.name == name {
                show = Some(field.show.clone());
            }
        });
    }
    show.unwrap_or_else(|| panic!("a packet without {name}"))
}
