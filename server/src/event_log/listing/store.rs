//! SQL of reading the event log.

use app::contract::EventState;
use serde_json::Value;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::arrivals::MANY;
use super::page::{Filter, Way};
use crate::conversations::store::literally;
use crate::ids::{CompanyId, EventId, Owner};
use crate::paging::{Cursor, limit};

/// How many events a search looks at; older ones are searched by going on. About what a page without a search costs in a
/// log of ten thousand events, whatever the size of the log.
pub const WINDOW: i64 = 10_000;

/// A line of the log.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// Its id.
    pub id: Uuid,
    /// When it came.
    pub received_at: OffsetDateTime,
    /// By Meta's clock.
    pub event_ts: OffsetDateTime,
    /// `message`, `status` …
    pub event_type: String,
    /// `text`, `read` …
    pub event_subtype: Option<String>,
    /// What it is about.
    pub object_id: Option<String>,
    /// Unique per company.
    pub dedup_key: String,
    /// What has become of it.
    pub state: String,
    /// Tries that have ended.
    pub attempts: i32,
}

/// Asks by state. The planner finds the right index only where source and state are part of the statement's text.
///
/// Events without an account are those of the deliveries that the account signed; they are listed when unrouted ones are
/// asked for. What waits is found by way of the queue, unless so much waits (`$is_crowded`) that one comes across it soon
/// in the log itself.
macro_rules! by_state {
    ($filter:ident, $is_crowded:expr, $ask:ident) => {
        match $filter.state {
            None => $ask!("from whatsapp_webhook_event_logs e where e.company_id = $1 and e.account_id = $2 "),
            Some(EventState::Processed) => $ask!(
                "from whatsapp_webhook_event_logs e where e.company_id = $1 and e.account_id = $2 and e.processed "
            ),
            Some(EventState::Pending) if $is_crowded => $ask!(
                "from whatsapp_webhook_event_logs e
                 where e.company_id = $1 and e.account_id = $2 and e.state = 'pending' "
            ),
            Some(EventState::Pending) => $ask!(
                "from event_queue q cross join unnest(q.events) as waiting (id)
                 join whatsapp_webhook_event_logs e on e.company_id = q.company_id and e.id = waiting.id
                 where q.company_id = $1 and q.account_id = $2 and e.state = 'pending' "
            ),
            Some(EventState::Dead) => $ask!(
                "from whatsapp_webhook_event_logs e
                 where e.company_id = $1 and e.account_id = $2 and e.fault = 'dead' "
            ),
            Some(EventState::Quarantined) => $ask!(
                "from whatsapp_webhook_event_logs e
                 where e.company_id = $1 and e.account_id = $2 and e.fault = 'quarantined' "
            ),
            Some(EventState::Unrouted) => $ask!(
                "from whatsapp_webhook_event_logs e
                 join whatsapp_webhook_deliveries d on d.company_id = e.company_id and d.id = e.delivery_id
                 where e.company_id = $1 and e.fault = 'unrouted' and d.signed_by_account = $2 "
            ),
        }
    };
}

/// Whether more waits than is worth sorting.
async fn is_crowded(tenant: &mut PgConnection, owner: Owner, filter: &Filter) -> Result<bool, sqlx::Error> {
    Ok(filter.state == Some(EventState::Pending) && waiting(tenant, owner, WINDOW).await? == WINDOW)
}

/// How many events wait, at most `most`.
async fn waiting(tenant: &mut PgConnection, owner: Owner, most: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from (
            select from event_queue q
            cross join unnest(q.events) as waiting (id)
            join whatsapp_webhook_events e on e.company_id = q.company_id and e.id = waiting.id and e.erased_at is null
            where q.company_id = $1 and q.account_id = $2
            limit $3
        ) w
        "#,
        owner.company.0,
        owner.account.0,
        most,
    )
    .fetch_one(tenant)
    .await
}

