//! Whose a connection is: what is held back until that is known, what is concealed, and who is given what.

use super::*;

#[test]
fn the_clients_latest_chunk_waits_until_the_keys_for_it_are_there() {
    let log = log();
    let recorder = log.open(about(1), true);
    let mut cursor = Cursor::default();
    recorder.chunk(1, FromClient, b"hello");
    assert_eq!(read(&recorder, &mut cursor), []);
    recorder.chunk(2, FromServer, b"hello back");
    recorder.chunk(3, FromClient, b"finished");
    assert_eq!(
        read(&recorder, &mut cursor),
        [
            row(1, FromClient, "hello"),
            row(2, FromServer, "hello back")
        ]
    );
    recorder.secret(secret());
    recorder.established("TLS 1.2".to_owned(), 0);
    assert_eq!(
        read(&recorder, &mut cursor),
        [row(3, FromClient, "finished")]
    );
    recorder.chunk(4, FromClient, b"data");
    assert_eq!(read(&recorder, &mut cursor), [row(4, FromClient, "data")]);
    assert_eq!(secrets(&recorder), 1);
}

#[test]
fn a_handshake_that_fails_is_shown_to_its_last_byte() {
    let log = log();
    let recorder = log.open(about(1), true);
    recorder.chunk(1, FromClient, b"no hello");
    recorder.ended(2, "no TLS");
    let mut cursor = Cursor::default();
    assert_eq!(
        read(&recorder, &mut cursor),
        [row(1, FromClient, "no hello")]
    );
    assert_eq!(state(&recorder).ended.unwrap().why, "no TLS");
}

#[test]
fn the_views_own_requests_leave_no_byte_behind() {
    let log = log();
    let recorder = log.open(about(1), true);
    recorder.chunk(1, FromClient, b"handshake");
    recorder.established("TLS 1.3".to_owned(), 0);
    recorder.chunk(2, FromClient, b"GET /chat");
    recorder.plaintext(FromClient, &[b"chat".into()]);
    recorder.chunk(3, FromServer, b"200");
    recorder.between_requests(0);
    let fingerprints = seen(&recorder).plaintext_fingerprints();
    recorder.chunk(4, FromClient, b"GET /wire");
    recorder.plaintext(FromClient, &[b"wire".into()]);
    recorder.conceal(5);
    recorder.chunk(6, FromServer, b"somebody's keys");
    recorder.plaintext(FromServer, &[b"somebody's keys".into()]);
    recorder.secret(secret());
    recorder.end(7, FromClient);
    recorder.ended(8, "closed");
    let mut cursor = Cursor::default();
    let last = read(&recorder, &mut cursor).pop();
    assert_eq!(last, Some(row(3, FromServer, "200")));
    assert_eq!(state(&recorder).bytes.client, 18);
    assert_eq!(seen(&recorder).plaintext_fingerprints(), fingerprints);
    assert_eq!(secrets(&recorder), 0);
    let ending = state(&recorder).ended.unwrap();
    assert_eq!(ending.time_ns, 5);
    assert!(ending.why.contains("not recorded"), "{}", ending.why);
    assert!(log.connection(&Viewer::OF_ALL, 1).is_some());
}

#[test]
fn a_connection_that_carried_nothing_but_the_view_is_forgotten() {
    let log = log();
    let recorder = log.open(about(1), false);
    recorder.chunk(4, FromClient, b"GET /wire");
    recorder.conceal(5);
    recorder.ended(6, "closed");
    assert!(log.connections(&Viewer::OF_ALL).is_empty());
    drop(recorder);
    assert_eq!(log.held_bytes(), 0);
}

