//! SQL of retention. Each step is one statement: it commits by itself, and nobody can drop it half done.

use sqlx::PgPool;
use uuid::Uuid;

use super::{Pass, Removed, RetentionSettings};
use crate::ids::CompanyId;

/// Of the instances on one database, one steps at a time. Any number will do that nobody else uses.
const LOCK: i64 = 0x7761_7970_6f73_7401;

/// What a step did.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// False: another instance was at it, and nothing was done.
    pub held: bool,
    /// The last id that was looked at; none: there is nothing more.
    pub last: Option<Uuid>,
    /// What left.
    pub removed: Removed,
}

/// Everybody who may have something in the log.
pub async fn companies(engine: &PgPool) -> Result<Vec<CompanyId>, sqlx::Error> {
    sqlx::query_scalar!(r#"select distinct company_id as "company: CompanyId" from whatsapp_accounts order by 1"#)
        .fetch_all(engine)
        .await
}

/// Removes deliveries that came before, with their events, as far as nothing of them still waits; those after this id.
/// Of one that somebody was erased from, the row stays, without a body.
///
/// If somebody replays an event in the same moment, the step waits, sees that it is waiting again, and lets all of the
/// delivery stay. One that has just come again stays until the next pass: it may have brought an event that the step does
/// not see yet.
pub async fn remove_deliveries(
    engine: &PgPool,
    settings: RetentionSettings,
    company: CompanyId,
    after: Uuid,
    pass: Pass,
) -> Result<Step, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        with mine as materialized (
            select pg_try_advisory_xact_lock($1) as held
        ), aged as (
            select id, received_at, last_seen_at, erased_at, body_size from whatsapp_webhook_deliveries
            where company_id = $2 and id > $3 and id < $4 and (select held from mine)
            order by id
            limit $5
            for update skip locked
        ), batch as (
            select id, received_at, last_seen_at, erased_at
            from (select id, received_at, last_seen_at, erased_at,
                         sum(body_size) over (order by id) - body_size as bytes_before
                  from aged) a
            where bytes_before < $6
        ), events as (
            select e.id, e.delivery_id, e.fault from batch
            join whatsapp_webhook_events e on e.company_id = $2 and e.delivery_id = batch.id
            where batch.received_at < $7
            for update of e
        ), processed as (
            select o.event_id from events
            join event_outcomes o on o.company_id = $2 and o.event_id = events.id
            for update of o
        ), leaving as (
            select id, erased_at from batch
            where received_at < $7 and last_seen_at < $9::timestamptz - interval '1 minute' and not exists (
                select from events
                where events.delivery_id = batch.id and events.fault is distinct from 'quarantined'
                  and events.fault is distinct from 'unrouted' and events.id not in (select event_id from processed))
        ), gone_events as (
            delete from whatsapp_webhook_events e using leaving
            where e.company_id = $2 and e.delivery_id = leaving.id
            returning e.id
        ), gone_outcomes as (
            delete from event_outcomes o using gone_events
            where o.company_id = $2 and o.event_id = gone_events.id
        ), gone_attempts as (
            delete from event_attempts a using gone_events
            where a.company_id = $2 and a.event_id = gone_events.id
            returning 1
        ), gone_deliveries as (
            delete from whatsapp_webhook_deliveries d using leaving
            where d.company_id = $2 and d.id = leaving.id and leaving.erased_at is null
            returning 1
        ), emptied as (
            update whatsapp_webhook_deliveries d set body = '' from leaving
            where d.company_id = $2 and d.id = leaving.id and leaving.erased_at is not null and d.body <> ''
        ), counted as (
            select (select count(*) from gone_deliveries) as deliveries, (select count(*) from gone_events) as events,
                   (select count(*) from gone_attempts) as attempts
        ), told as (
            insert into audit_log as known
                (company_id, id, at, actor_kind, actor_name, action, subject, outcome, details)
            select $2, $8, $9, 'system', 'retention', 'log.thinned', 'company', 'done',
                   jsonb_build_object('kept_for_days', $10::integer, 'deliveries', deliveries, 'events', events,
                                      'rejections', 0)
            from counted where deliveries > 0 or events > 0
            on conflict (company_id, id) do update set details = known.details || jsonb_build_object(
                'deliveries', (known.details->>'deliveries')::bigint + (excluded.details->>'deliveries')::bigint,
                'events', (known.details->>'events')::bigint + (excluded.details->>'events')::bigint)
        )
        select (select held from mine) as "held!", (select id from batch order by id desc limit 1) as last,
               deliveries as "deliveries!", events as "events!", attempts as "attempts!"
        from counted
        "#,
        LOCK,
        company.0,
        after,
        pass.boundary,
        settings.batch,
        settings.bytes,
        pass.before,
        pass.entry,
        pass.now,
        i32::from(settings.days),
    )
    .fetch_one(engine)
    .await?;
    let removed =
        Removed { deliveries: row.deliveries, events: row.events, attempts: row.attempts, ..Removed::default() };
    Ok(Step { held: row.held, last: row.last, removed })
}