/// One page and one row more, in the order of its way: newest first for older ones, oldest first for newer ones.
pub async fn list(tenant: &mut PgConnection, owner: Owner, filter: &Filter) -> Result<Vec<EventRow>, sqlx::Error> {
    let (from, is_crowded) = (filter.begin(), is_crowded(&mut *tenant, owner, filter).await?);
    macro_rules! page {
        ($source:tt, $beyond:tt, $order:tt) => {
            sqlx::query_as!(
                EventRow,
                r#"
                select e.id as "id!", e.received_at as "received_at!", e.event_ts as "event_ts!",
                       e.event_type as "event_type!", e.event_subtype, e.object_id, e.dedup_key as "dedup_key!",
                       e.state::text as "state!", e.attempts as "attempts!"
                "#
                    + $source
                    + "and (e.event_ts, e.id) "
                    + $beyond
                    + r#" ($3, $4)
                  and ($5::text is null or e.event_type = $5) and ($6::timestamptz is null or e.event_ts >= $6)
                  and ($7::timestamptz is null or e.event_ts < $7)
                order by "#
                    + $order
                    + " limit $8",
                owner.company.0,
                owner.account.0,
                from.at,
                from.id,
                filter.event_type,
                filter.from,
                filter.until,
                limit(filter.size),
            )
            .fetch_all(tenant)
            .await
        };
    }
    macro_rules! either_way {
        ($source:tt) => {
            match filter.way {
                Way::Older => page!($source, "<", "e.event_ts desc, e.id desc"),
                Way::Newer => page!($source, ">", "e.event_ts, e.id"),
            }
        };
    }
    by_state!(filter, is_crowded, either_way)
}

/// The same among a window of [`WINDOW`] events from the cursor on, for a search by part of an id or key, which no index
/// serves; and, wherever they are, those of these whole ids. Unless a state is asked for, what has become of an event is
/// looked up for those alone that are shown.
pub async fn search(
    tenant: &mut PgConnection,
    owner: Owner,
    filter: &Filter,
    ids: &[Uuid],
) -> Result<Vec<EventRow>, sqlx::Error> {
    let (from, is_crowded) = (filter.begin(), is_crowded(&mut *tenant, owner, filter).await?);
    macro_rules! page {
        ($source:tt, $beyond:tt, $order:tt) => {
            sqlx::query_as!(
                EventRow,
                r#"
                with eligible as not materialized (
                    select e.id, e.event_ts, e.object_id, e.dedup_key
                "#
                    + $source
                    + "and (e.event_ts, e.id) "
                    + $beyond
                    + r#" ($3, $4)
                      and ($5::text is null or e.event_type = $5) and ($6::timestamptz is null or e.event_ts >= $6)
                      and ($7::timestamptz is null or e.event_ts < $7)
                ), found as (
                    select id, event_ts from (
                        select id, event_ts from (select * from eligible e order by "#
                    + $order
                    + r#" limit $11) recent
                        where object_id ilike '%' || $8 || '%' or dedup_key ilike '%' || $8 || '%'
                        union
                        select id, event_ts from eligible where id = any($10)
                    ) e
                    order by "#
                    + $order
                    + r#" limit $9
                )
                select e.id as "id!", e.received_at as "received_at!", e.event_ts as "event_ts!",
                       e.event_type as "event_type!", e.event_subtype, e.object_id, e.dedup_key as "dedup_key!",
                       e.state::text as "state!", e.attempts as "attempts!"
                from found
                join whatsapp_webhook_event_logs e on e.company_id = $1 and e.id = found.id
                order by "#
                    + $order,
                owner.company.0,
                owner.account.0,
                from.at,
                from.id,
                filter.event_type,
                filter.from,
                filter.until,
                literally(&filter.search),
                limit(filter.size),
                ids,
                WINDOW,
            )
            .fetch_all(tenant)
            .await
        };
    }
    macro_rules! either_way {
        ($source:tt) => {
            match filter.way {
                Way::Older => page!($source, "<", "e.event_ts desc, e.id desc"),
                Way::Newer => page!($source, ">", "e.event_ts, e.id"),
            }
        };
    }
    by_state!(filter, is_crowded, either_way)
}

/// The last place of the window that [`search`] looks at; none where the log ends before.
pub async fn window_end(
    tenant: &mut PgConnection,
    owner: Owner,
    filter: &Filter,
) -> Result<Option<Cursor>, sqlx::Error> {
    let (from, is_crowded) = (filter.begin(), is_crowded(&mut *tenant, owner, filter).await?);
    macro_rules! end {
        ($source:tt, $beyond:tt, $order:tt) => {
            sqlx::query_as!(
                Cursor,
                r#"select e.event_ts as "at!", e.id as "id!" "#
                    + $source
                    + "and (e.event_ts, e.id) "
                    + $beyond
                    + r#" ($3, $4)
                  and ($5::text is null or e.event_type = $5) and ($6::timestamptz is null or e.event_ts >= $6)
                  and ($7::timestamptz is null or e.event_ts < $7)
                order by "#
                    + $order
                    + " offset $8 limit 1",
                owner.company.0,
                owner.account.0,
                from.at,
                from.id,
                filter.event_type,
                filter.from,
                filter.until,
                WINDOW - 1,
            )
            .fetch_optional(tenant)
            .await
        };
    }
    macro_rules! either_way {
        ($source:tt) => {
            match filter.way {
                Way::Older => end!($source, "<", "e.event_ts desc, e.id desc"),
                Way::Newer => end!($source, ">", "e.event_ts, e.id"),
            }
        };
    }
    by_state!(filter, is_crowded, either_way)
}

/// Events of a company that a search text names as a whole: by their own id, by that of their delivery, or by that of
/// the message which they became or are a status of.
pub async fn named(tenant: &mut PgConnection, owner: Owner, search: &str) -> Result<Vec<Uuid>, sqlx::Error> {
    let id = id_in(search);
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id!" from whatsapp_webhook_events where company_id = $1 and id = $3
        union all
        select id from whatsapp_webhook_events where company_id = $1 and delivery_id = $3
        union all
        select event_id from messages where company_id = $1 and account_id = $2 and wamid = $4
        union all
        select event_id from message_statuses where company_id = $1 and account_id = $2 and wamid = $4
        limit 500
        "#,
        owner.company.0,
        owner.account.0,
        id,
        search,
    );
    ids.fetch_all(tenant).await
}

