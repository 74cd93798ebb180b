//! An account's conversations: the list on the left, one thread on the right; on a narrow screen one of the two.
//!
//! An admin erases a contact's personal data on a page of its own ([`ErasePage`]), which is not in the bundle.
//!
//! Search, page and thread are all in the URL ([`address`]), and the list stays while threads change.

pub mod address;
mod body;
mod delivery;
mod erase;
mod keys;
mod list;
mod message;
mod page;
mod raw_event;
mod row;
mod search;
mod server_fns;
mod thread;

pub use erase::ErasePage;
pub use page::{ConversationsPage, NoThread};
pub use thread::ThreadPane;
