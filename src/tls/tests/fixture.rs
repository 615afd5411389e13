//! A server in a folder of its own, and rustls clients to send to it.

use std::path::Path;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, KeyLog, RootCertStore};

use super::super::*;

/// A server in a folder of its own.
pub(super) struct Served {
    pub(super) folder: TempDir,
    pub(super) tls: Tls,
}

/// What a client brings along.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) versions: Vec<Version>,
    pub(super) suites: Vec<&'static Suite>,
    pub(super) groups: Vec<&'static Group>,
    pub(super) alpn: Vec<&'static str>,
    /// The file of the certificate to trust, beside the server's own settings.
    pub(super) trusts: Option<&'static str>,
    /// A PEM file with certificate and key of the client.
    pub(super) shows: Option<&'static str>,
    pub(super) key_log: Option<Arc<dyn KeyLog>>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            versions: Version::ALL.to_vec(),
            suites: SUITES.iter().collect(),
            groups: GROUPS.iter().collect(),
            alpn: vec!["http/1.1"],
            trusts: Some(".tls/cert.pem"),
            shows: None,
            key_log: None,
        }
    }
}

pub(super) type ServerEnd = TlsStream<DuplexStream>;
pub(super) type ClientEnd = tokio_rustls::client::TlsStream<DuplexStream>;

pub(super) fn served(settings: &str) -> Served {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tls_config.json"), settings).unwrap();
    let tls = Tls::start(Sources::usual_in(folder.path())).unwrap();
    Served { folder, tls }
}

impl Served {
    pub(super) fn write_settings(&self, settings: &str) {
        std::fs::write(self.folder.path().join("tls_config.json"), settings).unwrap();
    }

    pub(super) fn client(&self, client: &Client) -> Arc<ClientConfig> {
        let pem = |file: &str| std::fs::read(self.folder.path().join(file)).unwrap();
        let mut roots = RootCertStore::empty();
        if let Some(file) = client.trusts {
            for certificate in rustls_pemfile::certs(&mut pem(file).as_slice()) {
                roots.add(certificate.unwrap()).unwrap();
            }
        }
        let provider = CryptoProvider {
            cipher_suites: client.suites.iter().map(|suite| suite.rustls).collect(),
            kx_groups: client.groups.iter().map(|group| group.rustls).collect(),
            ..default_provider()
        };
        let versions: Vec<_> = client
            .versions
            .iter()
            .map(|version| version.rustls())
            .collect();
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match client.shows {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let bytes = pem(file);
                let chain = rustls_pemfile::certs(&mut bytes.as_slice())
                    .map(Result::unwrap)
                    .collect();
                let key = rustls_pemfile::private_key(&mut bytes.as_slice())
                    .unwrap()
                    .unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = client
            .alpn
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        if let Some(key_log) = &client.key_log {
            config.key_log = Arc::clone(key_log);
        }
        Arc::new(config)
    }

    pub(super) async fn connect(
        &self,
        client: Arc<ClientConfig>,
        on_secret: Option<SecretListener>,
    ) -> (Result<ServerEnd, String>, io::Result<ClientEnd>) {
        let (near, far) = duplex(64 * 1024);
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(client);
        let setup = self.tls.setup();
        let (server, client) =
            tokio::join!(setup.accept(near, on_secret), connector.connect(name, far));
        (server.map_err(|refused| explain(&refused.error)), client)
    }

    /// The server's account of a handshake that works, after a byte went each way.
    pub(super) async fn agreed(&self, client: &Client) -> Negotiated {
        self.agreed_with(self.client(client)).await
    }

    pub(super) async fn agreed_with(&self, client: Arc<ClientConfig>) -> Negotiated {
        let (server, client) = self.connect(client, None).await;
        let (mut server, mut client) = (server.unwrap(), client.unwrap());
        talk(&mut server, &mut client).await;
        Negotiated::of(server.get_ref().1).unwrap()
    }

    /// Why the server turns this client away, and what the client hears of it.
    pub(super) async fn refused(&self, client: &Client) -> (String, String) {
        let (server, client) = self.connect(self.client(client), None).await;
        let reason = server.map(|_| ()).unwrap_err();
        let heard = match client {
            Err(error) => error.to_string(),
            // In TLS 1.3 a client has finished before the server judges its certificate.
            Ok(mut client) => client.read_u8().await.unwrap_err().to_string(),
        };
        (reason, heard)
    }
}

pub(super) async fn talk(server: &mut ServerEnd, client: &mut ClientEnd) {
    client.write_all(b"?").await.unwrap();
    assert_eq!(server.read_u8().await.unwrap(), b'?');
    server.write_all(b"!").await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), b'!');
}

/// `authority.pem`, and `client.pem` with certificate and key, vouched for by the authority.
pub(super) fn make_client_certificate(folder: &Path, names: &str) {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, names);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let client = CertificateParams::new(vec!["student".to_owned()]).unwrap();
    let client = client.signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("authority.pem"), authority.pem()).unwrap();
    std::fs::write(
        folder.join("client.pem"),
        client.pem() + &key.serialize_pem(),
    )
    .unwrap();
}
