//! What travels between browser and server: plain data, serde and nothing else.

mod accounts;
mod conversations;
mod error;
mod session;
mod timestamp;
pub mod validate;

pub use accounts::{Account, AccountList, WebhookStatus};
pub use conversations::{
    Conversation, ConversationPage, ConversationQuery, DeliveryStatus, Direction, Message, MessageBody, Quote,
    Reaction, StatusEntry, ThreadPage, ThreadQuery,
};
pub use error::ConsoleError;
pub use session::{Role, SignIn, Viewer};
pub use timestamp::Timestamp;
