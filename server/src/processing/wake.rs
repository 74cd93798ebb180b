//! Tells the workers of this process that something is waiting. Those of other processes find it when they poll.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// A bell between the writer and the workers.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Rings: the worker wakes that went to sleep last, whose connection is the warmest, or the next one to wait does not
    /// sleep.
    pub fn now(&self) {
        self.0.notify_last();
    }

    /// Sleeps until the bell rings, at most for `limit`.
    pub async fn wait(&self, limit: Duration) {
        // Running out of time is as good a reason to look as the bell.
        let _ = tokio::time::timeout(limit, self.0.notified()).await;
    }
}
