//! The connection of a lane, kept from one flush to the next.
//!
//! The pool asks a connection whether it still works each time before it gives it out and again when it gets it back:
//! two round trips to the database for each flush. Under load a lane flushes many times a second, so it trusts what has
//! just worked. After a pause it asks, so that a restart of the database meanwhile costs nobody an answer.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgPool, Postgres};
use tokio::time::Instant;

use super::batch::Batch;
use super::store::{self, Stored};

/// How long a flush may take before its connection is given up.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection is trusted without being asked.
const TRUSTED: Duration = Duration::from_secs(1);

/// A connection that is there when it is needed.
pub struct KeptConnection {
    engine: PgPool,
    kept: Option<(PoolConnection<Postgres>, Instant)>,
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
        let mut connection = self.take().await?;
        let stored = tokio::time::timeout(FLUSH_TIMEOUT, store::store(&mut *connection, batch)).await;
        let Ok(stored) = stored else {
            connection.close_on_drop();
            return Err(sqlx::Error::PoolTimedOut);
        };
        if stored.is_ok() {
            self.kept = Some((connection, Instant::now()));
        }
        stored
    }

    async fn take(&mut self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        if let Some((mut connection, used)) = self.kept.take()
            && (used.elapsed() < TRUSTED || connection.ping().await.is_ok())
        {
            return Ok(connection);
        }
        self.engine.acquire().await
    }
}
