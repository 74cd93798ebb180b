//! SQL of the queue: claim, finish, fail, let go.
//!
//! An event waits as long as a row of the queue names it. The worker takes it out in the transaction in which it writes the
//! outcome, so it is in one of the two places, and in neither only when it is dead.
//!
//! The queue is empty most of the time, and PostgreSQL may take it for empty for a minute after a burst has begun. Joined
//! by their key, its rows would then all be read for each that is asked for: so what is under way looks up where each row
//! is, one by one, and goes there (`ctid`). A row that somebody has changed in between is not met there, and passed by.
//!
//! What an event says is read where it is kept: with the event, or in the body of its delivery.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{Plans, begin_unhurried, plan};
use crate::ids::{EventId, Owner};
use crate::ingest::envelope::payload_of;

use super::apply::ApplyError;
use super::apply::people::{Identity, IdentityKind, People};
use super::effect::Person;

/// An event that a worker holds.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its id.
    pub id: EventId,
    /// Whose it is.
    pub owner: Owner,
    /// The row of the queue that it stands in.
    pub place: Uuid,
    /// The word in `event_type`.
    pub event_type: String,
    /// The message's type, the status, the field …
    pub subtype: Option<String>,
    /// What it says; none if the delivery's body was to say it and does not, or is gone.
    pub payload: Option<serde_json::Value>,
    /// Meta's timestamp, or that of receipt.
    pub event_ts: OffsetDateTime,
    /// When it came.
    pub received_at: OffsetDateTime,
    /// Tries that have failed before this one.
    pub attempts: i32,
    /// Of the account.
    pub phone_number_id: String,
    /// Of the account.
    pub display_phone_number: Option<String>,
}

/// Rows of the queue that a worker holds until it is done with them or its time is up.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Fencing token: whoever finds another one in a row changes nothing.
    pub token: Uuid,
    /// Since when the first of it has been due.
    pub due_since: Option<OffsetDateTime>,
    rows: Vec<Row>,
}

/// Events of one account, in the queue.
#[derive(Clone, Debug)]
struct Row {
    owner: Owner,
    id: Uuid,
    events: Vec<Uuid>,
}

impl Lease {
    /// Nothing was due.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many events it holds.
    pub fn events(&self) -> usize {
        self.rows.iter().map(|row| row.events.len()).sum()
    }

    fn companies(&self) -> Vec<Uuid> {
        self.rows.iter().map(|row| row.owner.company.0).collect()
    }

    fn accounts(&self) -> Vec<Uuid> {
        self.rows.iter().map(|row| row.owner.account.0).collect()
    }

    fn ids(&self) -> Vec<Uuid> {
        self.rows.iter().map(|row| row.id).collect()
    }
}

/// From so many events on, statements are planned anew: between one event and the next nothing is large, and a plan made
/// then may ask the log as often as it has rows.
pub const MANY: usize = 100;

/// Claims one after the other, whichever process they come from: of two at the same moment, the second would pass by
/// what the first looks at and leaves.
const CLAIMS: i64 = 7369;