/// The newest id of a company's log, by arrival.
pub async fn newest_id(tenant: &mut PgConnection, company: CompanyId) -> Result<Option<Uuid>, sqlx::Error> {
    let newest = sqlx::query_scalar!(
        "select id from whatsapp_webhook_events where company_id = $1 order by id desc limit 1",
        company.0,
    );
    newest.fetch_optional(tenant).await
}

/// How many events have come.
#[derive(Clone, Copy, Debug)]
pub struct ArrivedRow {
    /// All of them.
    pub all: i64,
    /// Those that were asked for up to.
    pub settled: i64,
}

/// Counts the events with ids after one and, of these, up to another, each at most [`MANY`], under the log's filters.
pub async fn arrived(
    tenant: &mut PgConnection,
    owner: Owner,
    filter: &Filter,
    after: Uuid,
    settled: Uuid,
) -> Result<ArrivedRow, sqlx::Error> {
    let search = literally(&filter.search);
    macro_rules! arrived {
        ($source:tt) => {
            sqlx::query_as!(
                ArrivedRow,
                r#"
                select count(*) as "all!", count(*) filter (where id <= $4) as "settled!"
                from (
                    select e.id "#
                    + $source
                    + r#" and e.id > $3
                      and ($5::text is null or e.event_type = $5) and ($6::timestamptz is null or e.event_ts >= $6)
                      and ($7::timestamptz is null or e.event_ts < $7)
                      and ($8 = '' or e.object_id ilike '%' || $8 || '%' or e.dedup_key ilike '%' || $8 || '%'
                           or $10 in (e.id, e.delivery_id))
                    order by e.id
                    limit $9
                ) new
                "#,
                owner.company.0,
                owner.account.0,
                after,
                settled,
                filter.event_type,
                filter.from,
                filter.until,
                search,
                limit(MANY - 1),
                id_in(&filter.search),
            )
            .fetch_one(tenant)
            .await
        };
    }
    // What came since the mark is a short range of the log, however much waits.
    by_state!(filter, true, arrived)
}

/// An event's or a delivery's own id is searched for as a whole.
fn id_in(search: &str) -> Option<Uuid> {
    Uuid::parse_str(search).ok()
}

