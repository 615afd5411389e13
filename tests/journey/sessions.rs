//! What a session's token is good for, where it is not, and who may use it.
//! How people come to have one stands in `accounts`.

use crate::client::{Client, Wire};
use crate::support::Server;
use crate::visitor::{PASSWORD, cookie, token};

#[tokio::test]
async fn a_cookie_is_set_and_removed_with_its_exact_fences() {
    let server = Server::both().await;
    for (wire, name, cookie_name, secure) in [
        (Wire::Plain, "ana", "sid_plain", ""),
        (Wire::Tls, "ben", "__Host-sid", "; Secure"),
    ] {
        let mut client = Client::connect(&server, wire).await;
        let answer = client.post_name("/register", name, PASSWORD).await;
        let cookie = cookie(&answer);
        let token = token(&cookie);
        let set = answer.set_cookie("sid").unwrap();
        assert_eq!(
            set,
            format!(
                "{cookie_name}={token}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax{secure}"
            )
        );
        // 256 bits in base64url.
        let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!(
            token.len() == 43 && token.bytes().all(base64url),
            "{}",
            token.len()
        );
        let out = client
            .post("/logout", &format!("Cookie: {cookie}\r\n"), "")
            .await;
        assert_eq!(
            out.set_cookie("sid").unwrap(),
            format!("{cookie_name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}")
        );
    }
}

#[tokio::test]
async fn each_login_has_a_new_token_and_ends_the_one_that_it_replaces() {
    let server = Server::both().await;
    for (wire, name) in [(Wire::Plain, "ana"), (Wire::Tls, "ben")] {
        let mut client = Client::connect(&server, wire).await;
        let first = client.register(name).await;
        let form = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
        let again = client
            .post("/login", &format!("Cookie: {first}\r\n"), &form)
            .await;
        let second = cookie(&again);
        assert_ne!(first, second);
        assert!(!client.is_logged_in(&first).await);
        assert!(client.is_logged_in(&second).await);
        // A token of one's own invention is not taken over (session fixation).
        let invented = format!("{}={}", first.split_once('=').unwrap().0, "A".repeat(43));
        let again = client
            .post("/login", &format!("Cookie: {invented}\r\n"), &form)
            .await;
        assert_ne!(cookie(&again), invented);
        assert!(!client.is_logged_in(&invented).await);
    }
}

#[tokio::test]
async fn a_token_seen_on_the_wrong_transport_is_dead_on_both_and_its_owner_is_told() {
    const NEWS: &str = "its token showed up both in clear and over TLS";
    let server = Server::both().await;
    for (own, other, name) in [
        (Wire::Plain, Wire::Tls, "ana"),
        (Wire::Tls, Wire::Plain, "ben"),
    ] {
        let mut at_home = Client::connect(&server, own).await;
        let mut abroad = Client::connect(&server, other).await;
        let cookie = at_home.register(name).await;
        let untouched = at_home.log_in(name).await;
        assert!(at_home.is_logged_in(&cookie).await);
        assert!(!abroad.is_logged_in(&cookie).await, "{own:?}");
        assert!(!at_home.is_logged_in(&cookie).await, "{own:?}");
        for client in [&mut at_home, &mut abroad] {
            let login = client.get_as("/login", &cookie).await;
            assert_eq!(login.status, 200);
            assert!(login.text().contains(NEWS), "{own:?}");
        }
        // Only that session: the owner's others were not seen by anybody.
        assert!(at_home.is_logged_in(&untouched).await);
        // Neither a guest nor somebody with a foolish cookie is frightened.
        for cookies in ["", "sid_plain=", "__Host-sid=x; sid_plain=y"] {
            let login = abroad.get_as("/login", cookies).await;
            assert!(!login.text().contains(NEWS), "{cookies}");
        }
    }
}

#[tokio::test]
async fn a_token_counts_under_the_other_sides_cookie_name_too() {
    let server = Server::both().await;
    let mut plain = Client::connect(&server, Wire::Plain).await;
    let mut tls = Client::connect(&server, Wire::Tls).await;
    let cookie = tls.register("ana").await;
    let renamed = format!("sid_plain={}", token(&cookie));
    assert!(!plain.is_logged_in(&renamed).await);
    assert!(!tls.is_logged_in(&cookie).await);
}

#[tokio::test]
async fn a_websocket_without_a_session_is_challenged() {
    const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let server = Server::both().await;
    for (wire, name) in [(Wire::Plain, "ana"), (Wire::Tls, "ben")] {
        let mut client = Client::connect(&server, wire).await;
        for path in ["/ws", "/ws/chat/1"] {
            let answer = client.get_with(path, UPGRADE).await;
            assert_eq!(answer.status, 401, "{path}");
            let challenge = answer.field("WWW-Authenticate").unwrap();
            assert!(challenge.starts_with("Cookie realm="), "{challenge}");
        }
        let cookie = client.register(name).await;
        let lines = format!("Cookie: {cookie}\r\n{UPGRADE}");
        assert_eq!(client.get_with("/ws", &lines).await.status, 101);
    }
}