/// Takes up to `limit` events that are due, for `lease`, the oldest first. While it lasts nobody else takes them.
///
/// With `from`, what has been due for longer is passed by. What has left the queue stays in its index until autovacuum
/// comes, within a minute, and all of it lies before what is due now: whoever claims often need not step over it each
/// time.
///
/// A row that holds more events than are asked for is divided. One whose lease has run out is passed by while its worker
/// makes sure of it. That a lease is lost in a crash of the database does no harm, so nobody waits for it to be on disk.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    engine: &mut PgConnection,
    token: Uuid,
    (from, now): (Option<OffsetDateTime>, OffsetDateTime),
    lease: Duration,
    limit: i64,
) -> Result<Lease, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        with setting as materialized (
            select set_config('synchronous_commit', 'off', true) as synchronous_commit, pg_advisory_xact_lock($5) as turn
        ), open as (
            select q.company_id, q.account_id, q.id, q.due_at, q.events
            from event_queue q
            where q.due_at <= $1 and q.due_at >= coalesce($6::timestamptz, '-infinity'::timestamptz)
              and (q.lease_until is null or q.lease_until <= $1)
              and exists (select from setting where synchronous_commit = 'off')
            order by q.due_at
            limit $2
            for update of q skip locked
        ), due as (
            select company_id, account_id, id, due_at, events,
                   least(cardinality(events), $2 - taken_before)::integer as taken
            from (select *, sum(cardinality(events)) over (order by due_at, id) - cardinality(events) as taken_before
                  from open) so_far
            where taken_before < $2
        ), placed as materialized (
            select company_id, due_at, events, taken, (
                select q.ctid from event_queue q
                where q.company_id = due.company_id and q.account_id = due.account_id and q.id = due.id) as place
            from due
        ), whole as (
            update event_queue q set lease_token = $3, lease_until = $4
            from placed
            where q.company_id = placed.company_id and q.ctid = placed.place and placed.taken = cardinality(placed.events)
            returning q.company_id, q.account_id, q.id, q.due_at, q.events
        ), rest as (
            update event_queue q set events = placed.events[placed.taken + 1:], lease_token = null, lease_until = null
            from placed
            where q.company_id = placed.company_id and q.ctid = placed.place and placed.taken < cardinality(placed.events)
            returning q.company_id, q.account_id, placed.due_at, placed.events[:placed.taken] as taken
        ), part as (
            insert into event_queue (company_id, account_id, id, due_at, events, lease_token, lease_until)
            select company_id, account_id, gen_random_uuid(), due_at, taken, $3, $4 from rest
            returning company_id, account_id, id, due_at, events
        )
        select company_id as "company_id!", account_id as "account_id!", id as "id!", due_at as "due_at!",
               events as "events!"
        from whole
        union all
        select company_id, account_id, id, due_at, events from part
        "#,
        now,
        limit,
        token,
        now + lease,
        CLAIMS,
        from,
    )
    .fetch_all(engine)
    .await?;
    let due_since = rows.iter().map(|row| row.due_at).min();
    let rows = rows.into_iter().map(|row| Row {
        owner: Owner { company: row.company_id.into(), account: row.account_id.into() },
        id: row.id,
        events: row.events,
    });
    Ok(Lease { token, due_since, rows: rows.collect() })
}

/// The events that are held. One that was erased while it waited is not among them: its row leaves with it like any other.
///
/// They are not read by the claim itself: an answer that somebody does not take, being larger than what the network
/// holds, would keep all others from their turn.
///
/// # Errors
/// Those of the database.
pub async fn read(engine: &mut PgConnection, lease: &Lease) -> Result<Vec<Claimed>, sqlx::Error> {
    if lease.events() < MANY {
        return read_by(engine, lease).await;
    }
    let mut transaction = begin_unhurried(engine).await?;
    plan(&mut transaction, Plans::Fresh).await?;
    let events = read_by(&mut transaction, lease).await?;
    transaction.commit().await?;
    Ok(events)
}

async fn read_by(engine: &mut PgConnection, lease: &Lease) -> Result<Vec<Claimed>, sqlx::Error> {
    let each = || lease.rows.iter().flat_map(|row| row.events.iter().map(move |event| (row, *event)));
    let rows = sqlx::query!(
        r#"
        select e.company_id, e.id, a.id as account_id, held.place as "place!", e.event_type, e.event_subtype,
               e.payload, case when e.payload is null then d.body end as body, e.event_ts, e.received_at, e.attempts, a.phone_number_id, a.display_phone_number,
               e.erased_at is null and e.fault is null as "waits!"
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality as held (company_id, id, place, number)
        join whatsapp_webhook_events e on e.company_id = held.company_id and e.id = held.id
        left join whatsapp_webhook_deliveries d on d.company_id = e.company_id and d.id = e.delivery_id
        join whatsapp_accounts a on a.company_id = e.company_id and a.id = e.account_id
        order by held.number
        "#,
        &each().map(|(row, _)| row.owner.company.0).collect::<Vec<_>>(),
        &each().map(|(_, event)| event).collect::<Vec<_>>(),
        &each().map(|(row, _)| row.id).collect::<Vec<_>>(),
    )
    .fetch_all(engine)
    .await?;
    // Asked for in the join, PostgreSQL would take such events for rare until it has analysed the log, and read it all.
    let events = rows.into_iter().filter(|row| row.waits).map(|row| Claimed {
        id: row.id.into(),
        owner: Owner { company: row.company_id.into(), account: row.account_id.into() },
        place: row.place,
        event_type: row.event_type,
        subtype: row.event_subtype,
        payload: row.payload.or_else(|| told_by(&row.body?)),
        event_ts: row.event_ts,
        received_at: row.received_at,
        attempts: row.attempts,
        phone_number_id: row.phone_number_id,
        display_phone_number: row.display_phone_number,
    });
    Ok(events.collect())
}

