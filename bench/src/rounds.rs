//! The rounds. In each, server and yardsticks take turns on a fresh database, so that whatever else the machine does
//! meets both; every other round in the other order.
//!
//! 1. A server as it is by default, with workers: start, memory, and a warm-up.
//! 2. A server without workers: idle latency, peak, forgeries.
//! 3. A server with workers: what has piled up is processed, then the peak, latency at 70 % of it and the way to the
//!    effect at half and at a tenth of the full load (what is both acknowledged and processed at the peak); the Webhook
//!    tab; half-sent bodies.
//! 4. A server without workers again: its peak while old rows leave, bodies of 100 updates, and `COPY`.
//!
//! After the warm-up and after the backlog the tables are analyzed, as autovacuum does it within a minute: PostgreSQL
//! has made plans for empty tables until then, and how soon it makes better ones would be chance.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::args::Args;
use crate::body::{Author, Post};
use crate::database::Cluster;
use crate::figures::{FIGURES, Key, Round};
use crate::load;
use crate::phases::{self, CONNECTIONS};
use crate::report::{self, Report};
use crate::stand::Stand;
use crate::tab;
use crate::thinning;
use crate::yardstick::{CopyRows, Pgbench, create_tables};

/// Workers of a server as it is by default.
const WORKERS: usize = 2;
/// Posts before anything is measured.
const WARM_UP: usize = 2_000;
/// Distinct forgeries; they are sent again and again, since nobody looks for known ones among them.
const FORGED: usize = 2_000;

/// Runs all rounds, prints the table and writes it.
pub fn run(args: &Args) -> Result<()> {
    let cluster = Cluster::new(&args.database_url)?;
    let postgres = cluster.describe()?;
    println!("{postgres}");
    let mut bench = Bench { args, cluster, copied: None, void: Vec::new() };
    let mut rounds = Vec::new();
    for number in 1..=args.rounds {
        println!("Round {number} of {} …", args.rounds);
        rounds.push(bench.round(number).with_context(|| format!("round {number} was not finished"))?);
    }
    let report = Report { args, postgres, rounds: &rounds, void: &bench.void, figures: &FIGURES };
    report::write_section(&args.results, report::ROUNDS, &report.text())
}

struct Bench<'a> {
    args: &'a Args,
    cluster: Cluster,
    copied: Option<CopyRows>,
    void: Vec<String>,
}

