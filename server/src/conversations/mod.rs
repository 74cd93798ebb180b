//! Contacts, conversations and messages as they are read. They are written by processing alone.

pub mod render;
pub mod store;
