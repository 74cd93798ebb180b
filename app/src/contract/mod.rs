//! What travels between browser and server: plain data, serde and nothing else.

mod accounts;
mod conversations;
mod error;
mod events;
mod session;
mod test_event;
mod timestamp;
mod tunnel;
pub mod validate;
mod webhook;

pub use accounts::{Account, AccountList, WebhookStatus};
pub use conversations::{
    Conversation, ConversationPage, ConversationQuery, DeliveryStatus, Direction, Message, MessageBody, Quote,
    Reaction, StatusEntry, ThreadPage, ThreadQuery,
};
pub use error::ConsoleError;
pub use events::{
    Attempt, Became, DeliveryView, EventDetail, EventPage, EventQuery, EventRef, EventRow, EventState, Sibling,
};
pub use session::{Role, SignIn, Viewer};
pub use test_event::{SendTest, TestKind, TestSent, no_test_because};
pub use timestamp::Timestamp;
pub use tunnel::{CheckTunnel, TunnelCheck, TunnelHelp};
pub use webhook::{
    Changed, IssuedToken, Overlap, Permissions, Pulse, RejectionCount, RotateToken, SaveWebhook, SetEnabled,
    WebhookConfig, WebhookPage,
};
