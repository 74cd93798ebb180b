//! The connection of a lane, kept from one flush to the next.
//!
//! The pool asks a connection whether it still works each time before it gives it out and again when it gets it back:
//! two round trips to the database for each flush. Under load a lane flushes many times a second, so it trusts what has
//! just worked. After a pause it asks, so that a restart of the database meanwhile costs nobody an answer. It does not
//! wait long for the reply: a connection that was cut without a word would answer only when TCP gives it up, after a
//! quarter of an hour. After a long pause, or a long life, it is not worth asking: firewalls forget the quiet ones, and
//! the processes behind them in PostgreSQL grow.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgPool, Postgres};
use tokio::time::Instant;

use super::batch::Batch;
use super::store::{self, Stored};
use crate::database::ACQUIRE_TIMEOUT;

/// How long a flush may take before its connection is given up.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection is trusted without being asked.
const TRUSTED: Duration = Duration::from_secs(1);
/// After how long a pause a connection is replaced unasked.
const IDLE: Duration = Duration::from_mins(5);
/// How old a connection may become.
const AGE: Duration = Duration::from_mins(30);

/// A connection that is there when it is needed.
pub struct KeptConnection {
    engine: PgPool,
    kept: Option<Kept>,
}

struct Kept {
    connection: PoolConnection<Postgres>,
    since: Instant,
    used: Instant,
}

impl KeptConnection {
    /// None yet.
    pub fn new(engine: &PgPool) -> Self {
        Self { engine: engine.clone(), kept: None }
    }

    /// Stores a batch. A connection on which something failed goes back to the pool, which finds out what it is still
    /// good for; one that did not answer in time is closed.
    ///
    /// # Errors
    /// Those of the database; `PoolTimedOut` also when it took too long.
    pub async fn store(&mut self, batch: &Batch<'_>) -> Result<Stored, sqlx::Error> {
        let (mut connection, since) = self.take().await?;
        let stored = tokio::time::timeout(FLUSH_TIMEOUT, store::store(&mut *connection, batch)).await;
        let Ok(stored) = stored else {
            connection.close_on_drop();
            return Err(sqlx::Error::PoolTimedOut);
        };
        if stored.is_ok() {
            self.kept = Some(Kept { connection, since, used: Instant::now() });
        }
        stored
    }

    /// A connection, and since when it is kept.
    async fn take(&mut self) -> Result<(PoolConnection<Postgres>, Instant), sqlx::Error> {
        if let Some(mut kept) = self.kept.take() {
            if kept.works().await {
                return Ok((kept.connection, kept.since));
            }
            kept.connection.close_on_drop();
        }
        Ok((self.engine.acquire().await?, Instant::now()))
    }
}

impl Kept {
    async fn works(&mut self) -> bool {
        let pause = self.used.elapsed();
        if pause > IDLE || self.since.elapsed() > AGE {
            return false;
        }
        pause < TRUSTED || matches!(tokio::time::timeout(ACQUIRE_TIMEOUT, self.connection.ping()).await, Ok(Ok(())))
    }
}