/// The payload of an event that is all its delivery holds.
fn told_by(body: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_str(&payload_of(body)?).ok()
}

/// Ends a lease early: what is still waiting is free for others. What is not (an event that was erased, or one that
/// somebody else has processed) leaves the queue, or it would hold up its neighbours again.
///
/// # Errors
/// Those of the database; the lease then runs out by itself.
pub async fn let_go(engine: &PgPool, lease: &Lease) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        with placed as materialized (
            select company_id, (
                select q.ctid from event_queue q
                where q.company_id = held.company_id and q.account_id = held.account_id and q.id = held.id) as place
            from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as held (company_id, account_id, id)
        ), held as materialized (
            select q.company_id, placed.place, array(
                select e.id from unnest(q.events) with ordinality as named (id, place)
                join whatsapp_webhook_events e on e.company_id = q.company_id and e.id = named.id
                where e.erased_at is null and e.fault is null and not exists (
                    select from event_outcomes o where o.company_id = e.company_id and o.event_id = e.id)
                order by named.place) as waiting
            from placed
            join event_queue q on q.company_id = placed.company_id and q.ctid = placed.place
            where q.lease_token = $4
            for update of q
        ), emptied as (
            delete from event_queue q using held
            where q.company_id = held.company_id and q.ctid = held.place and held.waiting = '{}'
        )
        update event_queue q set events = held.waiting, lease_token = null, lease_until = null
        from held
        where q.company_id = held.company_id and q.ctid = held.place and held.waiting <> '{}'
        "#,
        &lease.companies(),
        &lease.accounts(),
        &lease.ids(),
        lease.token,
    )
    .execute(engine)
    .await?;
    Ok(())
}

/// Some of what a lease holds, about to have its effect.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Events of the lease.
    pub events: &'a [&'a Claimed],
    /// They are all that was claimed: the lease ends with them.
    pub is_all: bool,
}

impl Part<'_> {
    /// The rows of the queue that hold it.
    fn rows(&self, lease: &Lease) -> BTreeSet<(Owner, Uuid)> {
        if self.is_all {
            return lease.rows.iter().map(|row| (row.owner, row.id)).collect();
        }
        self.events.iter().map(|event| (event.owner, event.place)).collect()
    }
}

