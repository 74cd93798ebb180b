use serde::{Deserialize, Serialize};

use super::WebhookStatus;

/// What a test event is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestKind {
    /// A text message.
    Text,
    /// An image.
    Image,
    /// A location.
    Location,
    /// A reaction to a message that comes along.
    Reaction,
    /// A message of the company that comes along was sent …
    Sent,
    /// … is on the phone …
    Delivered,
    /// … was read …
    Read,
    /// … could not be delivered.
    Failed,
    /// Somebody calls.
    Call,
    /// A template was approved.
    TemplateStatus,
    /// Three messages in one body.
    Batch,
}

impl TestKind {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Image,
        Self::Location,
        Self::Reaction,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
        Self::Call,
        Self::TemplateStatus,
        Self::Batch,
    ];

    /// The word in the form and in the audit log, and the words for people.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "Text message"),
            Self::Image => ("image", "Image"),
            Self::Location => ("location", "Location"),
            Self::Reaction => ("reaction", "Reaction"),
            Self::Sent => ("sent", "Status: sent"),
            Self::Delivered => ("delivered", "Status: delivered"),
            Self::Read => ("read", "Status: read"),
            Self::Failed => ("failed", "Status: failed"),
            Self::Call => ("call", "Call"),
            Self::TemplateStatus => ("template_status", "Template approved"),
            Self::Batch => ("batch", "Three messages at once"),
        }
    }
}

/// The form that sends a test event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendTest {
    /// The account's id.
    pub account: String,
    /// What to send.
    pub kind: TestKind,
}

/// A test event that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestSent {
    /// The account whose log it is in: for what concerns a whole WABA, that may be another of the company's numbers.
    pub account: String,
    /// The events' ids, the one that was asked for first.
    pub events: Vec<String>,
}

/// Why no test event can come through the door; none if it can.
pub fn no_test_because(status: WebhookStatus) -> Option<&'static str> {
    match status {
        WebhookStatus::Verified => None,
        WebhookStatus::Unverified => Some(
            "Meta has not verified the callback yet. Until then every post is refused with 403, and a test event with \
             them.",
        ),
        WebhookStatus::Disabled => Some(
            "The webhook is switched off: every post is refused with 403, and a test event with them. Enable it first.",
        ),
        WebhookStatus::Missing => {
            Some("The webhook is not set up yet: without an app secret there is nothing to sign a test event with.")
        }
    }
}
