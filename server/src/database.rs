//! Connections, roles and transactions.
//!
//! One `DATABASE_URL` serves three pools. Each connection steps down to a role that owns nothing right after it was
//! made (`SET ROLE`), so that row-level security holds for every statement: the console sees one company, the engine
//! (writer and worker) crosses companies and can do little else, identity finds the company of somebody who signs in.
//!
//! A transaction of the console runs in a task that owns it. Handlers are dropped when a browser goes away, and a
//! future dropped inside `Pool::begin()` would leave the connection inside an open transaction that the next borrower
//! inherits. As a second net, a connection that comes back inside a transaction is closed instead of pooled. And where
//! the whole process stands still inside one (a debugger, a snapshot of the machine), PostgreSQL ends it after seconds:
//! its locks would keep events from every other worker for as long.

pub mod kept;
pub mod rows;

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgTransaction};

use crate::ids::CompanyId;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// How long a statement waits for a connection before the database counts as away.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(700);

/// The database, in its three roles.
#[derive(Clone, Debug)]
pub struct Database {
    /// Webhook writer, worker, configuration snapshot.
    pub engine: PgPool,
    /// Companies and logins, before a company is known.
    pub identity: PgPool,
    console: PgPool,
}

/// How many connections each pool may hold.
#[derive(Clone, Copy, Debug)]
pub struct PoolSizes {
    /// Writer lanes, workers and a few for the snapshot and readiness.
    pub engine: u32,
    /// Pages being read at once.
    pub console: u32,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self { engine: 12, console: 12 }
    }
}

impl Database {
    /// Makes the pools without connecting yet.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub fn new(url: &SecretString, sizes: PoolSizes) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url.expose_secret())?.application_name("waypost");
        Ok(Self {
            engine: pool(
                &options,
                sizes.engine,
                // A process that is stopped in the middle of a transaction must not hold up the others. Compiling a
                // statement that takes milliseconds takes longer.
                "set role waypost_engine; set jit = off; set statement_timeout = '10s'; set lock_timeout = '3s'; \
                 set idle_in_transaction_session_timeout = '5s'",
            ),
            // A list has many filters, and each asks for another index: one plan for all of them would read the whole log.
            console: pool(
                &options,
                sizes.console,
                "set role waypost_console; set jit = off; set statement_timeout = '10s'; \
                 set plan_cache_mode = force_custom_plan; set idle_in_transaction_session_timeout = '10s'",
            ),
            identity: pool(
                &options,
                4,
                "set role waypost_identity; set statement_timeout = '5s'; set idle_in_transaction_session_timeout = '5s'",
            ),
        })
    }

    /// The database as one company sees it.
    pub fn tenant(&self, company: CompanyId) -> Tenant {
        Tenant { pool: self.console.clone(), company }
    }

    /// Ends all connections, waiting a moment for those in use.
    pub async fn close(&self) {
        let all = async { tokio::join!(self.engine.close(), self.console.close(), self.identity.close()) };
        if tokio::time::timeout(Duration::from_millis(500), all).await.is_err() {
            tracing::warn!("some connections to the database were still in use");
        }
    }
}

fn pool(options: &PgConnectOptions, size: u32, greeting: &'static str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |connection, _| {
            Box::pin(async move { sqlx::raw_sql(greeting).execute(connection).await.map(drop) })
        })
        .after_release(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .connect_lazy_with(options.clone())
}

/// The database as one company sees it: every statement runs in a transaction whose `app.company_id` is that company,
/// so row-level security hides all others.
#[derive(Clone, Debug)]
pub struct Tenant {
    pool: PgPool,
    company: CompanyId,
}

impl Tenant {
    /// Whose data it is.
    pub fn company(&self) -> CompanyId {
        self.company
    }

    /// Runs `work` in one transaction and commits it. The transaction lives in a task of its own and ends properly
    /// even if nobody waits for it any more.
    ///
    /// # Errors
    /// Those of `work` (rolled back) and of the database.
    pub fn transaction<T, E, F>(&self, work: F) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<sqlx::Error> + Send + 'static,
    {
        let Self { pool, company } = self.clone();
        own(async move {
            let mut transaction = begin(&pool).await?;
            sqlx::query!("select set_config('app.company_id', $1, true)", company.to_string())
                .fetch_one(&mut *transaction)
                .await?;
            let result = work(&mut transaction).await?;
            transaction.commit().await?;
            Ok(result)
        })
    }
}

/// Begins a transaction. Only for tasks that nobody drops: see the module's doc.
///
/// # Errors
/// Those of the database.
#[expect(clippy::disallowed_methods, reason = "the one place that begins; its callers own their task")]
pub async fn begin(pool: &PgPool) -> Result<PgTransaction<'static>, sqlx::Error> {
    pool.begin().await
}

/// The same for what would be done again if a crash of the database took it back: its commit does not wait for the disk.
/// Here, too, the caller owns its task, or closes a connection on which it gave up.
///
/// # Errors
/// Those of the database.
pub async fn begin_unhurried(connection: &mut PgConnection) -> Result<PgTransaction<'_>, sqlx::Error> {
    connection.begin_with("begin; set local synchronous_commit = off").await
}

/// How a transaction's statements are planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plans {
    /// Once for all, as a rule; perhaps while a table was empty, and each row of it is read for each that is asked for.
    Kept,
    /// For what is asked for and what is there: worth it for much at once. Costs the more where foreign keys are
    /// checked, whose own statements are then planned for each row.
    Fresh,
}

/// From here to its end.
///
/// # Errors
/// Those of the database.
pub async fn plan(transaction: &mut PgConnection, plans: Plans) -> Result<(), sqlx::Error> {
    let setting = match plans {
        Plans::Kept => "set local plan_cache_mode = auto",
        Plans::Fresh => "set local plan_cache_mode = force_custom_plan",
    };
    sqlx::raw_sql(setting).execute(transaction).await.map(drop)
}

/// Runs `work` in a task of its own, to its end.
///
/// # Errors
/// Those of `work`; a panic inside it counts as `WorkerCrashed`.
pub async fn own<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<sqlx::Error> + Send + 'static,
{
    tokio::spawn(work).await.unwrap_or_else(|_panicked| Err(sqlx::Error::WorkerCrashed.into()))
}

/// Why the schema is not up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateFailure {
    /// It has a migration that this program does not.
    #[error(
        "The database's schema is newer than this program: it has the migration {0}, which is unknown here. Start the \
         version of Waypost that made it, or a newer one."
    )]
    Newer(i64),
    /// The database is away, or a migration failed.
    #[error("The database's schema could not be brought up to date: {0}.")]
    Failed(MigrateError),
}

impl From<MigrateError> for MigrateFailure {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer(version),
            error => Self::Failed(error),
        }
    }
}

/// Brings the schema up to date, as the owner. Safe to run from several processes at once: sqlx takes a lock.
///
/// # Errors
/// See [`MigrateFailure`]. A schema that is newer than this program is left as it is.
pub async fn migrate(url: &SecretString) -> Result<(), MigrateFailure> {
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(MigrateError::from)?;
    let mut connection = PgConnection::connect_with(&options).await.map_err(MigrateError::from)?;
    MIGRATIONS.run(&mut connection).await?;
    connection.close().await.map_err(MigrateError::from)?;
    Ok(())
}
