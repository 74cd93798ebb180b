//! The database, as somebody sees it who looks from outside: a superuser whom no row is hidden from.
//!
//! The statements are not checked against `.sqlx`: they belong to the bench, and some are about tables of its own.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::Url;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use time::OffsetDateTime;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// How long a backlog may take to be processed.
const PATIENCE: Duration = Duration::from_mins(5);

/// The cluster that databases are made in.
pub struct Cluster {
    url: Url,
}

impl Cluster {
    /// The cluster at this address.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self { url: Url::parse(url).context("the database's address is no URL")? })
    }

    /// Makes an empty database, in place of one that an earlier run has left.
    pub fn create(&self, name: &str) -> Result<Database> {
        let mut maintenance = Database::connect(self.with_name("postgres"))?;
        maintenance.execute(&format!("drop database if exists {name} with (force)"))?;
        maintenance.execute(&format!("create database {name}"))?;
        Database::connect(self.with_name(name))
    }

    /// Drops a database.
    pub fn drop(&self, database: Database) -> Result<()> {
        let name = database.url.path().trim_start_matches('/').to_owned();
        drop(database);
        Database::connect(self.with_name("postgres"))?.execute(&format!("drop database {name} with (force)"))
    }

    /// The version and the settings that durability and speed hang on, in one line.
    pub fn describe(&self) -> Result<String> {
        let mut maintenance = Database::connect(self.with_name("postgres"))?;
        maintenance.one(
            "select 'PostgreSQL ' || current_setting('server_version') || ': ' ||
                    string_agg(name || ' = ' || current_setting(name), ', ' order by name)
             from pg_settings
             where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'wal_level', 'wal_sync_method',
                            'shared_buffers', 'max_wal_size', 'autovacuum', 'track_commit_timestamp')",
        )
    }

    fn with_name(&self, name: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(name);
        url
    }
}

/// One database.
pub struct Database {
    /// Its address.
    pub url: Url,
    runtime: Runtime,
    connection: PgConnection,
}

/// How much has been stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Rows of deliveries.
    pub deliveries: i64,
    /// Bodies that no two deliveries share.
    pub distinct_bodies: i64,
    /// How often bodies came.
    pub seen: i64,
    /// Rows of events.
    pub events: i64,
    /// Dedup keys that no two events share.
    pub distinct_keys: i64,
}

/// An event that stands for all, for the yardsticks to insert.
#[derive(Clone, Debug)]
pub struct Sample {
    pub company: Uuid,
    pub account: Uuid,
    pub delivery: Uuid,
    pub waba_id: String,
    pub phone_number_id: String,
    pub object_id: String,
    pub dedup_key: String,
    pub payload: String,
}

