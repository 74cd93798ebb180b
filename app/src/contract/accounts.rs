use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Where an account's webhook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// Meta has not yet asked for the challenge with the right token.
    Unverified,
    /// Meta may post.
    Verified,
    /// Switched off by a person; posts are refused.
    Disabled,
    /// There is no configuration yet.
    Missing,
}

/// One WhatsApp number of the company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Our id, as in the URL.
    pub id: String,
    /// What the company calls it.
    pub name: String,
    /// As Meta shows it; for people only.
    pub display_phone_number: Option<String>,
    /// Id of the WhatsApp Business Account.
    pub waba_id: String,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Where its webhook stands.
    pub webhook: WebhookStatus,
    /// When Meta last sent something for it.
    pub last_event_at: Option<Timestamp>,
}

/// The company's accounts, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountList {
    /// All of them.
    pub accounts: Vec<Account>,
    /// The server's clock, from which relative times are computed on both sides.
    pub now: Timestamp,
}

/// An account to be added. Its webhook is set up afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddAccount {
    /// What the company calls it.
    pub name: String,
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Id of the WhatsApp Business Account.
    pub waba_id: String,
    /// As people write it; may be empty.
    #[serde(default)]
    pub display_phone_number: String,
}
