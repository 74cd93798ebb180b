//! Group commit: one statement, one commit and so one disk flush for all that is waiting.
//!
//! Handlers hand their deliveries in and wait for the commit. Whatever is waiting is flushed as soon as the last flush
//! ended; no timer sets the pace. Under light load that is one delivery at once, under heavy load the batches grow by
//! themselves. A few lanes take turns, and go side by side only where it is worth a statement of its own: see [`turns`].
//!
//! The queue is bounded in count and in bytes; beyond that the door says 503 and Meta comes again. A handler that stops
//! waiting does not stop the flush: the delivery may still be committed, and Meta's next try is then a duplicate.
//!
//! A batch that fails on data is retried one delivery at a time, so that its neighbours go through; a delivery that
//! fails alone is stored once more with its payloads quarantined, since its bytes are what must not be lost.

mod turns;

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, PgPool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::turns::{PATIENCE, Turns};
use super::batch::{Batch, Delivery};
use super::store::{self, Stored};
use crate::database::kept::KeptConnections;
use crate::metrics;
use crate::panics::caught;
use crate::processing::wake::Wake;
use crate::retryable::{Kind, kind};

/// Deliveries that may wait.
const QUEUE: usize = 4096;
/// Kilobytes of bodies that may wait.
const QUEUE_KB: usize = 64 * 1024;
/// Deliveries in one statement.
const BATCH: usize = 256;
/// Updates in one statement, but for a single delivery that has more: thousands take longer than Meta should wait.
const BATCH_EVENTS: usize = 2_000;
/// Bytes of bodies from which on a connection gives back the memory that its statement took. It would keep it otherwise,
/// and each that fails is followed by another connection.
const LARGE: usize = 1 << 20;
/// How long a flush may take before its connection is given up.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// Tries of one batch when the database only asks to try again (a deadlock between two writers).
const TRIES: u32 = 5;

/// Why a delivery was not stored, or is not known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The queue is full.
    #[error("the queue is full")]
    Full,
    /// The database is away or slow.
    #[error("the database does not answer")]
    Unavailable,
    /// The database refuses this delivery even with its payloads quarantined; the log has the error.
    #[error("the database refuses it")]
    Refused,
}

struct Job {
    deliveries: Vec<Delivery>,
    done: oneshot::Sender<Result<(), StoreError>>,
    // Held until the flush is over, and so gives its bytes back whatever happens.
    _bytes: OwnedSemaphorePermit,
}

struct Lane {
    connections: Arc<KeptConnections>,
    wake: Wake,
}

/// Where handlers hand deliveries in.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Job>,
    bytes: Arc<Semaphore>,
}

impl Writer {
    /// Starts the lanes. They end, after what is waiting has been flushed, when every `Writer` is gone.
    pub fn start(engine: &PgPool, lanes: usize, wake: &Wake) -> (Self, Vec<JoinHandle<()>>) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let turns = Arc::new(Turns::new(waiting, PATIENCE));
        let connections = Arc::new(KeptConnections::new(engine));
        let lane = || Lane { connections: Arc::clone(&connections), wake: wake.clone() };
        let lanes = (0..lanes).map(|_| tokio::spawn(run_lane(Arc::clone(&turns), lane()))).collect();
        (Self { queue, bytes: Arc::new(Semaphore::new(QUEUE_KB)) }, lanes)
    }

    /// Kilobytes of bodies that are waiting or being stored.
    pub fn queued_kilobytes(&self) -> usize {
        QUEUE_KB - self.bytes.available_permits()
    }

    /// Stores the deliveries of one POST. `Ok` means committed.
    ///
    /// # Errors
    /// See [`StoreError`]. Nothing, or everything, of it may have been stored then.
    pub async fn store(&self, deliveries: Vec<Delivery>, deadline: Duration) -> Result<(), StoreError> {
        let kilobytes = 1 + deliveries.iter().map(|delivery| delivery.body.bytes.len() / 1024).sum::<usize>();
        let kilobytes = u32::try_from(kilobytes).map_err(|_| StoreError::Full)?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(kilobytes).map_err(|_| StoreError::Full)?;
        let (done, committed) = oneshot::channel();
        self.queue.try_send(Job { deliveries, done, _bytes: bytes }).map_err(|_| StoreError::Full)?;
        metrics::queued(self.queue.max_capacity() - self.queue.capacity());
        match tokio::time::timeout(deadline, committed).await {
            Ok(Ok(stored)) => stored,
            Ok(Err(_lane_gone)) => Err(StoreError::Unavailable),
            Err(_too_slow) => Err(StoreError::Unavailable),
        }
    }
}