impl Bench<'_> {
    fn round(&mut self, number: u32) -> Result<Round> {
        let mut round = Round::default();
        let mut stand = Stand::create(&self.cluster, self.args, &format!("bench_{number}"))?;
        let mut author = stand.author(number.into());
        let rate = warm_up(&mut round, &mut stand, &mut author)?;
        let pgbench = self.alone(number, &mut round, &mut stand, &mut author, rate)?;
        self.working(number, &mut round, &mut stand, &mut author, &pgbench)?;
        self.in_bulk(number, &mut round, &mut stand, &mut author)?;
        self.cluster.drop(stand.database)?;
        Ok(round)
    }

    fn alone(
        &mut self,
        number: u32,
        round: &mut Round,
        stand: &mut Stand,
        author: &mut Author,
        rate: f64,
    ) -> Result<Pgbench> {
        let time = self.args.load();
        let (server, _) = stand.serve(0, &author.mix(1)[0])?;
        create_tables(&mut stand.database)?;
        let sample = stand.database.sample()?;
        let pgbench = Pgbench::new(&self.args.programs, &stand.database.url, sample.clone());
        self.copied.get_or_insert_with(|| CopyRows::like(&sample));
        let idle = phases::idle(round, stand, author, &pgbench, time);
        self.note(number, "idle", idle);
        let posts = enough(author, rate, time);
        if number.is_multiple_of(2) {
            let inserts = phases::inserts(round, &mut stand.database, &pgbench, time);
            self.note(number, "pgbench", inserts);
        }
        let peak = phases::peak(round, stand, &server, &posts, time);
        self.note(number, "peak", peak);
        if !number.is_multiple_of(2) {
            let inserts = phases::inserts(round, &mut stand.database, &pgbench, time);
            self.note(number, "pgbench", inserts);
        }
        let posts = author.forged(FORGED);
        let forgeries = phases::forgeries(round, stand, &posts, time / 2);
        self.note(number, "forgeries", forgeries);
        server.stop()?;
        round.note(Key::DiskStored, stand.database.log_megabytes()?);
        round.note(Key::BodyBytes, stand.database.body_megabytes()?);
        Ok(pgbench)
    }

    fn working(
        &mut self,
        number: u32,
        round: &mut Round,
        stand: &mut Stand,
        author: &mut Author,
        pgbench: &Pgbench,
    ) -> Result<()> {
        let (time, seed) = (self.args.load(), u64::from(number));
        let (server, _) = stand.serve(WORKERS, &author.mix(1)[0])?;
        phases::backlog(round, &mut stand.database)?;
        stand.database.execute("analyze")?;
        round.note(Key::DiskProcessed, stand.database.log_megabytes()?);
        let posts = enough(author, round.get(Key::Acks).unwrap_or(2_000.0), time);
        match phases::peak_working(round, stand, &server, &posts, time) {
            Ok(peak) => {
                let loaded = phases::loaded(round, stand, author, pgbench, (peak.acknowledged * 0.7, time, seed));
                self.note(number, "latency at 70 %", loaded);
                let (half, tenth) = ((peak.full * 0.5, time, seed + 1_000), (peak.full * 0.1, time, seed + 2_000));
                let keys = (Key::EffectHalf, Key::EffectWorst);
                self.note(number, "way to the effect", phases::effect(round, keys, stand, author, half));
                let keys = (Key::EffectCalm, Key::EffectCalmWorst);
                self.note(number, "way to the effect, calm", phases::effect(round, keys, stand, author, tenth));
            }
            Err(error) => self.note(number, "peak with workers", Err(error)),
        }
        self.note(number, "Webhook tab", tab::kilobytes(stand).map(|kilobytes| round.note(Key::Tab, kilobytes)));
        let half_sent = phases::half_sent(round, stand, &server, author);
        self.note(number, "half-sent bodies", half_sent);
        server.stop()
    }

    fn in_bulk(&mut self, number: u32, round: &mut Round, stand: &mut Stand, author: &mut Author) -> Result<()> {
        let time = self.args.load();
        let (server, _) = stand.serve(0, &author.mix(1)[0])?;
        let posts = enough(author, round.get(Key::Acks).unwrap_or(2_000.0) * 2.0, time);
        let thinned = thinning::measure(round, stand, &posts, time);
        self.note(number, "old rows leave", thinned);
        let posts = author.batches(many(250.0, time), 100);
        let batches = phases::batches(round, stand, &posts, time);
        self.note(number, "bodies of 100", batches);
        server.stop()?;
        if let Some(rows) = &self.copied {
            stand.database.checkpoint()?;
            round.note(Key::CopyRows, rows.copy(&mut stand.database)?);
        }
        Ok(())
    }

    /// What a failed check says, for the report; its figures stay away.
    fn note(&mut self, number: u32, phase: &str, measured: Result<()>) {
        if let Err(error) = measured {
            let text = format!("Round {number}, {phase}: {error:#}");
            eprintln!("Void. {text}");
            self.void.push(text);
        }
    }
}

/// Starts a server as it is by default, and has it store and process some posts: how many a second it takes.
fn warm_up(round: &mut Round, stand: &mut Stand, author: &mut Author) -> Result<f64> {
    let (server, started) = stand.serve(WORKERS, &author.mix(1)[0])?;
    round.note(Key::Start, started);
    std::thread::sleep(Duration::from_millis(300));
    round.note(Key::MemoryIdle, server.memory()?);
    let posts = author.mix(WARM_UP);
    let warm = load::closed(stand.program.address, &posts, CONNECTIONS, Duration::from_secs(20))?;
    warm.all_are(200)?;
    stand.database.wait_until_processed()?;
    stand.database.execute("analyze")?;
    server.stop()?;
    Ok(warm.rate(200))
}

/// More posts than will be sent in this time, by what was seen before.
fn enough(author: &mut Author, rate: f64, time: Duration) -> Vec<Post> {
    author.mix(many(rate * 2.5, time))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of posts that fit into memory")]
fn many(rate: f64, time: Duration) -> usize {
    (rate * time.as_secs_f64()).ceil() as usize
}