/// An event with its delivery.
#[derive(Clone, Debug)]
pub struct DetailRow {
    /// The line of the log.
    pub event: EventRow,
    /// As the database shows it.
    pub payload: Option<Value>,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// Which update of the delivery it is, from 0.
    pub position: i32,
    /// Why it failed last, or is quarantined.
    pub last_error: Option<String>,
    /// Why it has no account.
    pub unrouted_reason: Option<String>,
    /// When it was processed.
    pub processed_at: Option<OffsetDateTime>,
    /// By which worker.
    pub processed_by: Option<String>,
    /// When it is due, if it waits.
    pub next_attempt_at: Option<OffsetDateTime>,
    /// The delivery.
    pub delivery: DeliveryRow,
}

/// A delivery without its body.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// Its id.
    pub id: Uuid,
    /// When it came first.
    pub received_at: OffsetDateTime,
    /// How often it came.
    pub seen_count: i32,
    /// When it came last.
    pub last_seen_at: OffsetDateTime,
    /// Bytes.
    pub body_size: i32,
    /// Of the body.
    pub body_sha256: Vec<u8>,
    /// The header.
    pub signature: String,
    /// Which secret.
    pub signed_with: String,
    /// The headers kept.
    pub headers: Value,
}

/// One event of an account, or one without an account in a delivery that the account signed.
pub async fn find(tenant: &mut PgConnection, owner: Owner, event: EventId) -> Result<Option<DetailRow>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        select e.id as "id!", e.received_at as "received_at!", e.event_ts as "event_ts!", e.event_type as "event_type!",
               e.event_subtype, e.object_id, e.dedup_key as "dedup_key!", e.state::text as "state!",
               e.attempts as "attempts!", e.payload, e.position as "position!",
               substring(d.body from e.body_offset + 1 for e.body_length) as "raw!", e.last_error, e.unrouted_reason,
               e.processed_at, e.processed_by, case when e.state = 'pending' then (
                   select min(q.due_at) from event_queue q
                   where q.company_id = $1 and q.account_id = $2 and e.id = any(q.events)) end as next_attempt_at,
               d.id as delivery_id,
               d.received_at as delivery_received_at, d.seen_count, d.last_seen_at, d.body_size, d.body_sha256,
               d.signature, d.signed_with, d.headers
        from whatsapp_webhook_event_logs e
        join whatsapp_webhook_deliveries d on d.company_id = e.company_id and d.id = e.delivery_id
        where e.company_id = $1 and e.id = $3 and coalesce(e.account_id, d.signed_by_account) = $2
        "#,
        owner.company.0,
        owner.account.0,
        event.0,
    )
    .fetch_optional(tenant)
    .await?;
    Ok(row.map(|row| DetailRow {
        event: EventRow {
            id: row.id,
            received_at: row.received_at,
            event_ts: row.event_ts,
            event_type: row.event_type,
            event_subtype: row.event_subtype,
            object_id: row.object_id,
            dedup_key: row.dedup_key,
            state: row.state,
            attempts: row.attempts,
        },
        payload: row.payload,
        raw: row.raw,
        position: row.position,
        last_error: row.last_error,
        unrouted_reason: row.unrouted_reason,
        processed_at: row.processed_at,
        processed_by: row.processed_by,
        next_attempt_at: row.next_attempt_at,
        delivery: DeliveryRow {
            id: row.delivery_id,
            received_at: row.delivery_received_at,
            seen_count: row.seen_count,
            last_seen_at: row.last_seen_at,
            body_size: row.body_size,
            body_sha256: row.body_sha256,
            signature: row.signature,
            signed_with: row.signed_with,
            headers: row.headers,
        },
    }))
}

/// Another update of a delivery.
#[derive(Clone, Debug)]
pub struct SiblingRow {
    /// Its id.
    pub id: Uuid,
    /// From 0.
    pub position: i32,
    /// `message` …
    pub event_type: String,
    /// `text` …
    pub event_subtype: Option<String>,
    /// What has become of it.
    pub state: String,
}

/// The updates of a delivery that are this account's: at most 100, those around the one at `position`.
pub async fn siblings(
    tenant: &mut PgConnection,
    owner: Owner,
    delivery: Uuid,
    position: i32,
) -> Result<Vec<SiblingRow>, sqlx::Error> {
    let around = sqlx::query_as!(
        SiblingRow,
        r#"
        select id as "id!", position as "position!", event_type as "event_type!", event_subtype,
               state::text as "state!"
        from whatsapp_webhook_event_logs
        where company_id = $1 and delivery_id = $3 and (account_id = $2 or account_id is null)
        order by abs(position - $4), position
        limit 100
        "#,
        owner.company.0,
        owner.account.0,
        delivery,
        position,
    );
    let mut rows = around.fetch_all(tenant).await?;
    rows.sort_by_key(|row| row.position);
    Ok(rows)
}

