//! Every reader of bytes that come from strangers or from files, held to its promises while what it reads is broken in every way.
//!
//! A run of the tests replays all inputs that were kept and a fixed number of mutated ones, always the same. A longer one takes others:
//! `FUZZ_TIMES=100 FUZZ_SEED=7 cargo test --release --test fuzz`. For hours there is libFuzzer, which sees what its inputs
//! reach and goes on from there: `tests/fuzz/run --seconds 60`, which says at its top what it does with what it finds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a promise is found broken"
)]

mod kept;
mod lock;
mod mutator;
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mutator::Mutator;
use targets::{TARGETS, Target};

#[test]
fn what_was_kept_breaks_no_promise() {
    for_each_target(|target| {
        for (name, input) in kept::found(target.name) {
            holds(target, &input, &name);
        }
        for (number, input) in good(target).iter().enumerate() {
            holds(
                target,
                input,
                &format!("input {number} of those that were kept"),
            );
        }
    });
}

#[test]
fn mutated_inputs_break_no_promise() {
    let times: usize = setting("FUZZ_TIMES");
    let seed = setting("FUZZ_SEED");
    for_each_target(|target| {
        let good = good(target);
        let mut mutator = Mutator::new(&good, seed);
        for number in 0..target.inputs * times {
            let input = mutator.next();
            holds(
                target,
                &input,
                &format!("mutated input {number} of seed {seed}"),
            );
        }
    });
}

/// Four times as long a message may take four times as long, and a little more. What grows with the square takes sixteen times.
#[test]
#[ignore = "needs a release build and an idle machine: tests/fuzz/run ends with it"]
fn what_is_repeated_costs_no_more_than_it_is_long() {
    const TRIES: usize = 60;
    const LENGTHS: [usize; 2] = [50_000, 200_000];
    const TIMES_MAX: u32 = 9;
    const UNNOTICED: Duration = Duration::from_millis(40);
    for target in TARGETS {
        let good = good(target);
        let mut mutator = Mutator::new(&good, setting("FUZZ_SEED"));
        for _ in 0..TRIES {
            let [short, long] = mutator.stretched(LENGTHS);
            // What disturbs a run makes it longer, never shorter.
            let least = |input: &[u8]| (0..3).map(|_| time(target, input)).min().unwrap();
            if time(target, &long) <= UNNOTICED {
                continue;
            }
            let (of_short, of_long) = (least(&short), least(&long));
            if of_long > of_short * TIMES_MAX + UNNOTICED {
                let file = put(target, &long);
                panic!("{}: {of_short:?}, then {of_long:?} for {file}", target.name);
            }
        }
    }
}

fn time(target: &Target, input: &[u8]) -> Duration {
    let began = Instant::now();
    (target.run)(input);
    began.elapsed()
}

/// A target that takes nothing, or everything, tests little of what is behind it.
#[test]
fn each_target_has_inputs_that_are_valid_and_inputs_that_are_not() {
    for_each_target(|target| {
        let good = good(target);
        let mut mutator = Mutator::new(&good, 1);
        let mut answers = [false; 2];
        for input in &good {
            answers[usize::from((target.run)(input))] = true;
        }
        for _ in 0..target.inputs.min(100) {
            answers[usize::from((target.run)(&mutator.next()))] = true;
        }
        assert_eq!(answers, [true; 2], "{}: [invalid, valid]", target.name);
    });
}

#[test]
fn what_is_kept_belongs_to_a_target() {
    for kind in ["cases", "found"] {
        for name in kept::names_in(kind) {
            assert!(
                TARGETS.iter().any(|target| target.name == name),
                "{kind}/{name}"
            );
        }
    }
}

fn good(target: &Target) -> Vec<Vec<u8>> {
    [(target.seeds)(), kept::cases(target.name)].concat()
}

fn setting<T: std::str::FromStr + From<u8>>(name: &str) -> T {
    let value = std::env::var(name).ok();
    value.map_or(1.into(), |value| value.parse().ok().expect("a number"))
}

/// Runs a target; an input that breaks a promise is put into a file.
fn holds(target: &Target, input: &[u8], which: &str) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        let file = put(target, input);
        panic!(
            "{}, {which}, breaks a promise: it is in {file}",
            target.name
        );
    }
}

/// Puts an input into a file, to be tried again, shrunk and kept.
fn put(target: &Target, input: &[u8]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output/fuzz");
    let file = folder.join(target.name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(&file, input).unwrap();
    file.display().to_string()
}

/// Does this for all targets, on all processors; fails for the first that fails.
fn for_each_target(work: impl Fn(&Target) + Sync) {
    let next = AtomicUsize::new(0);
    let only = std::env::var("FUZZ_TARGET").ok();
    let failure = Mutex::new(None);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if only.as_deref().is_some_and(|only| only != target.name) {
                        continue;
                    }
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(target))) {
                        failure.lock().unwrap().get_or_insert(panic);
                    }
                }
            });
        }
    });
    if let Some(panic) = failure.into_inner().unwrap() {
        std::panic::resume_unwind(panic);
    }
}
