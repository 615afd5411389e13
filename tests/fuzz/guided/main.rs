//! The targets of `tests/fuzz` under libFuzzer: it sees which branches an input takes and what it is compared with, and keeps what leads to
//! something new. `FUZZ_TARGET` names the target.
#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a promise is found broken"
)]

#[path = "../targets/mod.rs"]
#[allow(dead_code, reason = "how many inputs a test takes does not matter here")]
mod targets;

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::{Corpus, fuzz_target};
use nix::time::{ClockId, clock_gettime};
use targets::{TARGETS, Target};

/// An input may take this long, and so much longer for each of its bytes. What costs linear time takes a hundredth of it; what costs the
/// square of it, or of a number in it, comes up against it.
const TIME_MAX: Duration = Duration::from_millis(50);
const TIME_MAX_PER_BYTE: Duration = Duration::from_micros(25);

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("there is no target {name}"))
});

/// Lays the seeds into the folder that `FUZZ_SEEDS` names, before libFuzzer looks there.
fn lay_seeds() {
    let Ok(folder) = std::env::var("FUZZ_SEEDS") else {
        return;
    };
    for (number, seed) in (TARGET.seeds)().iter().enumerate() {
        let file = format!("{folder}/seed-{number}");
        std::fs::write(file, seed).expect("the folder can be written to");
    }
}

fuzz_target!(init: lay_seeds(), |input: &[u8]| -> Corpus {
    let target = *TARGET;
    let begun = cpu_time();
    (target.run)(input);
    let taken = cpu_time() - begun;
    let limit = TIME_MAX + TIME_MAX_PER_BYTE * u32::try_from(input.len()).unwrap_or(u32::MAX);
    assert!(taken <= limit, "{taken:?} for {} bytes", input.len());
    Corpus::Keep
});

/// What this thread has had of the processor: whoever else is at work on this machine does not count.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux has it").into()
}
