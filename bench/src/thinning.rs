//! The door while old rows leave: its peak beside one of the retention's passes, and just before.
//!
//! The pass is the program's own, over all that the round has stored and processed so far: for its clock, that was thirty
//! days ago. It runs in this process and not in the server's, so that its beginning and its end are known; its work is
//! the database's in either case.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use secrecy::SecretString;
use server::clock::Clock;
use server::database::{Database, PoolSizes};
use server::retention::{Removed, Retention, RetentionSettings};
use tokio_util::sync::CancellationToken;

use crate::body::Post;
use crate::figures::{Key, Round};
use crate::load;
use crate::phases::{CONNECTIONS, checked, updates};
use crate::stand::Stand;
use crate::statistics::percentile;

const DAYS: u16 = 30;

/// Acknowledgements a second and their p99, without the pass and beside it. All that was acknowledged must be there, and
/// of the rest all that has not left.
pub fn measure(round: &mut Round, stand: &mut Stand, posts: &[Post], time: Duration) -> Result<()> {
    let (first, second) = posts.split_at(posts.len() / 2);
    stand.database.checkpoint()?;
    let alone = checked(stand, first, |address| load::closed(address, first, CONNECTIONS, time))?;
    stand.database.checkpoint()?;
    let before = stand.database.stored()?;
    let pass = Pass::begin(stand.database.url.to_string());
    let beside = load::closed(stand.program.address, second, CONNECTIONS, time)?;
    let removed = pass.end()?;
    println!("  {beside}; meanwhile {} deliveries have left", removed.deliveries);
    beside.all_are(200)?;
    let after = stand.database.stored()?;
    let acked = i64::try_from(beside.answers.len())?;
    ensure!(
        after.deliveries == before.deliveries + acked - removed.deliveries,
        "{acked} webhooks were acknowledged and {removed:?} have left between {before:?} and {after:?}"
    );
    let stored = after.events - before.events + removed.events;
    ensure!(
        stored == i64::try_from(updates(&beside, second))?,
        "{stored} updates were stored, which is not what was acknowledged"
    );
    round.note(Key::AcksAlone, alone.rate(200));
    round.note(Key::AcksBeside, beside.rate(200));
    round.note(Key::WorstAlone, percentile(&alone.milliseconds(), 99).context("no answers")?);
    round.note(Key::WorstBeside, percentile(&beside.milliseconds(), 99).context("no answers")?);
    Ok(())
}

/// A pass on a thread of its own.
struct Pass {
    stop: CancellationToken,
    thread: JoinHandle<Result<Removed>>,
}

impl Pass {
    fn begin(url: String) -> Self {
        let stop = CancellationToken::new();
        let told = stop.clone();
        Self { stop, thread: thread::spawn(move || remove(url, &told)) }
    }

    /// Stops it after the step under way. It must not have come to its end before.
    fn end(self) -> Result<Removed> {
        let was_under_way = !self.thread.is_finished();
        self.stop.cancel();
        let removed = self.thread.join().map_err(|_panic| anyhow!("the pass panicked"))??;
        ensure!(was_under_way, "the pass was over before the load: {removed:?}");
        ensure!(removed.deliveries > 0, "nothing has left");
        Ok(removed)
    }
}

fn remove(url: String, stop: &CancellationToken) -> Result<Removed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let then = Clock::system().now() + time::Duration::days(DAYS.into());
    runtime.block_on(async {
        let database = Database::new(&SecretString::from(url), PoolSizes::default())?;
        let (engine, clock) = (database.engine.clone(), Clock::from_fn(move || then));
        let retention = Retention { engine, clock, settings: RetentionSettings::of_days(DAYS) };
        Ok(retention.run_once(stop).await?)
    })
}
