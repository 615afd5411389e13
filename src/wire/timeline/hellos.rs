//! What client and server say to each other before anything is encrypted, and so to everybody who listens.
//! Reads the dissected hellos by the names that Wireshark gives their fields; says nothing about them.

use super::ledger::{Detail, Ledger};
use super::{Kind, titles};
use crate::wire::decrypt::message_type;
use crate::wire::dissect::tls_handshake::{dissect_handshake, is_server_hello};
use crate::wire::field::{Field, Value};

/// So many handshake messages are looked at: those in clear come first.
const MESSAGES_MAX: usize = 32;

const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;

/// What stands in the handshake messages that are in clear.
#[derive(Debug, Default)]
pub(super) struct Hellos {
    /// The first ClientHello: its item.
    pub(super) client_hello: Option<u64>,
    /// The ServerHello: its item.
    pub(super) server_hello: Option<u64>,
    pub(super) server_name: Option<String>,
    /// The protocols that the client offers, the dearest first.
    pub(super) protocols: Vec<String>,
    /// How many cipher suites and extensions the client names.
    pub(super) offered: (usize, usize),
    pub(super) offers_resumption: bool,
    pub(super) offers_early_data: bool,
    pub(super) is_resumed: bool,
    pub(super) version: Option<String>,
    pub(super) cipher_suite: Option<String>,
    pub(super) group: Option<String>,
    /// The server's certificate, if it crossed in clear: its item.
    pub(super) certificate: Option<u64>,
}

impl Hellos {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let mut hellos = Self::default();
        let in_clear = |index: &usize| {
            let item = ledger.item(*index);
            item.is_some_and(|item| item.kind == Kind::Handshake && item.eve_title.is_some())
        };
        let indices = 0..ledger.items().len();
        for index in indices.filter(in_clear).take(MESSAGES_MAX) {
            if let Some(Detail::Handshake { message, context }) = ledger.detail(index) {
                let number = index as u64;
                let tree = || dissect_handshake(&message.bytes, context);
                match message.message_type {
                    message_type::CLIENT_HELLO if hellos.client_hello.is_none() => {
                        hellos.client_hello(&tree());
                        hellos.client_hello = Some(number);
                    }
                    message_type::SERVER_HELLO if is_server_hello(&message.bytes) => {
                        hellos.server_hello(&tree());
                        hellos.server_hello = Some(number);
                    }
                    CERTIFICATE => hellos.certificate = hellos.certificate.or(Some(number)),
                    SERVER_KEY_EXCHANGE => {
                        hellos.group = code(&tree(), "tls.handshake.server_named_curve");
                    }
                    _ => {}
                }
            }
        }
        hellos
    }

    fn client_hello(&mut self, hello: &Field) {
        self.server_name = texts(hello, "tls.handshake.extensions_server_name").next();
        self.protocols = texts(hello, "tls.handshake.extensions_alpn_str").collect();
        let count = |wireshark| {
            let fields = hello.walk();
            fields
                .filter(|field| field.wireshark == Some(wireshark))
                .count()
        };
        self.offered = (
            count("tls.handshake.ciphersuite"),
            count("tls.handshake.extension.type"),
        );
        // An empty ticket only says that the client would take one.
        let has_ticket = extension(hello, "session_ticket").is_some_and(|it| it.bytes.len() > 4);
        self.offers_resumption = has_ticket || extension(hello, "pre_shared_key").is_some();
        self.offers_early_data = extension(hello, "early_data").is_some();
    }

    fn server_hello(&mut self, hello: &Field) {
        self.version = code(hello, "tls.handshake.extensions.supported_version")
            .or_else(|| code(hello, "tls.handshake.version"));
        self.cipher_suite = code(hello, "tls.handshake.ciphersuite");
        self.group = code(hello, "tls.handshake.extensions_key_share_group");
        self.is_resumed = extension(hello, "pre_shared_key").is_some();
    }
}

/// An extension of a hello, by its name.
pub(super) fn extension<'a>(hello: &'a Field, name: &str) -> Option<&'a Field> {
    hello.walk().find(|field| {
        let first = field.children.first();
        field.name == name && first.is_some_and(|part| part.name == "extension_type")
    })
}

/// What the registry calls the number in the first such field.
fn code(tree: &Field, wireshark: &str) -> Option<String> {
    let field = tree
        .walk()
        .find(|field| field.wireshark == Some(wireshark))?;
    match &field.value {
        Value::Code { name, number } => Some(match name {
            Some(name) => titles::line(name),
            None => format!("0x{number:04x}"),
        }),
        _ => None,
    }
}

fn texts(tree: &Field, wireshark: &str) -> impl Iterator<Item = String> {
    tree.walk()
        .filter(move |field| field.wireshark == Some(wireshark))
        .filter_map(|field| match &field.value {
            Value::Text(text) => Some(titles::line(text)),
            _ => None,
        })
}