#[test]
fn the_next_request_waits_until_it_is_known_whose_it_is() {
    let anna = Badge::new([1; 32]);
    let log = log();
    let recorder = log.open(about(1), false);
    let mut cursor = Cursor::default();
    let mut news = || read(&recorder, &mut cursor);
    // Before the first one is known, nobody but the instructor sees the connection.
    recorder.chunk(1, FromClient, b"a head");
    assert_eq!(news(), [row(1, FromClient, "a head")]);
    recorder.carries(Traveller::Session(anna));
    recorder.chunk(2, FromServer, b"a response");
    recorder.between_requests(0);
    recorder.chunk(3, FromClient, b"half a ");
    assert_eq!(news(), [row(2, FromServer, "a response")]);
    recorder.chunk(4, FromServer, b"go on");
    recorder.chunk(5, FromClient, b"head");
    assert_eq!(news(), []);
    recorder.carries(Traveller::Anyone);
    let all = [
        row(3, FromClient, "half a "),
        row(4, FromServer, "go on"),
        row(5, FromClient, "head"),
    ];
    assert_eq!(news(), all);
}

#[test]
fn what_never_became_a_request_leaves_a_connection_to_nobody() {
    let anna = Badge::new([1; 32]);
    let log = log();
    // Behind its last request nothing comes; half a head; under TLS no more than the goodbye; and half a head.
    for (number, is_tls, wire, plain, owner) in [
        (1, false, &b""[..], &b""[..], Owner::Session(anna)),
        (2, false, b"GET / HT", b"", Owner::Several),
        (3, true, b"close_notify", b"", Owner::Session(anna)),
        (4, true, b"record", b"GET / HT", Owner::Several),
    ] {
        let recorder = log.open(about(number), is_tls);
        recorder.established("TLS 1.3".to_owned(), 0);
        recorder.carries(Traveller::Session(anna));
        recorder.between_requests(0);
        recorder.chunk(1, FromClient, wire);
        recorder.plaintext(FromClient, &[plain.into()]);
        assert_eq!(read(&recorder, &mut Cursor::default()), []);
        assert_eq!(recorder.owner(), Owner::Session(anna));
        recorder.ended(2, "over");
        assert_eq!(recorder.owner(), owner, "{number}");
        let shown = read(&recorder, &mut Cursor::default()).len();
        assert_eq!(shown, usize::from(!wire.is_empty()));
    }
}

#[test]
fn a_login_takes_along_the_connections_of_its_browser() {
    let log = log();
    let (browser, session) = (Badge::new([1; 32]), Badge::new([2; 32]));
    let before = log.open(about(1), false);
    let others = log.open(about(2), false);
    before.carries(Traveller::Browser(browser));
    others.carries(Traveller::Browser(Badge::new([3; 32])));
    let viewer = Viewer {
        session: Some(session),
        ..Viewer::default()
    };
    let is_seen = |recorder: &Arc<Recorder>| Sight::of(Arc::clone(recorder), viewer).is_some();
    assert!(!is_seen(&before));
    log.logged_in(&before, session);
    assert!(is_seen(&before));
    assert!(!is_seen(&others));
    assert!(!before.should_close());
    before.carries(Traveller::Session(Badge::new([4; 32])));
    assert!(before.should_close() && !others.should_close());
    let is_seen = |recorder: &Arc<Recorder>| Sight::of(Arc::clone(recorder), viewer).is_some();
    assert!(!is_seen(&before));
}

const ANNA: Badge = Badge::new([1; 32]);
const BERT: Badge = Badge::new([2; 32]);

fn session(badge: Badge) -> Viewer {
    Viewer {
        session: Some(badge),
        ..Viewer::default()
    }
}

/// All that this viewer is given of a connection, as one text.
fn given(recorder: &Arc<Recorder>, viewer: Viewer) -> String {
    let sight = Sight::of(Arc::clone(recorder), viewer);
    let reading = sight.and_then(|sight| sight.read(&mut Cursor::default()));
    let events = reading.map(|it| it.events).unwrap_or_default();
    short(&events)
        .into_iter()
        .map(|(_, _, what)| what)
        .collect()
}

