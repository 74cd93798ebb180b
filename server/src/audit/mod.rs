//! Who did what to which thing, when, and how it ended. Entries are written in the transaction of what they tell.

pub mod listing;
mod store;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::ids::{AccountId, UserId};

pub use store::insert;

/// Who did it.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A person in the console.
    User(UserId, String),
    /// Somebody with a shell on the server.
    CommandLine,
}

/// One line of the audit log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who.
    pub actor: Actor,
    /// What, like `account.added`.
    pub action: &'static str,
    /// To what kind of thing.
    pub subject: &'static str,
    /// To which one.
    pub subject_id: Option<Uuid>,
    /// Before and after of fields that are not secret.
    pub details: Value,
}

impl Entry {
    /// Something that was done.
    pub fn done(
        actor: Actor,
        action: &'static str,
        subject: &'static str,
        subject_id: Option<Uuid>,
        details: Value,
    ) -> Self {
        Self { actor, action, subject, subject_id, details }
    }

    /// The same entry, about something that this account has. Where the account itself is the subject that goes without
    /// saying. An entry that names no account either way concerns the whole company, and is shown with each account.
    #[must_use]
    pub fn of(mut self, account: AccountId) -> Self {
        if let Value::Object(details) = &mut self.details {
            details.insert("account".to_owned(), json!(account));
        }
        self
    }
}
