//! Retention: what the log no longer has to keep leaves it, a little at a time. Off unless `RETENTION_DAYS` is set.
//!
//! | leaves, so many days after it came | stays |
//! |---|---|
//! | a delivery whose events are all `processed`, `quarantined` or `unrouted`, with these events and their failed tries | a delivery with an event that is `pending` or `dead`, and all of its events: a promise not kept yet |
//! | an event whose delivery is gone already | the hash of a delivery that somebody was [erased](crate::erasure) from, in a row without a body: it may not come again |
//! | what the door refused | contacts, conversations, messages and their statuses |
//!
//! Each step is one statement that commits by itself: some hundred deliveries of one company, and no more bytes of
//! bodies than a few megabytes. Between two steps it rests for several times as long as the step took, so that it
//! never holds more than a small part of one connection, and the door does not notice. It walks along the primary key,
//! whose ids sort by the time they were made. A row that somebody else has locked is passed over until the next pass. Of
//! several instances one steps at a time, by an advisory lock that ends with the statement and so works behind a
//! transaction pooler too; who finds it taken leaves the pass to the other.
//!
//! The audit log gets one entry a day and company: each step adds its counts to it, in the same statement.
//!
//! With an event goes its dedup key. Meta tries a delivery again for a week, so fewer than [`FEWEST_DAYS`] days are
//! refused. What comes again later all the same is processed anew, and changes nothing that it did before: a message
//! is known by its wamid, a status only moves up, a raw status is not kept twice, a newer name stays.
//!
//! Not promised: that it is gone on the day. Passes come [`RetentionSettings::interval`] apart, and PostgreSQL gives
//! the space back when autovacuum comes by.

mod store;

use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::{Builder, Uuid};

pub use store::Step;

use crate::clock::Clock;
use crate::ids::CompanyId;
use crate::metrics;

/// Longer than Meta tries a delivery again.
pub const FEWEST_DAYS: u16 = 8;

/// How what is old leaves.
#[derive(Clone, Copy, Debug)]
pub struct RetentionSettings {
    /// Days that something stays after it came.
    pub days: u16,
    /// Deliveries, or refusals, in one step.
    pub batch: i64,
    /// Bytes of bodies in one step, but for a single one that is larger.
    pub bytes: i64,
    /// From the end of one pass to the next one.
    pub interval: Duration,
    /// The rest after a step, in times of what it took.
    pub rest: u32,
}

impl RetentionSettings {
    /// As in production.
    pub fn of_days(days: u16) -> Self {
        Self { days, batch: 500, bytes: 4 * 1024 * 1024, interval: Duration::from_hours(1), rest: 4 }
    }
}

/// What left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Deliveries with their bodies.
    pub deliveries: i64,
    /// Rows of the event log.
    pub events: i64,
    /// Failed tries of these.
    pub attempts: i64,
    /// Refusals of the door.
    pub rejections: i64,
}

impl Removed {
    fn add(&mut self, other: Self) {
        self.deliveries += other.deliveries;
        self.events += other.events;
        self.attempts += other.attempts;
        self.rejections += other.rejections;
    }
}

/// Lets what is old leave.
#[derive(Clone, Debug)]
pub struct Retention {
    /// The engine's pool.
    pub engine: PgPool,
    /// The time.
    pub clock: Clock,
    /// How.
    pub settings: RetentionSettings,
}

/// What is old, in the terms of one pass.
#[derive(Clone, Copy, Debug)]
struct Pass {
    before: OffsetDateTime,
    /// Ids made before then are below this one.
    boundary: Uuid,
    /// The entry of the audit log that counts what left on this day.
    entry: Uuid,
    now: OffsetDateTime,
}

