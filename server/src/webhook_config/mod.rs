//! How Meta reaches an account: callback path, verify token, app secret, status.
//!
//! | from | to | by |
//! |---|---|---|
//! | – | `unverified` | a person, who sets the account up |
//! | `unverified` | `verified` | Meta, by a challenge with the right token |
//! | any | `disabled` and back | a person |
//!
//! The door never asks the database: it reads a [`snapshot`] that each instance holds in memory and renews when the
//! database's generation number has grown, so a forged POST costs no query. A change is in force within a second.

pub mod new_config;
pub mod reach;
pub mod routing;
pub mod snapshot;
pub mod store;

use app::contract::WebhookStatus;

pub use app::contract::validate::{CALLBACK_PREFIX, local_path};

/// Which of an account's two secrets signed a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretSlot {
    /// The one in force.
    Current,
    /// The one before, inside its overlap.
    Previous,
}

impl SecretSlot {
    /// The word in `signed_with`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
        }
    }
}

/// Reads `whatsapp_webhook_configs.status`; anything else is `Missing`.
pub fn parse_status(word: &str) -> WebhookStatus {
    match word {
        "unverified" => WebhookStatus::Unverified,
        "verified" => WebhookStatus::Verified,
        "disabled" => WebhookStatus::Disabled,
        _ => WebhookStatus::Missing,
    }
}
