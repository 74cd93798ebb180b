//! What is measured in a round, one function for each. A server runs already; each of them checks that all that was
//! acknowledged was stored, and once.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use server::clock::Clock;

use crate::body::{self, Author, Post};
use crate::database::{Database, Stored};
use crate::figures::{Key, Round};
use crate::load::{self, Run};
use crate::process::Server;
use crate::stand::Stand;
use crate::statistics::{lossy, percentile};
use crate::yardstick::Pgbench;

/// Connections at a peak, ours and `pgbench`'s.
pub const CONNECTIONS: usize = 64;
/// Connections that send bodies of 100 updates.
const BATCH_CONNECTIONS: usize = 16;
/// Posts that one connection without a pause sends at most.
const MOST_ALONE: usize = 5_000;
/// Between two posts of an idle server.
const IDLE_PAUSE: Duration = Duration::from_millis(20);

/// Latency of one connection that posts now and then and of one that never pauses, and of `pgbench` with one client that
/// does likewise: a machine that sleeps between two requests is slower than one that does not. What the way through the
/// server takes by itself shows a forgery now and then, which never comes to the database before it is answered.
pub fn idle(
    round: &mut Round,
    stand: &mut Stand,
    author: &mut Author,
    pgbench: &Pgbench,
    time: Duration,
) -> Result<()> {
    let count = usize::try_from(time.as_millis() / IDLE_PAUSE.as_millis())?.max(50);
    let posts = author.mix(count);
    let run = checked(stand, &posts, |address| load::paced(address, &posts, IDLE_PAUSE))?;
    let refused = load::paced(stand.program.address, &author.forged(count / 2), IDLE_PAUSE)?;
    refused.all_are(403)?;
    let posts = author.mix(MOST_ALONE);
    let alone = checked(stand, &posts, |address| load::closed(address, &posts, 1, time / 2))?;
    let paced = pgbench.at_rate(1, time, 1.0 / IDLE_PAUSE.as_secs_f64())?;
    let inserted = pgbench.timed(1, time)?;
    round.note(Key::InsertPaced, percentile(&paced.milliseconds, 50).context("no transactions")?);
    round.note(Key::AckIdle, percentile(&run.milliseconds(), 50).context("no answers")?);
    round.note(Key::RefusalIdle, percentile(&refused.milliseconds(), 50).context("no answers")?);
    round.note(Key::AckAlone, percentile(&alone.milliseconds(), 50).context("no answers")?);
    round.note(Key::InsertIdle, percentile(&inserted.milliseconds, 50).context("no transactions")?);
    Ok(())
}

/// The peak of a server without workers.
pub fn peak(round: &mut Round, stand: &mut Stand, server: &Server, posts: &[Post], time: Duration) -> Result<()> {
    stand.database.checkpoint()?;
    let (run, cpu) = flat_out(stand, server, posts, time)?;
    round.note(Key::Acks, run.rate(200));
    round.note(Key::Ingested, lossy(updates(&run, posts)) / run.elapsed.as_secs_f64());
    round.note(Key::CpuAlone, per_thousand(cpu, &run));
    Ok(())
}

/// A closed loop over all connections, and the processor time that the server took for it until the last answer.
fn flat_out(stand: &mut Stand, server: &Server, posts: &[Post], time: Duration) -> Result<(Run, f64)> {
    let (before, mut after) = (server.cpu_seconds()?, 0.0);
    let run = checked(stand, posts, |address| {
        let run = load::closed(address, posts, CONNECTIONS, time)?;
        after = server.cpu_seconds()?;
        Ok(run)
    })?;
    Ok((run, after - before))
}

/// The peak of `pgbench`.
pub fn inserts(round: &mut Round, database: &mut Database, pgbench: &Pgbench, time: Duration) -> Result<()> {
    database.checkpoint()?;
    round.note(Key::Inserts, pgbench.flat_out(CONNECTIONS, time)?.rate);
    Ok(())
}

/// A peak with workers, in posts a second.
pub struct Peak {
    /// Acknowledged.
    pub acknowledged: f64,
    /// Counted until the last of it had been processed: what it can take for as long as one likes, the full load.
    pub full: f64,
}

