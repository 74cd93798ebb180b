//! Applies the effects of a batch in one transaction, with a few statements for all of it.
//!
//! Order of the steps, which is also the order in which locks are taken: the lease, the ids of people, the events'
//! outcomes with the audit log, people, statuses, conversations, messages, accounts. Rows within a step are sorted, so that
//! two workers meet in the same order; where they still cross, PostgreSQL ends one of them and it tries again. The ids come
//! before the events because an erasure, too, takes them in that order: whoever meets the person meanwhile waits without
//! holding an event that the erasure needs.
//!
//! Nobody waits until the transaction is on disk. What a crash of the database takes back is all of it, the events' way
//! out of the queue included: they have their effect after the restart. Whoever commits later and waits (an
//! acknowledgement, an erasure) has this on disk, too, since there is one log.
//!
//! Whatever order events come in, the outcome is the same:
//! - A message is inserted once per wamid. What came first stays, except that real content replaces `unsupported` and
//!   a later event of a call replaces an earlier one.
//! - A status that comes before its message makes an `awaited` row, which the message then fills: there is no moment
//!   in which the one could miss the other.
//! - The status only moves up.

mod conversations;
mod messages;
pub mod people;
mod profiles;
mod rows;
mod store;

use std::collections::HashMap;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::effect::Effects;
use super::store::{self as queue, Claimed, Lease, Part};
use crate::database::{Plans, begin_unhurried, plan};
use crate::ids::ContactId;
use people::{Identity, People};

/// An event and what it is to change.
#[derive(Debug)]
pub struct Work {
    /// The event.
    pub event: Claimed,
    /// Its effects.
    pub effects: Effects,
}

/// Why a batch was not applied. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The lease of at least one event has run out; somebody else may have it.
    #[error("the lease has run out")]
    LeaseLost,
    /// Another worker was faster with the same person; the next try sees what it did.
    #[error("another worker was faster")]
    Raced,
    /// A message that nobody sent and that went to nobody has no conversation to stand in.
    #[error("The message names neither a person nor a group.")]
    NoConversation,
    /// The connection does not answer, or the batch is too much for one transaction.
    #[error("the batch took too long")]
    TooSlow,
    /// A bug: some event of the batch is more than the program can bear.
    #[error("{CRASHED}")]
    Panicked,
    /// The database refused or is away.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What a person reads about an event on which the program panicked.
pub const CRASHED: &str = "Waypost failed on this event; the log has the details.";

/// Who applies, under which lease, and when.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Name of the worker.
    pub worker: &'a str,
    /// What it holds.
    pub lease: &'a Lease,
    /// Its work ends with this: the batch is all that was claimed.
    pub is_all: bool,
    /// The time.
    pub now: OffsetDateTime,
}

/// Applies a batch: all of it, or nothing.
///
/// # Errors
/// See [`ApplyError`].
#[tracing::instrument(level = "debug", name = "apply", skip_all, fields(events = batch.len()))]
pub async fn apply(engine: &mut PgConnection, holder: Holder<'_>, batch: &[&Work]) -> Result<(), ApplyError> {
    let mut transaction = begin_unhurried(engine).await?;
    let is_large = batch.len() >= queue::MANY;
    if is_large {
        plan(&mut transaction, Plans::Fresh).await?;
    }
    let events: Vec<&Claimed> = batch.iter().map(|work| &work.event).collect();
    let Holder { worker, lease, now, is_all } = holder;
    let part = Part { events: &events, is_all };
    let people = queue::finish(&mut transaction, lease, part, (worker, now), &named(batch)).await?;
    let contacts = meet_people(&mut transaction, people, batch).await?;
    let known = store::insert_statuses(&mut transaction, batch).await?;
    let (places, wanted) = conversations::places(batch, &contacts, &known);
    let rows = messages::rows(batch, &places)?;
    if is_large {
        plan(&mut transaction, Plans::Kept).await?;
    }
    store::upsert_messages(&mut transaction, &wanted, &rows).await?;
    store::change_accounts(&mut transaction, batch).await?;
    transaction.commit().await?;
    Ok(())
}

/// The contact of each event of the batch, by its place there.
async fn meet_people(
    transaction: &mut PgConnection,
    mut people: People,
    batch: &[&Work],
) -> Result<Vec<Option<ContactId>>, ApplyError> {
    let mut in_order: Vec<usize> = (0..batch.len()).collect();
    in_order.sort_by_key(|&index| (batch[index].event.event_ts, batch[index].event.id));
    let mut met = vec![None; batch.len()];
    for index in in_order {
        let Work { event, effects } = batch[index];
        // First who it was, then who it is now: the newer ids are the ones to show.
        if let Some(person) = &effects.person {
            met[index] = people.meet(event.owner.company, person, event.event_ts);
        }
        for change in &effects.identity_changes {
            people.change(event.owner.company, change, event.event_ts);
        }
    }
    let met = met.into_iter().map(|contact| contact.map(|contact| people.resolve(contact))).collect();
    store::write_people(transaction, people.into_plan()).await?;
    Ok(met)
}

fn named(batch: &[&Work]) -> Vec<Identity> {
    let mut named: Vec<Identity> = batch
        .iter()
        .flat_map(|work| {
            let change = work.effects.identity_changes.iter().flat_map(|change| [&change.old, &change.new]);
            let people = work.effects.person.iter().chain(change);
            people.flat_map(|person| people::identities(work.event.owner.company, person)).collect::<Vec<_>>()
        })
        .collect();
    named.sort_unstable();
    named.dedup();
    named
}

type ByPlace<T> = HashMap<usize, T>;
