//! Every kind of connection that rustls can make: what is opened is what the applications wrote, byte for byte.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, Ticketer, kx_group};
use tokio_rustls::rustls::server::NoServerSessionStorage;
use tokio_rustls::rustls::{
    ClientConfig, HandshakeKind, ServerConfig, SupportedCipherSuite, crypto::SupportedKxGroup,
};

use super::super::Direction::{FromClient, FromServer};
use super::super::*;
use super::conversation::{Conversation, Identity, Recorded, Setting, play};
use super::opened::{open_all, open_most};

const TLS13: u16 = 0x1301;
const TLS12: u16 = 0xc02b;

/// Something to say, longer than a record.
fn long_text() -> Vec<u8> {
    (0..5_000_u32).flat_map(u32::to_be_bytes).collect()
}

/// Says something both ways, short and long and nothing, and then goodbye.
fn chat(conversation: &mut Conversation) {
    conversation.say(FromClient, b"GET / HTTP/1.1\r\n\r\n");
    conversation.say(FromServer, b"HTTP/1.1 200 OK\r\n\r\n");
    conversation.say(FromServer, &long_text());
    conversation.say(FromClient, b"");
    conversation.say(FromClient, &long_text());
    conversation.close();
}

#[test]
fn every_suite_and_group_opens() {
    let (ecdsa, rsa) = (Identity::ecdsa(), Identity::rsa());
    let groups: [&dyn SupportedKxGroup; 4] = [
        kx_group::X25519,
        kx_group::SECP256R1,
        kx_group::SECP384R1,
        kx_group::X25519MLKEM768,
    ];
    let mut connections = 0;
    for suite in ALL_CIPHER_SUITES {
        let (identity, groups) = match suite {
            SupportedCipherSuite::Tls13(_) => (&ecdsa, &groups[..]),
            // Post-quantum groups are for TLS 1.3 alone.
            SupportedCipherSuite::Tls12(_) => (&ecdsa, &groups[..3]),
        };
        let name = format!("{:?}", suite.suite());
        let identity = if name.contains("_RSA_") {
            &rsa
        } else {
            identity
        };
        for group in groups {
            let mut conversation = Conversation::of(&Setting {
                client_groups: vec![*group],
                ..Setting::suite(identity, suite.suite().into())
            });
            chat(&mut conversation);
            let opened = open_all(&conversation);
            assert_eq!(opened.alerts, [(FromClient, 1, 0), (FromServer, 1, 0)]);
            connections += 1;
        }
    }
    assert_eq!(connections, 3 * 4 + 6 * 3);
}

#[test]
fn the_messages_of_a_full_handshake_are_seen() {
    let identity = Identity::ecdsa();
    let opened = open_all(&Conversation::of(&Setting::suite(&identity, TLS13)));
    assert_eq!(opened.messages_of(FromClient), [1, 20]);
    assert_eq!(opened.messages_of(FromServer), [2, 8, 11, 15, 20, 4, 4]);
    let opened = open_all(&Conversation::of(&Setting::suite(&identity, TLS12)));
    assert_eq!(opened.messages_of(FromClient), [1, 16, 20]);
    assert_eq!(opened.messages_of(FromServer), [2, 11, 12, 14, 20]);
}

#[test]
fn a_handshake_with_hello_retry_request_opens() {
    let identity = Identity::ecdsa();
    let mut conversation = Conversation::of(&Setting {
        client_groups: vec![kx_group::SECP384R1, kx_group::X25519],
        server_groups: vec![kx_group::X25519],
        ..Setting::suite(&identity, TLS13)
    });
    let kind = conversation.server.handshake_kind();
    assert_eq!(kind, Some(HandshakeKind::FullWithHelloRetryRequest));
    chat(&mut conversation);
    let opened = open_all(&conversation);
    assert_eq!(opened.messages_of(FromClient), [1, 1, 20]);
    assert_eq!(opened.messages_of(FromServer)[..2], [2, 2]);
}

