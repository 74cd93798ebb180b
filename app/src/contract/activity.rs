use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What of an account's activity to list. It lives in the URL, so that reload, back and a shared link show the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityQuery {
    /// The account's id.
    pub account: String,
    /// Whose activity.
    #[serde(default)]
    pub kind: ActivityKind,
    /// Only of this person, by id, or of `meta` or `command_line`; empty: of everybody.
    #[serde(default)]
    pub person: String,
    /// Only this action, like `webhook.changed`; empty: all.
    #[serde(default)]
    pub action: String,
    /// Only from this day on, `YYYY-MM-DD` in UTC; empty: from the beginning.
    #[serde(default)]
    pub from: String,
    /// Only up to and with this day; empty: to the end.
    #[serde(default)]
    pub to: String,
    /// `next` of another page.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Whose activity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// Of people in the console, of the command line, and of Meta.
    #[default]
    People,
    /// Of the workers, batch by batch, and of retention. It would bury the other.
    Processing,
}

/// One page of activity, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityPage {
    /// Up to one page.
    pub entries: Vec<ActivityEntry>,
    /// Whom one may choose: value and name.
    pub people: Vec<(String, String)>,
    /// Which actions one may choose: value and name.
    pub actions: Vec<(String, String)>,
    /// Asks for older ones; none at the end.
    pub next: Option<String>,
    /// The server's clock.
    pub now: Timestamp,
}

/// What somebody did, in the server's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What, so that a sentence begins with the actor: `changed the webhook`.
    pub did: String,
    /// What changed: a field's name, and its value before and after. Never a secret.
    pub changes: Vec<(String, String)>,
    /// Events it is about: what each of them is to it, and its id.
    pub events: Vec<(String, String)>,
    /// How it ended, unless it was simply done.
    pub outcome: Option<String>,
    /// It concerns the whole company, not this account alone.
    pub company_wide: bool,
}
