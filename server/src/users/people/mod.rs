//! A company's people, as its admins see and change them.

pub mod store;
