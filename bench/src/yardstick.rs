//! What PostgreSQL does by itself with rows like ours: `pgbench` one row a transaction, `COPY` all at once.
//!
//! The rows go into tables with the columns, types, checks and indexes of the table of events, and hold what one of its
//! own holds, with an id that grows with time and dedup key and object id drawn by chance. It is made easy for the
//! yardsticks: they write no delivery and nothing into a queue, have no row-level security and no signature to check,
//! parse no JSON but the payload, and `pgbench` uses prepared statements. What was posted they write once, as ours do
//! nearly always: as the payload.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Url;
use uuid::Uuid;

use crate::database::{Database, Sample};
use crate::load::CLOSED_LOOP_THREADS;

/// Rows of one `COPY`.
pub const COPIED: usize = 100_000;

const COLUMNS: &str = "company_id, id, delivery_id, position, body_offset, body_length, account_id, waba_id, \
                       phone_number_id, event_type, event_subtype, object_id, event_ts, received_at, dedup_key, \
                       payload";

/// Milliseconds since 1970 in front and chance behind, as in our ids.
const ID: &str = "overlay(md5(:key::text) placing lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), \
                  12, '0') from 1 for 12)::uuid";

/// Makes the two tables.
pub fn create_tables(database: &mut Database) -> Result<()> {
    for table in ["bench_inserted", "bench_copied"] {
        database.execute(&format!("create table {table} (like whatsapp_webhook_events including all)"))?;
    }
    Ok(())
}

/// `pgbench` on one database.
pub struct Pgbench {
    program: PathBuf,
    url: Url,
    sample: Sample,
}

/// What `pgbench` did.
#[derive(Debug)]
pub struct Inserted {
    /// Transactions a second.
    pub rate: f64,
    /// Milliseconds that each took; empty unless they were asked for.
    pub milliseconds: Vec<f64>,
}

impl Pgbench {
    /// `pgbench` from this folder, for rows like this one.
    pub fn new(programs: &Path, url: &Url, sample: Sample) -> Self {
        Self { program: programs.join("pgbench"), url: url.clone(), sample }
    }

    /// Inserts for so long over so many connections; as fast as it goes.
    pub fn flat_out(&self, clients: usize, time: Duration) -> Result<Inserted> {
        self.run(clients, time, &[])
    }

    /// The same, with the time that each transaction took.
    pub fn timed(&self, clients: usize, time: Duration) -> Result<Inserted> {
        self.run(clients, time, &["--log", "--log-prefix=took"])
    }

    /// So many transactions a second; the time of each counts from when it should have begun.
    pub fn at_rate(&self, clients: usize, time: Duration, rate: f64) -> Result<Inserted> {
        self.run(clients, time, &["--log", "--log-prefix=took", &format!("--rate={rate:.1}")])
    }

    fn run(&self, clients: usize, time: Duration, more: &[&str]) -> Result<Inserted> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("insert.sql"), script())?;
        let mut command = Command::new(&self.program);
        command
            .current_dir(folder.path())
            .env("PGHOST", self.url.host_str().unwrap_or_default())
            .env("PGPORT", self.url.port().unwrap_or(5432).to_string())
            .env("PGUSER", self.url.username())
            .env("PGPASSWORD", self.url.password().unwrap_or_default())
            .args(["--no-vacuum", "--protocol=prepared", "--file=insert.sql"])
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={}", clients.min(CLOSED_LOOP_THREADS)))
            .arg(format!("--time={}", time.as_secs().max(1)))
            .args(self.variables().map(|(name, value)| format!("--define={name}={value}")))
            .args(more)
            .arg(self.url.path().trim_start_matches('/'));
        let output = command.output().with_context(|| format!("{} could not be started", self.program.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let rate = rate(&said).filter(|_| output.status.success());
        let Some(rate) = rate else {
            bail!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        };
        println!("  pgbench: {rate:.0} transactions a second over {clients} connections");
        Ok(Inserted { rate, milliseconds: logged(folder.path())? })
    }

    fn variables(&self) -> [(&'static str, String); 8] {
        let Sample { company, account, delivery, waba_id, phone_number_id, object_id, dedup_key, payload } =
            &self.sample;
        [
            ("company", company.to_string()),
            ("account", account.to_string()),
            ("delivery", delivery.to_string()),
            ("waba", waba_id.clone()),
            ("number", phone_number_id.clone()),
            ("object", object_id.clone()),
            ("dedup", dedup_key.clone()),
            ("payload", payload.clone()),
        ]
    }
}

fn script() -> String {
    format!(
        "\\set key random(1, 9223372036854775806)\n\
         insert into bench_inserted ({COLUMNS}) values (:company, {ID}, :delivery, 0, 100, 1000, :account, :waba, \
         :number, 'message', 'text', md5(:key::text) || substr(:object, 33), now(), now(), \
         md5(:key::text) || substr(:dedup, 33), :payload);\n"
    )
}

fn rate(said: &str) -> Option<f64> {
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

/// The third column of `pgbench`'s logs: microseconds.
fn logged(folder: &Path) -> Result<Vec<f64>> {
    let mut milliseconds = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("took")) {
            let lines = fs::read_to_string(path)?;
            let micros = lines.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<f64>().ok());
            milliseconds.extend(micros.map(|micros| micros / 1_000.0));
        }
    }
    Ok(milliseconds)
}

