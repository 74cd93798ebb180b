//! One update: a message, an echo or a status, as it is written into bodies.

use std::sync::Arc;

use crate::event_log::item::EventType;
use crate::processing::effect::StatusRank;

use super::contact::Contact;
use super::content::Content;
use super::json::{Json, object};

/// Where in a body an update belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person wrote.
    Message,
    /// The company wrote, by another way than this one.
    Echo,
    /// What became of a message that the company sent.
    Status,
    /// A person called.
    Call,
}

impl Kind {
    /// Those that the simulator sends, in the order of its reports.
    pub const ALL: [Self; 3] = [Self::Message, Self::Echo, Self::Status];

    /// What a report calls them.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "messages",
            Self::Echo => "echoes",
            Self::Status => "statuses",
            Self::Call => "calls",
        }
    }

    /// The change's `field`.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Message | Self::Status => "messages",
            Self::Echo => "message_echoes",
            Self::Call => "calls",
        }
    }

    /// The list inside `value`.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::Message => "messages",
            Self::Echo => "message_echoes",
            Self::Status => "statuses",
            Self::Call => "calls",
        }
    }

    /// What the event log calls it.
    pub fn event_type(self) -> EventType {
        match self {
            Self::Message => EventType::Message,
            Self::Echo => EventType::Echo,
            Self::Status => EventType::Status,
            Self::Call => EventType::Call,
        }
    }
}

/// What makes an update one and the same, however often it is sent: its event type, its wamid, and its subtype (the
/// message's type or the status).
pub type Identity = (Kind, Arc<str>, &'static str);

/// One update, ready to be written into any number of bodies.
#[derive(Clone, Debug)]
pub struct Update {
    /// What it is.
    pub kind: Kind,
    /// The message's type, or the status.
    pub subtype: &'static str,
    /// The message it is, or is about.
    pub wamid: Arc<str>,
    /// JSON of the update itself.
    pub(crate) item: String,
    /// JSON of the member of `contacts[]` that belongs to it.
    pub(crate) contact: Option<String>,
}

impl Update {
    /// What it has in common with its duplicates and nothing else.
    pub fn identity(&self) -> Identity {
        (self.kind, Arc::clone(&self.wamid), self.subtype)
    }

    /// How far it moves its message.
    pub fn rank(&self) -> Option<StatusRank> {
        (self.kind == Kind::Status).then(|| StatusRank::parse(self.subtype)).flatten()
    }

    /// A message from a person, which may answer an earlier one.
    pub fn message(
        wamid: &Arc<str>,
        from: &Contact,
        second: i64,
        content: Content,
        answers: Option<(&str, &str)>,
    ) -> Self {
        let item = Json::Object(vec![
            ("context", answers.map(|(from, id)| object! { "from": from, "id": id }).into()),
            ("from", from.wa_id.clone().into()),
            ("from_user_id", from.user_id.clone().into()),
            ("id", (&**wamid).into()),
            ("timestamp", second.to_string().into()),
            (content.kind, content.body),
            ("errors", content.errors.into()),
            ("type", content.kind.into()),
        ]);
        // Meta sends no contact along with a system message.
        let contact = (content.kind != "system").then(|| from.to_json().to_text());
        Self { kind: Kind::Message, subtype: content.kind, wamid: Arc::clone(wamid), item: item.to_text(), contact }
    }

    /// A message to a person.
    pub(crate) fn echo(wamid: &Arc<str>, from: &str, to: &Contact, second: i64, content: Content) -> Self {
        let item = Json::Object(vec![
            ("from", from.into()),
            ("to", to.wa_id.clone().into()),
            ("to_user_id", to.user_id.clone().into()),
            ("id", (&**wamid).into()),
            ("timestamp", second.to_string().into()),
            ("type", content.kind.into()),
            (content.kind, content.body),
        ]);
        Self { kind: Kind::Echo, subtype: content.kind, wamid: Arc::clone(wamid), item: item.to_text(), contact: None }
    }

    /// What became of a message to a person.
    pub fn status(wamid: &Arc<str>, to: &Contact, second: i64, rank: StatusRank, conversation: &str) -> Self {
        let billed = matches!(rank, StatusRank::Sent | StatusRank::Delivered);
        let expiry = (rank == StatusRank::Sent).then(|| (second + 86_400).to_string());
        let item = object! {
            "id": &**wamid,
            "status": rank.as_str(),
            "timestamp": second.to_string(),
            "recipient_id": to.wa_id.clone(),
            "recipient_user_id": to.user_id.clone(),
            "conversation": billed.then(|| object! {
                "id": conversation, "expiration_timestamp": expiry, "origin": object! { "type": "utility" } }),
            "pricing": billed.then(|| object! {
                "billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular" }),
            "errors": (rank == StatusRank::Failed).then(undeliverable),
            "biz_opaque_callback_data": format!("campaign=winter-{conversation};template=order_update;{conversation}"),
        };
        let contact = Some(to.to_json().to_text());
        Self { kind: Kind::Status, subtype: rank.as_str(), wamid: Arc::clone(wamid), item: item.to_text(), contact }
    }

    /// A call from a person, as it begins to ring.
    pub(crate) fn call(id: &Arc<str>, from: &Contact, to: &str, second: i64) -> Self {
        let item = object! {
            "id": &**id,
            "from": from.wa_id.clone(),
            "from_user_id": from.user_id.clone(),
            "to": to,
            "event": "connect",
            "timestamp": second.to_string(),
            "direction": "USER_INITIATED",
            "session": object! { "sdp_type": "offer", "sdp": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" },
        };
        let contact = Some(from.to_json().to_text());
        Self { kind: Kind::Call, subtype: "connect", wamid: Arc::clone(id), item: item.to_text(), contact }
    }
}

fn undeliverable() -> Vec<Json> {
    vec![object! {
        "code": 131_026_i64, "title": "Message undeliverable", "message": "Message undeliverable",
        "error_data": object! { "details": "Message Undeliverable." },
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }]
}
