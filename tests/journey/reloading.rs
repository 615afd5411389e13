//! Certificate and TLS settings read anew while the server runs: what the log says of them. That connections keep
//! what they were given is shown in `badge`.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use secure_chat::log::Log;

use crate::client::{Client, Wire};
use crate::support::Server;

const HSTS: &str = "Strict-Transport-Security";

/// Starts with these flags, does as on SIGHUP once `change` has been at the server's folder, and gives what was
/// logged and the HSTS field of a page over TLS.
async fn reload(flags: &[&str], change: impl FnOnce(&Server)) -> (String, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.log");
    let log = Log::start(Some(File::create(path).unwrap())).unwrap();
    let server = Server::start_logged(folder, flags, |_| {}, log).await;
    change(&server);
    server.app.reload_tls_logged();
    let hsts = if server.tls.is_some() {
        let mut client = Client::connect(&server, Wire::Tls).await;
        let answer = client.get("/login").await;
        answer.field(HSTS).map(str::to_owned)
    } else {
        None
    };
    let app = server.app.clone();
    let (_, folder) = server.stop().await;
    app.log.finish();
    let log = std::fs::read_to_string(folder.path().join("server.log")).unwrap();
    (log, hsts)
}

fn settings(server: &Server, json: &str) {
    std::fs::write(server.folder.path().join("tls_config.json"), json).unwrap();
}

const BOTH: &[&str] = &["--both", "--tls-port=0"];

#[tokio::test]
async fn what_is_read_anew_without_a_flaw_is_said_in_one_line() {
    let (log, hsts) = reload(BOTH, |_| {}).await;
    assert!(
        log.contains("were read anew; new connections use "),
        "{log}"
    );
    assert!(!log.contains("note:"), "{log}");
    assert_eq!(hsts, None);
}

#[tokio::test]
async fn hsts_beside_a_plain_port_is_passed_over_and_the_log_says_so_with_the_cure() {
    let (log, hsts) = reload(BOTH, |server| settings(server, r#"{"hsts_seconds": 3600}"#)).await;
    let line = log.lines().find(|line| line.contains("hsts_seconds"));
    assert!(line.unwrap().ends_with("or start with --tls."), "{log}");
    assert_eq!(hsts, None);
}

#[tokio::test]
async fn hsts_on_a_server_of_tls_alone_is_sent_from_then_on() {
    let change = |server: &Server| settings(server, r#"{"hsts_seconds": 3600}"#);
    let (log, hsts) = reload(&["--tls"], change).await;
    assert!(!log.contains("hsts_seconds"), "{log}");
    assert_eq!(hsts.as_deref(), Some("max-age=3600"));
}

#[tokio::test]
async fn what_should_be_mended_about_the_certificate_is_said_as_at_the_start() {
    let open_to_others = |server: &Server| {
        let key = server.folder.path().join(".tls/key.pem");
        std::fs::set_permissions(key, Permissions::from_mode(0o644)).unwrap();
    };
    let (log, _) = reload(BOTH, open_to_others).await;
    let line = log.lines().find(|line| line.contains("note: "));
    assert!(line.unwrap().contains("chmod 600"), "{log}");
}

#[tokio::test]
async fn what_is_no_good_changes_nothing_and_is_named() {
    let (log, _) = reload(BOTH, |server| settings(server, r#"{"hsts_secs": 1}"#)).await;
    let (_, named) = log.split_once("stay in use").unwrap();
    assert!(
        named.contains("hsts_secs") && named.contains("hsts_seconds"),
        "{log}"
    );
}

#[tokio::test]
async fn a_server_without_tls_says_that_there_is_nothing_to_do() {
    let (log, _) = reload(&[], |_| {}).await;
    assert!(log.contains("nothing to do"), "{log}");
}