/// Why a pass was not finished.
enum Ended {
    /// Told to stop, or another instance is at it.
    Early,
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Ended {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl Retention {
    /// One pass over all companies, in steps. Tests call it by hand. Told to stop, it ends after the step under way.
    ///
    /// # Errors
    /// Those of the database. The steps before it are committed.
    pub async fn run_once(&self, stop: &CancellationToken) -> Result<Removed, sqlx::Error> {
        let mut removed = Removed::default();
        match self.pass(stop, &mut removed).await {
            Ok(()) | Err(Ended::Early) => Ok(removed),
            Err(Ended::Failed(error)) => Err(error),
        }
    }

    /// Passes until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        // Not while everything else starts.
        let mut pause = self.settings.interval.min(Duration::from_mins(1));
        while rest(pause, &stop).await {
            let began = Instant::now();
            match self.run_once(&stop).await {
                Ok(removed) => {
                    if removed != Removed::default() {
                        let Removed { deliveries, events, attempts, rejections } = removed;
                        let took = began.elapsed();
                        tracing::info!(deliveries, events, attempts, rejections, ?took, "what is old has left");
                    }
                    pause = self.settings.interval;
                }
                Err(error) => {
                    tracing::warn!(%error, "what is old could not leave; it is tried again");
                    pause = self.settings.interval.min(Duration::from_mins(1));
                }
            }
        }
    }

    async fn pass(&self, stop: &CancellationToken, removed: &mut Removed) -> Result<(), Ended> {
        let now = self.clock.now();
        let before = now - time::Duration::days(self.settings.days.into());
        let day = now.replace_time(time::Time::MIDNIGHT);
        let pass = Pass { before, boundary: first_id_of(before), entry: first_id_of(day), now };
        for company in store::companies(&self.engine).await? {
            let mut after = Uuid::nil();
            loop {
                let taking = store::remove_deliveries(&self.engine, self.settings, company, after, pass);
                let Some(last) = self.step(taking, stop, removed).await? else { break };
                after = last;
            }
            // What is this old and still there is little: it waits, or belongs to nothing any more.
            let mut after = Uuid::nil();
            loop {
                let taking = store::remove_orphans(&self.engine, self.settings, company, after, pass);
                let Some(last) = self.step(taking, stop, removed).await? else { break };
                after = last;
            }
            self.refusals(company, pass, stop, removed).await?;
        }
        // Those on paths that are nobody's.
        self.refusals(CompanyId(Uuid::nil()), pass, stop, removed).await
    }

    async fn refusals(
        &self,
        company: CompanyId,
        pass: Pass,
        stop: &CancellationToken,
        removed: &mut Removed,
    ) -> Result<(), Ended> {
        loop {
            let taking = store::remove_rejections(&self.engine, self.settings, company, pass);
            if self.step(taking, stop, removed).await?.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes a step, counts it and rests. Gives back the last id that it looked at.
    async fn step(
        &self,
        taking: impl Future<Output = Result<Step, sqlx::Error>>,
        stop: &CancellationToken,
        removed: &mut Removed,
    ) -> Result<Option<Uuid>, Ended> {
        if stop.is_cancelled() {
            return Err(Ended::Early);
        }
        let began = Instant::now();
        let Step { held, last, removed: by_this } = taking.await?;
        let took = began.elapsed();
        if !held {
            return Err(Ended::Early);
        }
        metrics::removed(by_this, took);
        removed.add(by_this);
        if last.is_some() && !rest((took * self.settings.rest).max(Duration::from_millis(10)), stop).await {
            return Err(Ended::Early);
        }
        Ok(last)
    }
}

/// Sleeps; false when told to stop.
async fn rest(pause: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        () = stop.cancelled() => false,
    }
}

/// The lowest `UUIDv7` of a moment.
fn first_id_of(moment: OffsetDateTime) -> Uuid {
    let milliseconds = u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_moment_they_were_made() {
        let now = Clock::system().now();
        let made = Uuid::now_v7();
        assert!(first_id_of(now - time::Duration::seconds(1)) < made);
        assert!(made < first_id_of(now + time::Duration::seconds(2)));
    }
}
