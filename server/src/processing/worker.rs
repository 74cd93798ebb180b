//! The worker: claims a batch of events, translates them, applies their effects.
//!
//! Several workers, in one process or many, share the queue. Each batch is claimed under a lease and a fencing token;
//! the transaction that applies it begins by taking it out of the queue under that token, so a worker that slept past
//! its lease changes nothing. A worker that dies leaves its lease to run out, and another takes over.
//!
//! A batch that fails on data is split in half, and again, until the culprit is alone; its neighbours go through. Then
//! the culprit's error decides: [`Failure::Retry`] comes again by the schedule of [`super::retry`], [`Failure::Discard`]
//! is dead at once. Either way the error stays in the row and each try in `event_attempts`. When it is the database
//! that fails, no try is counted. A panic is treated like wrong data: a new version may mend it, and nothing else stops
//! for it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::apply::{self, ApplyError, CRASHED, Holder, Work};
use super::effect::Effects;
use super::retry;
use super::store::{self, Claimed, Failed, Lease};
use super::translate::{self, Event};
use super::wake::Wake;
use crate::clock::Clock;
use crate::database::kept::KeptConnection;
use crate::metrics;
use crate::panics::caught;
use crate::retryable::{Kind, kind};

/// How much earlier than the oldest that was claimed something may have come that is stored a moment later.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// The pause after a batch that was all that could be had. The bell ends it when this process stores something; for what
/// others store it is short enough.
const SOON: Duration = Duration::from_millis(10);

/// How a worker works. The defaults are for production; tests shorten the lease.
#[derive(Clone, Copy, Debug)]
pub struct WorkerSettings {
    /// Events in one batch.
    pub batch: i64,
    /// How long a claim lasts.
    pub lease: Duration,
    /// How often to look without having been woken: for retries, and for what other processes stored.
    pub poll: Duration,
    /// How long a step may take (a claim, a transaction) before its connection counts as gone. The database ends what
    /// takes long by itself, after ten seconds a statement; a batch that still takes longer is divided.
    pub patience: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            batch: 500,
            lease: Duration::from_secs(30),
            poll: Duration::from_millis(500),
            patience: Duration::from_mins(1),
        }
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was due.
    Idle,
    /// A batch was dealt with: this many events had their effect, this many tries failed.
    Worked {
        /// Processed.
        processed: usize,
        /// Failed, retried later or dead.
        failed: usize,
    },
    /// The lease ran out, or the database went away, before the batch was through; nothing is lost.
    GaveUp,
}

/// What an error of one event leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    /// May pass: try again by the schedule.
    Retry(String),
    /// Will not pass.
    Discard(String),
}

/// What became of a batch.
#[derive(Debug, Default)]
struct Applied {
    /// How many events had their effect.
    processed: usize,
    /// Those that fail on data.
    culprits: Vec<(Claimed, Failure)>,
    /// The lease has ended with them: all that was claimed was applied as one.
    ended: bool,
}

/// What a worker keeps from one step to the next.
struct Memory {
    kept: KeptConnection,
    /// Nothing that was due before that could be had when it last looked; none: it has not looked yet.
    nothing_before: Option<OffsetDateTime>,
    /// When it last looked at everything.
    looked: Instant,
    /// The last claim held as much as it may: there is more.
    was_full: bool,
}

impl Memory {
    fn new(engine: &PgPool) -> Self {
        Self { kept: KeptConnection::new(engine), nothing_before: None, looked: Instant::now(), was_full: false }
    }

    /// From when on to look. At everything as often as `poll` says: a lease runs out, a retry comes again, an event is
    /// replayed, and what another lane or process stores may have come earlier.
    fn from(&self, poll: Duration) -> Option<OffsetDateTime> {
        self.nothing_before.filter(|_| self.looked.elapsed() < poll)
    }

    /// After a look from then on, which found this as its oldest.
    fn looked(&mut self, from: Option<OffsetDateTime>, oldest: Option<OffsetDateTime>, now: OffsetDateTime) {
        if from.is_none() {
            self.looked = Instant::now();
        }
        if from.is_none() || oldest.is_some() {
            self.nothing_before = Some(oldest.unwrap_or(now) - STRAGGLERS);
        }
    }
}

/// One worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Shown in the event log and the audit log.
    pub name: String,
    /// The engine's pool.
    pub engine: PgPool,
    /// The time.
    pub clock: Clock,
    /// How it works.
    pub settings: WorkerSettings,
}

impl Worker {
    /// One step: claims what is due and deals with it. Tests drain the queue with it.
    ///
    /// # Errors
    /// When nothing could be claimed because the database is away.
    pub async fn run_once(&self) -> Result<Outcome, sqlx::Error> {
        self.step(&mut Memory::new(&self.engine)).await
    }

