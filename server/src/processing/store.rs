//! SQL of the queue that the event log is for the worker: claim, finish, fail, let go.

use std::time::Duration;

use sqlx::{PgConnection, PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::begin;
use crate::ids::{EventId, Owner};

/// An event that a worker holds.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its id.
    pub id: EventId,
    /// Whose it is.
    pub owner: Owner,
    /// The word in `event_type`.
    pub event_type: String,
    /// The message's type, the status, the field …
    pub subtype: Option<String>,
    /// What it says.
    pub payload: serde_json::Value,
    /// Meta's timestamp, or that of receipt.
    pub event_ts: OffsetDateTime,
    /// When it came.
    pub received_at: OffsetDateTime,
    /// Tries that have ended before this one.
    pub attempts: i32,
    /// Of the account.
    pub phone_number_id: String,
    /// Of the account.
    pub display_phone_number: Option<String>,
}

/// Claims one after the other, whichever process they come from.
const CLAIMS: i64 = 7369;

/// Takes up to `limit` events that are due, for `lease`. While it lasts nobody else takes them. The lease is one row
/// for all of them: the events' own rows are wide, and stay as they are until the work is done.
///
/// One claim at a time, or two that begin at the same moment would not see each other's leases. Leases that have run out
/// are ended first, but for one that its worker makes sure of at this moment: its events are locked then. That a lease
/// is lost in a crash of the database does no harm, so nobody waits for it to be on disk. Where a worker stands still in
/// the middle of its claim, the others wait for as long as the database lets its transaction be idle.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    engine: &PgPool,
    token: Uuid,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let mut transaction = begin(engine).await?;
    sqlx::query!(
        r#"
        with ended as (
            delete from event_leases
            where token in (select token from event_leases where lease_until <= $2 for update skip locked)
        )
        select set_config('synchronous_commit', 'off', true) as how, set_config('lock_timeout', '8s', true) as patience,
               pg_advisory_xact_lock($1)
        "#,
        CLAIMS,
        now,
    )
    .fetch_one(&mut *transaction)
    .await?;
    let rows = sqlx::query!(
        r#"
        with due as (
            select e.company_id, e.id, a.id as account_id, e.event_type, e.event_subtype, e.payload, e.event_ts,
                   e.received_at, e.attempts, a.phone_number_id, a.display_phone_number
            from whatsapp_webhook_event_logs e
            join whatsapp_accounts a on a.company_id = e.company_id and a.id = e.account_id
            where e.state = 'pending' and e.next_attempt_at <= $1
              and e.id not in (select unnest(events) from event_leases where lease_until > $1)
            order by e.next_attempt_at, e.id
            limit $2
            for update of e skip locked
        ), leased as (
            insert into event_leases (token, lease_until, events)
            select $3, $4, array_agg(id) from due having count(*) > 0
        )
        select company_id, id, account_id, event_type, event_subtype, payload as "payload!", event_ts, received_at,
               attempts, phone_number_id, display_phone_number
        from due
        "#,
        now,
        limit,
        token,
        now + lease,
    )
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let rows = rows.into_iter().map(|row| Claimed {
        id: row.id.into(),
        owner: Owner { company: row.company_id.into(), account: row.account_id.into() },
        event_type: row.event_type,
        subtype: row.event_subtype,
        payload: row.payload,
        event_ts: row.event_ts,
        received_at: row.received_at,
        attempts: row.attempts,
        phone_number_id: row.phone_number_id,
        display_phone_number: row.display_phone_number,
    });
    Ok(rows.collect())
}

/// Makes sure of a lease until the transaction ends: whoever takes its events over waits for that. False if it is gone.
///
/// # Errors
/// Those of the database.
pub async fn hold(transaction: &mut PgConnection, token: Uuid) -> Result<bool, sqlx::Error> {
    let held = sqlx::query!("select token from event_leases where token = $1 for update", token);
    Ok(held.fetch_optional(transaction).await?.is_some())
}

/// Ends a lease. False if it is gone already.
///
/// # Errors
/// Those of the database; the lease then runs out by itself.
pub async fn let_go(connection: impl PgExecutor<'_>, token: Uuid) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!("delete from event_leases where token = $1", token).execute(connection).await?;
    Ok(ended.rows_affected() == 1)
}

