//! SQL of the event log: what the writer stores. The worker's part is in `processing::store`.

use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::batch::{Batch, NewEvent};
use super::rejections::Rejection;
use crate::webhook_config::routing::UnroutedReason;

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Bodies not seen before.
    pub deliveries: i64,
    /// Updates not seen before.
    pub events: i64,
}

/// How many updates of one delivery stand in one row of the queue, at most.
const TOGETHER: i32 = 500;

/// Stores a whole batch in one statement: it is all there or nothing is, and it commits by itself.
///
/// What a worker is to do stands in the queue from then on: one row for what the batch brought to an account, and for a
/// delivery of many updates one for each [`TOGETHER`] of them.
///
/// A body seen before is counted; its updates, being there, conflict and are left alone. An event joins its delivery
/// by the hash, since the id in force may be that of an earlier arrival. A body that somebody was erased from brings
/// nothing back: all the rest of it is there.
///
/// # Errors
/// Those of the database.
pub async fn store(engine: impl PgExecutor<'_>, batch: &Batch<'_>) -> Result<Stored, sqlx::Error> {
    let d = || batch.deliveries.iter().map(|(delivery, _)| *delivery);
    let e = || batch.events.iter().map(|(_, event)| *event);
    let of = |index: &usize| batch.deliveries[*index].0;
    let row = sqlx::query!(
        r#"
        with delivery as (
            insert into whatsapp_webhook_deliveries as known
                (company_id, id, body_sha256, body, body_is_whole, body_size, signature, signed_by_account, signed_with,
                 callback_path, headers, received_at, seen_count, last_seen_at)
            select company_id, id, body_sha256, body, body_is_whole, body_size, signature, signed_by_account,
                   signed_with, callback_path, headers::jsonb, received_at, seen_count, received_at
            from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bool[], $6::int[], $7::text[], $8::uuid[],
                        $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::int[])
                as new (company_id, id, body_sha256, body, body_is_whole, body_size, signature, signed_by_account,
                        signed_with, callback_path, headers, received_at, seen_count)
            on conflict (company_id, body_sha256) do update
                set seen_count = known.seen_count + excluded.seen_count,
                    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
            returning company_id, id, body_sha256, erased_at
        ), event as (
            insert into whatsapp_webhook_events
                (company_id, id, delivery_id, position, body_offset, body_length, account_id, waba_id, phone_number_id,
                 event_type, event_subtype, object_id, event_ts, received_at, dedup_key, payload, fault, unrouted_reason,
                 last_error)
            select new.company_id, new.id, delivery.id, new.position, new.body_offset, new.body_length, new.account_id,
                   new.waba_id, new.phone_number_id, new.event_type, new.event_subtype, new.object_id,
                   coalesce(new.event_ts, new.received_at), new.received_at, new.dedup_key, new.payload,
                   new.fault::webhook_event_state, new.unrouted_reason, new.last_error
            from unnest($14::uuid[], $15::uuid[], $16::bytea[], $17::int[], $18::int[], $19::int[], $20::uuid[],
                        $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::timestamptz[],
                        $27::timestamptz[], $28::text[], $29::jsonb[], $30::text[], $31::text[], $32::text[])
                as new (company_id, id, body_sha256, position, body_offset, body_length, account_id, waba_id,
                        phone_number_id, event_type, event_subtype, object_id, event_ts, received_at, dedup_key, payload,
                        fault, unrouted_reason, last_error)
            join delivery on delivery.company_id = new.company_id and delivery.body_sha256 = new.body_sha256
                and delivery.erased_at is null
            order by new.company_id, new.dedup_key
            on conflict (company_id, (md5(dedup_key)::uuid)) do nothing
            returning company_id, account_id, id, position, received_at, fault
        ), waiting as (
            insert into event_queue (company_id, account_id, id, due_at, events)
            select company_id, account_id, gen_random_uuid(), min(received_at), array_agg(id order by id)
            from event where fault is null
            group by company_id, account_id, position / $33
        )
        select (select count(*) from delivery where id = any($2)) as "deliveries!",
               (select count(*) from event) as "events!"
        "#,
        &d().map(|d| d.company.0).collect::<Vec<Uuid>>(),
        &d().map(|d| d.id.0).collect::<Vec<Uuid>>(),
        &d().map(|d| &d.body_sha256[..]).collect::<Vec<&[u8]>>() as _,
        &d().map(|d| &d.body.bytes[..]).collect::<Vec<&[u8]>>() as _,
        &d().map(|d| d.body.is_whole).collect::<Vec<bool>>(),
        &d().map(|d| d.body_size).collect::<Vec<i32>>(),
        &d().map(|d| d.signature.as_str()).collect::<Vec<&str>>() as _,
        &d().map(|d| d.signed_by.account.0).collect::<Vec<Uuid>>(),
        &d().map(|d| d.signed_with.as_str()).collect::<Vec<&str>>() as _,
        &d().map(|d| d.callback_path.as_str()).collect::<Vec<&str>>() as _,
        &d().map(|d| d.headers.as_str()).collect::<Vec<&str>>() as _,
        &d().map(|d| d.received_at).collect::<Vec<OffsetDateTime>>(),
        &batch.deliveries.iter().map(|(_, count)| *count).collect::<Vec<i32>>(),
        &batch.events.iter().map(|(i, _)| of(i).company.0).collect::<Vec<Uuid>>(),
        &e().map(|e| e.id.0).collect::<Vec<Uuid>>(),
        &batch.events.iter().map(|(i, _)| &of(i).body_sha256[..]).collect::<Vec<&[u8]>>() as _,
        &e().map(|e| e.position).collect::<Vec<i32>>(),
        &e().map(|e| e.body_offset).collect::<Vec<i32>>(),
        &e().map(|e| e.body_length).collect::<Vec<i32>>(),
        &e().map(|e| e.account.map(|account| account.0)).collect::<Vec<Option<Uuid>>>() as _,
        &e().map(|e| e.item.waba_id.as_deref()).collect::<Vec<_>>() as _,
        &e().map(|e| e.item.phone_number_id.as_deref()).collect::<Vec<_>>() as _,
        &e().map(|e| e.item.event_type.as_str()).collect::<Vec<_>>() as _,
        &e().map(|e| e.item.subtype.as_deref()).collect::<Vec<_>>() as _,
        &e().map(|e| e.item.object_id.as_deref()).collect::<Vec<_>>() as _,
        &e().map(|e| e.item.event_ts).collect::<Vec<_>>() as _,
        &batch.events.iter().map(|(i, _)| of(i).received_at).collect::<Vec<OffsetDateTime>>(),
        &e().map(|e| e.item.dedup_key.as_str()).collect::<Vec<_>>() as _,
        &e().map(payload).collect::<Vec<_>>() as _,
        &e().map(NewEvent::fault).collect::<Vec<_>>() as _,
        &e().map(|e| e.unrouted.map(UnroutedReason::as_str)).collect::<Vec<_>>() as _,
        &e().map(|e| e.quarantined.as_deref()).collect::<Vec<_>>() as _,
        TOGETHER,
    )
    .fetch_one(engine)
    .await?;
    Ok(Stored { deliveries: row.deliveries, events: row.events })
}