    #[tracing::instrument(level = "debug", name = "process", skip_all, fields(worker = %self.name))]
    async fn step(&self, memory: &mut Memory) -> Result<Outcome, sqlx::Error> {
        let lease = self.claim(memory).await?;
        if lease.is_empty() {
            return Ok(Outcome::Idle);
        }
        let kept = &mut memory.kept;
        let claimed = match self.read(kept, &lease).await {
            Ok(claimed) => claimed,
            Err(error) => return Ok(self.give_up(&lease, &error.into()).await),
        };
        let all = claimed.len();
        let (work, mut failures) = translate_all(claimed);
        let Applied { processed, culprits, ended } = match self.apply_splitting(kept, &lease, &work, all).await {
            Ok(applied) => applied,
            Err(error) => return Ok(self.give_up(&lease, &error).await),
        };
        failures.extend(culprits);
        let failed = failures.len();
        if let Err(error) = self.record_all(&lease, failures).await {
            return Ok(self.give_up(&lease, &error.into()).await);
        }
        if !ended {
            self.within_patience(store::let_go(&self.engine, &lease)).await?;
        }
        Ok(Outcome::Worked { processed, failed })
    }

    /// Steps until told to stop; the step under way is finished.
    pub async fn run(self, wake: Wake, stop: CancellationToken) {
        let mut memory = Memory::new(&self.engine);
        while !stop.is_cancelled() {
            let pause = match caught(Box::pin(self.step(&mut memory))).await {
                Some(Ok(Outcome::Worked { .. })) if memory.was_full => continue,
                Some(Ok(Outcome::Worked { .. })) => SOON,
                Some(Ok(Outcome::Idle)) => self.settings.poll,
                Some(Ok(Outcome::GaveUp)) => Duration::from_millis(200),
                Some(Err(error)) => {
                    tracing::warn!(%error, worker = %self.name, "nothing can be claimed");
                    Duration::from_secs(1)
                }
                None => {
                    tracing::error!(worker = %self.name, "a panic; what is leased is free again when its lease ends");
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                () = wake.wait(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn claim(&self, memory: &mut Memory) -> Result<Lease, sqlx::Error> {
        let WorkerSettings { lease, batch, .. } = self.settings;
        let (from, now) = (memory.from(self.settings.poll), self.clock.now());
        let mut held = memory.kept.take().await?;
        let claim = store::claim(&mut held, Uuid::new_v4(), (from, now), lease, batch);
        let claimed = timeout(self.settings.patience, claim).await;
        let lease = memory.kept.settle(held, claimed)?;
        memory.looked(from, lease.due_since, now);
        memory.was_full = i64::try_from(lease.events()).is_ok_and(|events| events >= batch);
        Ok(lease)
    }

    async fn read(&self, kept: &mut KeptConnection, lease: &Lease) -> Result<Vec<Claimed>, sqlx::Error> {
        let mut held = kept.take().await?;
        let read = timeout(self.settings.patience, store::read(&mut held, lease)).await;
        kept.settle(held, read)
    }

    /// Applies the batch, splitting it around events that fail on data.
    async fn apply_splitting(
        &self,
        kept: &mut KeptConnection,
        lease: &Lease,
        work: &[Work],
        claimed: usize,
    ) -> Result<Applied, ApplyError> {
        let all: Vec<&Work> = work.iter().collect();
        let mut parts = VecDeque::from([&all[..]]);
        let mut applied = Applied::default();
        while let Some(part) = parts.pop_front() {
            if part.is_empty() {
                continue;
            }
            let is_all = part.len() == claimed;
            match self.apply_patiently(kept, lease, part, is_all).await {
                Ok(()) => {
                    applied.processed += part.len();
                    applied.ended = is_all;
                }
                Err(error) if part.len() == 1 && is_about_data(&error) => {
                    applied.culprits.push((part[0].event.clone(), Failure::Retry(error.to_string())));
                }
                Err(error) if part.len() > 1 && (is_about_data(&error) || is_too_much(&error)) => {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.extend([left, right]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(applied)
    }

    async fn apply_patiently(
        &self,
        kept: &mut KeptConnection,
        lease: &Lease,
        part: &[&Work],
        is_all: bool,
    ) -> Result<(), ApplyError> {
        let mut tries = 0;
        loop {
            match caught(self.apply(kept, lease, part, is_all)).await.unwrap_or(Err(ApplyError::Panicked)) {
                Ok(now) => {
                    let waited = |work: &&Work| (now - work.event.received_at).try_into().unwrap_or(Duration::ZERO);
                    metrics::processed(part.iter().map(waited));
                    return Ok(());
                }
                Err(error) if tries < 8 && is_passing(&error) => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Applies a part of the batch, and says when.
    async fn apply(
        &self,
        kept: &mut KeptConnection,
        lease: &Lease,
        part: &[&Work],
        is_all: bool,
    ) -> Result<OffsetDateTime, ApplyError> {
        let now = self.clock.now();
        let mut held = kept.take().await?;
        let holder = Holder { worker: &self.name, lease, now, is_all };
        let applied = timeout(self.settings.patience, apply::apply(&mut held, holder, part)).await;
        let is_too_slow = applied.is_err();
        match kept.settle(held, applied) {
            Err(_) if is_too_slow => Err(ApplyError::TooSlow),
            applied => applied.map(|()| now),
        }
    }

    async fn give_up(&self, lease: &Lease, error: &ApplyError) -> Outcome {
        tracing::warn!(%error, worker = %self.name, "a batch was not applied");
        // Until the database is back, or the lease has run out by itself: nobody else can take them before.
        let patience = Instant::now() + self.settings.lease;
        while let Err(error) = self.within_patience(store::let_go(&self.engine, lease)).await {
            if Instant::now() > patience {
                tracing::warn!(%error, "the events stayed leased until the lease ran out");
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        Outcome::GaveUp
    }

    async fn within_patience<T>(&self, step: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
        timeout(self.settings.patience, step).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn record_all(&self, lease: &Lease, failures: Vec<(Claimed, Failure)>) -> Result<(), sqlx::Error> {
        for (event, failure) in failures {
            self.record(lease, &event, failure).await?;
        }
        Ok(())
    }

    async fn record(&self, lease: &Lease, event: &Claimed, failure: Failure) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let attempt = u32::try_from(event.attempts).unwrap_or(0) + 1;
        let (error, next) = match failure {
            Failure::Retry(error) => (error, retry::after(attempt, rand::random()).map(|delay| now + delay)),
            Failure::Discard(error) => (error, None),
        };
        metrics::failed(next.is_none());
        tracing::warn!(event = %event.id, attempt, dead = next.is_none(), "an event could not be processed");
        let failed = Failed { event, error: &error, next_attempt_at: next };
        if !self.within_patience(store::fail(&self.engine, lease, &self.name, now, failed)).await? {
            tracing::warn!(event = %event.id, "its lease had run out; somebody else has it");
        }
        Ok(())
    }
}

/// Should not be: an erasure, which changes a body, leaves the payload with the event, and retention takes both.
const UNTOLD: &str = "The body of its delivery does not say what the update was.";

fn is_passing(error: &ApplyError) -> bool {
    match error {
        ApplyError::Raced => true,
        ApplyError::Database(error) => kind(error) == Kind::TryAgain,
        ApplyError::LeaseLost | ApplyError::NoConversation | ApplyError::TooSlow | ApplyError::Panicked => false,
    }
}

fn is_about_data(error: &ApplyError) -> bool {
    match error {
        ApplyError::NoConversation | ApplyError::Panicked => true,
        ApplyError::Database(error) => kind(error) == Kind::Data,
        ApplyError::LeaseLost | ApplyError::Raced | ApplyError::TooSlow => false,
    }
}

/// Whether less at once may get through.
fn is_too_much(error: &ApplyError) -> bool {
    matches!(error, ApplyError::TooSlow)
}

fn translate_all(claimed: Vec<Claimed>) -> (Vec<Work>, Vec<(Claimed, Failure)>) {
    let (mut work, mut failures) = (Vec::with_capacity(claimed.len()), Vec::new());
    for event in claimed {
        match translate_one(&event) {
            Ok(effects) => work.push(Work { event, effects }),
            Err(failure) => failures.push((event, failure)),
        }
    }
    (work, failures)
}

/// Translation is pure, so a panic in it harms nobody else; it is a bug, and a new version may mend it: retried.
fn translate_one(event: &Claimed) -> Result<Effects, Failure> {
    let payload = event.payload.as_ref().ok_or_else(|| Failure::Retry(UNTOLD.into()))?;
    let input = Event {
        event_type: &event.event_type,
        subtype: event.subtype.as_deref(),
        payload,
        event_ts: event.event_ts,
        phone_number_id: &event.phone_number_id,
        display_phone_number: event.display_phone_number.as_deref(),
    };
    match catch_unwind(AssertUnwindSafe(|| translate::translate(&input))) {
        Ok(Ok(effects)) => Ok(effects),
        Ok(Err(refusal)) => Err(Failure::Discard(refusal.to_string())),
        Err(_panic) => Err(Failure::Retry(CRASHED.into())),
    }
}
