//! Processing: events become contacts, conversations, messages and statuses.

pub mod effect;
pub mod retry;
pub mod translate;
pub mod wire;
pub mod apply;
pub mod store;
pub mod wake;
pub mod worker;
