//! Flows over HTTP, against a real server and a real PostgreSQL. One file per flow; [`app`] is what they stand on.
//!
//! `cargo xtask test` provides the cluster. To run one of them alone, set `DATABASE_URL` to a cluster whose user may
//! create databases and roles.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod app;
mod bodies;
mod browser;
mod challenge;
mod configs;
mod console;
mod crash;
mod dedup;
mod door;
mod framing;
mod guessing;
mod identity;
mod kinds;
mod line;
mod load;
mod looking;
mod operations;
mod outage;
mod process;
mod program;
mod rotation;
mod secrets;
mod shared_path;
mod shutdown;
mod signature;
mod smoke;
mod statuses;
mod tenants;
mod test_database;
mod updates;
mod walls;
mod worker;
