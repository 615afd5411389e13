//! The badge tells what the connection it is sent over was given, whatever has changed since.

use crate::client::{Client, Wire};
use crate::support::Server;

#[tokio::test]
async fn the_badge_shows_the_certificate_of_its_own_connection() {
    let server = Server::start(&["--tls"], |_| {}).await;
    let fingerprint = || {
        server
            .app
            .tls
            .as_ref()
            .unwrap()
            .setup()
            .certificate
            .fingerprint
            .clone()
    };
    let before = fingerprint();
    let mut open = Client::connect(&server, Wire::Tls).await;
    assert!(open.get("/login").await.text().contains(&before));

    for file in ["cert.pem", "key.pem"] {
        std::fs::remove_file(server.folder.path().join(".tls").join(file)).unwrap();
    }
    server.app.reload_tls().unwrap().unwrap();
    let after = fingerprint();
    assert_ne!(before, after);

    let page = open.get("/login").await;
    assert!(page.text().contains(&before) && !page.text().contains(&after));
    let mut new = Client::connect(&server, Wire::Tls).await;
    assert!(new.get("/login").await.text().contains(&after));
}