impl Database {
    fn connect(url: Url) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connection = runtime.block_on(PgConnection::connect(url.as_str()))?;
        Ok(Self { url, runtime, connection })
    }

    /// Runs statements.
    pub fn execute(&mut self, sql: &str) -> Result<()> {
        let run = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection);
        self.runtime.block_on(run)?;
        Ok(())
    }

    /// The one value that a query gives.
    pub fn one<T>(&mut self, sql: &str) -> Result<T>
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        let asked = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.connection);
        Ok(self.runtime.block_on(asked)?)
    }

    /// Counts.
    pub fn stored(&mut self) -> Result<Stored> {
        let row = sqlx::query(
            "select (select count(*) from whatsapp_webhook_deliveries) as deliveries,
                    (select count(*) from (select from whatsapp_webhook_deliveries group by body_sha256) d) as bodies,
                    (select coalesce(sum(seen_count), 0)::bigint from whatsapp_webhook_deliveries) as seen,
                    (select count(*) from whatsapp_webhook_events) as events,
                    (select count(*) from (select from whatsapp_webhook_events group by dedup_key) e) as keys",
        );
        let row = self.runtime.block_on(row.fetch_one(&mut self.connection))?;
        Ok(Stored {
            deliveries: row.get("deliveries"),
            distinct_bodies: row.get("bodies"),
            seen: row.get("seen"),
            events: row.get("events"),
            distinct_keys: row.get("keys"),
        })
    }

    /// A message whose payload is about as large as those of all events on the average, and no smaller than it must be.
    pub fn sample(&mut self) -> Result<Sample> {
        let row = sqlx::query(
            "select company_id, account_id, delivery_id, waba_id, phone_number_id, object_id, dedup_key,
                    payload::text as payload
             from whatsapp_webhook_event_logs
             where event_type = 'message'
             order by abs(pg_column_size(payload)
                          - (select avg(pg_column_size(payload)) from whatsapp_webhook_event_logs)), id
             limit 1",
        );
        let row = self.runtime.block_on(row.fetch_one(&mut self.connection))?;
        Ok(Sample {
            company: row.get("company_id"),
            account: row.get("account_id"),
            delivery: row.get("delivery_id"),
            waba_id: row.get("waba_id"),
            phone_number_id: row.get("phone_number_id"),
            object_id: row.get("object_id"),
            dedup_key: row.get("dedup_key"),
            payload: row.get("payload"),
        })
    }

    /// Waits until no event is waiting for a worker.
    pub fn wait_until_processed(&mut self) -> Result<()> {
        let started = Instant::now();
        while self.one("select exists (select from event_queue)")? {
            if started.elapsed() > PATIENCE {
                bail!("the backlog was not processed within {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let lost: i64 = self.one("select count(*) from whatsapp_webhook_event_logs where state <> 'processed'")?;
        if lost > 0 {
            bail!("{lost} events were not processed");
        }
        Ok(())
    }

    /// Milliseconds from the commit of each delivery to the commit of its effects, for what came since then. Both
    /// moments are the database's own (`track_commit_timestamp`).
    pub fn commit_to_effect(&mut self, since: OffsetDateTime) -> Result<Vec<f64>> {
        let waits = sqlx::query_scalar(
            "select (extract(epoch from pg_xact_commit_timestamp(o.xmin) - pg_xact_commit_timestamp(d.xmin))
                     * 1000)::float8
             from whatsapp_webhook_deliveries d
             join whatsapp_webhook_events e on e.company_id = d.company_id and e.delivery_id = d.id
             join event_outcomes o on o.company_id = e.company_id and o.event_id = e.id
             where d.received_at >= $1",
        );
        Ok(self.runtime.block_on(waits.bind(since).fetch_all(&mut self.connection))?)
    }

    /// Megabytes of the event log on disk, with its deliveries, queue, outcomes and indexes.
    pub fn log_megabytes(&mut self) -> Result<f64> {
        self.one(
            "select (sum(pg_total_relation_size(name)) / 1e6)::float8
             from unnest(array['whatsapp_webhook_deliveries', 'whatsapp_webhook_events', 'event_outcomes',
                               'event_queue']::regclass[]) as name",
        )
    }

    /// Megabytes of the bodies as they came.
    pub fn body_megabytes(&mut self) -> Result<f64> {
        self.one("select (sum(body_size) / 1e6)::float8 from whatsapp_webhook_deliveries")
    }

    /// Writes what is dirty, so that no load pays for the one before it.
    pub fn checkpoint(&mut self) -> Result<()> {
        self.execute("checkpoint")
    }

    /// `COPY` of these rows into a table, and how long it took up to its commit.
    pub fn copy(&mut self, statement: &str, rows: &[Vec<u8>]) -> Result<Duration> {
        let connection = &mut self.connection;
        self.runtime.block_on(async {
            let started = Instant::now();
            let mut copy = connection.copy_in_raw(statement).await?;
            for rows in rows {
                copy.send(&rows[..]).await?;
            }
            copy.finish().await?;
            Ok(started.elapsed())
        })
    }
}
