//! Registering, logging in and out, deleting one's account, and what a session's token is good for: all by forms and cookies,
//! as a browser without scripts does it.

use std::time::Duration;

use crate::client::{Answer, Client, HOST, WIRES, Wire};
use crate::support::{Server, eventually};

const PASSWORD: &str = "correct horse battery staple";

impl Client {
    /// GET with these cookies.
    async fn get_as(&mut self, path: &str, cookies: &str) -> Answer {
        self.send(format!(
            "GET {path} HTTP/1.1\r\n{HOST}Cookie: {cookies}\r\n\r\n"
        ))
        .await;
        self.answer().await
    }

    /// POST of a form, with these field lines besides.
    async fn post(&mut self, path: &str, lines: &str, form: &str) -> Answer {
        self.send(format!(
            "POST {path} HTTP/1.1\r\n{HOST}{lines}Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ))
        .await;
        self.answer().await
    }

    /// POST of a name and a password.
    async fn post_name(&mut self, path: &str, name: &str, password: &str) -> Answer {
        let form = format!("name={name}&password={}", password.replace(' ', "+"));
        self.post(path, "", &form).await
    }

    /// Registers, and gives the cookie as it is sent back.
    async fn register(&mut self, name: &str) -> String {
        cookie(&self.post_name("/register", name, PASSWORD).await)
    }

    /// Logs in, and gives the cookie.
    async fn log_in(&mut self, name: &str) -> String {
        cookie(&self.post_name("/login", name, PASSWORD).await)
    }

    async fn is_logged_in(&mut self, cookies: &str) -> bool {
        let answer = self.get_as("/account", cookies).await;
        if answer.status != 200 {
            assert_eq!(
                (answer.status, answer.field("Location")),
                (303, Some("/login"))
            );
        }
        answer.status == 200
    }
}

/// `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    assert_eq!(
        (answer.status, answer.field("Location")),
        (303, Some("/chat")),
        "{}",
        answer.text()
    );
    let set = answer.field("Set-Cookie").unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn token(cookie: &str) -> &str {
    cookie.split_once('=').unwrap().1
}

#[tokio::test]
async fn somebody_registers_logs_out_logs_in_and_deletes_their_account() {
    let server = Server::both().await;
    for (wire, name) in [(Wire::Plain, "ana"), (Wire::Tls, "ben")] {
        let mut client = Client::connect(&server, wire).await;
        let cookie = client.register(name).await;
        let home = client.get_as("/", &cookie).await;
        assert_eq!(home.field("Location"), Some("/chat/1"));
        let chat = client.get_as("/chat/1", &cookie).await;
        assert_eq!(chat.status, 200);
        assert!(chat.text().contains(&format!("data-user-name=\"{name}\"")));
        for path in ["/login", "/register"] {
            let answer = client.get_as(path, &cookie).await;
            assert_eq!(
                (answer.status, answer.field("Location")),
                (303, Some("/chat"))
            );
        }

        let out = client
            .post("/logout", &format!("Cookie: {cookie}\r\n"), "")
            .await;
        assert_eq!((out.status, out.field("Location")), (303, Some("/login")));
        assert!(!client.is_logged_in(&cookie).await);

        let cookie = client.log_in(name).await;
        let elsewhere = client.log_in(name).await;
        assert!(client.is_logged_in(&cookie).await);
        let lines = format!("Cookie: {cookie}\r\n");
        let wrong = client
            .post("/account/delete", &lines, "password=something+else")
            .await;
        assert_eq!(wrong.status, 403);
        assert!(client.is_logged_in(&cookie).await);
        let form = format!("password={}", PASSWORD.replace(' ', "+"));
        let deleted = client.post("/account/delete", &lines, &form).await;
        assert_eq!(
            (deleted.status, deleted.field("Location")),
            (303, Some("/register"))
        );
        assert!(!client.is_logged_in(&cookie).await);
        assert!(!client.is_logged_in(&elsewhere).await);
        let gone = client.post_name("/login", name, PASSWORD).await;
        assert_eq!(gone.status, 403);
        // The name is free again.
        client.register(name).await;
    }
}

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
        let set = answer.field("Set-Cookie").unwrap();
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
            out.field("Set-Cookie").unwrap(),
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
async fn a_wrong_password_and_a_wrong_name_get_the_same_answer() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    client.register("ana").await;
    let mut answers = Vec::new();
    for (name, password) in [
        ("ana", "wrong but long enough"),
        ("ann", PASSWORD),
        ("ana", ""),
    ] {
        let answer = client.post_name("/login", name, password).await;
        assert_eq!(answer.status, 403, "{name}");
        assert_eq!(answer.field("Set-Cookie"), None);
        answers.push(answer.text().replace(name, "NAME"));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    // Names are found whatever the case; passwords are not.
    client.log_in("ANA").await;
    let shouted = client
        .post_name("/login", "ana", &PASSWORD.to_uppercase())
        .await;
    assert_eq!(shouted.status, 403);
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_who_does_not_has_not() {
    let server = Server::both().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    client.register("ana").await;
    client.register("ben").await;
    for _ in 0..5 {
        let answer = client.post_name("/login", "ana", "guess again").await;
        assert_eq!(answer.status, 403);
    }
    // The sixth failure is the first one that costs time, also over the other transport and in another case.
    client.post_name("/login", "ana", "guess again").await;
    let mut other = Client::connect(&server, Wire::Tls).await;
    for (client, name, password) in [
        (&mut client, "ana", "guess again"),
        (&mut other, "Ana", PASSWORD),
    ] {
        let answer = client.post_name("/login", name, password).await;
        assert_eq!(answer.status, 429, "{name}");
        let wait: u64 = answer.field("Retry-After").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(answer.field("Set-Cookie"), None);
    }
    client.log_in("ben").await;
    // Whoever waits as they are told gets in.
    tokio::time::sleep(Duration::from_millis(900)).await;
    eventually("the wait is over", async || {
        let answer = client.post_name("/login", "ana", PASSWORD).await;
        answer.status == 303
    })
    .await;
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    client.register("ana").await;
    for name in ["ana", "Ana", "ANA"] {
        let answer = client.post_name("/register", name, PASSWORD).await;
        assert_eq!(answer.status, 409, "{name}");
        assert_eq!(answer.field("Set-Cookie"), None);
    }
    client.register("anna").await;
}

#[tokio::test]
async fn names_and_passwords_have_bounds() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    let (long, too_long) = ("n".repeat(32), "n".repeat(33));
    let (pass_128, pass_129) = ("p".repeat(128), "p".repeat(129));
    for (name, password, status) in [
        ("an", PASSWORD, 422),
        ("an1", PASSWORD, 303),
        (&long, PASSWORD, 303),
        (&too_long, PASSWORD, 422),
        ("a_n.-9", PASSWORD, 303),
        ("", PASSWORD, 422),
        ("a+n", PASSWORD, 422),
        ("%3Cb%3E", PASSWORD, 422),
        ("an%00a", PASSWORD, 422),
        ("an%0D%0Aa", PASSWORD, 422),
        ("%D0%B0na", PASSWORD, 422),
        ("short", "1234567", 422),
        ("shorter", "12345678", 303),
        ("longer", &pass_128, 303),
        ("longest", &pass_129, 422),
        // Counted in bytes: four characters of two.
        ("bytes", "%C3%A9%C3%A9%C3%A9%C3%A9", 303),
    ] {
        let answer = client.post_name("/register", name, password).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert_eq!(answer.field("Set-Cookie").is_some(), status == 303);
    }
}

#[tokio::test]
async fn what_was_typed_comes_back_as_text_and_passwords_do_not_come_back() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        for path in ["/register", "/login"] {
            let typed = "%3Cb%3E%22%27%26%3Cscript%3Ealert(1)%3C/script%3E";
            let answer = client.post_name(path, typed, "secret-typed-here").await;
            let text = answer.text();
            assert!(
                text.contains("&lt;b&gt;&quot;&#39;&amp;&lt;script&gt;alert(1)&lt;/script&gt;"),
                "{text}"
            );
            assert!(!text.contains("<script>") && !text.contains("<b>"));
            assert!(!text.contains("secret-typed-here"));
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
async fn of_two_who_register_one_name_at_the_same_time_one_gets_it() {
    let server = Server::plain().await;
    let mut first = Client::connect(&server, Wire::Plain).await;
    let mut second = Client::connect(&server, Wire::Plain).await;
    let (one, two) = tokio::join!(
        first.post_name("/register", "ana", PASSWORD),
        second.post_name("/register", "ANA", PASSWORD)
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
}