fn payload(event: &NewEvent) -> Option<Json<&RawValue>> {
    event.payload.as_deref().map(Json)
}

/// Stores what the door refused. Rows that are there already are left alone: a batch is handed in again when the answer
/// to its commit was lost. (No conflict target is named: the role may add rows here and not look at them.)
///
/// # Errors
/// Those of the database.
pub async fn store_rejections(engine: &PgPool, rows: &[Rejection]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into whatsapp_webhook_rejections
            (company_id, id, account_id, reason, method, callback_path, body_sha256, body_size, address, rejected_at,
             times)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bytea[],
                             $8::bigint[], $9::text[], $10::timestamptz[], $11::int[])
        on conflict do nothing
        "#,
        &rows.iter().map(|r| r.company.map_or(Uuid::nil(), |company| company.0)).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.id).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.account.map(|account| account.0)).collect::<Vec<_>>() as _,
        &rows.iter().map(|r| r.reason.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|r| r.method).collect::<Vec<_>>() as _,
        &rows.iter().map(|r| r.callback_path.as_str()).collect::<Vec<_>>() as _,
        &rows.iter().map(|r| r.body_sha256.as_ref().map(|hash| &hash[..])).collect::<Vec<_>>() as _,
        &rows.iter().map(|r| r.body_size).collect::<Vec<_>>() as _,
        &rows.iter().map(|r| r.address.map(|address| address.to_string())).collect::<Vec<_>>() as _,
        &rows.iter().map(|r| r.rejected_at).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.times).collect::<Vec<_>>(),
    )
    .execute(engine)
    .await?;
    Ok(())
}