async fn run_lane(turns: Arc<Turns<Job>>, lane: Lane) {
    let mut jobs = Vec::with_capacity(BATCH);
    while let Some(_turn) = turns.take(&mut jobs, BATCH).await {
        while !jobs.is_empty() {
            let rest = jobs.split_off(first_batch(&jobs));
            if caught(lane.flush(&mut jobs)).await.is_none() {
                tracing::error!(
                    deliveries = jobs.len(),
                    "a panic while a batch was stored; Meta is asked to come again"
                );
            }
            jobs = rest;
        }
    }
}

/// How many jobs, from the first on, fit into one statement; at least one.
fn first_batch(jobs: &[Job]) -> usize {
    let mut events = 0;
    let fits = |job: &&Job| {
        events += job.deliveries.iter().map(|delivery| delivery.events.len()).sum::<usize>();
        events <= BATCH_EVENTS
    };
    jobs.iter().take_while(fits).count().max(1)
}

impl Lane {
    async fn flush(&self, jobs: &mut Vec<Job>) {
        // A job whose handler has given up is not worth a place: Meta was told 503 and comes again.
        jobs.retain(|job| !job.done.is_closed());
        if jobs.is_empty() {
            return;
        }
        let started = Instant::now();
        let deliveries = jobs.iter().flat_map(|job| &job.deliveries);
        match self.store(&Batch::collapse(deliveries)).await {
            Ok(_) => {
                for job in jobs.drain(..) {
                    let _ = job.done.send(Ok(()));
                }
            }
            Err(error) if kind(&error) == Kind::Data => self.flush_one_by_one(jobs, &error).await,
            Err(error) => {
                tracing::warn!(%error, deliveries = jobs.len(), "a batch could not be stored");
                for job in jobs.drain(..) {
                    let _ = job.done.send(Err(StoreError::Unavailable));
                }
            }
        }
        metrics::flushed(started.elapsed());
        self.wake.now();
    }

    async fn flush_one_by_one(&self, jobs: &mut Vec<Job>, error: &sqlx::Error) {
        tracing::warn!(%error, deliveries = jobs.len(), "a batch failed on data; storing its deliveries one by one");
        for job in jobs.drain(..) {
            let stored = self.store_alone(job.deliveries).await;
            let _ = job.done.send(stored);
        }
    }

    async fn store_alone(&self, mut deliveries: Vec<Delivery>) -> Result<(), StoreError> {
        let Err(error) = self.store(&Batch::collapse(&deliveries)).await else { return Ok(()) };
        if kind(&error) != Kind::Data {
            return Err(StoreError::Unavailable);
        }
        for event in deliveries.iter_mut().flat_map(|delivery| &mut delivery.events) {
            event.quarantine("The database could not hold the update as JSON.");
        }
        let stored = self.store(&Batch::collapse(&deliveries)).await;
        stored.map(drop).map_err(|error| {
            tracing::error!(%error, "a delivery was refused even without its payloads");
            StoreError::Refused
        })
    }

    async fn store(&self, batch: &Batch<'_>) -> Result<Stored, sqlx::Error> {
        let mut tries = 0;
        loop {
            match self.store_once(batch).await {
                Err(error) if kind(&error) == Kind::TryAgain && tries < TRIES => tries += 1,
                Ok(stored) => {
                    metrics::stored(batch, stored);
                    return Ok(stored);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn store_once(&self, batch: &Batch<'_>) -> Result<Stored, sqlx::Error> {
        let mut connection = self.connections.take();
        let stored = async {
            let mut held = connection.take().await?;
            let stored = tokio::time::timeout(FLUSH_TIMEOUT, store::store(&mut *held, batch)).await;
            if stored.is_ok() && batch.bytes() > LARGE {
                held.shrink_buffers();
            }
            connection.settle(held, stored)
        };
        let stored = stored.await;
        self.connections.give_back(connection);
        stored
    }
}
