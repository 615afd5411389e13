//! One client connection: what is sent is what the test wrote, what comes back is taken apart here and nowhere else.
//! Judges nothing: whether an answer is right is for the tests to say.

use std::net::SocketAddr;
use std::sync::Arc;

use secure_chat::transport::tap::{Observer, Tap};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ALL_VERSIONS, ClientConfig, RootCertStore, SupportedProtocolVersion};

use crate::support::{PATIENCE, Server};

/// The field that nearly every request here carries.
pub(crate) const HOST: &str = "Host: localhost\r\n";

/// How a client reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Plain,
    Tls,
}

/// Both ways, for tests of what must not depend on the way.
pub(crate) const WIRES: [Wire; 2] = [Wire::Plain, Wire::Tls];

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// One connection, from the client's side.
pub(crate) struct Client {
    stream: Box<dyn Duplex>,
    unread: Vec<u8>,
    /// How to reach the server once more, where the client may.
    way: Option<Way>,
    /// Whether the last answer said that it is the connection's last.
    is_over: bool,
}

/// Where a server is, and whom to trust there.
#[derive(Clone)]
struct Way {
    /// Where to come from, if not from anywhere.
    own: Option<SocketAddr>,
    address: SocketAddr,
    connector: Option<TlsConnector>,
    observer: Option<Observer>,
}

/// One response, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) content: Vec<u8>,
}

impl Client {
    /// A connection to the port that speaks what `wire` says; under TLS the server's own certificate is verified.
    pub(crate) async fn connect(server: &Server, wire: Wire) -> Self {
        Self::connect_watched(server, wire, None).await
    }

    /// As `connect`; `observer` is shown every byte that crosses the client's socket.
    pub(crate) async fn connect_watched(
        server: &Server,
        wire: Wire,
        observer: Option<Observer>,
    ) -> Self {
        let (address, connector) = match wire {
            Wire::Plain => (server.http(), None),
            Wire::Tls => (server.https(), Some(connector(server, ALL_VERSIONS))),
        };
        Self::along(Way {
            own: None,
            address,
            connector,
            observer,
        })
        .await
    }

    async fn along(way: Way) -> Self {
        let tapped = Tap::new(dial(way.own, way.address).await, way.observer.clone());
        let mut client = match &way.connector {
            None => Self::over(tapped),
            Some(connector) => {
                let name = ServerName::try_from("localhost").unwrap();
                let handshake = connector.connect(name, tapped);
                Self::over(in_time("the handshake", handshake).await.unwrap())
            }
        };
        // A port of its own can be used once.
        client.way = Some(Way { own: None, ..way });
        client
    }

    /// As `connect_watched`, from an address of the client's choice: over TLS in one of these versions, or without.
    #[allow(dead_code, reason = "for the tests with Wireshark")]
    pub(crate) async fn connect_from(
        own: SocketAddr,
        server: &Server,
        versions: Option<&[&'static SupportedProtocolVersion]>,
        observer: Option<Observer>,
    ) -> Self {
        let connector = versions.map(|versions| connector(server, versions));
        let address = if connector.is_some() {
            server.https()
        } else {
            server.http()
        };
        Self::along(Way {
            own: Some(own),
            address,
            connector,
            observer,
        })
        .await
    }

    /// Goes on on another connection if the server has said that this one is over, as a browser does.
    pub(crate) async fn go_on(&mut self) {
        if let Some(way) = self.way.clone().filter(|_| self.is_over) {
            *self = Self::along(way).await;
        }
    }

    /// Bare TCP to any port: nobody says that the client speaks what the port does.
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self::over(dial(None, address).await)
    }

    /// Bare TCP from an address of the client's choice.
    pub(crate) async fn from_to(own: SocketAddr, address: SocketAddr) -> Self {
        Self::over(dial(Some(own), address).await)
    }

