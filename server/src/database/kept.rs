//! A connection of the engine that is kept from one use to the next.
//!
//! The pool asks a connection whether it still works each time before it gives it out and again when it gets it back:
//! two round trips to the database for each use. Under load a lane flushes many times a second, and a worker claims and
//! applies as often, so they trust what has just worked. After a pause they ask, so that a restart of the database
//! meanwhile costs nobody an answer. They do not wait long for the reply: a connection that was cut without a word would
//! answer only when TCP gives it up, after a quarter of an hour; whoever uses one sets a limit of his own for the same
//! reason. After a long pause, or a long life, a connection is not worth asking: firewalls forget the quiet ones, and the
//! processes behind them in PostgreSQL grow.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, PgPool, Postgres};
use tokio::time::Instant;
use tokio::time::error::Elapsed;

use super::ACQUIRE_TIMEOUT;

/// How long a connection is trusted without being asked.
const TRUSTED: Duration = Duration::from_secs(1);
/// After how long a pause a connection is replaced unasked.
const IDLE: Duration = Duration::from_mins(5);
/// How old a connection may become.
const AGE: Duration = Duration::from_mins(30);

/// A connection that is there when it is needed.
#[derive(Debug)]
pub struct KeptConnection {
    engine: PgPool,
    kept: Option<(Held, Instant)>,
}

/// Connections that several share. What was used last is given out first: the process behind it in PostgreSQL has at hand
/// what it needs.
#[derive(Debug)]
pub struct KeptConnections {
    engine: PgPool,
    spare: Mutex<Vec<KeptConnection>>,
}

/// The connection in use. It must be settled: one that is only dropped, in the middle of something, is closed.
#[derive(Debug)]
pub struct Held {
    connection: PoolConnection<Postgres>,
    since: Instant,
    is_settled: bool,
}

impl KeptConnections {
    /// None yet.
    pub fn new(engine: &PgPool) -> Self {
        Self { engine: engine.clone(), spare: Mutex::default() }
    }

    /// The one that was used last, or a new one when all are in use.
    pub fn take(&self) -> KeptConnection {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.unwrap_or_else(|| KeptConnection::new(&self.engine))
    }

    /// Gives one back. One that has failed is not worth a place above others that work, nor is one that nobody has needed
    /// for long.
    pub fn give_back(&self, connection: KeptConnection) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(connection);
        spare.retain(KeptConnection::is_fresh);
    }
}

impl KeptConnection {
    /// None yet.
    pub fn new(engine: &PgPool) -> Self {
        Self { engine: engine.clone(), kept: None }
    }

    fn is_fresh(&self) -> bool {
        self.kept.as_ref().is_some_and(|(_, used)| used.elapsed() <= IDLE)
    }

    /// Takes it for one use.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn take(&mut self) -> Result<Held, sqlx::Error> {
        if let Some((mut held, used)) = self.kept.take() {
            held.is_settled = false;
            if held.works(used).await {
                return Ok(held);
            }
        }
        Ok(Held { connection: self.engine.acquire().await?, since: Instant::now(), is_settled: false })
    }

    /// After its use: it is kept if all went well, and closed if no answer came in time. In between it goes back to the
    /// pool, which finds out what it is still good for.
    ///
    /// # Errors
    /// Those of the work; `PoolTimedOut` when it took too long.
    pub fn settle<T, E: From<sqlx::Error>>(
        &mut self,
        mut held: Held,
        done: Result<Result<T, E>, Elapsed>,
    ) -> Result<T, E> {
        match done {
            Ok(Ok(done)) => {
                held.is_settled = true;
                self.kept = Some((held, Instant::now()));
                Ok(done)
            }
            Ok(Err(error)) => {
                held.is_settled = true;
                Err(error)
            }
            Err(_elapsed) => Err(sqlx::Error::PoolTimedOut.into()),
        }
    }
}

impl Held {
    async fn works(&mut self, used: Instant) -> bool {
        let pause = used.elapsed();
        if pause > IDLE || self.since.elapsed() > AGE {
            return false;
        }
        pause < TRUSTED || matches!(tokio::time::timeout(ACQUIRE_TIMEOUT, self.connection.ping()).await, Ok(Ok(())))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_settled {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Held {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
