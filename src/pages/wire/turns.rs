//! Turns at computing for the view: what it takes apart must not keep busy all threads that the rest of the program uses for its
//! database and its passwords.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Half of the processors, and one at least: however many views ask, the chat has the others.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(turn_count()));

/// Computes off the async threads, when it is this one's turn. `None` if the work broke down.
pub(in crate::pages) async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let turn = TURNS.acquire().await;
    let worked = spawn_blocking(move || {
        // Held to the end of the work, even if nobody waits for it any more.
        let _turn = turn;
        work()
    });
    worked.await.ok()
}

fn turn_count() -> usize {
    let processors = available_parallelism().map_or(1, usize::from);
    (processors / 2).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn no_more_compute_at_a_time_than_there_are_turns() {
        let (turns, now, most) = (
            turn_count(),
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicUsize::new(0)),
        );
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..turns * 4 {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            tasks.spawn(compute(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            }));
        }
        assert_eq!(tasks.join_all().await, vec![Some(()); turns * 4]);
        assert!((1..=turns).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn work_that_breaks_down_gives_its_turn_back() {
        for _ in 0..=turn_count() {
            let broken: Option<()> = compute(|| panic!("a defect")).await;
            assert_eq!(broken, None);
        }
    }
}