/// A failed try.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    /// From 1.
    pub attempt: i32,
    /// When.
    pub failed_at: OffsetDateTime,
    /// Which worker.
    pub worker: String,
    /// Why.
    pub error: String,
}

/// The failed tries of an event, oldest first.
pub async fn attempts(
    tenant: &mut PgConnection,
    company: CompanyId,
    event: EventId,
) -> Result<Vec<AttemptRow>, sqlx::Error> {
    sqlx::query_as!(
        AttemptRow,
        r#"
        select attempt, failed_at, worker, error from event_attempts
        where company_id = $1 and event_id = $2 order by attempt
        "#,
        company.0,
        event.0,
    )
    .fetch_all(tenant)
    .await
}

/// Sends an event through again: with a fresh schedule of tries. None if its state does not allow it, else the state
/// it was in.
pub async fn replay(
    tenant: &mut PgConnection,
    owner: Owner,
    event: EventId,
    now: OffsetDateTime,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        with before as (
            select id, fault from whatsapp_webhook_events
            where company_id = $1 and account_id = $2 and id = $3 and (fault is null or fault = 'dead')
              and erased_at is null
            for update
        ), undone as (
            delete from event_outcomes o using before
            where o.company_id = $1 and o.event_id = before.id
            returning o.event_id
        ), open as (
            update whatsapp_webhook_events e
            set fault = null, attempts = 0, last_error = case when before.fault = 'dead' then e.last_error end
            from before
            where e.company_id = $1 and e.id = before.id
              and (before.fault = 'dead' or e.id in (select event_id from undone))
            returning e.id, before.fault
        ), waiting as (
            insert into event_queue (company_id, account_id, id, due_at, events)
            select $1, $2, gen_random_uuid(), $4, array[id] from open
        )
        select coalesce(fault, 'processed')::text as "state!" from open
        "#,
        owner.company.0,
        owner.account.0,
        event.0,
        now,
    )
    .fetch_optional(tenant)
    .await
}

/// The event that came last.
#[derive(Clone, Debug)]
pub struct LastRow {
    /// When.
    pub received_at: OffsetDateTime,
    /// `message` …
    pub event_type: String,
    /// `text` …
    pub event_subtype: Option<String>,
}

/// The event of an account that came last, whatever its own time is.
///
/// Ids sort by arrival, but no index has them by account, which every stored event would pay for: it is looked for among
/// the last [`WINDOW`] events of the company. An account that had none among so many is shown its newest by Meta's clock.
pub async fn last(tenant: &mut PgConnection, owner: Owner) -> Result<Option<LastRow>, sqlx::Error> {
    sqlx::query_as!(
        LastRow,
        r#"
        select received_at as "received_at!", event_type as "event_type!", event_subtype
        from (
            (select id, received_at, event_type, event_subtype
             from (select id, account_id, received_at, event_type, event_subtype from whatsapp_webhook_events
                   where company_id = $1 order by id desc limit $3) recent
             where account_id = $2
             order by id desc limit 1)
            union all
            (select id, received_at, event_type, event_subtype from whatsapp_webhook_events
             where company_id = $1 and account_id = $2
             order by event_ts desc, id desc limit 1)
        ) either
        order by id desc limit 1
        "#,
        owner.company.0,
        owner.account.0,
        WINDOW,
    )
    .fetch_optional(tenant)
    .await
}

/// How an account's log is doing. Counting stops at `most`.
#[derive(Clone, Copy, Debug)]
pub struct PulseRow {
    /// Events that came in the last hour.
    pub last_hour: i64,
    /// Events that came in the last day.
    pub last_day: i64,
    /// Waiting.
    pub waiting: i64,
    /// Given up.
    pub dead: i64,
}

