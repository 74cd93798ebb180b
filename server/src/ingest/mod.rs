//! The door: from the wire to the writer.

pub mod challenge;
pub mod signature;
pub mod address;
pub mod deliveries;
pub mod door;
pub mod receive;
pub mod verify;
pub mod envelope;
