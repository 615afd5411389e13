//! Requests of several people that arrive together on one connection, as a proxy may send them that does not wait for answers: what is
//! read with somebody's request is not theirs for it.

use secure_chat::wire::log::Sight;

use crate::ask::ask;
use crate::client::{HOST, Wire};
use crate::cutter::Cutter;
use crate::markers::contains;
use crate::person::{Person, instructor, newest, with};
use crate::shared::{ended, expect_nothing};
use crate::strange::{WAYS, Way, connect};
use crate::support::Server;
use crate::views::recorded;

async fn server() -> Server {
    let flags = ["--both", "--tls-port=0", "--instructor"];
    Server::start(&flags, |config| {
        config.limits.lingering_close = std::time::Duration::from_millis(500);
    })
    .await
}

fn wire(way: Way) -> Wire {
    match way {
        Way::Plain => Wire::Plain,
        Way::Tls12 | Way::Tls13 => Wire::Tls,
    }
}

fn account(person: &Person, lines: &str) -> Vec<u8> {
    let cookie = person.session();
    format!("GET /account HTTP/1.1\r\n{HOST}{cookie}{lines}\r\n").into()
}

/// Anna's request, with her cookie in its head and her password behind it.
fn login(anna: &Person) -> Vec<u8> {
    let (cookie, form) = (
        anna.session(),
        format!("name=anna&password={}", anna.password),
    );
    format!(
        "POST /login HTTP/1.1\r\n{HOST}{cookie}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into()
}

/// A connection over which these bytes were sent at once, in records of at most this length, up to the last `kept_back`; and what was kept back.
async fn sent(
    server: &Server,
    way: Way,
    bytes: &[u8],
    record_len: usize,
    kept_back: usize,
) -> (Cutter, Sight, Vec<u8>) {
    let mut client = connect(server, way).await;
    let mut sealed = client.seal(bytes, record_len);
    let rest = sealed.split_off(sealed.len() - kept_back);
    client.send(&sealed).await;
    // The first of them is answered.
    assert!(client.at_least(12).await.starts_with(b"HTTP/1.1 200"));
    let sight = newest(server);
    (client, sight, rest)
}

async fn expect_all_by_the_instructor(server: &Server, anna: &Person, number: u64) {
    let path = format!("/wire/{number}.html");
    let lines = with(&instructor(server, anna.wire));
    let all = ask(server, anna.wire, &path, &lines).await;
    assert!(anna.markers.in_bytes(&all.content).is_some());
}

/// What somebody gets of a connection that is theirs.
async fn own_file(server: &Server, person: &Person, sight: &Sight, ending: &str) -> Vec<u8> {
    let path = format!("/wire/{}.{ending}", sight.about().number);
    let answer = ask(server, person.wire, &path, &person.session()).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.content
}

#[tokio::test]
async fn what_came_with_berts_request_and_is_annas_he_does_not_see_whole_or_in_part() {
    let server = server().await;
    for way in WAYS {
        let bert = Person::visit(&server, wire(way), &format!("bert-{way:?}")).await;
        let anna = Person::visit(&server, wire(way), &format!("anna-{way:?}")).await;
        let both = [account(&bert, ""), login(&anna)].concat();
        let first_len = account(&bert, "").len();
        for (record_len, kept_back) in [(16_384, 0), (first_len, 0), (first_len, 5), (60, 40)] {
            let when = format!("{way:?}, records of {record_len}, {kept_back} kept back");
            let (mut client, sight, rest) = sent(&server, way, &both, record_len, kept_back).await;
            let number = sight.about().number;
            expect_nothing(&server, &bert, &anna, number, &when).await;
            client.send(&rest).await;
            client.rest().await;
            ended(&sight).await;
            expect_nothing(&server, &bert, &anna, number, &when).await;
            expect_nothing(&server, &anna, &bert, number, &when).await;
            if kept_back == 0 {
                expect_all_by_the_instructor(&server, &anna, number).await;
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_comes_behind_the_last_answer_of_a_connection_is_not_its_owners() {
    let server = server().await;
    for way in WAYS {
        let bert = Person::visit(&server, wire(way), &format!("bert-{way:?}")).await;
        let anna = Person::visit(&server, wire(way), &format!("anna-{way:?}")).await;
        let last = account(&bert, "Connection: close\r\n");
        // Together with the last request, and while the server waits for the goodbye.
        for is_late in [false, true] {
            let first = match is_late {
                true => last.clone(),
                false => [last.clone(), login(&anna)].concat(),
            };
            let (mut client, sight, _) = sent(&server, way, &first, 16_384, 0).await;
            if is_late {
                let sealed = client.seal(&login(&anna), 16_384);
                let before = sight.state().unwrap().bytes.client;
                client.send(&sealed).await;
                recorded(&sight, before + sealed.len() as u64).await;
            }
            let (number, when) = (sight.about().number, format!("{way:?}, late: {is_late}"));
            expect_nothing(&server, &bert, &anna, number, &when).await;
            client.rest().await;
            ended(&sight).await;
            expect_nothing(&server, &bert, &anna, number, &when).await;
            expect_all_by_the_instructor(&server, &anna, number).await;
        }
        // Where nothing comes behind it, it stays his.
        let (mut client, sight, _) = sent(&server, way, &last, 16_384, 0).await;
        client.rest().await;
        ended(&sight).await;
        let own = own_file(&server, &bert, &sight, "html").await;
        assert!(contains(&own, b"GET /account"), "{way:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_request_for_the_view_that_came_with_another_is_not_recorded_and_neither_is_its_key() {
    let server = server().await;
    let key = server.app.instructor.as_ref().unwrap().as_str().to_owned();
    for way in WAYS {
        let bert = Person::visit(&server, wire(way), &format!("bert-{way:?}")).await;
        let view = format!(
            "GET /wire?key={key} HTTP/1.1\r\n{HOST}{}\r\n",
            bert.session()
        );
        let both = [account(&bert, ""), view.into()].concat();
        let (mut client, sight, _) = sent(&server, way, &both, 16_384, 0).await;
        client.rest().await;
        ended(&sight).await;
        let timeline = crate::support::timeline_of(&sight);
        let said = timeline.plaintext(secure_chat::octets::Direction::FromClient);
        let said: Vec<u8> = said.flat_map(|(_, bytes)| bytes.to_vec()).collect();
        assert!(!contains(&said, b"/wire") && !contains(&said, key.as_bytes()));
        assert_eq!(contains(&said, b"GET /account"), way == Way::Plain);
        let own = own_file(&server, &bert, &sight, "pcapng").await;
        assert!(!contains(&own, key.as_bytes()));
    }
    server.stop().await;
}

#[tokio::test]
async fn two_requests_of_ones_own_that_came_together_are_ones_own() {
    let server = server().await;
    for way in WAYS {
        let bert = Person::visit(&server, wire(way), &format!("bert-{way:?}")).await;
        let both = [account(&bert, ""), account(&bert, "X: the second\r\n")].concat();
        let (mut client, sight, _) = sent(&server, way, &both, 16_384, 0).await;
        client.rest().await;
        ended(&sight).await;
        let own = own_file(&server, &bert, &sight, "html").await;
        let second = secure_chat::octets::hex(b"the second");
        assert!(contains(&own, second.as_bytes()), "{way:?}");
    }
    server.stop().await;
}
