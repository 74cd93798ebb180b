//! What the writer's statement takes, as rows: `delivery_to_store` and `event_to_store`, column by column.

use serde_json::value::RawValue;
use sqlx::types::Json;
use time::OffsetDateTime;

use super::batch::{Batch, Delivery, NewEvent};
use crate::database::rows::sent_as;
use crate::ids::{AccountId, CompanyId, DeliveryId, EventId};
use crate::webhook_config::routing::UnroutedReason;

/// A delivery.
#[derive(sqlx::Encode)]
pub struct DeliveryToStore<'a> {
    company_id: CompanyId,
    /// A new one; that of an earlier arrival stays in force.
    pub id: DeliveryId,
    body_sha256: &'a [u8],
    body: &'a [u8],
    body_is_whole: bool,
    body_size: i32,
    signature: &'a str,
    signed_by_account: AccountId,
    signed_with: &'a str,
    callback_path: &'a str,
    headers: &'a str,
    received_at: OffsetDateTime,
    seen_count: i32,
}
sent_as!(DeliveryToStore, "delivery_to_store");

/// An event, which joins its delivery by the hash.
#[derive(sqlx::Encode)]
pub struct EventToStore<'a> {
    company_id: CompanyId,
    id: EventId,
    body_sha256: &'a [u8],
    position: i32,
    body_offset: i32,
    body_length: i32,
    account_id: Option<AccountId>,
    waba_id: Option<&'a str>,
    phone_number_id: Option<&'a str>,
    event_type: &'a str,
    event_subtype: Option<&'a str>,
    object_id: Option<&'a str>,
    event_ts: Option<OffsetDateTime>,
    received_at: OffsetDateTime,
    dedup_key: &'a str,
    payload: Option<Json<&'a RawValue>>,
    fault: Option<&'a str>,
    unrouted_reason: Option<&'a str>,
    last_error: Option<&'a str>,
}
sent_as!(EventToStore, "event_to_store");

/// The rows of a batch.
pub fn of<'a>(batch: &Batch<'a>) -> (Vec<DeliveryToStore<'a>>, Vec<EventToStore<'a>>) {
    let deliveries = batch.deliveries.iter().map(|(delivery, seen_count)| delivery_to_store(delivery, *seen_count));
    let events = batch.events.iter().map(|(index, event)| event_to_store(batch.deliveries[*index].0, event));
    (deliveries.collect(), events.collect())
}

fn delivery_to_store(delivery: &Delivery, seen_count: i32) -> DeliveryToStore<'_> {
    DeliveryToStore {
        company_id: delivery.company,
        id: delivery.id,
        body_sha256: &delivery.body_sha256,
        body: &delivery.body.bytes,
        body_is_whole: delivery.body.is_whole,
        body_size: delivery.body_size,
        signature: &delivery.signature,
        signed_by_account: delivery.signed_by.account,
        signed_with: delivery.signed_with.as_str(),
        callback_path: &delivery.callback_path,
        headers: &delivery.headers,
        received_at: delivery.received_at,
        seen_count,
    }
}

fn event_to_store<'a>(delivery: &'a Delivery, event: &'a NewEvent) -> EventToStore<'a> {
    let item = &event.item;
    EventToStore {
        company_id: delivery.company,
        id: event.id,
        body_sha256: &delivery.body_sha256,
        position: event.position,
        body_offset: event.body_offset,
        body_length: event.body_length,
        account_id: event.account,
        waba_id: item.waba_id.as_deref(),
        phone_number_id: item.phone_number_id.as_deref(),
        event_type: item.event_type.as_str(),
        event_subtype: item.subtype.as_deref(),
        object_id: item.object_id.as_deref(),
        event_ts: item.event_ts,
        received_at: delivery.received_at,
        dedup_key: item.dedup_key.as_str(),
        payload: event.payload.as_deref().map(Json),
        fault: event.fault(),
        unrouted_reason: event.unrouted.map(UnroutedReason::as_str),
        last_error: event.quarantined.as_deref(),
    }
}
