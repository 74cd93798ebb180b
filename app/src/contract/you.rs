use serde::{Deserialize, Serialize};

use super::{Timestamp, Viewer};

/// The person's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct YouPage {
    /// Who it is.
    pub viewer: Viewer,
    /// Where the person is signed in, the last used first.
    pub sessions: Vec<OpenSession>,
    /// There are more of them.
    pub has_more: bool,
    /// The server's clock.
    pub now: Timestamp,
}

/// A browser in which the person is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// When the person signed in.
    pub since: Timestamp,
    /// When it was last used, give or take some minutes.
    pub last_seen: Timestamp,
    /// It is the one that asks.
    pub is_this: bool,
}

/// A new password for oneself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    /// The one so far, as typed.
    pub current: String,
    /// The one from now on, as typed.
    pub new: String,
    /// The same again: nobody sees what is typed, and nobody can look it up.
    pub again: String,
}

impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangePassword(redacted)")
    }
}
