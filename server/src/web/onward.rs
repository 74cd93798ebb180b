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
    use std::hint;
    use std::pin::Pin;
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn woken(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// Polls once. Gives what came of it, and the task, which counts how often it is woken.
    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> (Poll<T>, Arc<Count>) {
        let task = Arc::new(Count::default());
        let polled = future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(&task))));
        (polled, task)
    }

    /// Is ready when it is polled after so many other times, at each of which it does this with its waker.
    fn ready_after(times: usize, mut each: impl FnMut(&Waker)) -> impl Future<Output = usize> {
        let mut polled = 0;
        poll_fn(move |context| {
            polled += 1;
            if polled > times {
                return Poll::Ready(polled);
            }
            each(context.waker());
            Poll::Pending
        })
    }

    #[test]
    fn who_wakes_itself_goes_on_and_no_other_thread_is_woken_for_it() {
        let (polled, task) = poll(pin!(onward(ready_after(2, Waker::wake_by_ref))));
        assert_eq!((polled, task.woken()), (Poll::Ready(3), 0));
    }

    #[test]
    fn who_is_woken_by_another_thread_while_it_runs_goes_on_too() {
        let woken_elsewhere = |waker: &Waker| {
            let waker = waker.clone();
            thread::spawn(move || waker.wake()).join().unwrap();
        };
        let (polled, task) = poll(pin!(onward(ready_after(1, woken_elsewhere))));
        assert_eq!((polled, task.woken()), (Poll::Ready(2), 0));
    }

    #[test]
    fn who_never_stops_gives_way_to_others() {
        let (polled, task) = poll(pin!(onward(ready_after(usize::MAX, Waker::wake_by_ref))));
        assert_eq!((polled, task.woken()), (Poll::Pending, 1));
    }

    #[test]
    fn who_waits_is_woken_once_each_time_as_the_task_that_it_is_by_then() {
        let (give, take) = channel();
        let mut future = pin!(onward(ready_after(2, |waker| give.send(waker.clone()).unwrap())));
        for _ in 0..2 {
            let (polled, task) = poll(future.as_mut());
            let waker = take.recv().unwrap();
            assert_eq!((polled, task.woken()), (Poll::Pending, 0));
            waker.wake_by_ref();
            waker.wake();
            assert_eq!(task.woken(), 1);
        }
        assert_eq!(poll(future).0, Poll::Ready(3));
    }

    #[test]
    fn no_waking_is_lost_however_shortly_after_the_poll_it_comes() {
        const ROUNDS: usize = 100_000;
        let (give, take) = channel::<Waker>();
        // It does not sleep: the moments in question are a few nanoseconds long.
        thread::spawn(move || {
            for round in 0..ROUNDS {
                let waker = loop {
                    match take.try_recv() {
                        Ok(waker) => break waker,
                        Err(_) => hint::spin_loop(),
                    }
                };
                (0..round % 64).for_each(|_| hint::spin_loop());
                waker.wake();
            }
        });
        let (done, all_came) = channel();
        thread::spawn(move || {
            let waits = ready_after(ROUNDS, |waker| give.send(waker.clone()).unwrap());
            done.send(futures::executor::block_on(onward(waits))).unwrap();
        });
        assert_eq!(all_came.recv_timeout(Duration::from_mins(1)), Ok(ROUNDS + 1));
    }
}
