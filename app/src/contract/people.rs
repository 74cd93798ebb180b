use serde::{Deserialize, Serialize};

use super::{Role, Timestamp};

/// One page of the company's people, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeoplePage {
    /// Whoever is on this page.
    pub people: Vec<Person>,
    /// For the address of the next page, if there is one.
    pub next: Option<String>,
    /// The person who looks may add people and change their access. The server decides again when it is done.
    pub may_change: bool,
    /// The server's clock.
    pub now: Timestamp,
}

/// Somebody of the company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The person's id.
    pub id: String,
    /// How the person is called.
    pub name: String,
    /// What the person signs in with.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// It is whoever looks.
    pub is_you: bool,
    /// The person may come in.
    pub is_active: bool,
    /// Since when the person may not, if that is known.
    pub deactivated_at: Option<Timestamp>,
    /// When the person came in last, if ever.
    pub last_sign_in: Option<Timestamp>,
}

/// A person to be added. The password is made by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddUser {
    /// How the person is called.
    pub name: String,
    /// What the person will sign in with.
    pub email: String,
    /// What the person may do.
    pub role: Role,
}

/// The password somebody signs in with at first, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPassword {
    /// Whose it is.
    pub name: String,
    /// What it goes with.
    pub email: String,
    /// To be handed over.
    pub password: String,
}

impl std::fmt::Debug for FirstPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FirstPassword(redacted)")
    }
}

/// Lets somebody in no longer, or again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetActive {
    /// The person's id.
    pub user: String,
    /// May come in.
    pub active: bool,
}
