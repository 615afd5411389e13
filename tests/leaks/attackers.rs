//! Pages and files: everybody who might try, at every address that leads to a connection of anna's.

use crate::ask::{OWN_PAGE, all_of, ask, ask_as, essence};
use crate::client::{Client, HOST, WIRES, Wire};
use crate::person::{
    Person, badge_cookie, instructor, instructor_cookie, newest, session_cookie, with,
};
use crate::support::Server;
use crate::visitor::token;

/// A connection that there is not.
const NOWHERE: u64 = 777_777;

async fn server() -> Server {
    Server::start(&["--both", "--tls-port=0", "--instructor"], |_| {}).await
}

/// Everything that might hold something of connection `n`.
fn routes(n: u64) -> Vec<String> {
    let digits = n.to_string();
    let last = digits.as_bytes()[digits.len() - 1];
    let escaped = format!("{}%{last:02x}", &digits[..digits.len() - 1]);
    [
        format!("/wire/{n}.html"),
        format!("/wire/{n}.html?eve=1"),
        format!("/wire/{n}.pcapng"),
        format!("/wire/{n}.pcapng?eve=1"),
        format!("/wire/{n}.pcapng?eve=0"),
        format!("/%77ire/{escaped}.html"),
        format!("/w%69%72e/{escaped}%2Epcapng"),
        format!("/wire/{n}%2ehtml"),
        format!("/wire/{n}.%68tml"),
        format!("/wire/0{n}.html"),
        format!("/wire/+{n}.html"),
        format!("/wire/%2B{n}.html"),
        format!("/wire/{n}.HTML"),
        format!("/wire/{n}.json"),
        format!("/wire/{n}.html/"),
        format!("/wire/{n}.html%00"),
        format!("/wire/{n}.html.html"),
        format!("/wire//{n}.html"),
        format!("/wire/./{n}.html"),
        format!("/wire/../wire/{n}.pcapng"),
        format!("/wire/x/../{n}.html"),
        format!("/WIRE/{n}.html"),
        format!("/wire/{n}"),
        format!("/wire/{n}?item=0"),
        format!("/wire/0{n}"),
        format!("/wire/+{n}"),
        format!("/wire/{n}?item=0&eve=1"),
        format!("/wire/compare?plain={n}&tls={n}"),
        format!("/wire?connection={n}"),
        format!("/static/wire/{n}.html"),
        format!("/ws/wire/{n}"),
        format!("/ws/wire?watch={n}"),
    ]
    .into()
}

/// Those to whom anna's connections must be as good as not there: a name, and what they send.
fn strangers(wire: Wire, bert: &Person, old: &str) -> Vec<(&'static str, String)> {
    let sid = session_cookie(wire);
    let key = instructor_cookie(wire);
    let other_key = instructor_cookie(match wire {
        Wire::Plain => Wire::Tls,
        Wire::Tls => Wire::Plain,
    });
    let made_up = "A".repeat(43);
    vec![
        ("bert", bert.session()),
        ("a stranger", String::new()),
        ("a session of nobody", with(&format!("{sid}={made_up}"))),
        ("a logged-out session", with(old)),
        ("a wrong key", with(&format!("{key}={made_up}"))),
        ("an empty key", with(&format!("{key}="))),
        (
            "the key in the cookie of the other transport",
            with(&format!("{other_key}={made_up}")),
        ),
        (
            "a session in the place of the key",
            with(&format!("{key}={}", token(&bert.cookie))),
        ),
        (
            "a session in the place of a badge",
            with(&format!("{}={}", badge_cookie(wire), token(&bert.cookie))),
        ),
    ]
}

