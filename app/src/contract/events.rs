use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Which events to list. It lives in the URL, so that reload, back and a shared link show the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventQuery {
    /// The account's id.
    pub account: String,
    /// Only in this state.
    #[serde(default)]
    pub state: Option<EventState>,
    /// Only those that have had no effect yet: that wait, were given up, or cannot be read.
    #[serde(default)]
    pub unprocessed: bool,
    /// Only of this type, like `message` or `status`; empty: all.
    #[serde(default)]
    pub event_type: String,
    /// Only from this day on, `YYYY-MM-DD` in UTC; empty: from the beginning.
    #[serde(default)]
    pub from: String,
    /// Only up to and with this day; empty: to the end.
    #[serde(default)]
    pub to: String,
    /// Part of an object's id or of a dedup key; empty: all.
    #[serde(default)]
    pub search: String,
    /// `next` or `previous` of another page.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Rows on a page: 25, 50 or 100; anything else is 25.
    #[serde(default)]
    pub size: u32,
}

/// What has become of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// Waits for a worker, a retry included.
    Pending,
    /// Has had its effect.
    Processed,
    /// The tries are used up.
    Dead,
    /// Cannot be read; kept.
    Quarantined,
    /// Belongs to no account that may have it; kept.
    Unrouted,
}

impl EventState {
    /// All of them, in the order of the filter.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Processed, Self::Dead, Self::Quarantined, Self::Unrouted];

    /// The word in URL and database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Dead => "dead",
            Self::Quarantined => "quarantined",
            Self::Unrouted => "unrouted",
        }
    }

    /// Reads the word; none for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One page of the event log, newest event first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// Up to one page.
    pub events: Vec<EventRow>,
    /// Asks for older ones; none at the end.
    pub next: Option<String>,
    /// A search has looked at the newest events only, and at older ones when `next` is asked for.
    pub is_partial: bool,
    /// Asks for newer ones; none on the first page.
    pub previous: Option<String>,
    /// How far the log was looked at: what comes after it is new.
    pub mark: String,
    /// The server's clock.
    pub now: Timestamp,
}

/// A line of the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Our id, as in the URL.
    pub id: String,
    /// When it came.
    pub received_at: Timestamp,
    /// When it happened, by Meta's clock.
    pub event_at: Timestamp,
    /// `message`, `status` …
    pub event_type: String,
    /// `text`, `read`, a field's name …
    pub subtype: Option<String>,
    /// The wamid, call id … it is about.
    pub object_id: Option<String>,
    /// Unique per company.
    pub dedup_key: String,
    /// What has become of it.
    pub state: EventState,
    /// Tries that have ended.
    pub attempts: u32,
}

impl EventRow {
    /// What it is called.
    pub fn title(&self) -> String {
        event_title(&self.event_type, self.subtype.as_deref())
    }
}

/// Type and subtype of an event, in words.
pub fn event_title(event_type: &str, subtype: Option<&str>) -> String {
    let title = subtype.map_or_else(|| event_type.to_owned(), |subtype| format!("{event_type} · {subtype}"));
    title.replace('_', " ")
}

/// Everything about one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDetail {
    /// The line of the log.
    pub event: EventRow,
    /// The payload as JSON text; none where the database could not hold it.
    pub payload: Option<String>,
    /// The update's bytes as received; what is no UTF-8 is replaced.
    pub raw: String,
    /// Why it failed last, is quarantined or unrouted.
    pub problem: Option<String>,
    /// When and by which worker it was processed.
    pub processed: Option<(Timestamp, String)>,
    /// When it is tried next.
    pub next_attempt_at: Option<Timestamp>,
    /// The POST it came in.
    pub delivery: DeliveryView,
    /// The other updates of that POST, in their order; of many, those around this one.
    pub siblings: Vec<Sibling>,
    /// Failed tries, oldest first.
    pub attempts: Vec<Attempt>,
    /// The message it became, with its conversation.
    pub became: Option<Became>,
    /// The person may have it processed again, and its state allows it.
    pub may_replay: bool,
    /// The server's clock.
    pub now: Timestamp,
}

/// The POST that an event came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Our id.
    pub id: String,
    /// When it came first.
    pub received_at: Timestamp,
    /// How often it came.
    pub seen_count: u32,
    /// When it came last.
    pub last_seen_at: Timestamp,
    /// Bytes of the body.
    pub size: u32,
    /// SHA-256 of the body, in hex.
    pub sha256: String,
    /// The signature header.
    pub signature: String,
    /// `current` or `previous`: which app secret signed it.
    pub signed_with: String,
    /// Headers kept: name and value.
    pub headers: Vec<(String, String)>,
}

/// Another update of the same POST.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// Its id.
    pub id: String,
    /// Which update of the POST it is, from 1.
    pub place: u32,
    /// Type and subtype.
    pub title: String,
    /// What has become of it.
    pub state: EventState,
}

/// A failed try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Which one, from 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Which worker.
    pub worker: String,
    /// Why.
    pub error: String,
}

/// What an event became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Became {
    /// The conversation's id.
    pub conversation: Option<String>,
    /// The id of the message, or of the one that it is about, where the thread shows it.
    pub message_id: String,
    /// With whom.
    pub contact: String,
    /// What finds the contact in the list of conversations.
    pub search: Option<String>,
    /// The message in one line.
    pub message: String,
}

/// Names one event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRef {
    /// The account's id.
    pub account: String,
    /// The event's id.
    pub event: String,
}
