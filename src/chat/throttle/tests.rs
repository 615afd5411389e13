//! How many failures are free, how long one waits after them, and who is not made to wait.
//! Nothing sleeps: moments are handed in.

use super::*;

const HOME: &str = "192.0.2.1";
const AWAY: &str = "198.51.100.7";

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

fn begin<'a>(
    throttle: &'a Throttle,
    who: &str,
    address: &str,
    now: Instant,
) -> Result<Attempt<'a>, Duration> {
    throttle.begin(&name(who), address.parse().unwrap(), now)
}

fn fail(throttle: &Throttle, who: &str, address: &str, now: Instant) {
    begin(throttle, who, address, now).unwrap().failed(now);
}

fn wait(throttle: &Throttle, who: &str, address: &str, now: Instant) -> Duration {
    match begin(throttle, who, address, now) {
        Ok(attempt) => {
            attempt.withdrawn();
            Duration::ZERO
        }
        Err(wait) => wait,
    }
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn five_failures_are_free_then_waits_double_up_to_a_minute() {
    let throttle = Throttle::default();
    let mut now = Instant::now();
    for _ in 0..5 {
        fail(&throttle, "ana", HOME, now);
    }
    for secs in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        let told = Duration::from_secs(secs);
        assert_eq!(wait(&throttle, "ana", HOME, now), told);
        assert_eq!(wait(&throttle, "ana", HOME, now + told - MS), MS);
        now += told;
        fail(&throttle, "ana", HOME, now);
    }
}

#[test]
fn a_hundred_failures_of_an_address_are_free_whatever_the_names() {
    let throttle = Throttle::default();
    let now = Instant::now();
    for n in 0..100 {
        fail(&throttle, &format!("name{n}"), HOME, now);
    }
    assert_eq!(wait(&throttle, "another", HOME, now), WAIT_FIRST);
    fail(&throttle, "another", HOME, now + WAIT_FIRST);
    assert_eq!(
        wait(&throttle, "another", HOME, now + WAIT_FIRST),
        Duration::from_secs(2)
    );
}

#[test]
fn nobody_is_locked_out_by_failures_from_another_address() {
    let throttle = Throttle::default();
    let now = Instant::now();
    for _ in 0..5 {
        fail(&throttle, "ana", AWAY, now);
    }
    assert_eq!(wait(&throttle, "ana", AWAY, now), WAIT_FIRST);
    assert_eq!(wait(&throttle, "ana", HOME, now), Duration::ZERO);
    assert_eq!(wait(&throttle, "ben", AWAY, now), Duration::ZERO);
}

#[test]
fn a_name_is_one_name_whatever_the_case() {
    let throttle = Throttle::default();
    let now = Instant::now();
    for spelling in ["ana", "Ana", "aNa", "anA", "ANA"] {
        fail(&throttle, spelling, HOME, now);
    }
    assert_eq!(wait(&throttle, "ana", HOME, now), WAIT_FIRST);
}

#[test]
fn success_clears_the_name_but_not_the_address() {
    let throttle = Throttle::default();
    let now = Instant::now();
    for n in 0..25 {
        for _ in 0..4 {
            fail(&throttle, &format!("name{n}"), HOME, now);
        }
        if n < 24 {
            let attempt = begin(&throttle, &format!("name{n}"), HOME, now).unwrap();
            attempt.succeeded();
        }
    }
    assert_eq!(wait(&throttle, "name0", HOME, now), WAIT_FIRST);
    let later = now + WAIT_FIRST;
    begin(&throttle, "name0", HOME, later).unwrap().succeeded();
    assert_eq!(throttle.lock().pairs.tallies.len(), 1);
    assert_eq!(throttle.lock().addresses.tallies.len(), 1);
}

#[test]
fn an_hour_without_failure_forgets_and_a_millisecond_less_does_not() {
    let throttle = Throttle::default();
    let now = Instant::now();
    for _ in 0..5 {
        fail(&throttle, "ana", HOME, now);
    }
    fail(&throttle, "ana", HOME, now + FORGET_AFTER - MS);
    let later = now + FORGET_AFTER - MS;
    assert_eq!(
        wait(&throttle, "ana", HOME, later),
        Duration::from_secs(2),
        "the sixth failure of a row"
    );
    let later = later + FORGET_AFTER;
    for _ in 0..4 {
        fail(&throttle, "ana", HOME, later);
    }
    assert_eq!(wait(&throttle, "ana", HOME, later), Duration::ZERO);
}