#[tokio::test]
async fn a_restart_logs_nobody_out() {
    let flags = ["--both", "--tls-port=0"];
    let server = Server::both().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    let plain = client.register("ana").await;
    let logged_out = client.log_in("ana").await;
    client
        .post("/logout", &format!("Cookie: {logged_out}\r\n"), "")
        .await;
    let mut client = Client::connect(&server, Wire::Tls).await;
    let tls = client.register("ben").await;
    drop(client);
    let (all_left, folder) = server.stop().await;
    assert!(all_left);

    let server = Server::start_in(folder, &flags, |_| {}).await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    assert!(client.is_logged_in(&plain).await);
    assert!(!client.is_logged_in(&logged_out).await);
    let mut client = Client::connect(&server, Wire::Tls).await;
    assert!(client.is_logged_in(&tls).await);
    client.log_in("ana").await;
}

#[tokio::test]
async fn two_logins_at_the_same_time_are_two_sessions() {
    let server = Server::plain().await;
    let mut first = Client::connect(&server, Wire::Plain).await;
    let mut second = Client::connect(&server, Wire::Plain).await;
    first.register("ana").await;
    let (one, two) = tokio::join!(first.log_in("ana"), second.log_in("ana"));
    assert_ne!(one, two);
    for cookie in [&one, &two] {
        assert!(first.is_logged_in(cookie).await);
    }
    // One of them goes, the other stays.
    first
        .post("/logout", &format!("Cookie: {one}\r\n"), "")
        .await;
    assert!(!first.is_logged_in(&one).await);
    assert!(first.is_logged_in(&two).await);
}

#[tokio::test]
async fn no_page_is_kept_by_any_cache() {
    let server = Server::both().await;
    for (wire, name) in [(Wire::Plain, "ana"), (Wire::Tls, "ben")] {
        let mut client = Client::connect(&server, wire).await;
        let cookie = client.register(name).await;
        let lines = format!("Cookie: {cookie}\r\n");
        let mut answers = Vec::new();
        for path in [
            "/",
            "/login",
            "/register",
            "/account",
            "/chat",
            "/chat/1",
            "/chat/99",
            "/nowhere",
            "/logout",
            "/ws",
            "/ws/chat/1",
        ] {
            answers.push((path, client.get_as(path, &cookie).await));
            answers.push((path, client.get(path).await));
        }
        for (path, form) in [
            ("/login", "name=x&password=y"),
            ("/register", "name=x&password=y"),
            ("/groups", "name="),
            ("/logout", ""),
            ("/logout", "x"),
        ] {
            answers.push((path, client.post(path, &lines, form).await));
        }
        client.send("GET / HTTP/1.1\r\n\r\n").await;
        answers.push(("a bad request", client.answer().await));
        for (path, answer) in answers {
            assert_eq!(
                answer.field("Cache-Control"),
                Some("no-store"),
                "{path} {}",
                answer.status
            );
        }
    }
}

#[tokio::test]
async fn a_form_from_another_site_does_nothing() {
    let server = Server::both().await;
    for (wire, scheme, other) in [(Wire::Plain, "http", "https"), (Wire::Tls, "https", "http")] {
        let mut client = Client::connect(&server, wire).await;
        let name = format!("eve-{scheme}");
        let form = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
        for lines in [
            "Origin: http://evil.example\r\n".to_owned(),
            "Origin: null\r\n".to_owned(),
            format!("Origin: {other}://localhost\r\n"),
            format!("Origin: {scheme}://localhost:1\r\n"),
            format!("Origin: {scheme}://localhost.evil.example\r\n"),
            "Sec-Fetch-Site: cross-site\r\n".to_owned(),
            "Sec-Fetch-Site: same-site\r\n".to_owned(),
            format!("Origin: {scheme}://localhost\r\nSec-Fetch-Site: cross-site\r\n"),
            "Origin: http://evil.example\r\nSec-Fetch-Site: same-origin\r\n".to_owned(),
        ] {
            let answer = client.post("/register", &lines, &form).await;
            assert_eq!(answer.status, 403, "{lines}");
            assert_eq!(answer.field("Set-Cookie"), None, "{lines}");
        }
        // Nothing was done: the name is still free, and our own page may take it.
        let own = format!("Origin: {scheme}://localhost\r\nSec-Fetch-Site: same-origin\r\n");
        let cookie = cookie(&client.post("/register", &own, &form).await);

        // The same for those who are logged in, whose browser sends their cookie along.
        let lines = format!("Cookie: {cookie}\r\nSec-Fetch-Site: cross-site\r\n");
        let delete = format!("password={}", PASSWORD.replace(' ', "+"));
        for (path, form) in [
            ("/logout", ""),
            ("/account/delete", delete.as_str()),
            ("/groups", "name=evil"),
            ("/groups/1/leave", ""),
            ("/login", form.as_str()),
        ] {
            let answer = client.post(path, &lines, form).await;
            assert_eq!(answer.status, 403, "{path}");
            assert_eq!(answer.field("Set-Cookie"), None, "{path}");
        }
        assert!(client.is_logged_in(&cookie).await);
        let chat = client.get_as("/chat/1", &cookie).await;
        assert!(chat.text().contains("action=\"/groups/1/leave\""));
        let evil = client.get_as("/chat/2", &cookie).await;
        assert_eq!(evil.status, 404);
    }
}
