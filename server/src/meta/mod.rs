//! Bodies as Meta writes them: what the simulator and the test events of the console have in common.
//!
//! Both play Meta's side of the wire, the one with much traffic and the other with one update of a chosen kind; so does
//! the load generator in `bench/`. An [`Update`] is written once, with its [`Contact`] and [`Content`], and
//! [`body`](body::body) puts updates together. Which ones, how often and in which order is for the caller: see
//! [`simulate`](crate::simulate) and [`sample`]. Nothing here signs: whoever sends has a secret of their own.

pub mod body;
mod contact;
pub(crate) mod content;
pub(crate) mod json;
pub mod sample;
pub(crate) mod texts;
mod update;

pub use body::Target;
pub use contact::Contact;
pub use content::Content;
pub use update::{Identity, Kind, Update};
