//! The door: from the wire to the writer.

pub mod address;
pub mod body;
pub mod challenge;
pub mod deliveries;
pub mod door;
pub mod envelope;
pub mod guesses;
pub mod receive;
pub mod signature;
pub mod verify;