#[test]
fn guesses_sent_at_once_do_not_all_pass_before_the_first_one_fails() {
    let throttle = Throttle::default();
    let now = Instant::now();
    let mut under_way: Vec<_> = (0..5)
        .map(|_| begin(&throttle, "ana", HOME, now).unwrap())
        .collect();
    assert_eq!(wait(&throttle, "ana", HOME, now), WAIT_FIRST);

    under_way.pop().unwrap().withdrawn();
    assert_eq!(wait(&throttle, "ana", HOME, now), Duration::ZERO);

    under_way.into_iter().for_each(|one| one.failed(now));
    fail(&throttle, "ana", HOME, now);
    let later = now + WAIT_FIRST;
    let one = begin(&throttle, "ana", HOME, later).unwrap();
    assert_eq!(
        wait(&throttle, "ana", HOME, later),
        WAIT_FIRST,
        "past the free ones they go one by one"
    );
    one.failed(later);
    assert_eq!(wait(&throttle, "ana", HOME, later), Duration::from_secs(2));
}

#[test]
fn a_try_that_is_dropped_counts_as_a_failure_and_a_withdrawn_one_does_not() {
    let throttle = Throttle::default();
    let now = Instant::now();
    for _ in 0..10 {
        begin(&throttle, "ana", HOME, now).unwrap().withdrawn();
    }
    assert!(throttle.lock().pairs.tallies.is_empty());
    assert!(throttle.lock().addresses.tallies.is_empty());
    for _ in 0..5 {
        drop(begin(&throttle, "ana", HOME, now).unwrap());
    }
    assert_eq!(wait(&throttle, "ana", HOME, now), WAIT_FIRST);
}

#[test]
fn an_ipv6_customer_is_one_address_and_an_ipv4_one_in_disguise_is_itself() {
    for (one, other, same) in [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ("::1", "127.0.0.1", false),
    ] {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network(one) == network(other), same, "{one} {other}");
    }
}

#[test]
fn a_full_table_drops_the_fewest_failures_and_of_equals_the_oldest() {
    let throttle = Throttle::with_entries_max(3);
    let now = Instant::now();
    for _ in 0..5 {
        fail(&throttle, "ana", HOME, now);
    }
    for n in 1..=50 {
        // A guesser who wants to be forgotten, with names and addresses to waste.
        let address = format!("203.0.113.{n}");
        fail(
            &throttle,
            &format!("name{n}"),
            &address,
            now + MS.saturating_mul(n),
        );
    }
    assert_eq!(wait(&throttle, "ana", HOME, now), WAIT_FIRST);
    let tables = throttle.lock();
    let mut names: Vec<_> = tables.pairs.tallies.keys().map(|pair| &pair.0).collect();
    names.sort();
    assert_eq!(names, ["ana", "name49", "name50"]);
    assert_eq!(tables.addresses.tallies.len(), 3);
}

#[test]
fn a_full_table_first_drops_what_is_forgotten() {
    let throttle = Throttle::with_entries_max(2);
    let now = Instant::now();
    for _ in 0..5 {
        fail(&throttle, "ana", HOME, now);
    }
    let later = now + FORGET_AFTER;
    fail(&throttle, "ben", AWAY, later);
    fail(&throttle, "cleo", "203.0.113.1", later);
    let tables = throttle.lock();
    assert!(
        !tables
            .pairs
            .tallies
            .keys()
            .any(|(name, _)| name.as_str() == "ana")
    );
    assert_eq!(tables.pairs.tallies.len(), 2);
}

#[test]
fn a_table_full_of_tries_under_way_asks_the_next_one_to_wait() {
    let throttle = Throttle::with_entries_max(2);
    let now = Instant::now();
    let ana = begin(&throttle, "ana", HOME, now).unwrap();
    let ben = begin(&throttle, "ben", AWAY, now).unwrap();
    assert_eq!(
        begin(&throttle, "cleo", "203.0.113.1", now).unwrap_err(),
        WAIT_FIRST
    );
    ana.succeeded();
    assert_eq!(
        wait(&throttle, "cleo", "203.0.113.1", now),
        Duration::ZERO,
        "room again"
    );
    ben.withdrawn();
}
