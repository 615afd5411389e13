//! A TLS connection of rustls with itself, in memory, recorded as the tap and the key log of the server would.

use std::sync::{Arc, Mutex};

use rcgen::{
    CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize,
};
use tokio_rustls::rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, ALL_KX_GROUPS, default_provider};
use tokio_rustls::rustls::crypto::{CryptoProvider, SupportedKxGroup};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{
    ALL_VERSIONS, ClientConfig, ClientConnection, ConnectionCommon, RootCertStore, ServerConfig,
    ServerConnection, SideData, SupportedCipherSuite,
};

use super::super::*;
use crate::octets::hex;

/// What crossed the wire and what the key log said, in order.
#[derive(Debug, Clone)]
pub(in crate::wire) enum Recorded {
    Bytes(Direction, Vec<u8>),
    Secret(KeyLogLine),
}

/// Takes the secrets of one connection, as rustls hands them out.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<Recorded>>);

impl tokio_rustls::rustls::KeyLog for Recorder {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = KeyLogLine {
            label: Label::of(label).unwrap(),
            client_random: client_random.try_into().unwrap(),
            secret: Secret::new(secret).unwrap(),
        };
        self.0.lock().unwrap().push(Recorded::Secret(line));
    }
}

/// A certificate that vouches for itself, and its key.
pub(in crate::wire) struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(in crate::wire) fn ecdsa() -> Self {
        Self::new(&KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap())
    }

    pub(in crate::wire) fn rsa() -> Self {
        Self::new(&KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap())
    }

    fn new(key: &KeyPair) -> Self {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        // Of two authorities with one name, clients take the wrong one, and complain of its signature.
        let name = hex(&key.public_key_raw()[..16]);
        params.distinguished_name.push(DnType::CommonName, name);
        Self {
            certificate: params.self_signed(key).unwrap().into(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }
}

/// What the two sides bring along.
pub(in crate::wire) struct Setting<'a> {
    pub(in crate::wire) server: &'a Identity,
    /// What the client shows, if it is asked and has something to show.
    pub(in crate::wire) client: Option<&'a Identity>,
    pub(in crate::wire) suites: Vec<SupportedCipherSuite>,
    pub(in crate::wire) client_groups: Vec<&'static dyn SupportedKxGroup>,
    pub(in crate::wire) server_groups: Vec<&'static dyn SupportedKxGroup>,
}

impl<'a> Setting<'a> {
    pub(in crate::wire) fn usual(server: &'a Identity) -> Self {
        Self {
            server,
            client: None,
            suites: ALL_CIPHER_SUITES.to_vec(),
            client_groups: ALL_KX_GROUPS.to_vec(),
            server_groups: ALL_KX_GROUPS.to_vec(),
        }
    }

    pub(in crate::wire) fn suite(server: &'a Identity, number: u16) -> Self {
        let with_number = |suite: &&SupportedCipherSuite| u16::from(suite.suite()) == number;
        Self {
            suites: ALL_CIPHER_SUITES
                .iter()
                .filter(with_number)
                .copied()
                .collect(),
            ..Self::usual(server)
        }
    }

    pub(in crate::wire) fn server_config(&self) -> ServerConfig {
        let provider = self.provider(&self.server_groups);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(ALL_VERSIONS)
            .unwrap();
        let builder = match self.client {
            None => builder.with_no_client_auth(),
            Some(client) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(client.roots().into(), provider)
                    .build()
                    .unwrap(),
            ),
        };
        let chain = vec![self.server.certificate.clone()];
        builder
            .with_single_cert(chain, self.server.key.clone_key())
            .unwrap()
    }

    pub(in crate::wire) fn client_config(&self) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(self.provider(&self.client_groups))
            .with_protocol_versions(ALL_VERSIONS)
            .unwrap()
            .with_root_certificates(self.server.roots());
        match self.client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let chain = vec![client.certificate.clone()];
                builder
                    .with_client_auth_cert(chain, client.key.clone_key())
                    .unwrap()
            }
        }
    }

    fn provider(&self, groups: &[&'static dyn SupportedKxGroup]) -> Arc<CryptoProvider> {
        Arc::new(CryptoProvider {
            cipher_suites: self.suites.clone(),
            kx_groups: groups.to_vec(),
            ..default_provider()
        })
    }
}

/// Both ends, what the application wrote on each, and what was recorded in between.
pub(in crate::wire) struct Conversation {
    pub(in crate::wire) client: ClientConnection,
    pub(in crate::wire) server: ServerConnection,
    recorder: Arc<Recorder>,
    /// What each side wrote that the other is to read.
    pub(in crate::wire) written: [Vec<u8>; 2],
    read: [Vec<u8>; 2],
}

