//! What an event means, without a database: JSON in, [`Effects`] out.
//!
//! Decided by the keys that are there, then by the field, because even Meta's own samples show a wrong one. Anything
//! unknown (a field, a type, a status of a later day) changes nothing or as little as can be, and is right that way:
//! the event is kept and marked processed. A [`Refusal`] is for what can never be applied, however often it is tried.
//! No JSON makes any of this panic.

mod account;
mod address_book;
mod body;
mod call;
mod history;
mod identity;
mod message;
mod person;
mod preference;
mod status;
#[cfg(test)]
mod testing;

use serde_json::Value;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::effect::{Effects, Source};
use super::wire::Node;
use crate::event_log::item::EventType;

pub use person::without_punctuation;

/// WhatsApp's first year: what claims to be older has no believable time.
const BEGINNING: OffsetDateTime = datetime!(2009-01-01 00:00 UTC);

/// A row of the event log with what it takes to understand it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `event_type`, perhaps of a newer version.
    pub event_type: &'a str,
    /// `event_subtype`: the field of a change, the type of a message.
    pub subtype: Option<&'a str>,
    /// `payload`, with the members of [`Payload::Json`](crate::event_log::item::Payload::Json).
    pub payload: &'a Value,
    /// Meta's timestamp, or the time of receipt.
    pub event_ts: OffsetDateTime,
    /// Of the account.
    pub phone_number_id: &'a str,
    /// Of the account, in any spelling.
    pub display_phone_number: Option<&'a str>,
}

/// Why an event can never be applied: a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub &'static str);

/// What the event is to change.
///
/// # Errors
/// A [`Refusal`], if the event can never be applied.
pub fn translate(event: &Event<'_>) -> Result<Effects, Refusal> {
    match EventType::parse(event.event_type) {
        Some(EventType::Message) => message::received(event, Source::Message),
        Some(EventType::Standby) => message::received(event, Source::Standby),
        Some(EventType::Echo) => message::echoed(event),
        Some(EventType::HistoryMessage) => history::message(event),
        Some(EventType::Status | EventType::PaymentStatus) => status::status(event),
        Some(EventType::Call) => call::call(event),
        Some(EventType::Preference) => preference::preference(event),
        Some(EventType::StateSync) => address_book::entry(event),
        Some(EventType::Change) => Ok(change(event)),
        Some(EventType::History | EventType::AutomaticEvent | EventType::Group | EventType::Error | EventType::Raw)
        | None => Ok(Effects::default()),
    }
}

/// A change of anything else: of somebody's ids, of the account, or of something that is only kept.
fn change(event: &Event<'_>) -> Effects {
    if identity::is_update(event) {
        identity::update(event)
    } else {
        Effects { account: account::change(event), ..Effects::default() }
    }
}

impl<'a> Event<'a> {
    /// The update itself.
    fn item(&self) -> Node<'a> {
        self.around("item")
    }

    /// The entry of `contacts[]` that belongs to the update.
    fn contact(&self) -> Node<'a> {
        self.around("contact")
    }

    /// A member beside the update: `metadata`, `thread` …
    fn around(&self, key: &str) -> Node<'a> {
        Node::of(self.payload).at(key)
    }

    /// The field that the update came in.
    fn is_field(&self, field: &str) -> bool {
        self.subtype == Some(field) || self.around("field").id().as_deref() == Some(field)
    }

    /// Whether a number is the account's own; display numbers come in any spelling.
    fn is_own(&self, number: &str) -> bool {
        let claimed = self.around("metadata").at("display_phone_number").id();
        number == self.phone_number_id
            || [self.display_phone_number, claimed.as_deref()]
                .into_iter()
                .flatten()
                .any(|own| person::same(own, number))
    }

    /// The time that the update gives, if it is believable; that of the event otherwise.
    fn time(&self, timestamp: Node<'_>) -> OffsetDateTime {
        let latest = self.event_ts.saturating_add(Duration::DAY);
        timestamp.moment().filter(|time| (BEGINNING..=latest).contains(time)).unwrap_or(self.event_ts)
    }
}

#[cfg(test)]
mod tests;