#[test]
fn whoever_was_let_in_reads_nothing_of_a_request_that_has_come_since() {
    let log = log();
    let recorder = log.open(about(1), true);
    recorder.established("TLS 1.3".to_owned(), 0);
    recorder.secret(secret());
    recorder.chunk(1, FromClient, b"anna's");
    recorder.carries(Traveller::Session(ANNA));
    let [anna, all] = [session(ANNA), Viewer::OF_ALL].map(|it| log.connection(&it, 1).unwrap());
    assert!(anna.is_allowed() && anna.state().is_some());
    recorder.between_requests(0);
    recorder.chunk(2, FromClient, b"bert's password");
    // She was let in before, and reads afterwards.
    recorder.carries(Traveller::Session(BERT));
    assert!(anna.read(&mut Cursor::default()).is_none());
    assert!(anna.state().is_none() && anna.plaintext_fingerprints().is_none());
    assert!(!anna.is_allowed());
    let reading = all.read(&mut Cursor::default()).unwrap();
    assert_eq!(
        (reading.events.len(), reading.secrets.lines().count()),
        (2, 1)
    );
    assert!(log.connections(&session(ANNA)).is_empty());
    assert_eq!(log.connections(&Viewer::OF_ALL).len(), 1);
}

#[tokio::test]
async fn whoever_waits_for_news_of_what_they_may_not_see_any_more_waits_no_longer() {
    let log = log();
    let recorder = log.open(about(1), false);
    recorder.carries(Traveller::Session(ANNA));
    let anna = log.connection(&session(ANNA), 1).unwrap();
    let waiting = tokio::spawn(async move { anna.changed(&Cursor::default()).await });
    tokio::task::yield_now().await;
    recorder.carries(Traveller::Session(BERT));
    waiting.await.unwrap();
}

#[test]
fn a_request_that_came_together_with_the_one_before_is_not_shown_with_it() {
    let next = "POST /login with the password of bert";
    for is_whole in [true, false] {
        let log = log();
        let recorder = log.open(about(1), false);
        let next = if is_whole { next } else { &next[..10] };
        recorder.chunk(1, FromClient, format!("GET /anna {next}").as_bytes());
        recorder.request_is_whole(next.len());
        recorder.carries(Traveller::Session(ANNA));
        let annas = || given(&recorder, session(ANNA));
        assert_eq!(annas(), "");
        recorder.chunk(2, FromServer, b"200 for anna ");
        recorder.between_requests(next.len());
        assert_eq!(annas(), "");
        if is_whole {
            recorder.request_is_whole(0);
            recorder.carries(Traveller::Session(BERT));
            assert_eq!(
                given(&recorder, Viewer::OF_ALL),
                format!("GET /anna {next}200 for anna ")
            );
        } else {
            recorder.ended(3, "over");
        }
        assert_eq!((annas(), recorder.owner()), (String::new(), Owner::Several));
    }
}

/// A connection on which a request of anna's was answered, with so many bytes behind it.
fn answered(
    log: &WireLog,
    is_tls: bool,
    (sent, unread_len): (&[u8], usize),
    response: &[u8],
) -> Arc<Recorder> {
    let recorder = log.open(about(7), is_tls);
    recorder.established("TLS 1.3".to_owned(), 0);
    recorder.chunk(1, FromClient, sent);
    recorder.plaintext(FromClient, &[sent.into()]);
    recorder.request_is_whole(unread_len);
    recorder.carries(Traveller::Session(ANNA));
    recorder.chunk(2, FromServer, response);
    recorder.plaintext(FromServer, &[response.into()]);
    recorder
}

#[test]
fn a_second_request_of_ones_own_that_came_together_with_the_first_is_shown_when_it_is_known_for_that()
 {
    for is_tls in [false, true] {
        let log = log();
        let recorder = answered(&log, is_tls, (b"GET /1 GET /2 ", 7), b"200 ");
        recorder.between_requests(7);
        assert_eq!(given(&recorder, session(ANNA)), "");
        recorder.request_is_whole(0);
        recorder.carries(Traveller::Session(ANNA));
        assert_eq!(given(&recorder, session(ANNA)), "GET /1 GET /2 200 ");
        recorder.between_requests(0);
        recorder.ended(3, "over");
        assert_eq!(recorder.owner(), Owner::Session(ANNA));
    }
}

