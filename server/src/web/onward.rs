//! A future that goes on at once when it was woken while it ran.
//!
//! A request's body goes from its connection to its handler through a channel, and both are one task: each step wakes the
//! task that is running. tokio takes that for giving way to others. It puts the task at the end of the queue and wakes a
//! thread that sleeps, which takes it over: for each post a thread more than the work needs, while PostgreSQL needs the
//! processor.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;

/// So often it goes on before others get their turn.
const STEPS: usize = 4;

const WAITS: u8 = 0;
const RUNS: u8 = 1;
const WOKEN: u8 = 2;

/// Whom to wake, and whether that is needed.
#[derive(Default)]
struct Bell {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == WAITS {
            self.task.wake();
        }
    }
}

/// Runs a future to its end.
pub async fn onward<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    poll_fn(move |context| {
        bell.task.register(context.waker());
        for _ in 0..STEPS {
            bell.state.swap(RUNS, Ordering::AcqRel);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(output);
            }
            if bell.state.compare_exchange(RUNS, WAITS, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls once. Gives what came of it, and how often the task was woken by it.
    fn poll(future: impl Future<Output = usize>, then: impl FnOnce()) -> (Poll<usize>, usize) {
        let count = Arc::new(Count::default());
        let polled = pin!(onward(future)).poll(&mut Context::from_waker(&Waker::from(Arc::clone(&count))));
        then();
        (polled, count.0.load(Ordering::Relaxed))
    }

    /// Wakes itself so often, then gives the number of times that it was polled.
    fn wakes_itself(times: usize) -> impl Future<Output = usize> {
        let mut polled = 0;
        poll_fn(move |context| {
            polled += 1;
            if polled > times {
                return Poll::Ready(polled);
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    #[test]
    fn who_wakes_itself_goes_on_and_no_other_thread_is_woken_for_it() {
        assert_eq!(poll(wakes_itself(2), || ()), (Poll::Ready(3), 0));
    }

    #[test]
    fn who_never_stops_gives_way_to_others() {
        assert_eq!(poll(wakes_itself(usize::MAX), || ()), (Poll::Pending, 1));
    }

    #[test]
    fn who_waits_is_woken_from_outside_once() {
        let waker = Mutex::new(None);
        let waits = poll_fn(|context| {
            *waker.lock().unwrap() = Some(context.waker().clone());
            Poll::Pending
        });
        let ring = || {
            let waker: Waker = waker.lock().unwrap().take().unwrap();
            waker.wake_by_ref();
            waker.wake();
        };
        assert_eq!(poll(waits, ring), (Poll::Pending, 1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_waking_is_lost_between_threads() {
        for _ in 0..2_000 {
            let (there, back) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel());
            tokio::spawn(onward(async move {
                let _ = back.0.send(there.1.await);
            }));
            there.0.send(1).unwrap();
            let came = tokio::time::timeout(std::time::Duration::from_secs(20), onward(back.1)).await;
            assert_eq!(came.unwrap().unwrap(), Ok(1));
        }
    }
}
