//! Ids as types, so that an account's id cannot stand where a company's belongs.
//!
//! All are `UUIDv7`, made in Rust: they sort by the time they were made.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type, serde::Serialize, serde::Deserialize)]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, greater than those this process made before.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

id!(
    /// A tenant.
    CompanyId
);
id!(
    /// A person who may sign in.
    UserId
);
id!(
    /// A WhatsApp number of a company.
    AccountId
);
id!(
    /// One POST of Meta's, as a company keeps it.
    DeliveryId
);
id!(
    /// One update inside a delivery.
    EventId
);
id!(
    /// A person whom a company talks to.
    ContactId
);
id!(
    /// A thread with a contact or a group.
    ConversationId
);
id!(
    /// A row of `messages`.
    MessageId
);

/// Who owns an account: every look-up inside a company starts from this pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The tenant.
    pub company: CompanyId,
    /// Its number.
    pub account: AccountId,
}