/// A record of application data.
fn sealed(content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(content.len()).unwrap();
    [&[23, 3, 3, 0, len], content].concat()
}

#[test]
fn under_tls_a_record_that_has_come_in_part_or_is_not_read_yet_is_not_shown_with_the_request_before()
 {
    let (annas, berts) = (sealed(b"anna"), sealed(b"bert's password"));
    for (sent, unread_len) in [
        // Half a record, one that TLS has opened already, and one that both are in.
        ([&annas[..], &berts[..10]].concat(), 0),
        ([&annas[..], &berts].concat(), 15),
        (sealed(b"anna, and bert's password"), 15),
    ] {
        for with_handshake in [false, true] {
            let log = log();
            let recorder = log.open(about(1), true);
            if with_handshake {
                recorder.chunk(1, FromClient, &sent);
                recorder.established("TLS 1.3".to_owned(), 4 + unread_len);
            } else {
                recorder.established("TLS 1.3".to_owned(), 0);
                recorder.chunk(1, FromClient, &sent);
            }
            recorder.plaintext(
                FromClient,
                &[(&b"annabert's password"[..4 + unread_len]).into()],
            );
            recorder.request_is_whole(unread_len);
            recorder.carries(Traveller::Session(ANNA));
            recorder.chunk(2, FromServer, b"200");
            recorder.plaintext(FromServer, &[b"200".into()]);
            let annas = || given(&recorder, session(ANNA));
            assert_eq!(annas(), "");
            recorder.between_requests(unread_len);
            assert_eq!(annas(), "");
            recorder.ended(3, "over");
            assert_eq!((annas(), recorder.owner()), (String::new(), Owner::Several));
        }
    }
}

#[test]
fn a_request_for_the_view_that_came_together_with_another_leaves_nothing_behind() {
    for is_tls in [false, true] {
        let diary = Arc::new(Diary::default());
        let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
        let sent = b"GET /chat GET /wire?key=instructors";
        let sent = if is_tls { sealed(sent) } else { sent.to_vec() };
        let unread_len = 25;
        let recorder = answered(&log, is_tls, (&sent, unread_len), b"200");
        recorder.between_requests(unread_len);
        recorder.conceal(3);
        recorder.request_is_whole(0);
        recorder.carries(Traveller::Session(ANNA));
        recorder.chunk(4, FromServer, b"somebody's keys");
        recorder.between_requests(0);
        recorder.ended(5, "closed");
        // Over TLS the record holds both, so that both have to go.
        let left = if is_tls { "" } else { "GET /chat 200" };
        assert_eq!(given(&recorder, session(ANNA)), left);
        let fingerprints = seen(&recorder).plaintext_fingerprints();
        let lens = fingerprints.map(|it| (it.client.len, it.server.len));
        assert_eq!(lens, is_tls.then_some((0, 0)));
        let told = diary.0.lock().unwrap().concat();
        assert!(!told.contains("key"), "{told}");
        assert_eq!(told.contains("GET /chat"), !is_tls);
    }
}

#[test]
fn frames_that_came_together_with_their_upgrade_belong_to_whoever_sent_it() {
    for is_tls in [false, true] {
        let log = log();
        let recorder = answered(&log, is_tls, (b"GET /ws frame", 5), b"101");
        assert_eq!(given(&recorder, session(ANNA)), "");
        recorder.goes_on();
        assert_eq!(given(&recorder, session(ANNA)), "GET /ws frame101");
        recorder.chunk(3, FromClient, b"half a fr");
        recorder.ended(4, "over");
        assert_eq!(recorder.owner(), Owner::Session(ANNA));
    }
}
