//! The parsers that read what strangers send, and what each is held to.

mod cursor;
mod envelope;
mod sealed;
mod signature;

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::run::Target;

/// All of them.
pub const TARGETS: &[Target] = &[signature::TARGET, envelope::TARGET, cursor::TARGET, sealed::TARGET];

/// A number for a kind of outcome.
fn kind(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