/// Counts, each at most `most`.
///
/// What happened in the last hour also came in it, and is counted by the account's index. What came late is looked for
/// among the last [`WINDOW`] events of the company, by their ids: as in [`last`], no index has arrivals by account.
pub async fn pulse(
    tenant: &mut PgConnection,
    owner: Owner,
    now: OffsetDateTime,
    most: i64,
) -> Result<PulseRow, sqlx::Error> {
    sqlx::query_as!(
        PulseRow,
        r#"
        with since as (select $3::timestamptz - interval '1 hour' as hour, $3::timestamptz - interval '1 day' as day),
        late as (
            select count(*) filter (where received_at > since.hour and event_ts <= since.hour) as hour,
                   count(*) filter (where received_at > since.day and event_ts <= since.day) as day
            from since, (select account_id, event_ts, received_at from whatsapp_webhook_events
                where company_id = $1 and id > $5 order by id desc limit $6) recent
            where account_id = $2
        )
        select
            least($4, late.hour + (select count(*) from (select 1 from whatsapp_webhook_events
                where company_id = $1 and account_id = $2 and event_ts > $3::timestamptz - interval '1 hour'
                limit $4) h)) as "last_hour!",
            least($4, late.day + (select count(*) from (select 1 from whatsapp_webhook_events
                where company_id = $1 and account_id = $2 and event_ts > $3::timestamptz - interval '1 day'
                limit $4) d)) as "last_day!",
            (select count(*) from (select 1 from event_queue q
                cross join unnest(q.events) as waiting (id)
                join whatsapp_webhook_events e on e.company_id = $1 and e.id = waiting.id and e.erased_at is null
                where q.company_id = $1 and q.account_id = $2 limit $4) p) as "waiting!",
            (select count(*) from (select 1 from whatsapp_webhook_events
                where company_id = $1 and account_id = $2 and fault = 'dead' limit $4) x) as "dead!"
        from late
        "#,
        owner.company.0,
        owner.account.0,
        now,
        most,
        id_before(now - Duration::DAY),
        WINDOW,
    )
    .fetch_one(tenant)
    .await
}

/// No event that came after a moment has a lower id: they are made within ten seconds. The milliseconds are the first 48
/// bits.
fn id_before(at: OffsetDateTime) -> Uuid {
    let milliseconds = (at - Duration::seconds(10)).unix_timestamp_nanos() / 1_000_000;
    Uuid::from_u128(u128::try_from(milliseconds).unwrap_or_default() << 80)
}

/// How often the door refused for one reason.
#[derive(Clone, Debug)]
pub struct RejectionRow {
    /// The word.
    pub reason: String,
    /// How often.
    pub count: i64,
    /// The last time.
    pub last_at: OffsetDateTime,
}

/// What was refused on an account's path since `since`, most frequent first. Counting stops at
/// `most` rows, of which one may stand for many refusals.
pub async fn rejections(
    tenant: &mut PgConnection,
    owner: Owner,
    callback_path: &str,
    since: OffsetDateTime,
    most: i64,
) -> Result<Vec<RejectionRow>, sqlx::Error> {
    sqlx::query_as!(
        RejectionRow,
        r#"
        select reason, sum(times) as "count!", max(rejected_at) as "last_at!"
        from (
            select reason, rejected_at, times from whatsapp_webhook_rejections
            where company_id = $1 and rejected_at > $3
              and (account_id = $2 or (account_id is null and callback_path = $4))
            limit $5
        ) recent
        group by reason
        order by 2 desc, reason
        "#,
        owner.company.0,
        owner.account.0,
        since,
        callback_path,
        most,
    )
    .fetch_all(tenant)
    .await
}

/// An event of a body, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct PlacedRow {
    /// Its id.
    pub id: Uuid,
    /// None: unrouted.
    pub account_id: Option<Uuid>,
}

/// What the body with this hash became, in its order.
pub async fn of_body(
    tenant: &mut PgConnection,
    company: CompanyId,
    body_sha256: &[u8; 32],
) -> Result<Vec<PlacedRow>, sqlx::Error> {
    sqlx::query_as!(
        PlacedRow,
        r#"
        select e.id, e.account_id from whatsapp_webhook_deliveries d
        join whatsapp_webhook_events e on e.company_id = $1 and e.delivery_id = d.id
        where d.company_id = $1 and d.body_sha256 = $2
        order by e.position
        "#,
        company.0,
        body_sha256.as_slice(),
    )
    .fetch_all(tenant)
    .await
}
