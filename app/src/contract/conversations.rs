use serde::{Deserialize, Serialize};

use super::{Account, Timestamp};

/// Which conversations to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationQuery {
    /// The account's id.
    pub account: String,
    /// Part of a name, number, username or id; empty for all.
    #[serde(default)]
    pub search: String,
    /// `next` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// One page of an account's conversations, the newest message first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPage {
    /// Whose conversations they are.
    pub account: Account,
    /// Up to one page of them.
    pub conversations: Vec<Conversation>,
    /// Asks for the page after this one; none at the end.
    pub next: Option<String>,
    /// The server's clock.
    pub now: Timestamp,
}

/// A conversation as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Our id, as in the URL.
    pub id: String,
    /// The best name known: address book, profile, @username, number, or the group's id.
    pub title: String,
    /// Number or username beside the title, where there is one that the title does not say already.
    pub subtitle: Option<String>,
    /// Time of the last message.
    pub last_message_at: Timestamp,
    /// The last message in one line.
    pub preview: String,
    /// Who sent the last message.
    pub last_direction: Direction,
    /// How far the last message came, if it went out.
    pub last_status: Option<DeliveryStatus>,
    /// Messages that came in since the person last looked, counted up to 100.
    pub unread: u32,
}

/// Which messages of a conversation to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadQuery {
    /// The account's id.
    pub account: String,
    /// The conversation's id.
    pub conversation: String,
    /// `older` of the page after, or `newer` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// A message's id: the page that holds it, in place of one by cursor.
    #[serde(default)]
    pub at: Option<String>,
}

/// One page of a conversation, in reading order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadPage {
    /// Whom it is with.
    pub conversation: Conversation,
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Nothing was written after these.
    pub newest: bool,
    /// Asks for what was written next; none if all of that is on the newest page.
    pub newer: Option<String>,
    /// Asks for what was written before; none at the beginning.
    pub older: Option<String>,
    /// The person who looks may erase the contact. The server decides again when it is done.
    pub may_erase: bool,
    /// The server's clock.
    pub now: Timestamp,
}

/// Erases the contact that a conversation is with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseContact {
    /// The account's id.
    pub account: String,
    /// The conversation's id.
    pub conversation: String,
    /// The word that was typed to confirm it.
    #[serde(default)]
    pub word: String,
}

/// Who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The contact.
    Inbound,
    /// The company.
    Outbound,
}

/// How far an outgoing message came. It only moves up, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// WhatsApp has it.
    Sent,
    /// WhatsApp gave up.
    Failed,
    /// It is on the phone.
    Delivered,
    /// It was opened.
    Read,
    /// The voice message was listened to.
    Played,
}

/// A message as the thread shows it; edits, revokes and reactions are folded into the message they are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Our id.
    pub id: String,
    /// Meta's id.
    pub wamid: String,
    /// Who sent it.
    pub direction: Direction,
    /// When, by Meta's clock.
    pub sent_at: Timestamp,
    /// What is in it.
    pub body: MessageBody,
    /// The message it answers.
    pub reply_to: Option<Quote>,
    /// Reactions still standing.
    pub reactions: Vec<Reaction>,
    /// The events that changed it, oldest first; the text shown is that of the last.
    pub edits: Vec<String>,
    /// The events that took it back; `body` is what had been sent.
    pub revokes: Vec<String>,
    /// How far it came; outgoing only.
    pub status: Option<DeliveryStatus>,
    /// Each status as Meta sent it, oldest first.
    pub timeline: Vec<StatusEntry>,
    /// The event in the log that it was made from.
    pub event_id: String,
}

/// One status as Meta sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusEntry {
    /// Meta's word, unknown ones included.
    pub status: String,
    /// When, by Meta's clock.
    pub at: Timestamp,
    /// Why it failed, in Meta's words.
    pub error: Option<String>,
    /// The event in the log that it came in.
    pub event_id: String,
}

/// The message that another one answers, in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Who sent it; none if it is not known here.
    pub direction: Option<Direction>,
    /// Its beginning, or what kind of message it is.
    pub text: String,
}

/// A reaction on a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// One emoji.
    pub emoji: String,
    /// Who reacted.
    pub direction: Direction,
    /// The event in the log that it was made from.
    pub event_id: String,
}

/// What is in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageBody {
    /// Words.
    Text {
        /// As written.
        text: String,
    },
    /// Image, video, audio, voice, document or sticker; a placeholder, since files are not fetched.
    Media {
        /// Meta's type.
        media: String,
        /// For instance `image/jpeg`.
        mime_type: Option<String>,
        /// Of documents.
        file_name: Option<String>,
        /// For instance `1.2 MB`; none where Meta does not say it, which it does with few kinds of messages.
        size: Option<String>,
        /// What was written under it.
        caption: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees, as text so that nothing is rounded.
        latitude: String,
        /// Degrees, as text so that nothing is rounded.
        longitude: String,
        /// What the place is called.
        name: Option<String>,
        /// Its address.
        address: Option<String>,
    },
    /// Address cards.
    Contacts {
        /// Name and first number of each.
        cards: Vec<String>,
    },
    /// A pressed button, a chosen row, a filled form.
    Choice {
        /// What was pressed or chosen.
        title: String,
        /// What was said about it.
        detail: Option<String>,
    },
    /// A shopping basket.
    Order {
        /// What was written with it.
        text: Option<String>,
        /// Number of lines.
        lines: usize,
    },
    /// WhatsApp says something about the conversation.
    System {
        /// In Meta's words.
        text: String,
    },
    /// A call and its last known event.
    Call {
        /// Meta's word: `connect`, `terminate` …
        event: String,
    },
    /// Its statuses came, the message itself has not.
    Awaited,
    /// A kind that is not shown; the raw event has all of it.
    Unsupported {
        /// Meta's type.
        message_type: String,
        /// Meta's explanation, if there was one.
        reason: Option<String>,
    },
}