/// Removes events whose delivery is gone: their body came again in the moment in which it left, and nothing else of it is
/// kept. Those after this id, as far as they are old and do not wait.
pub async fn remove_orphans(
    engine: &PgPool,
    settings: RetentionSettings,
    company: CompanyId,
    after: Uuid,
    pass: Pass,
) -> Result<Step, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        with mine as materialized (
            select pg_try_advisory_xact_lock($1) as held
        ), aged as (
            select id, delivery_id, received_at, fault from whatsapp_webhook_events
            where company_id = $2 and id > $3 and id < $4 and (select held from mine)
            order by id
            limit $5
        ), orphans as (
            select e.id, e.fault from aged
            join whatsapp_webhook_events e on e.company_id = $2 and e.id = aged.id
            where aged.received_at < $6 and not exists (
                select from whatsapp_webhook_deliveries d where d.company_id = $2 and d.id = aged.delivery_id)
            for update of e
        ), processed as (
            select o.event_id from orphans
            join event_outcomes o on o.company_id = $2 and o.event_id = orphans.id
            for update of o
        ), leaving as (
            select id from orphans
            where fault in ('quarantined', 'unrouted') or id in (select event_id from processed)
        ), gone_events as (
            delete from whatsapp_webhook_events e using leaving
            where e.company_id = $2 and e.id = leaving.id
            returning e.id
        ), gone_outcomes as (
            delete from event_outcomes o using gone_events
            where o.company_id = $2 and o.event_id = gone_events.id
        ), gone_attempts as (
            delete from event_attempts a using gone_events
            where a.company_id = $2 and a.event_id = gone_events.id
            returning 1
        ), counted as (
            select (select count(*) from gone_events) as events, (select count(*) from gone_attempts) as attempts
        ), told as (
            insert into audit_log as known
                (company_id, id, at, actor_kind, actor_name, action, subject, outcome, details)
            select $2, $7, $8, 'command_line', 'retention', 'log.thinned', 'company', 'done',
                   jsonb_build_object('kept_for_days', $9::integer, 'deliveries', 0, 'events', events, 'rejections', 0)
            from counted where events > 0
            on conflict (company_id, id) do update set details = known.details || jsonb_build_object(
                'events', (known.details->>'events')::bigint + (excluded.details->>'events')::bigint)
        )
        select (select held from mine) as "held!", (select id from aged order by id desc limit 1) as last,
               events as "events!", attempts as "attempts!"
        from counted
        "#,
        LOCK,
        company.0,
        after,
        pass.boundary,
        settings.batch,
        pass.before,
        pass.entry,
        pass.now,
        i32::from(settings.days),
    )
    .fetch_one(engine)
    .await?;
    let removed = Removed { events: row.events, attempts: row.attempts, ..Removed::default() };
    Ok(Step { held: row.held, last: row.last, removed })
}

/// Removes refusals that are older. What is on nobody's path is in nobody's audit log.
pub async fn remove_rejections(
    engine: &PgPool,
    settings: RetentionSettings,
    company: CompanyId,
    pass: Pass,
) -> Result<Step, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        with mine as materialized (
            select pg_try_advisory_xact_lock($1) as held
        ), leaving as (
            select id from whatsapp_webhook_rejections
            where company_id = $2 and id < $3 and (select held from mine)
            order by id
            limit $4
        ), gone as (
            delete from whatsapp_webhook_rejections r using leaving
            where r.company_id = $2 and r.id = leaving.id
            returning r.id
        ), counted as (
            select count(*) as rejections from gone
        ), told as (
            insert into audit_log as known
                (company_id, id, at, actor_kind, actor_name, action, subject, outcome, details)
            select $2, $5, $6, 'system', 'retention', 'log.thinned', 'company', 'done',
                   jsonb_build_object('kept_for_days', $7::integer, 'deliveries', 0, 'events', 0,
                                      'rejections', rejections)
            from counted where rejections > 0 and $2 <> '00000000-0000-0000-0000-000000000000'
            on conflict (company_id, id) do update set details = known.details || jsonb_build_object(
                'rejections', (known.details->>'rejections')::bigint + (excluded.details->>'rejections')::bigint)
        )
        select (select held from mine) as "held!", (select id from gone order by id desc limit 1) as last,
               rejections as "rejections!"
        from counted
        "#,
        LOCK,
        company.0,
        pass.boundary,
        settings.batch,
        pass.entry,
        pass.now,
        i32::from(settings.days),
    )
    .fetch_one(engine)
    .await?;
    let removed = Removed { rejections: row.rejections, ..Removed::default() };
    Ok(Step { held: row.held, last: row.last, removed })
}