/// The peak of a server whose workers process what comes in, and fall behind.
pub fn peak_working(
    round: &mut Round,
    stand: &mut Stand,
    server: &Server,
    posts: &[Post],
    time: Duration,
) -> Result<Peak> {
    stand.database.checkpoint()?;
    let started = Instant::now();
    let (run, cpu) = flat_out(stand, server, posts, time)?;
    round.note(Key::AcksWorking, run.rate(200));
    round.note(Key::CpuWorking, per_thousand(cpu, &run));
    round.note(Key::MemoryPeak, server.peak_memory()?);
    stand.database.wait_until_processed()?;
    let full = lossy(run.answered(200).count() as u64) / started.elapsed().as_secs_f64();
    round.note(Key::AcksProcessed, full);
    println!("  all processed: {full:.0} posts a second");
    Ok(Peak { acknowledged: run.rate(200), full })
}

/// Latency under this load, and `pgbench`'s under the same.
pub fn loaded(
    round: &mut Round,
    stand: &mut Stand,
    author: &mut Author,
    pgbench: &Pgbench,
    (rate, time, seed): (f64, Duration, u64),
) -> Result<()> {
    let moments = load::moments(rate, time, seed);
    let posts = author.mix(moments.len());
    stand.database.checkpoint()?;
    let run = checked(stand, &posts, |address| load::open(address, &posts, CONNECTIONS, &moments))?;
    stand.database.wait_until_processed()?;
    stand.database.checkpoint()?;
    let inserted = pgbench.at_rate(CONNECTIONS, time, rate)?;
    round.note(Key::AckLoaded, percentile(&run.milliseconds(), 99).context("no answers")?);
    round.note(Key::InsertLoaded, percentile(&inserted.milliseconds, 99).context("no transactions")?);
    Ok(())
}

/// How long it takes under this load until a delivery has its effect: half of the deliveries, and nearly all.
pub fn effect(
    round: &mut Round,
    (half, most): (Key, Key),
    stand: &mut Stand,
    author: &mut Author,
    (rate, time, seed): (f64, Duration, u64),
) -> Result<()> {
    let moments = load::moments(rate, time, seed);
    let posts = author.mix(moments.len());
    stand.database.checkpoint()?;
    let since = Clock::system().now();
    checked(stand, &posts, |address| load::open(address, &posts, CONNECTIONS, &moments))?;
    stand.database.wait_until_processed()?;
    let waits = stand.database.commit_to_effect(since)?;
    round.note(half, percentile(&waits, 50).context("no effects")?);
    round.note(most, percentile(&waits, 99).context("no effects")?);
    Ok(())
}

/// How fast a server's workers, which has just been started, process what waits.
pub fn backlog(round: &mut Round, database: &mut Database) -> Result<()> {
    let waiting = "select coalesce(sum(cardinality(events)), 0)::bigint from event_queue";
    // Its workers do not wait for the count.
    let started = Instant::now();
    let before: i64 = database.one(waiting)?;
    database.wait_until_processed()?;
    round.note(Key::Processed, lossy(before.unsigned_abs()) / started.elapsed().as_secs_f64());
    Ok(())
}

/// Forgeries, of which nothing may be stored.
pub fn forgeries(round: &mut Round, stand: &mut Stand, posts: &[Post], time: Duration) -> Result<()> {
    let before = stand.database.stored()?;
    let run = load::again_and_again(stand.program.address, posts, CONNECTIONS, time)?;
    run.all_are(403)?;
    if stand.database.stored()? != before {
        bail!("forgeries were stored");
    }
    round.note(Key::Refused, run.rate(403));
    Ok(())
}

/// Bodies of 100 updates.
pub fn batches(round: &mut Round, stand: &mut Stand, posts: &[Post], time: Duration) -> Result<()> {
    stand.database.checkpoint()?;
    let run = checked(stand, posts, |address| load::closed(address, posts, BATCH_CONNECTIONS, time))?;
    round.note(Key::BatchUpdates, lossy(updates(&run, posts)) / run.elapsed.as_secs_f64());
    Ok(())
}

