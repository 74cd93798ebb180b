//! Flows over HTTP, against a real server and a real PostgreSQL. One file per flow; [`app`] is what they stand on.
//!
//! `cargo xtask test` provides the cluster. To run one of them alone, set `DATABASE_URL` to a cluster whose user may
//! create databases and roles.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod app;
mod smoke;
