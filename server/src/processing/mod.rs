//! Processing: events become contacts, conversations, messages and statuses.

pub mod apply;
pub mod effect;
pub mod retry;
pub mod store;
pub mod translate;
pub mod wake;
pub mod wire;
pub mod worker;