    fn over(stream: impl Duplex + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            unread: Vec::new(),
            way: None,
            is_over: false,
        }
    }

    /// Sends these bytes as they are.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        assert!(self.try_send(bytes).await, "the server took no more bytes");
    }

    /// As `send`; false if the server does not take bytes any more.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let sent = async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        };
        in_time("sending", sent).await.is_ok()
    }

    /// Says that nothing more will be sent, and goes on reading.
    pub(crate) async fn send_end(&mut self) {
        in_time("sending the end", self.stream.shutdown())
            .await
            .unwrap();
    }

    /// GET without any field but Host.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.get_with(path, "").await
    }

    /// GET with these field lines besides.
    pub(crate) async fn get_with(&mut self, path: &str, lines: &str) -> Answer {
        self.go_on().await;
        self.send(format!("GET {path} HTTP/1.1\r\n{HOST}{lines}\r\n"))
            .await;
        self.answer().await
    }

    /// The next response, to anything but HEAD.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.answer_to_head().await;
        let Some(len) = answer.field("Content-Length") else {
            let never_has_content = answer.status < 200 || [204, 304].contains(&answer.status);
            assert!(never_has_content, "where does it end? {answer:?}");
            return answer;
        };
        let len = len.parse().unwrap();
        while self.unread.len() < len {
            assert!(self.read().await > 0, "the content was cut off: {answer:?}");
        }
        answer.content = self.unread.drain(..len).collect();
        answer
    }

    /// The next response, to a HEAD: its content does not follow.
    pub(crate) async fn answer_to_head(&mut self) -> Answer {
        let head_len = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let so_far = self.unread.escape_ascii().to_string();
            assert!(self.read().await > 0, "closed without an answer: {so_far}");
        };
        let head: Vec<u8> = self.unread.drain(..head_len).collect();
        let answer = Answer::from_head(std::str::from_utf8(&head).unwrap());
        self.is_over = answer
            .fields
            .contains(&("Connection".into(), "close".into()));
        answer
    }

    /// So many bytes of whatever comes next.
    #[allow(dead_code, reason = "for the tests with Wireshark")]
    pub(crate) async fn exactly(&mut self, len: usize) -> Vec<u8> {
        while self.unread.len() < len {
            let so_far = self.unread.len();
            assert!(
                self.read().await > 0,
                "closed after {so_far} bytes of {len}"
            );
        }
        self.unread.drain(..len).collect()
    }

    /// Whatever the server still sends until it closes.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.read().await > 0 {}
        std::mem::take(&mut self.unread)
    }

    /// Fails unless the server closes now, in order and without another byte.
    pub(crate) async fn expect_end(&mut self) {
        let rest = self.rest().await;
        assert!(rest.is_empty(), "still came: {}", rest.escape_ascii());
    }

    async fn read(&mut self) -> usize {
        let read = self.stream.read_buf(&mut self.unread);
        in_time("reading", read).await.unwrap()
    }
}

impl Answer {
    fn from_head(head: &str) -> Self {
        let (status_line, lines) = head.split_once("\r\n").unwrap();
        let status = status_line.strip_prefix("HTTP/1.1 ").unwrap();
        let fields = lines
            .strip_suffix("\r\n")
            .unwrap()
            .split_terminator("\r\n")
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            status: status[..3].parse().unwrap(),
            fields: fields.collect(),
            content: Vec::new(),
        }
    }

    /// The value of a field, if the response has it; fails if it comes twice.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values = self
            .fields
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str());
        let first = values.next();
        assert_eq!(values.next(), None, "{name} comes twice: {self:?}");
        first
    }

    /// The cookie that is set whose name holds this, with its fences; fails if there are two.
    pub(crate) fn set_cookie(&self, name_part: &str) -> Option<&str> {
        let set = self.fields.iter().filter(|(name, _)| name == "Set-Cookie");
        let mut own = set.filter(|(_, value)| {
            let name = value.split('=').next().unwrap_or_default();
            name.contains(name_part)
        });
        let first = own.next().map(|(_, value)| value.as_str());
        assert_eq!(own.next(), None, "{name_part} is set twice: {self:?}");
        first
    }

    /// The content, if it is text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.content).unwrap()
    }

    /// Whether the server said that it closes behind this response.
    pub(crate) fn closes(&self) -> bool {
        let mut options = self.fields.iter().filter(|(name, _)| name == "Connection");
        options.any(|(_, option)| option == "close")
    }
}

async fn dial(own: Option<SocketAddr>, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(own) = own {
        socket.bind(own).unwrap();
    }
    let socket = in_time("connecting", socket.connect(address))
        .await
        .unwrap();
    // What a test sends goes out when it sends it, and not when the server has acknowledged what came before.
    socket.set_nodelay(true).unwrap();
    socket
}

fn connector(server: &Server, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    TlsConnector::from(Arc::new(trusting(server, versions)))
}

/// Trusts the certificate that the server made for itself, and no other.
pub(crate) fn trusting(
    server: &Server,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let file = server.folder.path().join(".tls/cert.pem");
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(file).unwrap())
        .unwrap();
    ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Nothing here takes long; what hangs is a failure that says where.
async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    let done = timeout(PATIENCE, future).await;
    done.unwrap_or_else(|_| panic!("{what} takes too long"))
}
