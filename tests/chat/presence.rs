//! Who is there: told as changes, with addresses; many tabs are one person, and another page is no departure.

use serde_json::{Value, json};

use crate::LOBBY;
use crate::client::Socket;
use crate::people::Person;
use crate::support::Server;

fn there(person: &Person) -> Value {
    json!({ "id": person.id, "name": person.name, "addresses": ["127.0.0.1"] })
}

/// Waits until this page was told so, in as many events as it takes; says how many persons they were about.
async fn until_told(socket: &mut Socket, list: &str, expected: &[Value]) -> usize {
    let mut told = Vec::new();
    while !expected.iter().all(|person| told.contains(person)) {
        let event = socket.presence().await;
        told.extend(event[list].as_array().unwrap().iter().cloned());
    }
    told.len()
}

#[tokio::test]
async fn arrivals_and_departures_are_told_as_changes_everywhere() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let mut chat = ana.open("/ws/chat/1").await;
    assert_eq!(chat.opening().await.hello["present"], json!([there(&ana)]));
    let mut news = ana.news().await;
    let online = news.expect("hello").await["online"].clone();
    assert!(
        online.as_array().unwrap().contains(&there(&ana)),
        "{online}"
    );

    let bens = ben.chat(LOBBY).await;
    until_told(&mut chat, "arrived", &[there(&ben)]).await;
    until_told(&mut news, "arrived", &[there(&ben)]).await;
    // Who comes now is told at once who is there.
    let hello = ben.open("/ws/chat/1").await.opening().await.hello;
    assert_eq!(hello["present"], json!([there(&ana), there(&ben)]));

    // Another group is another room, but the same person online.
    let elsewhere = ben.create_group("elsewhere").await;
    let hello = ben
        .open(&format!("/ws/chat/{elsewhere}"))
        .await
        .opening()
        .await
        .hello;
    assert_eq!(hello["present"], json!([there(&ben)]));

    bens.leave().await;
    until_told(&mut chat, "departed", &[json!(ben.id)]).await;
    until_told(&mut news, "departed", &[json!(ben.id)]).await;
}

#[tokio::test]
async fn a_change_of_pages_and_a_second_tab_are_no_news() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let eve = Person::register(&server, "eve").await;
    let mut chat = ana.chat(LOBBY).await;
    let mut page = ben.chat(LOBBY).await;
    let tab = ben.chat(LOBBY).await;
    until_told(&mut chat, "arrived", &[there(&ben)]).await;
    tab.leave().await;
    // As a browser does: the old page goes before the new one is there.
    for _ in 0..3 {
        page.leave().await;
        page = ben.chat(LOBBY).await;
    }
    // Had Ben's first leaving been a departure, it would be told before that of Eve, who came and went later.
    let eves = eve.chat(LOBBY).await;
    until_told(&mut chat, "arrived", &[there(&eve)]).await;
    eves.leave().await;
    let event = chat.presence().await;
    assert_eq!(
        event,
        json!({ "type": "presence", "arrived": [], "departed": [eve.id] })
    );
    drop(page);
}
