//! What sinks are told, and when.

use super::*;

#[test]
fn sinks_are_told_everything_with_secrets_before_the_bytes_they_open() {
    let diary = Arc::new(Diary::default());
    let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
    let recorder = log.open(about(7), true);
    recorder.chunk(1, FromClient, b"hello");
    recorder.chunk(2, FromServer, b"hello back");
    recorder.chunk(3, FromClient, b"finished");
    recorder.secret(secret());
    recorder.established("TLS 1.2".to_owned(), 0);
    recorder.chunk(4, FromClient, b"data");
    recorder.end(5, FromClient);
    recorder.ended(6, "closed");
    assert_eq!(
        *diary.0.lock().unwrap(),
        [
            "#7 opened",
            "#7 hello",
            "#7 hello back",
            "#7 CLIENT_RANDOM",
            "#7 finished",
            "#7 data",
            "#7 end",
            "#7 closed"
        ]
    );
}

#[test]
fn sinks_are_not_told_of_requests_for_the_view() {
    let diary = Arc::new(Diary::default());
    let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
    let recorder = log.open(about(7), false);
    let told = || diary.0.lock().unwrap().len();
    recorder.chunk(1, FromClient, b"GET /chat");
    assert_eq!(told(), 1);
    recorder.carries(Traveller::Stranger);
    assert_eq!(told(), 2);
    recorder.chunk(2, FromServer, b"200");
    recorder.between_requests(0);
    recorder.chunk(3, FromClient, b"GET /wi");
    recorder.chunk(4, FromClient, b"re?key=");
    recorder.conceal(5);
    recorder.chunk(6, FromServer, b"somebody's keys");
    recorder.ended(7, "closed");
    let diary = diary.0.lock().unwrap();
    assert_eq!(diary.len(), 4);
    assert!(diary[3].contains("not recorded"), "{diary:?}");
    assert!(
        !diary
            .iter()
            .any(|word| word.contains("/wi") || word.contains("keys"))
    );
}

#[test]
fn sinks_are_told_at_once_what_is_too_much_for_a_request_for_the_view_and_all_that_follows_it() {
    for (len, held) in [(1, 64), (1024, 32), (20_000, 1)] {
        let diary = Arc::new(Diary::default());
        let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
        let recorder = log.open(about(7), false);
        let told = || diary.0.lock().unwrap().len() - 1;
        let chunk = vec![b'x'; len];
        for at in 1..=held {
            recorder.chunk(at, FromClient, &chunk);
            assert_eq!(told(), 0);
        }
        for at in held + 1..=200 {
            recorder.chunk(at, FromClient, &chunk);
            assert_eq!(told() as u64, at, "chunks of {len} bytes");
        }
        // The next request is held again.
        recorder.carries(Traveller::Stranger);
        recorder.between_requests(0);
        recorder.chunk(201, FromClient, &chunk);
        assert_eq!(told(), 200);
        recorder.ended(202, "closed");
        assert_eq!(told(), 202);
    }
}
