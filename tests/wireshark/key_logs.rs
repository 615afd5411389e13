//! `--keylog` and `SSLKEYLOGFILE`: what is written there opens the capture of an eavesdropper.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use secure_chat::config::{Command, Config, Exports, KeyLogFile};
use secure_chat::export::{Export, ExportError};
use secure_chat::log::Log;
use secure_chat::wire::log::{Cursor, Viewer};

use crate::support::Server;
use crate::tshark::{Capture, fields};
use crate::visit::{Way, connect, fetch, knock, newest, server};

async fn logging(path: &Path) -> Server {
    server(&["--instructor"], |config| {
        config.exports.key_log = Some(KeyLogFile {
            path: path.to_owned(),
            named_by: "--keylog",
        });
    })
    .await
}

#[tokio::test]
async fn the_keys_open_what_an_eavesdropper_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.log");
    let server = logging(&path).await;
    for way in [Way::Tls12, Way::Tls13] {
        let (mut client, _) = connect(&server, way).await;
        knock(&mut client).await;
        let number = newest(&server);
        let eves = fetch(&server, &format!("/wire/{number}.pcapng?eve=1")).await;
        let eves = Capture::of(&eves);
        let uri = ["http.request.uri"];
        assert_eq!(eves.fields("http.request", &uri), "");
        let keys = format!("tls.keylog_file:{}", path.display());
        let opened = fields(&eves.path, "http.request", &uri, &["-o", &keys]);
        assert_eq!(opened, "/login\n/login\n", "{way:?}");
    }
    server.stop().await;
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn keys_are_appended_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new.log");
    let old = folder.path().join("old.log");
    std::fs::write(&old, "# of a browser\n").unwrap();
    std::fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
    for path in [&new, &old] {
        let server = logging(path).await;
        assert_eq!(mode(path), 0o600);
        let (mut client, _) = connect(&server, Way::Tls13).await;
        client.get("/login").await;
        let wire = server.app.wire.clone().unwrap();
        let secrets = wire.connection(&Viewer::OF_ALL, newest(&server)).unwrap();
        let secrets = secrets.read(&mut Cursor::default()).unwrap().secrets;
        server.stop().await;
        let written = std::fs::read_to_string(path).unwrap();
        let mut lines: Vec<_> = secrets.lines().map(|line| line.to_text()).collect();
        let mut written: Vec<_> = written
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        lines.sort();
        written.sort();
        assert_eq!(written, lines);
        assert_eq!(lines.len(), 5);
    }
    assert!(
        std::fs::read_to_string(&old)
            .unwrap()
            .starts_with("# of a browser\n")
    );
}

fn open(exports: &Exports) -> Result<Export, ExportError> {
    Export::open(exports, &Arc::new(Log::silent()))
}

#[test]
fn what_cannot_be_written_is_said_with_its_cure() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere/keys.log");
    for (path, sentence) in [
        (nowhere.as_path(), "Keys cannot be written to"),
        (folder.path(), "is no ordinary file"),
        (Path::new("/dev/null"), "is no ordinary file"),
    ] {
        let args = [
            "--tls".into(),
            format!("--keylog={}", path.display()).into(),
        ];
        let Ok(Command::Serve(config)) = Config::from_args(args, |_| None) else {
            panic!("{path:?}");
        };
        let refused = open(&config.exports).unwrap_err().to_string();
        assert!(refused.contains(sentence), "{refused}");
        assert!(refused.ends_with("with --keylog."), "{refused}");
    }
    let env = |name: &str| (name == "SSLKEYLOGFILE").then(|| nowhere.clone().into());
    let Ok(Command::Serve(config)) = Config::from_args(["--tls".into()], env) else {
        panic!("the environment is at fault here, not the command line");
    };
    let refused = open(&config.exports).unwrap_err().to_string();
    assert!(
        refused.ends_with("name another file with SSLKEYLOGFILE."),
        "{refused}"
    );
}