#[test]
fn a_client_s_certificate_is_seen() {
    let (identity, student) = (Identity::ecdsa(), Identity::ecdsa());
    for (suite, messages) in [
        (TLS13, vec![1, 11, 15, 20]),
        (TLS12, vec![1, 11, 16, 15, 20]),
    ] {
        let mut conversation = Conversation::of(&Setting {
            client: Some(&student),
            ..Setting::suite(&identity, suite)
        });
        chat(&mut conversation);
        assert_eq!(open_all(&conversation).messages_of(FromClient), messages);
    }
}

#[test]
fn small_records_open_and_divide_messages() {
    let identity = Identity::rsa();
    for (suite, fragment_len) in [(TLS13, 32), (TLS13, 600), (0xc02f, 32), (0xcca8, 600)] {
        let setting = Setting::suite(&identity, suite);
        let (mut client, mut server) = (setting.client_config(), setting.server_config());
        client.max_fragment_size = Some(fragment_len);
        server.max_fragment_size = Some(fragment_len);
        let mut conversation = Conversation::begin(&Arc::new(client), &server);
        conversation.settle();
        chat(&mut conversation);
        let opened = open_all(&conversation);
        let divided = |event: &Event| match &event.what {
            What::Handshake(message) => message.parts.len() > 1,
            _ => false,
        };
        assert!(opened.events.iter().any(divided));
    }
}

#[test]
fn key_updates_of_either_side_are_followed() {
    let identity = Identity::ecdsa();
    for suite in [0x1301, 0x1302, 0x1303] {
        let mut conversation = Conversation::of(&Setting::suite(&identity, suite));
        for _ in 0..3 {
            conversation.say(FromClient, b"before");
            conversation.client.refresh_traffic_keys().unwrap();
            conversation.say(FromClient, b"after");
            conversation.say(FromServer, b"the other side");
        }
        conversation.server.refresh_traffic_keys().unwrap();
        chat(&mut conversation);
        let opened = open_all(&conversation);
        let client = Label::ClientTrafficSecret0;
        assert_eq!(
            opened.keys_of(FromClient)[1..],
            [
                (client, 0),
                (client, 1),
                (client, 2),
                (client, 3),
                (client, 4)
            ]
        );
        // The server's update asks the client for one as well: that was the fourth.
        let (label, generation) = *opened.keys_of(FromServer).last().unwrap();
        assert_eq!(label, Label::ServerTrafficSecret0);
        assert!(generation >= 1);
    }
}

/// The second of two connections: the first gave the client something to resume.
fn second(client: &Arc<ClientConfig>, first: &ServerConfig, second: &ServerConfig) -> Conversation {
    let mut conversation = Conversation::begin(client, first);
    conversation.settle();
    conversation.say(FromClient, b"first");
    conversation.say(FromServer, b"first");
    open_all(&conversation);
    Conversation::begin(client, second)
}

#[test]
fn resumed_connections_open() {
    let identity = Identity::ecdsa();
    for suite in [TLS13, 0x1302, TLS12, 0xcca9] {
        let setting = Setting::suite(&identity, suite);
        let stateful = setting.server_config();
        let mut stateless = setting.server_config();
        stateless.ticketer = Ticketer::new().unwrap();
        stateless.session_storage = Arc::new(NoServerSessionStorage {});
        for server in [stateful, stateless] {
            let client = Arc::new(setting.client_config());
            let mut conversation = second(&client, &server, &server);
            conversation.settle();
            let kind = conversation.server.handshake_kind();
            assert_eq!(kind, Some(HandshakeKind::Resumed));
            chat(&mut conversation);
            let certificate = 11;
            let messages = open_all(&conversation).messages_of(FromServer);
            assert!(!messages.contains(&certificate), "{messages:?}");
        }
    }
}

