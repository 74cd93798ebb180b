//! One update of a body, as the envelope hands it to the writer and the writer's row hands it to the worker.

use std::ops::Range;

use time::OffsetDateTime;

/// What kind of update it is; decides the dedup key and what processing makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// `value.messages[]`.
    Message,
    /// `value.statuses[]`.
    Status,
    /// `value.statuses[]` with type `payment`.
    PaymentStatus,
    /// `value.message_echoes[]`: what the company sent by another way.
    Echo,
    /// `value.messages[]` in field `standby`: another agent holds the chat.
    Standby,
    /// A chunk of `value.history[]`, without its messages.
    History,
    /// A message inside a history chunk.
    HistoryMessage,
    /// `value.state_sync[]`.
    StateSync,
    /// `value.calls[]`.
    Call,
    /// `value.user_preferences[]`.
    Preference,
    /// `value.automatic_events[]`.
    AutomaticEvent,
    /// `value.groups[]`.
    Group,
    /// `value.errors[]`, on its own.
    Error,
    /// Any other change, known field or not; the field is its subtype.
    Change,
    /// A body that is no JSON or no envelope.
    Raw,
}

impl EventType {
    /// The word in `event_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Status => "status",
            Self::PaymentStatus => "payment_status",
            Self::Echo => "echo",
            Self::Standby => "standby",
            Self::History => "history",
            Self::HistoryMessage => "history_message",
            Self::StateSync => "state_sync",
            Self::Call => "call",
            Self::Preference => "preference",
            Self::AutomaticEvent => "automatic_event",
            Self::Group => "group",
            Self::Error => "error",
            Self::Change => "change",
            Self::Raw => "raw",
        }
    }

    /// Reads `event_type` back; none for a word of a newer version.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Message,
            Self::Status,
            Self::PaymentStatus,
            Self::Echo,
            Self::Standby,
            Self::History,
            Self::HistoryMessage,
            Self::StateSync,
            Self::Call,
            Self::Preference,
            Self::AutomaticEvent,
            Self::Group,
            Self::Error,
            Self::Change,
            Self::Raw,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }
}

/// What an update says, if it can be kept as `jsonb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// JSON text with these members, each present only if the body had it, each a raw slice of the body:
    /// `field`, `entry` (`{"id","time"}`), `metadata`, `contact` (the one of `contacts[]` that belongs to the item),
    /// `chunk` and `thread` (history only), and `item`, the update itself.
    Json(String),
    /// It was understood to be JSON, but not kept as such or not processed: the reason, a sentence for people.
    /// The JSON text is there if `jsonb` can hold it.
    Quarantined {
        /// Why, for instance "The text holds \u0000, which the database cannot store."
        reason: String,
        /// The text, where `jsonb` can hold it.
        json: Option<String>,
    },
}

/// One update cut out of a body. Nothing in it has been decided by trust: ids are what the body claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What kind of update it is.
    pub event_type: EventType,
    /// The message's type, the status, the field …; at most 64 characters.
    pub subtype: Option<String>,
    /// `entry.id`: the WABA, as claimed.
    pub waba_id: Option<String>,
    /// `value.metadata.phone_number_id`, as claimed.
    pub phone_number_id: Option<String>,
    /// The wamid, call id, group id … it is about; at most 400 characters.
    pub object_id: Option<String>,
    /// Meta's timestamp of the update, if there is a believable one (between 2009 and a day from now).
    pub event_ts: Option<OffsetDateTime>,
    /// Unique per company; at most 600 characters.
    pub dedup_key: String,
    /// What it says.
    pub payload: Payload,
    /// Where its bytes are in the body.
    pub bytes: Range<usize>,
}
