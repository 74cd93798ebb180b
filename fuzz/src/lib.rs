//! Fuzzing of the parsers that read what strangers send.
//!
//! It runs on a stable toolchain and needs nothing installed, so there is no coverage measured by the compiler. What
//! stands in for it: each [target](targets) says in a number what kind of outcome an input had (which items, which
//! error), and an input of a kind not seen before is kept and mutated further ([`run`]). Inputs begin with the files of
//! `corpus/` and, for the envelope, the fixtures of the server's tests ([`corpus`]).
//!
//! A target holds a parser to what others rely on, and panics where it breaks that. Each run is decided by its seed,
//! which is printed and kept in the [record] of all runs.

pub mod corpus;
pub mod mutate;
pub mod record;
pub mod run;
pub mod targets;
