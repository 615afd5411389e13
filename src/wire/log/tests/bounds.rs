//! What is let go, of which connection and in which order, when too much is held.

use super::*;

#[test]
fn whoever_looks_at_all_connections_does_not_make_the_log_forget_them() {
    let log = WireLog::new(26 * 1024, Vec::new());
    let chunk = [b'x'; 4096];
    for number in 1..=3 {
        let recorder = log.open(about(number), false);
        recorder.chunk(1, FromClient, &chunk);
        recorder.ended(2, "closed");
    }
    let looked_at = log.connections(&Viewer::OF_ALL);
    let open = log.open(about(4), false);
    open.chunk(3, FromServer, &chunk);
    let kept = log.connections(&Viewer::OF_ALL);
    let numbers: Vec<u64> = kept.iter().map(|it| it.about().number).collect();
    assert_eq!(numbers, [2, 3, 4], "one had to go, and no more");
    assert_eq!(state(&open).missing.server, 0);
    let held_bytes = log.held_bytes();
    assert!(held_bytes <= 26 * 1024);
    drop((looked_at, kept, open));
    assert_eq!(log.held_bytes(), held_bytes, "nothing is given back twice");
}

#[test]
fn closed_connections_make_room_the_oldest_first_and_open_ones_stay() {
    let log = WireLog::new(26 * 1024, Vec::new());
    let chunk = [b'x'; 4096];
    let open = log.open(about(1), false);
    open.chunk(1, FromClient, &chunk);
    for number in 2..=3 {
        let recorder = log.open(about(number), false);
        recorder.chunk(1, FromClient, &chunk);
        recorder.ended(2, "closed");
    }
    let numbers = || {
        log.connections(&Viewer::OF_ALL)
            .iter()
            .map(|kept| kept.about().number)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(), [1, 2, 3]);
    let young = log.open(about(4), false);
    young.chunk(3, FromServer, &chunk);
    assert_eq!(numbers(), [1, 3, 4]);
    assert!(log.held_bytes() <= 26 * 1024);
}

#[test]
fn without_any_closed_connection_the_largest_gives_up_its_latest_bytes_and_is_kept_again() {
    let held_bytes_max = 400 * 1024;
    let log = WireLog::new(held_bytes_max, Vec::new());
    let large = log.open(about(1), false);
    let say = |recorder: &Recorder, kilobytes: u64| {
        for at in 0..kilobytes {
            recorder.chunk(at, FromServer, &[b'x'; 1024]);
        }
    };
    say(&large, 256);
    assert_eq!(state(&large).missing.server, 0);
    // Those who come now are not blind because of it.
    let young: Vec<_> = (2..=4)
        .map(|number| log.open(about(number), false))
        .collect();
    for recorder in &young {
        say(recorder, 60);
        assert!(log.held_bytes() <= held_bytes_max, "{}", log.held_bytes());
    }
    assert!(young.iter().all(|it| state(it).missing.server == 0));
    let gap = state(&large).missing.server;
    assert_eq!(gap, (256 * 1024 - HEAD_LEN) as u64);
    say(&large, 10);
    let told = events(&large, &mut Cursor::default());
    let lens: Vec<usize> = told.iter().map(len).collect();
    let (head, tail) = (
        lens[..64].iter().sum::<usize>(),
        lens[65..].iter().sum::<usize>(),
    );
    assert_eq!((head, tail), (HEAD_LEN, 10 * 1024), "it is kept again");
    assert!(matches!(&told[64].what, What::Missing(missing) if missing.bytes == gap));
    assert_eq!(state(&large).bytes.server, 266 * 1024);
}

#[test]
fn connections_that_grow_while_the_largest_is_looked_for_break_nothing() {
    const MIB: usize = 1024 * 1024;
    let log = WireLog::new(4 * MIB, Vec::new());
    let open: Vec<_> = (1..=500)
        .map(|number| log.open(about(number), false))
        .collect();
    let begun = std::time::Instant::now();
    let write = |seed: usize| {
        for at in 0_u64.. {
            let turn = usize::try_from(at).unwrap();
            let recorder = &open[(turn * 7919 + seed * 104_729) % open.len()];
            recorder.chunk(at, FromServer, &[b'x'; 5000][..turn % 5000]);
            if begun.elapsed() > std::time::Duration::from_secs(1) {
                return;
            }
        }
    };
    std::thread::scope(|threads| {
        for seed in 0..4 {
            threads.spawn(move || write(seed));
        }
    });
    // Each has made room, but perhaps for less than came from the others meanwhile.
    assert!(log.held_bytes() < 5 * MIB, "{}", log.held_bytes());
}

#[test]
fn where_nothing_but_beginnings_is_held_the_largest_go_and_nothing_grows_without_bound() {
    let held_bytes_max = 200 * 1024;
    let log = WireLog::new(held_bytes_max, Vec::new());
    let open: Vec<_> = (1..=8)
        .map(|number| log.open(about(number), false))
        .collect();
    for at in 0..100 {
        for recorder in &open {
            recorder.chunk(at, FromClient, &[b'x'; 1024]);
            assert!(log.held_bytes() <= held_bytes_max, "{}", log.held_bytes());
        }
    }
    for recorder in &open {
        let State { bytes, missing, .. } = state(recorder);
        assert_eq!(bytes.client, 100 * 1024);
        let told: usize = events(recorder, &mut Cursor::default())
            .iter()
            .map(len)
            .sum();
        assert_eq!(told as u64 + missing.client, bytes.client);
    }
    assert!(
        log.held_bytes() > held_bytes_max / 2,
        "no more goes than has to"
    );
}

#[test]
fn what_waits_to_be_told_counts_too() {
    let log = WireLog::new(HELD_BYTES_MAX, vec![Arc::new(Diary::default())]);
    let recorder = log.open(about(1), true);
    recorder.established("TLS 1.3".to_owned(), 0);
    let before = log.held_bytes();
    recorder.chunk(1, FromClient, &[b'x'; 10_000]);
    recorder.plaintext(FromClient, &[(&[b'x'; 10_000]).into()]);
    // As a record, for the sinks, and to be taken back.
    assert!(
        log.held_bytes() - before > 30_000,
        "{}",
        log.held_bytes() - before
    );
}

#[test]
fn single_bytes_do_not_cost_a_hundred_times_as_much_as_long_chunks() {
    let log = log();
    let recorder = log.open(about(1), false);
    for at in 0..400_000 {
        let direction = if at % 2 == 0 { FromClient } else { FromServer };
        recorder.chunk(at, direction, b"x");
    }
    assert!(log.held_bytes() < 2 * 1024 * 1024, "{}", log.held_bytes());
    let events = events(&recorder, &mut Cursor::default());
    assert_eq!(events.iter().map(len).sum::<usize>(), 400_000);
}