/// Takes events out of the queue, marks them processed and says so in the audit log, in one entry for each account: the
/// work is done when the transaction commits. Gives the contacts behind the identities that are asked for, whose rows are
/// locked against being handed on or merged until then, and what is known of them.
///
/// It is one statement, since each costs a way to the database and back; which of its parts waits for which stands in
/// it, because that is the order in which locks are taken.
///
/// # Errors
/// `LeaseLost` if somebody else has the lease or has processed an event, or if an event was erased meanwhile; `Raced` if
/// an identity was handed on while its lock was waited for, since what else is known of its owner is then of before.
/// Those of the database.
#[expect(clippy::too_many_lines, reason = "most of it is one statement")]
pub async fn finish(
    transaction: &mut PgConnection,
    lease: &Lease,
    part: Part<'_>,
    (worker, now): (&str, OffsetDateTime),
    asked: &[Identity],
) -> Result<People, ApplyError> {
    let (rows, shares) = (part.rows(lease), shares(part.events));
    let mut events = part.events.to_vec();
    events.sort_unstable_by_key(|event| (event.owner.company, event.id));
    // Two texts: both ways of leaving the queue in one would be made ready each time, and one of them for nothing.
    macro_rules! finished {
        ($freed:literal) => {
            sqlx::query_as!(
                Found,
                r#"
                with held as materialized (
                    select company_id, (
                        select q.ctid from event_queue q
                        where q.company_id = held.company_id and q.account_id = held.account_id and q.id = held.id
                    ) as place
                    from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as held (company_id, account_id, id)
                ), freed as (
                "#
                    + $freed
                    + r#"
                    returning q.id
                ), lease as materialized (
                    select (select count(*) from freed) = cardinality($3) as is_held
                ), found as materialized (
                    select i.company_id, i.kind, i.value, i.contact_id
                    from contact_identities i
                    join unnest($8::uuid[], $9::text[], $10::text[]) as asked (company_id, kind, value)
                        using (company_id, kind, value)
                    where (select is_held from lease)
                    order by i.company_id, i.kind, i.value
                    for share of i
                ), done as (
                    insert into event_outcomes (company_id, event_id, processed_at, attempts, processed_by)
                    select company_id, event_id, $11, failed + 1, $12
                    from unnest($5::uuid[], $6::uuid[], $7::integer[]) as done (company_id, event_id, failed)
                    where (select is_held from lease) and (select count(*) from found) >= 0
                    on conflict (company_id, event_id) do nothing
                    returning event_id
                ), told as (
                    insert into audit_log
                        (company_id, id, at, actor_kind, actor_name, action, subject, subject_id, outcome, details)
                    select company_id, id, $11, 'system', $12, 'events.processed', 'account', account_id::text, 'done',
                           jsonb_build_object('count', events, 'first', first, 'last', last)
                    from unnest($13::uuid[], $14::uuid[], $15::uuid[], $16::bigint[], $17::uuid[], $18::uuid[])
                        as share (company_id, account_id, id, events, first, last)
                )
                select lease.is_held and (select count(*) from done) = cardinality($6) as "is_done!",
                       found.company_id as "company_id?", found.kind as "kind?", found.value as "value?",
                       found.contact_id as "contact_id?",
                       exists (select from contact_identities b
                               where b.company_id = found.company_id and b.contact_id = found.contact_id
                                 and b.kind = 'bsuid')
                           as "with_bsuid!",
                       exists (select from contact_identities i
                               where i.company_id = found.company_id and i.kind = found.kind and i.value = found.value
                                 and i.contact_id <> found.contact_id)
                           as "was_handed_on!",
                       c.bsuid as "bsuid?", c.wa_id as "wa_id?", c.phone as "phone?",
                       c.profile_name as "profile_name?", c.username as "username?",
                       c.address_book_name as "address_book_name?"
                from lease
                left join found on true
                left join contacts c on c.company_id = found.company_id and c.id = found.contact_id
                "#,
                &rows.iter().map(|(owner, _)| owner.company.0).collect::<Vec<_>>(),
                &rows.iter().map(|(owner, _)| owner.account.0).collect::<Vec<_>>(),
                &rows.iter().map(|(_, place)| *place).collect::<Vec<_>>(),
                lease.token,
                &events.iter().map(|event| event.owner.company.0).collect::<Vec<_>>(),
                &events.iter().map(|event| event.id.0).collect::<Vec<_>>(),
                &events.iter().map(|event| event.attempts).collect::<Vec<_>>(),
                &asked.iter().map(|id| id.company.0).collect::<Vec<_>>(),
                &asked.iter().map(|id| id.kind.as_str()).collect::<Vec<_>>() as _,
                &asked.iter().map(|id| id.value.as_str()).collect::<Vec<_>>() as _,
                now,
                worker,
                &shares.iter().map(|share| share.owner.company.0).collect::<Vec<_>>(),
                &shares.iter().map(|share| share.owner.account.0).collect::<Vec<_>>(),
                &shares.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
                &shares.iter().map(|share| share.events).collect::<Vec<_>>(),
                &shares.iter().map(|share| share.first.0).collect::<Vec<_>>(),
                &shares.iter().map(|share| share.last.0).collect::<Vec<_>>(),
            )
            .fetch_all(transaction)
            .await?
        };
    }
    let found = if part.is_all {
        finished!(
            "delete from event_queue q using held
             where q.company_id = held.company_id and q.ctid = held.place and q.lease_token = $4"
        )
    } else {
        finished!(
            "update event_queue q
             set events = array(select event from unnest(q.events) with ordinality as waiting (event, place)
                                where event <> all($6) order by place)
             from held
             where q.company_id = held.company_id and q.ctid = held.place and q.lease_token = $4"
        )
    };
    people(found)
}

/// What the end of the work finds: a line for each identity, or one without any.
struct Found {
    is_done: bool,
    company_id: Option<Uuid>,
    kind: Option<String>,
    value: Option<String>,
    contact_id: Option<Uuid>,
    with_bsuid: bool,
    was_handed_on: bool,
    bsuid: Option<String>,
    wa_id: Option<String>,
    phone: Option<String>,
    profile_name: Option<String>,
    username: Option<String>,
    address_book_name: Option<String>,
}

