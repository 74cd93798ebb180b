//! What the writer stores: deliveries of companies with their events, as rows.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::item::{Item, Payload};
use crate::ids::{AccountId, CompanyId, DeliveryId, EventId, Owner};
use crate::webhook_config::SecretSlot;
use crate::webhook_config::routing::{Route, UnroutedReason};

/// One POST as one company keeps it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Who keeps it.
    pub company: CompanyId,
    /// A new id; if the same body was seen before, that delivery's id counts.
    pub id: DeliveryId,
    /// Of the whole body as received.
    pub body_sha256: [u8; 32],
    /// The body, or this company's part of it.
    pub body: Body,
    /// Bytes of the whole body.
    pub body_size: i32,
    /// The header's value.
    pub signature: String,
    /// The account whose secret signed it.
    pub signed_by: Owner,
    /// Which of its secrets.
    pub signed_with: SecretSlot,
    /// The path it was posted to, without query.
    pub callback_path: String,
    /// A JSON object: the few headers worth keeping.
    pub headers: String,
    /// When its last byte had come.
    pub received_at: OffsetDateTime,
    /// What is in it.
    pub events: Vec<NewEvent>,
}

/// Bytes of a delivery.
#[derive(Clone, Debug)]
pub struct Body {
    /// As they came over the wire.
    pub bytes: axum::body::Bytes,
    /// False: a JSON array of the company's own updates, cut from a body that held those of others too.
    pub is_whole: bool,
}

/// A row of the event log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// A new id.
    pub id: EventId,
    /// Which update of the body it is.
    pub position: i32,
    /// Where its bytes begin in the delivery's body.
    pub body_offset: i32,
    /// How many there are.
    pub body_length: i32,
    /// Whose it is; none: unrouted.
    pub account: Option<AccountId>,
    /// Why it has no account.
    pub unrouted: Option<UnroutedReason>,
    /// Why it cannot be read.
    pub quarantined: Option<String>,
    /// `jsonb`; none if it cannot be kept as such, or need not be: see [`NewEvent::new`].
    pub payload: Option<Box<RawValue>>,
    /// The rest, as the envelope cut it; its payload has been moved out.
    pub item: Item,
}

impl NewEvent {
    /// Makes the row of an item that was found to belong somewhere.
    ///
    /// What cannot be read says nothing about whose it is: unless its number was still found, it is the signer's. A
    /// payload that is `told`, put together from the delivery's body whenever it is asked for, is not kept.
    pub fn new(
        (position, offset): (usize, usize),
        mut item: Item,
        route: Route,
        signer: Owner,
        told: Option<&str>,
    ) -> Self {
        let (payload, quarantined) = match std::mem::replace(&mut item.payload, Payload::Json(String::new())) {
            Payload::Json(text) if told == Some(&*text) => (None, None),
            Payload::Json(text) => parse(text),
            Payload::Quarantined { reason, json } => (json.and_then(|text| parse(text).0), Some(reason)),
        };
        let (account, unrouted) = match route {
            Route::Account(owner) => (Some(owner.account), None),
            Route::Unrouted(..) if quarantined.is_some() => (Some(signer.account), None),
            Route::Unrouted(_, reason) => (None, Some(reason)),
        };
        Self {
            id: EventId::new(),
            position: saturated(position),
            body_offset: saturated(offset),
            body_length: saturated(item.bytes.len()),
            account,
            unrouted,
            quarantined,
            payload,
            item,
        }
    }

    /// Why it does not wait for a worker, if it does not.
    pub fn fault(&self) -> Option<&'static str> {
        match (&self.quarantined, self.unrouted) {
            (Some(_), _) => Some("quarantined"),
            (None, Some(_)) => Some("unrouted"),
            (None, None) => None,
        }
    }

    /// Takes the payload out: for one that the database turned out not to hold. The bytes stay in the delivery.
    pub fn quarantine(&mut self, reason: &str) {
        self.payload = None;
        self.unrouted = None;
        self.quarantined.get_or_insert_with(|| reason.to_owned());
    }
}

fn parse(text: String) -> (Option<Box<RawValue>>, Option<String>) {
    match RawValue::from_string(text) {
        Ok(raw) => (Some(raw), None),
        Err(error) => (None, Some(format!("The update could not be cut out of its body: {error}."))),
    }
}

fn saturated(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Several deliveries ready for one statement: sorted, so that two writers take locks in the same order, and without
/// equal keys, since `on conflict do update` refuses to touch a row twice.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// Distinct by company and hash, with how often each came.
    pub deliveries: Vec<(&'a Delivery, i32)>,
    /// Distinct by company and dedup key, each with the index of its delivery.
    pub events: Vec<(usize, &'a NewEvent)>,
    /// Events left out because the batch had their key already.
    pub repeated: u64,
}

impl<'a> Batch<'a> {
    /// Bytes of its bodies.
    pub fn bytes(&self) -> usize {
        self.deliveries.iter().map(|(delivery, _)| delivery.body.bytes.len()).sum()
    }

    /// Sorts and collapses.
    pub fn collapse(deliveries: impl IntoIterator<Item = &'a Delivery>) -> Self {
        let mut seen: HashMap<(CompanyId, [u8; 32]), usize> = HashMap::new();
        let mut distinct: Vec<(&Delivery, i32)> = Vec::new();
        let mut repeated = 0;
        for delivery in deliveries {
            match seen.entry((delivery.company, delivery.body_sha256)) {
                Entry::Occupied(known) => {
                    distinct[*known.get()].1 += 1;
                    repeated += delivery.events.len() as u64;
                }
                Entry::Vacant(new) => {
                    new.insert(distinct.len());
                    distinct.push((delivery, 1));
                }
            }
        }
        distinct.sort_by_key(|(delivery, _)| (delivery.company, delivery.body_sha256));
        let mut batch = Self { deliveries: distinct, events: Vec::new(), repeated };
        batch.gather_events();
        batch
    }

    fn gather_events(&mut self) {
        for (index, (delivery, _)) in self.deliveries.iter().enumerate() {
            self.events.extend(delivery.events.iter().map(|event| (index, event)));
        }
        let deliveries = &self.deliveries;
        self.events.sort_by(|(i, a), (j, b)| {
            let key = |index: usize| deliveries[index].0.company;
            (key(*i), &a.item.dedup_key, a.id).cmp(&(key(*j), &b.item.dedup_key, b.id))
        });
        let before = self.events.len();
        self.events.dedup_by(|(j, b), (i, a)| {
            deliveries[*i].0.company == deliveries[*j].0.company && a.item.dedup_key == b.item.dedup_key
        });
        self.repeated += (before - self.events.len()) as u64;
    }
}
