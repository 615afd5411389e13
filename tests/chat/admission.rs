//! Who may open a socket: each refusal beside the same request that is let in.

use secure_chat::chat::seats::SOCKETS_PER_USER_MAX;

use crate::LOBBY;
use crate::client::{Ask, Refused, Socket, field};
use crate::people::Person;
use crate::support::{Server, eventually};

/// The refusal, with this status and these words in it.
async fn refused(ask: Ask<'_>, status: u16, says: &str) -> Refused {
    let asked = format!("{} {:?} {:?}", ask.path, ask.origin, ask.site);
    let refused = Socket::ask(ask).await.err().expect(&asked);
    assert_eq!(refused.status, status, "{asked}: {}", refused.text);
    assert!(refused.text.contains(says), "{asked}: {}", refused.text);
    refused
}

#[tokio::test]
async fn a_socket_is_for_those_who_are_logged_in_and_for_our_own_pages() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    for path in ["/ws", "/ws/chat/1"] {
        let ask = ana.ask(path);
        for cookie in ["", "sid_plain=AAAA"] {
            let refused = refused(Ask { cookie, ..ask }, 401, "Log in").await;
            assert!(field(&refused.head, "www-authenticate").is_some());
        }
        for origin in ["http://evil.example", "null"] {
            let origin = Some(origin);
            refused(Ask { origin, ..ask }, 403, "pages of this server").await;
        }
        for site in ["cross-site", "same-site", ""] {
            let site = Some(site);
            refused(Ask { site, ..ask }, 403, "pages of this server").await;
        }
        let refused = refused(
            Ask {
                version: "8",
                ..ask
            },
            426,
            "13",
        )
        .await;
        assert_eq!(field(&refused.head, "sec-websocket-version"), Some("13"));
        for site in [None, Some("same-origin"), Some("none")] {
            let mut socket = Socket::ask(Ask { site, ..ask }).await.unwrap();
            socket.expect("hello").await;
        }
    }
}

#[tokio::test]
async fn a_conversation_is_for_members_of_its_group() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let own = format!("/ws/chat/{}", ana.create_group("ana-alone").await);
    refused(ben.ask(&own), 403, "Join").await;
    for path in ["/ws/chat/999", "/ws/chat/01", "/ws/chat/lobby"] {
        refused(ana.ask(path), 404, "no such group").await;
    }
    let hello = ana.open(&own).await.opening().await.hello;
    assert_eq!(hello["group"]["name"], "ana-alone");
    // To join is all it takes, and to leave ends it.
    ben.leave(LOBBY).await;
    refused(ben.ask("/ws/chat/1"), 403, "Join").await;
    ben.join(LOBBY).await;
    ben.chat(LOBBY).await;
}

#[tokio::test]
async fn after_is_the_number_of_a_change_or_nothing() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    for bad in ["", "-1", "x", "1.5", "9223372036854775808"] {
        let refused = ana.try_open(&format!("/ws/chat/1?after={bad}")).await;
        assert_eq!(refused.err().unwrap().status, 400, "{bad:?}");
    }
    for good in ["0", "9223372036854775807"] {
        ana.open(&format!("/ws/chat/1?after={good}"))
            .await
            .opening()
            .await;
    }
}

#[tokio::test]
async fn one_user_has_so_many_sockets_and_no_more() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let mut open = Vec::new();
    for number in 0..SOCKETS_PER_USER_MAX {
        let path = if number % 2 == 0 { "/ws" } else { "/ws/chat/1" };
        open.push(ana.open(path).await);
    }
    for path in ["/ws", "/ws/chat/1"] {
        let refused = ana.try_open(path).await.err().unwrap();
        assert_eq!(refused.status, 429);
        assert!(
            refused.text.contains("close some pages"),
            "{}",
            refused.text
        );
    }
    ben.chat(LOBBY).await;
    open.pop().unwrap().leave().await;
    eventually("a seat is free again", async || {
        // A request that is refused for another reason takes none.
        let no_group = ana.try_open("/ws/chat/999").await.err().unwrap();
        no_group.status == 404 && ana.try_open("/ws").await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn nobody_floods_the_list_of_groups() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    for number in 0..20 {
        ana.create_group(&format!("group-{number}")).await;
    }
    let answer = ana.post("/groups", "name=one+more").await;
    assert_eq!(answer.status, 429);
    let wait: u64 = field(&answer.head, "retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let ben = Person::register(&server, "ben").await;
    ben.create_group("one+more").await;
}

#[tokio::test]
async fn nobody_comes_and_goes_without_end() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    // Her registration has put her in. What may be done once more every three seconds comes in addition.
    let mut done = 1;
    let refused = loop {
        let step = if done % 2 == 1 { "leave" } else { "join" };
        let answer = ana.post(&format!("/groups/1/{step}"), "").await;
        if answer.status != 303 || done > 400 {
            break answer;
        }
        done += 1;
    };
    assert!((40..400).contains(&done), "{done}");
    assert_eq!(refused.status, 429, "{done}");
    let wait: u64 = field(&refused.head, "retry-after")
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    assert_eq!(ben.post("/groups/1/leave", "").await.status, 303);
}
