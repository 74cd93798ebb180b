//! An account's Activity tab: who changed what and when, with before and after.
//!
//! What people did is listed apart from what the workers did, which would bury it. The server chooses the words, of the
//! entries and of what can be filtered by; the screen only lays them out. Filters and page are in the URL
//! ([`address`]).

mod address;
mod entry;
mod filters;
mod page;
mod server_fns;

pub use page::ActivityTab;