/// Memory of a server in whose connections bodies of 3 MB have stopped half-way. It must still answer others.
pub fn half_sent(round: &mut Round, stand: &mut Stand, server: &Server, author: &mut Author) -> Result<()> {
    let (address, path) = (stand.program.address, stand.path().to_owned());
    let few = half_bodies(address, &path, 128);
    thread::sleep(Duration::from_millis(300));
    round.note(Key::HalfSentFew, server.memory()?);
    let more = half_bodies(address, &path, 128);
    thread::sleep(Duration::from_millis(300));
    round.note(Key::HalfSentMany, server.memory()?);
    let posts = author.mix(20);
    checked(stand, &posts, |address| load::closed(address, &posts, 1, Duration::from_secs(5)))?;
    drop((few, more));
    Ok(())
}

/// Connections that have sent half a body. A server that does not take it all is no error.
fn half_bodies(address: SocketAddr, path: &str, count: usize) -> Vec<TcpStream> {
    const WHOLE: usize = 3_000_000;
    let mut request = body::head(path, &format!("sha256={}", "0".repeat(64)), WHOLE).into_bytes();
    request.resize(request.len() + WHOLE / 2, b' ');
    let half = || {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_write_timeout(Some(Duration::from_millis(20))).ok()?;
        // What the server does not take is its own decision.
        let _ = stream.write_all(&request);
        Some(stream)
    };
    (0..count).filter_map(|_| half()).collect()
}

/// Runs a load, and sees to it that all of it was acknowledged and stored, and once.
pub fn checked(stand: &mut Stand, posts: &[Post], load: impl FnOnce(SocketAddr) -> Result<Run>) -> Result<Run> {
    let before = stand.database.stored()?;
    let run = load(stand.program.address)?;
    run.all_are(200)?;
    check(before, stand.database.stored()?, &run, posts)?;
    println!("  {run}");
    Ok(run)
}

fn check(before: Stored, after: Stored, run: &Run, posts: &[Post]) -> Result<()> {
    let acked = run.answered(200).count() as u64;
    let updates = updates(run, posts);
    let grown = |count: fn(&Stored) -> i64| (count(&after) - count(&before)).unsigned_abs();
    let deliveries = [grown(|s| s.deliveries), grown(|s| s.distinct_bodies), grown(|s| s.seen)];
    let events = [grown(|s| s.events), grown(|s| s.distinct_keys)];
    if deliveries != [acked; 3] || events != [updates; 2] {
        bail!(
            "acknowledged were {acked} webhooks with {updates} updates; stored, distinct and seen are {deliveries:?}, \
             events and distinct keys {events:?}"
        );
    }
    Ok(())
}

/// How many updates were acknowledged.
pub fn updates(run: &Run, posts: &[Post]) -> u64 {
    run.answered(200).map(|answer| posts[answer.post].updates as u64).sum()
}

fn per_thousand(seconds: f64, run: &Run) -> f64 {
    seconds * 1_000.0 / lossy(run.answered(200).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Answer;

    fn stored(deliveries: i64, events: i64) -> Stored {
        Stored { deliveries, distinct_bodies: deliveries, seen: deliveries, events, distinct_keys: events }
    }

    #[test]
    fn a_run_counts_only_if_all_of_it_was_stored_and_once() {
        let posts = [1, 1, 10].map(|updates| Post { request: Vec::new(), updates });
        let answer = |post| Answer { post, status: Some(200), took: Duration::ZERO };
        let run = Run { answers: (0..3).map(answer).collect(), elapsed: Duration::from_secs(1) };
        let check = |after| check(stored(5, 5), after, &run, &posts);
        assert!(check(stored(8, 17)).is_ok());
        assert!(check(stored(7, 17)).is_err(), "a delivery is lost");
        assert!(check(stored(8, 16)).is_err(), "an update is lost");
        assert!(check(Stored { distinct_bodies: 7, ..stored(8, 17) }).is_err(), "a body is there twice");
        assert!(check(Stored { distinct_keys: 16, ..stored(8, 17) }).is_err(), "an update is there twice");
        assert!(check(Stored { seen: 9, ..stored(8, 17) }).is_err(), "a body was counted twice");
        assert_eq!(updates(&run, &posts), 12);
    }
}
