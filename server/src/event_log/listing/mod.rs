//! Reading the event log: the list of an account, one event with all around it, and sending one through again.

pub mod arrivals;
pub mod page;
pub mod store;
