//! Slow hashes (argon2id), a few at a time. Each takes 19 MiB and tens of milliseconds of a processor, and whoever
//! signs in asks for one without being known: unbounded, a crowd of strangers would take gigabytes, and every thread on
//! which large bodies are examined.
//!
//! Each place is a thread of its own that does nothing else. The system's allocator keeps what a thread has freed for
//! that thread: on ever other threads, a few hashes at a time would leave a gigabyte behind them. (The program's own
//! allocator gives it back, see `main.rs`; this does not count on it.)
//!
//! Passwords and verify tokens have places of their own, so that a crowd at the sign-in keeps no challenge of Meta's
//! waiting: a verify token is hashed only once its digest was right.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

/// How long somebody waits for a place before being told to come again.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a thread waits for work before it ends.
const KEPT: Duration = Duration::from_hours(1);

/// For passwords.
pub static PASSWORDS: Hashing = Hashing::new(2, PATIENCE);
/// For verify tokens.
pub static TOKENS: Hashing = Hashing::new(2, PATIENCE);

/// Why nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHashed {
    /// All places stayed taken.
    #[error("Too much is being hashed at the moment.")]
    Busy,
    /// The work panicked; where is in the log.
    #[error("Hashing was interrupted.")]
    Interrupted,
}

/// So many places for slow work.
#[derive(Debug)]
pub struct Hashing {
    size: usize,
    places: Semaphore,
    patience: Duration,
    threads: OnceLock<Runtime>,
}

impl Hashing {
    /// As many places, and how long one waits for one of them.
    pub const fn new(places: usize, patience: Duration) -> Self {
        Self { size: places, places: Semaphore::const_new(places), patience, threads: OnceLock::new() }
    }

    /// Made when first needed; there is one for as long as the process runs.
    fn threads(&self) -> Result<&Runtime, NotHashed> {
        if let Some(threads) = self.threads.get() {
            return Ok(threads);
        }
        let made = Builder::new_current_thread()
            .thread_name("hashing")
            .max_blocking_threads(self.size)
            .thread_keep_alive(KEPT)
            .build();
        let made = made.map_err(|error| {
            tracing::error!(%error, "threads for hashing cannot be started");
            NotHashed::Interrupted
        })?;
        // Of two that were made at the same moment, one is enough; it has no threads yet.
        if let Err(spare) = self.threads.set(made) {
            spare.shutdown_background();
        }
        self.threads.get().ok_or(NotHashed::Interrupted)
    }

    /// Runs slow work on a thread of its own, when a place is free. The place is taken until the work has ended, also
    /// where nobody waits for it any more.
    ///
    /// # Errors
    /// See [`NotHashed`].
    pub async fn run<T: Send + 'static>(
        &'static self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotHashed> {
        let place = tokio::time::timeout(self.patience, self.places.acquire()).await;
        let place = place.map_err(|_waited| NotHashed::Busy)?.map_err(|_closed| NotHashed::Interrupted)?;
        let done = self.threads()?.spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|_panicked| NotHashed::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;

    use super::*;

    /// How many of so many pieces of work ran at once at most, and how many were turned away.
    async fn crowd(hashing: &'static Hashing, work: Duration) -> (usize, usize) {
        static RUNNING: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
        let [now, most] = &RUNNING;
        most.store(0, Ordering::SeqCst);
        let one = || {
            hashing.run(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(work);
                now.fetch_sub(1, Ordering::SeqCst);
            })
        };
        let done = join_all((0..20).map(|_| one())).await;
        let busy = done.iter().filter(|done| **done == Err(NotHashed::Busy)).count();
        (most.load(Ordering::SeqCst), busy)
    }

    /// One after the other, since both count in the same place. The last one is the negative control: with places for
    /// everybody, all of them run at once, and it is noticed.
    #[tokio::test]
    async fn no_more_run_at_once_than_there_are_places_and_nobody_waits_for_ever() {
        static FEW: Hashing = Hashing::new(3, Duration::from_mins(1));
        static HURRIED: Hashing = Hashing::new(1, Duration::from_millis(50));
        static MANY: Hashing = Hashing::new(20, Duration::from_mins(1));
        assert_eq!(crowd(&FEW, Duration::from_millis(50)).await, (3, 0));
        let (most, busy) = crowd(&HURRIED, Duration::from_millis(200)).await;
        assert!(most == 1 && busy >= 18, "{most} at once, {busy} turned away");
        assert!(crowd(&MANY, Duration::from_millis(200)).await.0 > 3);
    }

    #[tokio::test]
    async fn a_panic_gives_its_place_back() {
        static ONE: Hashing = Hashing::new(1, Duration::from_mins(1));
        assert_eq!(ONE.run(|| panic!("a panic of the test's")).await, Err::<(), _>(NotHashed::Interrupted));
        assert_eq!(ONE.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_place_until_it_ends() {
        static ONE: Hashing = Hashing::new(1, Duration::from_millis(50));
        let slow = ONE.run(|| std::thread::sleep(Duration::from_millis(500)));
        assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err(), "it is still at work");
        assert_eq!(ONE.run(|| ()).await, Err(NotHashed::Busy));
    }
}
