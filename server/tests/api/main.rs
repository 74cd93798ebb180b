//! Flows over HTTP, against a real server and a real PostgreSQL. One file per flow; [`app`] is what they stand on.
//!
//! `cargo xtask test` provides the cluster. To run one of them alone, set `DATABASE_URL` to a cluster whose user may
//! create databases and roles.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod app;
mod backups;
mod bodies;
mod browser;
mod challenge;
mod configs;
mod console;
mod deadlines;
mod dedup;
mod distribution;
mod door;
mod erasure;
mod errors;
mod flood;
mod framing;
mod guessing;
mod identity;
mod kinds;
mod line;
mod load;
mod looking;
mod operations;
mod operator;
mod outage;
mod own_cluster;
mod payloads;
mod preflight;
mod process;
mod program;
mod retention;
mod rotation;
mod secrets;
mod shared_path;
mod shortage;
mod signature;
mod slow;
mod smoke;
mod soak;
mod statuses;
mod tenants;
mod test_database;
mod updates;
mod walls;
mod worker;
