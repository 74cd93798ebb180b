//! A company's WhatsApp numbers.

pub mod add;
pub mod store;