/// Marks events processed, as far as nobody else has: the number of those. Fewer than asked for means that the lease
/// had run out; the caller must roll back.
///
/// # Errors
/// Those of the database.
pub async fn finish(
    transaction: &mut PgConnection,
    worker: &str,
    now: OffsetDateTime,
    events: &[&Claimed],
) -> Result<u64, sqlx::Error> {
    // As text, the state fits no partial index: that of waiting events looks tempting to the planner whenever it counted
    // few of them, and is searched by time.
    let done = sqlx::query!(
        r#"
        update whatsapp_webhook_event_logs e
        set state = 'processed', processed_at = $1, processed_by = $2, attempts = attempts + 1, last_error = null
        from unnest($3::uuid[], $4::uuid[]) as held (company_id, id)
        where e.company_id = held.company_id and e.id = held.id and e.state::text = 'pending'
        "#,
        now,
        worker,
        &events.iter().map(|event| event.owner.company.0).collect::<Vec<_>>(),
        &events.iter().map(|event| event.id.0).collect::<Vec<_>>(),
    )
    .execute(transaction)
    .await?;
    Ok(done.rows_affected())
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

/// Records a failed try, numbered on from those before a replay, and lets the event go: until its next try, or for
/// good. False if the lease has run out.
///
/// # Errors
/// Those of the database.
pub async fn fail(
    engine: &PgPool,
    token: Uuid,
    worker: &str,
    now: OffsetDateTime,
    failed: Failed<'_>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        with held as (
            select from event_leases where token = $3 for update
        ), failed as (
            update whatsapp_webhook_event_logs
            set state = case when $6::timestamptz is null then 'dead' else 'pending' end::webhook_event_state,
                attempts = attempts + 1, next_attempt_at = coalesce($6, next_attempt_at), last_error = $5
            where company_id = $1 and id = $2 and state::text = 'pending' and exists (select from held)
            returning attempts
        )
        insert into event_attempts (company_id, event_id, attempt, failed_at, worker, error)
        select $1, $2, 1 + coalesce((select max(attempt) from event_attempts where company_id = $1 and event_id = $2), 0),
               $7, $4, $5
        from failed
        "#,
        failed.event.owner.company.0,
        failed.event.id.0,
        token,
        worker,
        failed.error,
        failed.next_attempt_at,
        now,
    )
    .execute(engine)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a worker did for one account in one batch, for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Whose events.
    pub owner: Owner,
    /// How many of the batch.
    pub events: i64,
    /// The one with the lowest id.
    pub first: EventId,
    /// The one with the highest id.
    pub last: EventId,
}

/// One audit entry for each account in a batch.
///
/// # Errors
/// Those of the database.
pub async fn audit(
    transaction: &mut PgConnection,
    worker: &str,
    now: OffsetDateTime,
    shares: &[Share],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into audit_log (company_id, id, at, actor_kind, actor_name, action, subject, subject_id, outcome, details)
        select company_id, id, $1, 'system', $2, 'events.processed', 'account', account_id::text, 'done',
               jsonb_build_object('count', events, 'first', first, 'last', last)
        from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::uuid[], $8::uuid[])
            as share (company_id, account_id, id, events, first, last)
        "#,
        now,
        worker,
        &shares.iter().map(|share| share.owner.company.0).collect::<Vec<_>>(),
        &shares.iter().map(|share| share.owner.account.0).collect::<Vec<_>>(),
        &shares.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
        &shares.iter().map(|share| share.events).collect::<Vec<_>>(),
        &shares.iter().map(|share| share.first.0).collect::<Vec<_>>(),
        &shares.iter().map(|share| share.last.0).collect::<Vec<_>>(),
    )
    .execute(transaction)
    .await?;
    Ok(())
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
            (select count(*) from (select 1 from whatsapp_webhook_event_logs where state = 'pending' limit 100000) p)
                as "pending!",
            (select count(*) from (select 1 from whatsapp_webhook_event_logs where state = 'dead' limit 100000) d)
                as "dead!",
            coalesce((select greatest(extract(epoch from $1 - min(next_attempt_at)), 0)::float8
                      from whatsapp_webhook_event_logs where state = 'pending'), 0) as "oldest_seconds!"
        "#,
        now,
    )
    .fetch_one(engine)
    .await
}
