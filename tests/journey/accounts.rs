//! Registering, logging in and out, deleting one's account, and what becomes of those who guess.
//! All by forms and cookies, as a browser without scripts does it; tokens are looked at in `sessions`.

use crate::client::{Client, WIRES, Wire};
use crate::support::{Server, eventually};
use crate::visitor::PASSWORD;

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
    let mut other = Client::connect(&server, Wire::Tls).await;
    client.register("ana").await;
    client.register("ben").await;
    for _ in 0..5 {
        let answer = client.post_name("/login", "ana", "guess again").await;
        assert_eq!(answer.status, 403);
    }
    // The sixth failure is the first one that costs time, also over the other transport and in another case.
    client.post_name("/login", "ana", "guess again").await;
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
    // Whoever waits gets in.
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
        assert_eq!(answer.set_cookie("sid").is_some(), status == 303);
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
