//! A panic is a bug in one step. It must not end a task that everything else relies on: a worker, a lane of the writer,
//! the one that keeps the configurations fresh.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;

/// Runs one step of such a task; none if it panicked. Where it panicked is on standard error then, and what the step
/// held is dropped: a transaction is rolled back, a waiting handler is told that nobody answers.
pub async fn caught<F: Future>(step: F) -> Option<F::Output> {
    // Nothing of the step is looked at again.
    AssertUnwindSafe(step).catch_unwind().await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_panics_ends_alone_and_lets_go_of_what_it_held() {
        let (held, waiting) = tokio::sync::oneshot::channel::<()>();
        let step = async move {
            let _held = held;
            tokio::task::yield_now().await;
            panic!("a panic of the test's");
        };
        assert_eq!(caught::<_>(step).await, None::<()>);
        assert!(waiting.await.is_err(), "whoever waits for it is told");
        assert_eq!(caught(async { 7 }).await, Some(7));
    }
}
