//! A whole server within the test's own process: port 0, a temporary folder, limits as small as the test wants.
//! Each test file that says `mod support;` uses what it needs of it.
#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use secure_chat::app::App;
use secure_chat::config::{Command, Config};
use secure_chat::export::Export;
use secure_chat::http::target::Scheme;
use secure_chat::log::Log;
use secure_chat::octets::Direction;
use secure_chat::server;
use secure_chat::wire::log::{Cursor, Sight, Viewer};
use secure_chat::wire::proof::{Proof, prove};
use secure_chat::wire::timeline::Timeline;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a test waits for something that should happen at once, before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server. Dropping it leaves it to the end of the test's runtime; `stop` ends it in order.
pub struct Server {
    /// Its shared handles.
    pub app: Arc<App>,
    /// What it hands out for Wireshark.
    pub export: Export,
    /// Where HTTP is served, if it is.
    pub plain: Option<SocketAddr>,
    /// Where HTTPS is served, if it is.
    pub tls: Option<SocketAddr>,
    /// Databases, certificate and settings lie in here.
    pub folder: TempDir,
    stop: watch::Sender<bool>,
    running: JoinHandle<bool>,
    _proving: Proving,
}

impl Server {
    /// Plain HTTP with the usual limits.
    pub async fn plain() -> Self {
        Self::start(&[], |_| {}).await
    }

    /// HTTP and HTTPS side by side with the usual limits.
    pub async fn both() -> Self {
        Self::start(&["--both", "--tls-port=0"], |_| {}).await
    }

    /// With these flags besides `--host 127.0.0.1 --port 0`, and whatever `change` does to the configuration.
    pub async fn start(flags: &[&str], change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), flags, change).await
    }

    /// As `start`, with the data that another server left.
    pub async fn start_in(
        folder: TempDir,
        flags: &[&str],
        change: impl FnOnce(&mut Config),
    ) -> Self {
        Self::start_logged(folder, flags, change, Log::silent()).await
    }

    /// As `start_in`, with a log that can be read.
    pub async fn start_logged(
        folder: TempDir,
        flags: &[&str],
        change: impl FnOnce(&mut Config),
        log: Log,
    ) -> Self {
        let args = ["--host=127.0.0.1", "--port=0"]
            .iter()
            .chain(flags)
            .map(|flag| (*flag).into());
        let Ok(Command::Serve(mut config)) = Config::from_args(args, |_| None) else {
            panic!("these flags do not start a server: {flags:?}");
        };
        config.data = folder.path().join("data");
        config.certificate = folder.path().join(".tls/cert.pem");
        config.private_key = folder.path().join(".tls/key.pem");
        config.tls_settings = folder.path().join("tls_config.json");
        change(&mut config);
        let (stop, stopping) = watch::channel(false);
        let ports = server::bind(&config).await.unwrap();
        let address = |scheme| {
            ports
                .iter()
                .find(|port| port.scheme == scheme)
                .map(|port| port.address)
        };
        let (plain, tls) = (address(Scheme::Http), address(Scheme::Https));
        let log = Arc::new(log);
        let export = Export::open(&config.exports, &log).unwrap();
        let app = App::start(*config, log, export.sinks(), stopping).await;
        let app = Arc::new(app.unwrap());
        if let Some(wire) = &app.wire {
            export.serve(wire).unwrap();
        }
        let running = tokio::spawn(server::run(app.clone(), ports));
        let _proving = Proving(app.clone());
        Self {
            app,
            export,
            _proving,
            plain,
            tls,
            folder,
            stop,
            running,
        }
    }

    /// Where HTTP is served.
    pub fn http(&self) -> SocketAddr {
        self.plain.expect("this server speaks no plain HTTP")
    }

    /// Where HTTPS is served.
    pub fn https(&self) -> SocketAddr {
        self.tls.expect("this server speaks no TLS")
    }

    /// Asks the server to stop, without waiting for it.
    pub fn begin_to_stop(&self) {
        self.stop.send(true).unwrap();
    }

    /// Stops in order; true if all connections finished in time. The folder can be given to another server.
    pub async fn stop(self) -> (bool, TempDir) {
        self.stop.send(true).unwrap();
        let all_left = self.running.await.unwrap();
        self.app.close().await;
        self.export.finish().await;
        (all_left, self.folder)
    }
}

/// Whatever a test was about: when its server goes, what the wire view makes of its connections must be the truth.
struct Proving(Arc<App>);

impl Drop for Proving {
    /// Fails if what is decrypted from the wire is not, on every connection that is kept, what HTTP read and wrote.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for recorder in self
            .0
            .wire
            .iter()
            .flat_map(|wire| wire.connections(&Viewer::OF_ALL))
        {
            let state = recorder.state().unwrap();
            let timeline = timeline_of(&recorder);
            let is_whole = state.missing.client == 0 && state.missing.server == 0;
            for direction in [Direction::FromClient, Direction::FromServer] {
                if let Some(really) = recorder.plaintext_fingerprints() {
                    let proof = *prove(&timeline, &really).of(direction);
                    let is_proved = match proof {
                        Proof::Holds { .. } => true,
                        Proof::Open { .. } => !is_whole || state.ended.is_none(),
                        Proof::Fails => false,
                    };
                    assert!(is_proved, "{recorder:?} {direction:?}: {proof:?}");
                } else if is_whole {
                    let shown: usize = timeline
                        .plaintext(direction)
                        .map(|(_, bytes)| bytes.len())
                        .sum();
                    let recorded = *state.bytes.of(direction);
                    // Of a connection that is not over, what may be somebody else's is held back.
                    let is_all = shown as u64 == recorded
                        || state.ended.is_none() && (shown as u64) < recorded;
                    assert!(is_all, "{recorder:?} {direction:?}: {shown}, {state:?}");
                }
            }
        }
    }
}

/// What the view makes of a connection.
pub fn timeline_of(sight: &Sight) -> Timeline {
    let reading = sight.read(&mut Cursor::default()).unwrap();
    let mut timeline = Timeline::new(reading.secrets);
    for event in &reading.events {
        timeline.push(event);
    }
    timeline.finish();
    timeline
}

/// Waits for `condition`, and fails the test if it does not come true in time.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let start = tokio::time::Instant::now();
    while !condition().await {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