fn people(found: Vec<Found>) -> Result<People, ApplyError> {
    if !found.first().is_some_and(|row| row.is_done) {
        return Err(ApplyError::LeaseLost);
    }
    if found.iter().any(|row| row.was_handed_on) {
        return Err(ApplyError::Raced);
    }
    let mut people = People::default();
    for row in found {
        let (Some(company), Some(kind), Some(value)) = (row.company_id, row.kind, row.value) else { continue };
        let Some(contact) = row.contact_id else { continue };
        let kind = if kind == "bsuid" { IdentityKind::Bsuid } else { IdentityKind::WaId };
        people.know(Identity { company: company.into(), kind, value }, contact.into(), row.with_bsuid);
        let person = Person {
            bsuid: row.bsuid,
            wa_id: row.wa_id,
            phone: row.phone,
            profile_name: row.profile_name,
            username: row.username,
            address_book_name: Some(row.address_book_name),
            marketing_preference: None,
        };
        people.remember(contact.into(), person);
    }
    Ok(people)
}

/// What a batch did for one account.
struct Share {
    owner: Owner,
    events: i64,
    first: EventId,
    last: EventId,
}

fn shares(events: &[&Claimed]) -> Vec<Share> {
    let mut shares: BTreeMap<Owner, Share> = BTreeMap::new();
    for event in events {
        let owner = event.owner;
        let share = shares.entry(owner).or_insert(Share { owner, events: 0, first: event.id, last: event.id });
        share.events += 1;
        share.first = share.first.min(event.id);
        share.last = share.last.max(event.id);
    }
    shares.into_values().collect()
}

/// A failed try.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// The event.
    pub event: &'a Claimed,
    /// A sentence.
    pub error: &'a str,
    /// When to try again; none: dead.
    pub next_attempt_at: Option<OffsetDateTime>,
}

/// Records a failed try, numbered on from those before a replay, and takes the event out of its row of the queue: into
/// one of its own until its next try, or for good. False if the lease has run out.
///
/// # Errors
/// Those of the database.
pub async fn fail(
    engine: &PgPool,
    lease: &Lease,
    worker: &str,
    now: OffsetDateTime,
    failed: Failed<'_>,
) -> Result<bool, sqlx::Error> {
    let Failed { event, error, next_attempt_at } = failed;
    let done = sqlx::query!(
        r#"
        with held as (
            update event_queue set events = array_remove(events, $3)
            where company_id = $1 and account_id = $2 and id = $4 and lease_token = $5
            returning id
        ), failed as (
            update whatsapp_webhook_events
            set fault = case when $7::timestamptz is null then 'dead'::webhook_event_state end,
                attempts = attempts + 1, last_error = $6
            where company_id = $1 and id = $3 and fault is null and erased_at is null and exists (select from held)
            returning id
        ), again as (
            insert into event_queue (company_id, account_id, id, due_at, events)
            select $1, $2, gen_random_uuid(), $7, array[id] from failed where $7::timestamptz is not null
        )
        insert into event_attempts (company_id, event_id, attempt, failed_at, worker, error)
        select $1, $3, 1 + coalesce((select max(attempt) from event_attempts where company_id = $1 and event_id = $3), 0),
               $8, $9, $6
        from failed
        "#,
        event.owner.company.0,
        event.owner.account.0,
        event.id.0,
        event.place,
        lease.token,
        error,
        next_attempt_at,
        now,
        worker,
    )
    .execute(engine)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How much waits. Counting stops at 100,000: above that the exact number helps nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backlog {
    /// Events waiting, retries included.
    pub pending: i64,
    /// Events given up.
    pub dead: i64,
    /// Age of the oldest event that is due.
    pub oldest_seconds: f64,
}

/// Asks how much waits.
///
/// # Errors
/// Those of the database.
pub async fn backlog(engine: &PgPool, now: OffsetDateTime) -> Result<Backlog, sqlx::Error> {
    sqlx::query_as!(
        Backlog,
        r#"
        select
            (select least(100000, coalesce(sum(cardinality(events)), 0))
             from (select events from event_queue limit 100000) q) as "pending!",
            (select count(*) from (select 1 from whatsapp_webhook_events where fault = 'dead' limit 100000) d)
                as "dead!",
            coalesce((select greatest(extract(epoch from $1 - min(due_at)), 0)::float8 from event_queue), 0)
                as "oldest_seconds!"
        "#,
        now,
    )
    .fetch_one(engine)
    .await
}