#[tokio::test]
async fn anna_and_the_instructor_get_a_connection_by_every_spelling_of_its_address() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let with_key = with(&instructor(&server, wire));
        for cookies in [anna.session(), with_key.clone()] {
            for n in &anna.connections {
                for path in routes(*n).iter().take(9) {
                    let answer = ask(&server, wire, path, &format!("{cookies}{OWN_PAGE}")).await;
                    assert_eq!(answer.status, 200, "{path}");
                    assert!(anna.markers.in_bytes(&answer.content).is_some(), "{path}");
                    assert_eq!(bert.markers.in_bytes(&answer.content), None, "{path}");
                }
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_connection_has_one_number_on_the_page_on_paper_and_in_its_file() {
    let server = server().await;
    let anna = Person::visit(&server, Wire::Plain, "anna").await;
    let n = anna.connections[0];
    for ending in ["", ".html", ".pcapng"] {
        for (status, number) in [
            (200, format!("{n}")),
            (404, format!("0{n}")),
            (404, format!("+{n}")),
            (404, format!("{n}.")),
            (404, "18446744073709551616".to_owned()),
        ] {
            let path = format!("/wire/{number}{ending}");
            let answer = ask(&server, Wire::Plain, &path, &anna.session()).await;
            assert_eq!(answer.status, status, "{path}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_browser_that_has_not_logged_in_gets_its_connections_by_its_badge() {
    let server = server().await;
    for wire in WIRES {
        let mut visitor = Client::connect(&server, wire).await;
        let page = visitor.get("/login").await;
        let set = page.field("Set-Cookie").unwrap();
        let (cookie, _attributes) = set.split_once(';').unwrap();
        let (name, badge) = cookie.split_once('=').unwrap();
        assert_eq!(name, badge_cookie(wire));
        let path = format!("/wire/{}.html", newest(&server).about().number);
        let made_up = "A".repeat(badge.len());
        for (value, status) in [(badge, 200), (made_up.as_str(), 404)] {
            let lines = format!("{}{OWN_PAGE}", with(&format!("{name}={value}")));
            let answer = ask(&server, wire, &path, &lines).await;
            assert_eq!(answer.status, status, "{wire:?}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn nobody_else_gets_a_byte_or_learns_that_a_connection_is_there() {
    let server = server().await;
    for wire in WIRES {
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let mut anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        // She has logged out and in again: her present session has seen other connections than the old one.
        let old = anna.cookie.clone();
        let left = anna.client.post("/logout", &with(&old), "").await;
        assert_eq!(left.status, 303);
        let form = format!("name=anna-{wire:?}&password={}", anna.password);
        let mut again = Client::connect(&server, wire).await;
        let answer = again.post("/login", "", &form).await;
        let new = crate::visitor::cookie(&answer);
        let number = newest(&server).about().number;
        anna.markers.add("the new token", token(&new).as_bytes());

        for (who, lines) in strangers(wire, &bert, &old) {
            // The old session's own connection, the page of it.
            let tried = if who == "bert" {
                &anna.connections[..1]
            } else {
                &[]
            };
            for n in [tried, &[number]].concat() {
                for (path, nowhere) in routes(n).iter().zip(routes(NOWHERE)) {
                    let lines = format!("{lines}{OWN_PAGE}");
                    let answer = ask(&server, wire, path, &lines).await;
                    let found = anna.markers.in_bytes(&all_of(&answer));
                    assert_eq!(found, None, "{who}, {wire:?}, {path}");
                    let nothing = ask(&server, wire, &nowhere, &lines).await;
                    let same = essence(answer) == essence(nothing);
                    assert!(same, "{who} can tell {path} from {nowhere}, {wire:?}");
                }
            }
        }
        let own = ask(
            &server,
            wire,
            &format!("/wire/{number}.pcapng"),
            &with(&new),
        )
        .await;
        assert_eq!(own.status, 200);
    }
    server.stop().await;
}

#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
#[tokio::test]
async fn another_site_or_another_name_for_this_server_gets_nothing_with_annas_own_cookie() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let own_origin = match wire {
            Wire::Plain => "http://localhost",
            Wire::Tls => "https://localhost",
        };
        let both = format!("{}; {}", anna.cookie, instructor(&server, wire));
        for method in ["GET", "HEAD"] {
            for path in [
                "/wire".to_owned(),
                "/wire/compare".to_owned(),
                format!("/wire/{}", anna.connections[0]),
                format!("/wire/{}.html", anna.connections[0]),
                format!("/wire/{}.pcapng", anna.connections[0]),
            ] {
                let target = format!("{method} {path}");
                for (status, host, lines) in [
                    (200, HOST, String::new()),
                    (200, "Host: LOCALHOST.\r\n", String::new()),
                    (200, "Host: 127.0.0.1:1\r\n", String::new()),
                    (200, HOST, format!("Origin: {own_origin}\r\n")),
                    (403, HOST, "Origin: http://evil.example\r\n".to_owned()),
                    (403, HOST, "Origin: null\r\n".to_owned()),
                    (403, HOST, format!("Origin: {own_origin}:1\r\n")),
                    (403, HOST, "Sec-Fetch-Site: cross-site\r\n".to_owned()),
                    (403, HOST, "Sec-Fetch-Site: same-site\r\n".to_owned()),
                    (
                        403,
                        HOST,
                        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"
                            .to_owned(),
                    ),
                    (
                        403,
                        HOST,
                        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: document\r\n"
                            .to_owned(),
                    ),
                    (421, "Host: rebound.example\r\n", OWN_PAGE.to_owned()),
                    (421, "Host: 127.0.0.1.rebound.example\r\n", OWN_PAGE.to_owned()),
                    (421, "Host: localhost.rebound.example\r\n", OWN_PAGE.to_owned()),
                    (421, "Host: rebound.example.\r\n", OWN_PAGE.to_owned()),
                    (421, "Host: notlocalhost\r\n", OWN_PAGE.to_owned()),
                ] {
                    let lines = format!("{}{lines}", with(&both));
                    let answer = ask_as(&server, wire, &target, host, &lines).await;
                    assert_eq!(answer.status, status, "{target}: {host}{lines}");
                    let found = anna.markers.in_bytes(&all_of(&answer));
                    let is_file = path.contains('.') && method == "GET" && status == 200;
                    assert_eq!(found.is_some(), is_file, "{target}: {found:?}");
                }
                // A name in the target itself counts more than the field.
                let scheme = own_origin.split("://").next().unwrap();
                let target = format!("{method} {scheme}://rebound.example{path}");
                let answer = ask_as(&server, wire, &target, HOST, &with(&both)).await;
                assert_eq!(answer.status, 421, "{target}");
            }
        }
        // A link on another site opens a page of its own, which that site cannot read; no more than that.
        let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
        for (method, more, status) in [
            ("GET", "", 200),
            ("HEAD", "", 403),
            ("GET", "Origin: http://evil.example\r\n", 403),
        ] {
            let lines = format!("{}{link}{more}", with(&both));
            let target = format!("{method} /wire");
            let answer = ask_as(&server, wire, &target, HOST, &lines).await;
            assert_eq!(answer.status, status, "{method} {more}");
            assert_eq!(
                answer.field("Cross-Origin-Opener-Policy"),
                Some("same-origin"),
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn the_names_in_the_certificate_are_this_servers_own_however_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["localhost", "Chat.School.example", "*.lab.example"].map(str::to_owned);
    let own = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::create_dir(folder.path().join(".tls")).unwrap();
    for (name, pem) in [
        ("cert.pem", own.cert.pem()),
        ("key.pem", own.signing_key.serialize_pem()),
    ] {
        std::fs::write(folder.path().join(".tls").join(name), pem).unwrap();
    }
    let flags = ["--both", "--tls-port=0"];
    let server = Server::start_in(folder, &flags, |_| {}).await;
    for wire in WIRES {
        for (status, host) in [
            (200, "chat.school.example"),
            (200, "CHAT.school.EXAMPLE:8443"),
            (200, "desk7.lab.example"),
            (421, "school.example"),
            (421, "lab.example"),
            (421, "a.desk7.lab.example"),
            (421, "chat.school.example.rebound.example"),
        ] {
            let host_line = format!("Host: {host}\r\n");
            let answer = ask_as(&server, wire, "GET /wire", &host_line, OWN_PAGE).await;
            assert_eq!(answer.status, status, "{host}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_session_of_the_other_transport_opens_nothing_and_ends() {
    for (made_on, used_on) in [(Wire::Plain, Wire::Tls), (Wire::Tls, Wire::Plain)] {
        let server = server().await;
        let anna = Person::visit(&server, made_on, "anna").await;
        let path = format!("/wire/{}.pcapng", anna.connections[0]);
        assert_eq!(
            ask(&server, made_on, &path, &anna.session()).await.status,
            200
        );
        let under_its_own_name = anna.session();
        let under_the_others = with(&format!(
            "{}={}",
            session_cookie(used_on),
            token(&anna.cookie)
        ));
        for lines in [&under_the_others, &under_its_own_name] {
            let answer = ask(&server, used_on, &path, lines).await;
            assert_eq!(answer.status, 404, "{lines}");
            assert_eq!(anna.markers.in_bytes(&all_of(&answer)), None);
        }
        // Whoever saw the token has not got it before her: it has ended.
        assert_eq!(
            ask(&server, made_on, &path, &anna.session()).await.status,
            404
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn the_key_opens_everything_by_its_url_once_and_by_its_cookie_from_then_on() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let path = format!("/wire/{}.html", anna.connections[0]);
        let key = server.app.instructor.as_ref().unwrap().as_str().to_owned();
        for wrong in [
            "A".repeat(43),
            key[..42].to_owned(),
            format!("{key}A"),
            key.to_ascii_lowercase(),
            format!("%20{key}"),
            String::new(),
        ] {
            for page in ["/wire", &path, "/wire/compare"] {
                let url = format!("{page}?key={wrong}");
                let answer = ask(&server, wire, &url, OWN_PAGE).await;
                assert_eq!(answer.status, 403, "{url}");
                let cookie = answer.field("Set-Cookie").unwrap_or_default();
                assert!(!cookie.contains("instructor"), "{cookie}");
                assert_eq!(anna.markers.in_bytes(&all_of(&answer)), None);
            }
        }
        let answer = ask(&server, wire, &format!("{path}?key={key}"), OWN_PAGE).await;
        assert_eq!(
            (answer.status, answer.field("Location")),
            (303, Some("/wire"))
        );
        assert_eq!(anna.markers.in_bytes(&all_of(&answer)), None);
        let cookies = answer
            .fields
            .iter()
            .filter(|(name, _)| name == "Set-Cookie");
        let cookie = cookies
            .map(|(_, value)| value.split(';').next().unwrap())
            .find(|value| value.contains("instructor"))
            .unwrap();
        assert_eq!(cookie, instructor(&server, wire));
        let answer = ask(&server, wire, &path, &with(cookie)).await;
        assert!(anna.markers.in_bytes(&answer.content).is_some());
        // From another site, not even the right key is taken.
        let foreign = "Sec-Fetch-Site: cross-site\r\n";
        let answer = ask(&server, wire, &format!("/wire?key={key}"), foreign).await;
        assert_eq!(answer.status, 403);
    }
    server.stop().await;
}
