//! SQL of the event log: what the writer stores. The worker's part is in `processing::store`.

use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::batch::Batch;
use super::rejections::Rejection;
use super::rows;

/// Bytes of a body up to which a lone delivery is stored as such: a plan that is made for it copies it once for each column.
const SMALL: usize = 64 << 10;

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Bodies not seen before.
    pub deliveries: i64,
    /// Updates not seen before.
    pub events: i64,
}

/// Stores a whole batch in one statement: it is all there or nothing is, and it commits by itself.
///
/// What a worker is to do stands in the queue from then on: one row for what the batch brought to an account, and for a
/// delivery of many updates one for each 500 of them.
///
/// A body seen before is counted; its updates, being there, conflict and are left alone. An event joins its delivery
/// by the hash, since the id in force may be that of an earlier arrival. A body that somebody was erased from brings
/// nothing back: all the rest of it is there.
///
/// Posts that come one by one have a text of their own, without lists and groups, which take a tenth of the statement's time.
/// All else of it is the same text.
///
/// # Errors
/// Those of the database.
pub async fn store(engine: impl PgExecutor<'_>, batch: &Batch<'_>) -> Result<Stored, sqlx::Error> {
    let (deliveries, events) = rows::of(batch);
    let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id.0).collect();
    macro_rules! stored {
        ($these:expr, $deliveries:literal, $those:expr, $events:literal, $waiting:literal) => {
            sqlx::query_as!(
                Stored,
                r#"
                with delivery as (
                    insert into whatsapp_webhook_deliveries as known
                        (company_id, id, body_sha256, body, body_is_whole, body_size, signature, signed_by_account,
                         signed_with, callback_path, headers, received_at, seen_count, last_seen_at)
                    select company_id, id, body_sha256, body, body_is_whole, body_size, signature, signed_by_account,
                           signed_with, callback_path, headers::jsonb, received_at, seen_count, received_at
                    from "#
                    + $deliveries
                    + r#" as new
                    on conflict (company_id, body_sha256) do update
                        set seen_count = known.seen_count + excluded.seen_count,
                            last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
                    returning company_id, id, body_sha256, erased_at
                ), event as (
                    insert into whatsapp_webhook_events
                        (company_id, id, delivery_id, position, body_offset, body_length, account_id, waba_id,
                         phone_number_id, event_type, event_subtype, object_id, event_ts, received_at, dedup_key, payload,
                         fault, unrouted_reason, last_error)
                    select new.company_id, new.id, delivery.id, new.position, new.body_offset, new.body_length,
                           new.account_id, new.waba_id, new.phone_number_id, new.event_type, new.event_subtype,
                           new.object_id, coalesce(new.event_ts, new.received_at), new.received_at, new.dedup_key,
                           new.payload, new.fault::webhook_event_state, new.unrouted_reason, new.last_error
                    from "#
                    + $events
                    + r#" as new
                    join delivery on delivery.company_id = new.company_id and delivery.body_sha256 = new.body_sha256
                        and delivery.erased_at is null
                    order by new.company_id, new.dedup_key
                    on conflict (company_id, (md5(dedup_key)::uuid)) do nothing
                    returning company_id, account_id, id, position, received_at, fault
                ), waiting as (
                    insert into event_queue (company_id, account_id, id, due_at, events)
                    select company_id, account_id, gen_random_uuid(), "#
                    + $waiting
                    + r#"
                )
                select (select count(*) from delivery where id = any($3)) as "deliveries!",
                       (select count(*) from event) as "events!"
                "#,
                $these as _,
                $those as _,
                &ids,
            )
            .fetch_one(engine)
            .await
        };
    }
    match (&*deliveries, &*events) {
        ([delivery], [event]) if batch.bytes() <= SMALL => stored!(
            delivery,
            "(select ($1::delivery_to_store).*)",
            event,
            "(select ($2::event_to_store).*)",
            "received_at, array[id] from event where fault is null"
        ),
        _ => stored!(
            &deliveries,
            "unnest($1::delivery_to_store[])",
            &events,
            "unnest($2::event_to_store[])",
            "min(received_at), array_agg(id order by id) from event where fault is null
             group by company_id, account_id, position / 500"
        ),
    }
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
