//! Which lane flushes when.
//!
//! A statement with its commit costs as much as storing five more deliveries, so many small ones at once take the processor
//! from each other and from the workers. A lane therefore goes when no other one is flushing, or when a crowd is
//! waiting; and when the first has waited for long, since the flush under way may be a slow one, or one that hangs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::metrics;

/// So many are worth a statement of their own beside another.
const CROWD: usize = 32;
/// For so long one waits for the flush under way.
pub(super) const PATIENCE: Duration = Duration::from_millis(5);

/// What is waiting, and how many lanes are flushing.
pub(super) struct Turns<T> {
    waiting: Mutex<mpsc::Receiver<T>>,
    flushing: AtomicUsize,
    ended: Notify,
    patience: Duration,
}

/// A lane that is flushing, until this is dropped.
pub(super) struct Turn<'a> {
    flushing: &'a AtomicUsize,
    ended: &'a Notify,
}

impl<T> Turns<T> {
    pub(super) fn new(waiting: mpsc::Receiver<T>, patience: Duration) -> Self {
        Self { waiting: Mutex::new(waiting), flushing: AtomicUsize::new(0), ended: Notify::new(), patience }
    }

    /// Waits for the next turn and takes what is waiting then, up to `most`; none when nothing will come any more.
    pub(super) async fn take(&self, jobs: &mut Vec<T>, most: usize) -> Option<Turn<'_>> {
        let mut queue = self.waiting.lock().await;
        if queue.recv_many(jobs, most).await == 0 {
            return None;
        }
        let patience = Instant::now() + self.patience;
        while jobs.len() < CROWD {
            // Asked for first, so that an end between here and the wait is not missed.
            let ended = self.ended.notified();
            if self.flushing.load(Ordering::Acquire) == 0 {
                break;
            }
            tokio::select! {
                more = queue.recv_many(jobs, most - jobs.len()) => if more == 0 { break },
                () = ended => {}
                () = sleep_until(patience) => break,
            }
        }
        metrics::queued(queue.len());
        self.flushing.fetch_add(1, Ordering::AcqRel);
        Some(Turn { flushing: &self.flushing, ended: &self.ended })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.flushing.fetch_sub(1, Ordering::AcqRel);
        self.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::timeout;

    use super::*;

    /// Far below [`LONG`], and far above what a busy machine takes.
    const SOON: Duration = Duration::from_secs(20);
    const LONG: Duration = Duration::from_hours(1);

    fn turns(patience: Duration) -> (mpsc::Sender<usize>, Arc<Turns<usize>>) {
        let (sender, waiting) = mpsc::channel(100);
        (sender, Arc::new(Turns::new(waiting, patience)))
    }

    async fn hand_in(sender: &mpsc::Sender<usize>, jobs: usize) {
        for job in 0..jobs {
            sender.send(job).await.unwrap();
        }
    }

    #[tokio::test]
    async fn who_is_alone_goes_at_once_with_all_that_waits() {
        let (sender, turns) = turns(LONG);
        hand_in(&sender, 3).await;
        let mut jobs = Vec::new();
        let turn = timeout(SOON, turns.take(&mut jobs, 100)).await.unwrap();
        assert_eq!((turn.is_some(), jobs), (true, vec![0, 1, 2]));
    }

    #[tokio::test]
    async fn a_few_wait_for_the_flush_under_way_and_go_when_it_ends() {
        let (sender, turns) = turns(LONG);
        hand_in(&sender, 1).await;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let flush = turns.take(&mut first, 100).await;
        hand_in(&sender, 2).await;
        let next = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.take(&mut second, 100).await.map(|_| second.len()) }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!next.is_finished(), "two are no crowd");
        hand_in(&sender, 1).await;
        while sender.capacity() < sender.max_capacity() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(flush);
        assert_eq!(timeout(SOON, next).await.unwrap().unwrap(), Some(3), "with who came meanwhile");
    }

    #[tokio::test]
    async fn a_crowd_waits_for_nobody() {
        let (sender, turns) = turns(LONG);
        hand_in(&sender, 1).await;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let _flush = turns.take(&mut first, 100).await;
        hand_in(&sender, CROWD).await;
        assert!(timeout(SOON, turns.take(&mut second, 100)).await.unwrap().is_some());
        assert_eq!(second.len(), CROWD);
    }

    #[tokio::test]
    async fn a_flush_that_hangs_is_waited_for_a_moment_only() {
        let (sender, turns) = turns(Duration::from_millis(30));
        hand_in(&sender, 2).await;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let _hangs = turns.take(&mut first, 1).await;
        let began = Instant::now();
        assert!(timeout(SOON, turns.take(&mut second, 100)).await.unwrap().is_some());
        assert!(began.elapsed() >= Duration::from_millis(30), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn what_is_waiting_at_the_end_is_taken_and_then_there_is_nothing_more() {
        let (sender, turns) = turns(LONG);
        hand_in(&sender, 2).await;
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        let _flush = turns.take(&mut first, 1).await;
        drop(sender);
        assert!(timeout(SOON, turns.take(&mut rest, 100)).await.unwrap().is_some());
        assert!(turns.take(&mut rest, 100).await.is_none());
        assert_eq!((first, rest), (vec![0], vec![1]));
    }
}