/// Rows to copy, in PostgreSQL's text format and in pieces of about a megabyte. They cost no time that is measured.
pub struct CopyRows(Vec<Vec<u8>>);

impl CopyRows {
    /// [`COPIED`] rows like this one.
    pub fn like(sample: &Sample) -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let mut pieces = vec![Vec::new()];
        for _ in 0..COPIED {
            let row = row(sample, &mut rng);
            match pieces.last_mut() {
                Some(piece) if piece.len() < 1_000_000 => piece.extend_from_slice(row.as_bytes()),
                _ => pieces.push(row.into_bytes()),
            }
        }
        Self(pieces)
    }

    /// Copies them, and gives the rows a second.
    pub fn copy(&self, database: &mut Database) -> Result<f64> {
        let statement = format!("copy bench_copied ({COLUMNS}) from stdin");
        let took = database.copy(&statement, &self.0)?;
        let rows: i64 = database.one("select count(*) from bench_copied")?;
        if usize::try_from(rows) != Ok(COPIED) {
            bail!("COPY has left {rows} rows");
        }
        Ok(crate::statistics::lossy(COPIED as u64) / took.as_secs_f64())
    }
}

fn row(sample: &Sample, rng: &mut StdRng) -> String {
    let Sample { company, account, delivery, waba_id, phone_number_id, object_id, dedup_key, payload } = sample;
    let (id, chance) = (Uuid::now_v7(), format!("{:032x}", rng.random::<u128>()));
    let like = |text: &str| format!("{chance}{}", text.get(32..).unwrap_or_default());
    let (object_id, dedup_key) = (like(object_id), like(dedup_key));
    let payload = payload.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n");
    let now = "2026-01-01 00:00:00+00";
    format!(
        "{company}\t{id}\t{delivery}\t0\t100\t1000\t{account}\t{waba_id}\t{phone_number_id}\tmessage\ttext\t{object_id}\t\
         {now}\t{now}\t{dedup_key}\t{payload}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sample {
        Sample {
            company: Uuid::nil(),
            account: Uuid::nil(),
            delivery: Uuid::nil(),
            waba_id: "2001".into(),
            phone_number_id: "1001".into(),
            object_id: "wamid.".repeat(10),
            dedup_key: "msg:1001:".repeat(10),
            payload: r#"{"text": "two\nlines"}"#.into(),
        }
    }

    #[test]
    fn a_row_has_a_value_for_each_column_and_nothing_is_lost() {
        let row = row(&sample(), &mut StdRng::seed_from_u64(1));
        let values: Vec<&str> = row.trim_end_matches('\n').split('\t').collect();
        assert_eq!(values.len(), COLUMNS.split(", ").count());
        assert_eq!(values[11].len(), sample().object_id.len());
        assert_eq!(values[14].len(), sample().dedup_key.len());
        assert_eq!(values[15], r#"{"text": "two\\nlines"}"#);
    }

    #[test]
    fn what_pgbench_says_is_understood() {
        let said =
            "transaction type: insert.sql\nnumber of clients: 64\ntps = 4123.456 (without initial connection time)\n";
        assert_eq!(rate(said), Some(4123.456));
        assert_eq!(rate("pgbench: error"), None);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("took.77"), "0 1 1500 0 1795435200 5\n0 2 250 0 1795435200 9\n").unwrap();
        fs::write(folder.path().join("took.77.1"), "1 1 2000 0 1795435200 5 12\n").unwrap();
        fs::write(folder.path().join("insert.sql"), script()).unwrap();
        let mut took = logged(folder.path()).unwrap();
        took.sort_by(f64::total_cmp);
        assert_eq!(took, [0.25, 1.5, 2.0]);
    }
}
