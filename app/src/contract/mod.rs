//! What travels between browser and server: plain data, serde and nothing else.

mod accounts;
mod activity;
mod conversations;
mod error;
mod events;
mod people;
mod session;
mod shown_once;
mod test_event;
mod timestamp;
mod tunnel;
pub mod validate;
mod webhook;
mod you;

pub use accounts::{Account, AccountList, AddAccount, WebhookStatus};
pub use activity::{ActivityEntry, ActivityKind, ActivityPage, ActivityQuery};
pub use conversations::{
    Conversation, ConversationPage, ConversationQuery, DeliveryStatus, Direction, EraseContact, Message, MessageBody,
    Quote, Reaction, StatusEntry, ThreadPage, ThreadQuery,
};
pub use error::ConsoleError;
pub use events::{
    Attempt, Became, DeliveryView, EventDetail, EventPage, EventQuery, EventRef, EventRow, EventState, Sibling,
    event_title,
};
pub use people::{AddUser, FirstPassword, PeoplePage, Person, SetActive};
pub use session::{Role, SignIn, Viewer};
pub use shown_once::ShownOnce;
pub use test_event::{SendTest, TestKind, TestSent, no_test_because};
pub use timestamp::Timestamp;
pub use tunnel::{CheckTunnel, TunnelCheck, TunnelHelp};
pub use webhook::{
    Changed, IssuedToken, Overlap, Permissions, Pulse, RejectionCount, RotateToken, SaveWebhook, SetEnabled, Unfit,
    WebhookConfig, WebhookPage,
};
pub use you::{ChangePassword, OpenSession, YouPage};