impl Conversation {
    pub(in crate::wire) fn begin(client: &Arc<ClientConfig>, server: &ServerConfig) -> Self {
        let recorder = Arc::new(Recorder::default());
        let mut server = server.clone();
        server.key_log = Arc::clone(&recorder) as _;
        let name = ServerName::try_from("localhost").unwrap();
        Self {
            client: ClientConnection::new(Arc::clone(client), name).unwrap(),
            server: ServerConnection::new(Arc::new(server)).unwrap(),
            recorder,
            written: Default::default(),
            read: Default::default(),
        }
    }

    pub(in crate::wire) fn of(setting: &Setting<'_>) -> Self {
        let mut conversation =
            Self::begin(&Arc::new(setting.client_config()), &setting.server_config());
        conversation.settle();
        assert!(!conversation.client.is_handshaking() && !conversation.server.is_handshaking());
        conversation
    }

    /// Carries bytes to and fro until nobody has anything more to send; errors of the endpoints end it, too.
    pub(in crate::wire) fn settle(&mut self) {
        for _ in 0..20 {
            let sent = self.carry(Direction::FromClient) + self.carry(Direction::FromServer);
            if sent == 0 {
                return;
            }
        }
        panic!("the handshake does not end");
    }

    /// Carries what one side has to send, in one chunk; says how long that was.
    pub(in crate::wire) fn carry(&mut self, direction: Direction) -> usize {
        let mut chunk = Vec::new();
        match direction {
            // What the server learns from a chunk is logged before the chunk: it must have been read before.
            Direction::FromClient => {
                write(&mut self.client, &mut chunk);
                read(&mut self.server, &chunk, &mut self.read[0]);
                if let Some(mut early) = self.server.early_data() {
                    std::io::Read::read_to_end(&mut early, &mut self.read[0]).unwrap();
                }
            }
            Direction::FromServer => {
                write(&mut self.server, &mut chunk);
                read(&mut self.client, &chunk, &mut self.read[1]);
            }
        }
        let len = chunk.len();
        if len > 0 {
            self.record(Recorded::Bytes(direction, chunk));
        }
        len
    }

    /// The application of one side says something, and it is carried to the other.
    pub(in crate::wire) fn say(&mut self, direction: Direction, bytes: &[u8]) {
        match direction {
            Direction::FromClient => {
                std::io::Write::write_all(&mut self.client.writer(), bytes).unwrap();
                self.written[0].extend_from_slice(bytes);
            }
            Direction::FromServer => {
                std::io::Write::write_all(&mut self.server.writer(), bytes).unwrap();
                self.written[1].extend_from_slice(bytes);
            }
        }
        self.carry(direction);
    }

    /// Each side says goodbye.
    pub(in crate::wire) fn close(&mut self) {
        self.client.send_close_notify();
        self.carry(Direction::FromClient);
        self.server.send_close_notify();
        self.carry(Direction::FromServer);
    }

    pub(in crate::wire) fn record(&self, recorded: Recorded) {
        self.recorder.0.lock().unwrap().push(recorded);
    }

    /// What was recorded; the applications read exactly what was written.
    pub(in crate::wire) fn recording(&self) -> Vec<Recorded> {
        assert_eq!(self.read, self.written);
        self.recorder.0.lock().unwrap().clone()
    }
}

fn write<S: SideData>(from: &mut ConnectionCommon<S>, chunk: &mut Vec<u8>) {
    while from.wants_write() {
        from.write_tls(chunk).unwrap();
    }
}

fn read<S: SideData>(to: &mut ConnectionCommon<S>, mut chunk: &[u8], application: &mut Vec<u8>) {
    use std::io::Read as _;
    while !chunk.is_empty() {
        to.read_tls(&mut chunk).unwrap();
        if to.process_new_packets().is_err() {
            return;
        }
        let mut buffer = [0; 4096];
        while let Ok(len @ 1..) = to.reader().read(&mut buffer) {
            application.extend_from_slice(&buffer[..len]);
        }
    }
}

/// All secrets of a recording, for those who do not care when they became known.
pub(in crate::wire) fn secrets(recording: &[Recorded]) -> Secrets {
    let mut secrets = Secrets::default();
    for recorded in recording {
        if let Recorded::Secret(line) = recorded {
            assert!(secrets.learn(line.clone()));
        }
    }
    secrets
}

/// Plays a recording to a session in chunks of at most this length.
pub(in crate::wire) fn play(recording: &[Recorded], chunk_len: usize) -> Vec<Event> {
    let mut session = Session::new(Secrets::default());
    let mut events = Vec::new();
    for recorded in recording {
        match recorded {
            Recorded::Secret(line) => assert!(session.learn(line.clone())),
            Recorded::Bytes(direction, bytes) => {
                for chunk in bytes.chunks(chunk_len) {
                    events.extend(session.push(*direction, chunk));
                }
            }
        }
    }
    events.extend(session.finish());
    events
}