/// A client that sends early data on its second connection, and two servers: whose tickets allow that, and who is to answer.
fn with_early_data(
    change: impl FnOnce(&mut ServerConfig),
    groups: &[&'static dyn SupportedKxGroup],
) -> Conversation {
    let identity = Identity::ecdsa();
    let setting = Setting::suite(&identity, TLS13);
    let mut first = setting.server_config();
    first.max_early_data_size = 16_384;
    let mut other = Setting {
        server_groups: groups.to_vec(),
        ..setting
    }
    .server_config();
    other.session_storage = Arc::clone(&first.session_storage);
    other.max_early_data_size = 16_384;
    change(&mut other);
    let mut client = Setting::suite(&identity, TLS13).client_config();
    client.enable_early_data = true;
    let mut conversation = second(&Arc::new(client), &first, &other);
    let mut early = conversation.client.early_data().unwrap();
    std::io::Write::write_all(&mut early, b"GET /early HTTP/1.1\r\n").unwrap();
    std::io::Write::write_all(&mut early, b"\r\n").unwrap();
    conversation
}

fn everything(_: &mut ServerConfig) {}

#[test]
fn early_data_that_was_accepted_opens_and_comes_first() {
    let groups = Setting::usual(&Identity::ecdsa()).server_groups;
    let mut conversation = with_early_data(everything, &groups);
    conversation.settle();
    assert!(conversation.client.is_early_data_accepted());
    conversation.written[0].extend_from_slice(b"GET /early HTTP/1.1\r\n\r\n");
    chat(&mut conversation);
    let opened = open_all(&conversation);
    assert_eq!(opened.messages_of(FromClient), [1, 5, 20]);
    let early: Vec<_> = opened
        .events
        .iter()
        .filter_map(|event| match &event.what {
            What::ApplicationData(data) if data.early => Some(data.bytes.as_ref()),
            _ => None,
        })
        .collect();
    assert_eq!(early.concat(), b"GET /early HTTP/1.1\r\n\r\n");
}

#[test]
fn early_data_without_its_secret_is_told_and_the_rest_opens() {
    let groups = Setting::usual(&Identity::ecdsa()).server_groups;
    let mut conversation = with_early_data(everything, &groups);
    conversation.settle();
    conversation.written[0].extend_from_slice(b"GET /early HTTP/1.1\r\n\r\n");
    conversation.say(FromClient, b"later");
    let label = Label::ClientEarlyTrafficSecret;
    let recording: Vec<_> = conversation
        .recording()
        .into_iter()
        .filter(|recorded| !matches!(recorded, Recorded::Secret(line) if line.label == label))
        .collect();
    let (mut reasons, mut later) = (Vec::new(), None);
    for event in play(&recording, usize::MAX) {
        match event.what {
            What::Record {
                cover: Cover::NotOpened(reason),
                ..
            } => reasons.push((event.direction, reason)),
            What::ApplicationData(data) => later = Some(data),
            _ => {}
        }
    }
    // Two pieces of early data, and the message that ends it.
    assert_eq!(reasons, [(FromClient, Reason::NoSecret { label }); 3]);
    let later = later.unwrap();
    assert_eq!(later.bytes.as_ref(), b"later");
    assert!(!later.exact);
}

#[test]
fn early_data_that_is_too_much_to_keep_is_told_and_the_rest_opens() {
    let identity = Identity::ecdsa();
    let setting = Setting::suite(&identity, TLS13);
    let mut server = setting.server_config();
    server.max_early_data_size = 1 << 20;
    let mut client = setting.client_config();
    client.enable_early_data = true;
    let mut conversation = second(&Arc::new(client), &server, &server);
    conversation.client.set_buffer_limit(None);
    let early = vec![b'e'; 400_000];
    let mut writer = conversation.client.early_data().unwrap();
    std::io::Write::write_all(&mut writer, &early).unwrap();
    conversation.settle();
    assert!(conversation.client.is_early_data_accepted());
    conversation.written[0].extend_from_slice(&early);
    conversation.say(FromClient, b"later");
    let (mut told, mut opened, mut last) = (0, 0, None);
    for event in play(&conversation.recording(), usize::MAX) {
        match event.what {
            What::Record {
                cover: Cover::NotOpened(reason),
                ..
            } => {
                assert_eq!(reason, Reason::TooMuchEarlyData);
                told += 1;
            }
            What::ApplicationData(data) if data.early => opened += data.bytes.len(),
            What::ApplicationData(data) => last = Some(data),
            _ => {}
        }
    }
    assert!(told > 0);
    assert!((256 * 1024 - 20_000..=256 * 1024).contains(&opened));
    let last = last.unwrap();
    assert!(last.bytes.as_ref() == b"later" && !last.exact);
}

#[test]
fn early_data_that_was_rejected_is_told_and_the_rest_opens() {
    let groups = Setting::usual(&Identity::ecdsa()).server_groups;
    let no_early_data: fn(&mut ServerConfig) = |server| server.max_early_data_size = 0;
    let no_memory: fn(&mut ServerConfig) = |server| {
        server.session_storage = Arc::new(NoServerSessionStorage {});
    };
    // The client's first share is for the group of its first connection, which this server has not.
    let other_group: [&dyn SupportedKxGroup; 1] = [kx_group::SECP384R1];
    for (change, groups, kind, hellos) in [
        (no_early_data, &groups[..], HandshakeKind::Resumed, 1),
        (no_memory, &groups[..], HandshakeKind::Full, 1),
        (everything, &other_group[..], HandshakeKind::Resumed, 2),
    ] {
        let mut conversation = with_early_data(change, groups);
        conversation.settle();
        assert!(!conversation.client.is_early_data_accepted());
        assert_eq!(conversation.server.handshake_kind(), Some(kind));
        chat(&mut conversation);
        let opened = open_most(&conversation);
        assert_eq!(opened.reasons, [(FromClient, Reason::RejectedEarlyData); 2]);
        let client_hello = 1;
        let messages = opened.messages_of(FromClient);
        assert_eq!(messages[..hellos], vec![client_hello; hellos]);
        assert_eq!(messages[hellos..], [20]);
    }
}

#[test]
fn what_the_server_says_before_the_client_has_finished_opens() {
    let identity = Identity::ecdsa();
    let setting = Setting::suite(&identity, TLS13);
    let mut server = setting.server_config();
    server.send_half_rtt_data = true;
    let mut conversation = Conversation::begin(&Arc::new(setting.client_config()), &server);
    conversation.carry(FromClient);
    conversation.say(FromServer, b"HTTP/1.1 103 Early Hints\r\n\r\n");
    conversation.settle();
    chat(&mut conversation);
    open_all(&conversation);
}

#[test]
fn the_alert_of_a_client_that_does_not_trust_the_server_is_seen() {
    let (identity, stranger) = (Identity::ecdsa(), Identity::ecdsa());
    for suite in [TLS13, TLS12] {
        let client = Setting::suite(&stranger, suite).client_config();
        let server = Setting::suite(&identity, suite).server_config();
        let mut conversation = Conversation::begin(&Arc::new(client), &server);
        conversation.settle();
        let opened = open_all(&conversation);
        let unknown_ca = 48;
        assert_eq!(opened.alerts, [(FromClient, 2, unknown_ca)]);
    }
}

#[test]
fn the_alert_of_a_server_that_has_no_suite_in_common_is_seen() {
    let identity = Identity::ecdsa();
    let client = Setting::suite(&identity, 0xc02f).client_config();
    let server = Setting::suite(&identity, TLS12).server_config();
    let mut conversation = Conversation::begin(&Arc::new(client), &server);
    conversation.settle();
    let handshake_failure = 40;
    assert_eq!(
        open_all(&conversation).alerts,
        [(FromServer, 2, handshake_failure)]
    );
}

#[test]
fn a_goodbye_in_tls_12_with_chacha_is_18_bytes_long() {
    let identity = Identity::ecdsa();
    let mut conversation = Conversation::of(&Setting::suite(&identity, 0xcca9));
    conversation.close();
    let opened = open_all(&conversation);
    let last = opened
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.what {
            What::Record { header, .. } => Some(header.fragment_len),
            _ => None,
        });
    assert_eq!(last, Some(18));
}
