//! What an event is to change, in plain data: translated from the payload without a database, applied in sets.

use serde_json::Value;
use time::OffsetDateTime;

/// Everything one event changes. All lists may be empty: the event is then simply kept and marked processed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// The person it is from, to or about.
    pub person: Option<Person>,
    /// People whose ids changed: old and new lead to the same contact from now on.
    pub identity_changes: Vec<IdentityChange>,
    /// A row of `messages`.
    pub message: Option<NewMessage>,
    /// A row of `message_statuses`.
    pub status: Option<NewStatus>,
    /// Something about the account.
    pub account: Option<AccountChange>,
}

/// Somebody as Meta names them in one event. At least one of `bsuid` and `wa_id` is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Business-scoped user id, `CC.<alphanumerics>`.
    pub bsuid: Option<String>,
    /// WhatsApp id; digits, usually but not always the phone number.
    pub wa_id: Option<String>,
    /// Phone number, digits only, where the event names one.
    pub phone: Option<String>,
    /// `profile.name`.
    pub profile_name: Option<String>,
    /// `profile.username`.
    pub username: Option<String>,
    /// What the business calls the person: `Some(None)` takes the name back.
    pub address_book_name: Option<Option<String>>,
    /// Marketing preference and when it was given: `stop` or `resume`.
    pub marketing_preference: Option<MarketingPreference>,
}

impl Person {
    /// Whether all that an event `said` of the person is known already. A preference has a time of its own: it is news.
    pub fn covers(&self, said: &Self) -> bool {
        let is_known = |known: &Option<String>, said: &Option<String>| said.is_none() || known == said;
        is_known(&self.bsuid, &said.bsuid)
            && is_known(&self.wa_id, &said.wa_id)
            && is_known(&self.phone, &said.phone)
            && is_known(&self.profile_name, &said.profile_name)
            && is_known(&self.username, &said.username)
            && (said.address_book_name.is_none() || said.address_book_name == self.address_book_name)
            && said.marketing_preference.is_none()
    }
}

/// Whether a person wants marketing messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketingPreference {
    /// No more of them.
    Stop,
    /// They may come again.
    Resume,
}

/// The same person under a new id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityChange {
    /// Known by this so far.
    pub old: Person,
    /// Known by this from now on.
    pub new: Person,
}

/// With whom a message was exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thread {
    /// With the event's person.
    Person,
    /// In a group, by its id.
    Group(String),
}

/// How a message came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `messages[]`.
    Message,
    /// `message_echoes[]`.
    Echo,
    /// Field `standby`.
    Standby,
    /// A history chunk.
    History,
    /// `calls[]`: the call's id stands in for the wamid.
    Call,
}

impl Source {
    /// The word in `messages.source`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Echo => "echo",
            Self::Standby => "standby",
            Self::History => "history",
            Self::Call => "call",
        }
    }
}

/// A message, reaction, edit, revoke, system note, call or something unsupported.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Meta's id.
    pub wamid: String,
    /// The company sent it.
    pub outbound: bool,
    /// How it came to be known.
    pub source: Source,
    /// Meta's type; `unknown` where there was none.
    pub message_type: String,
    /// What a person reads first: text, caption, button title, reaction's emoji (empty: taken back).
    pub body: Option<String>,
    /// The part of the JSON that belongs to the type, errors included.
    pub content: Option<Value>,
    /// `context.id`: the message it answers.
    pub reply_to: Option<String>,
    /// The message that a reaction, an edit or a revoke is about.
    pub about: Option<String>,
    /// Meta's timestamp, or that of the event.
    pub sent_at: OffsetDateTime,
    /// With whom.
    pub thread: Thread,
    /// Status that comes along with it (history).
    pub status: Option<StatusRank>,
}

/// The statuses that move a message, lowest first: a status only moves up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusRank {
    /// WhatsApp has it.
    Sent,
    /// WhatsApp gave up; a late `sent` does not un-fail it.
    Failed,
    /// It is on the phone: a proven delivery outranks a failure.
    Delivered,
    /// It was opened.
    Read,
    /// The voice message was listened to.
    Played,
}

impl StatusRank {
    /// The word in `messages.status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
        }
    }

    /// Meta's word; none for one that moves nothing (`deleted`, `warning`, unknown ones).
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Sent, Self::Failed, Self::Delivered, Self::Read, Self::Played]
            .into_iter()
            .find(|rank| rank.as_str() == word)
    }
}

/// A status as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct NewStatus {
    /// The outgoing message's id.
    pub wamid: String,
    /// Meta's word, at most 64 characters.
    pub status: String,
    /// What it does to the message; none for payment and call statuses and for unknown words.
    pub rank: Option<StatusRank>,
    /// Whom the message went to, as Meta wrote it.
    pub recipient: Option<String>,
    /// The group, if `recipient_type` says so.
    pub group: Option<String>,
    /// Meta's timestamp, or that of the event.
    pub occurred_at: OffsetDateTime,
    /// `errors[]` as it came.
    pub errors: Option<Value>,
}

/// Something about the account itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// `phone_number_name_update` with decision APPROVED.
    pub verified_name: Option<String>,
    /// `phone_number_quality_update.event`.
    pub quality_event: Option<String>,
    /// `phone_number_quality_update.current_limit`.
    pub messaging_limit: Option<String>,
    /// `account_review_update.decision`.
    pub review_status: Option<String>,
}
