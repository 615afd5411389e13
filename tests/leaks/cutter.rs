//! A TLS client whose records the test holds in its hands: it can cut them, join them, and stop in the middle of one.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConnection, SupportedProtocolVersion};

use crate::client::trusting;
use crate::support::{PATIENCE, Server};

/// One connection, in clear or within TLS.
pub(crate) struct Cutter {
    tls: Option<ClientConnection>,
    tcp: TcpStream,
}

impl Cutter {
    pub(crate) async fn plain(server: &Server) -> Self {
        let tcp = TcpStream::connect(server.http()).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        Self { tls: None, tcp }
    }

    /// As far as the end of the handshake.
    pub(crate) async fn tls(server: &Server, version: &'static SupportedProtocolVersion) -> Self {
        let tcp = TcpStream::connect(server.https()).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let config = Arc::new(trusting(server, &[version]));
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(config, name).unwrap();
        let mut cutter = Self {
            tls: Some(tls),
            tcp,
        };
        cutter.shake_hands().await;
        cutter
    }

    async fn shake_hands(&mut self) {
        loop {
            let out = self.records();
            self.send(&out).await;
            if !self.tls.as_ref().unwrap().is_handshaking() {
                return;
            }
            assert!(self.receive().await > 0, "the handshake was cut off");
        }
    }

    /// What crosses the network if these bytes are said: under TLS, in records of at most `record_len`.
    pub(crate) fn seal(&mut self, bytes: &[u8], record_len: usize) -> Vec<u8> {
        if self.tls.is_none() {
            return bytes.to_vec();
        }
        let mut sealed = Vec::new();
        for piece in bytes.chunks(record_len) {
            self.tls
                .as_mut()
                .unwrap()
                .writer()
                .write_all(piece)
                .unwrap();
            sealed.extend(self.records());
        }
        sealed
    }

    /// A change of keys, as a record.
    pub(crate) fn key_update(&mut self) -> Vec<u8> {
        self.tls.as_mut().unwrap().refresh_traffic_keys().unwrap();
        self.records()
    }

    /// The goodbye, as a record.
    pub(crate) fn close_notify(&mut self) -> Vec<u8> {
        self.tls.as_mut().unwrap().send_close_notify();
        self.records()
    }

    /// Bytes as they are; false if the server takes no more.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        let sent = timeout(PATIENCE, self.tcp.write_all(bytes)).await;
        sent.expect("sending takes too long").is_ok()
    }

    /// All that the server says until it closes, or resets the connection; FIN is sent before.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let _ = self.tcp.shutdown().await;
        self.rest_without_end().await
    }

    /// As `rest`, without FIN.
    pub(crate) async fn rest_without_end(&mut self) -> Vec<u8> {
        let mut plain = Vec::new();
        loop {
            let mut bytes = vec![0; 16 * 1024];
            let read = timeout(PATIENCE, self.tcp.read(&mut bytes)).await;
            let len = read.expect("reading takes too long").unwrap_or(0);
            if len == 0 {
                return plain;
            }
            plain.extend(self.open(&bytes[..len]));
        }
    }

    /// Reads until the server has said so many bytes.
    pub(crate) async fn at_least(&mut self, len: usize) -> Vec<u8> {
        let mut plain = Vec::new();
        while plain.len() < len {
            let mut bytes = vec![0; 64 * 1024];
            let read = timeout(PATIENCE, self.tcp.read(&mut bytes)).await;
            let read_len = read.expect("reading takes too long").unwrap();
            assert!(read_len > 0, "closed after {} bytes", plain.len());
            plain.extend(self.open(&bytes[..read_len]));
        }
        plain
    }

    /// Leaves without a word: the connection is reset.
    pub(crate) fn reset(self) {
        self.tcp.set_zero_linger().unwrap();
    }

    fn records(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let tls = self.tls.as_mut().unwrap();
        while tls.wants_write() {
            tls.write_tls(&mut out).unwrap();
        }
        out
    }

    async fn receive(&mut self) -> usize {
        let mut bytes = vec![0; 16 * 1024];
        let read = timeout(PATIENCE, self.tcp.read(&mut bytes)).await;
        let len = read.expect("reading takes too long").unwrap();
        self.open(&bytes[..len]);
        len
    }

    fn open(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let Some(tls) = &mut self.tls else {
            return bytes.to_vec();
        };
        let mut plain = Vec::new();
        while !bytes.is_empty() {
            tls.read_tls(&mut bytes).unwrap();
            let state = tls.process_new_packets().unwrap();
            let begin = plain.len();
            plain.resize(begin + state.plaintext_bytes_to_read(), 0);
            tls.reader().read_exact(&mut plain[begin..]).unwrap();
        }
        plain
    }
}
