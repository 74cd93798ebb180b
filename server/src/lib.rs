//! Waypost's server: receives WhatsApp webhooks, keeps every one, and turns them into conversations.
//!
//! The way of a webhook, room by room:
//!
//! 1. [`ingest`] is the door. A GET is Meta's challenge ([`ingest::verify`]). A POST ([`ingest::receive`]) is measured,
//!    its path looked up in the snapshot of [`webhook_config`], its raw bytes checked against the signature, and only
//!    then cut into updates ([`ingest::envelope`]), which go to the companies that signed them
//!    ([`ingest::deliveries`]).
//! 2. [`event_log`] stores: the writer commits what is waiting in one statement, and the answer is 200 only then.
//!    **200 means committed.** Equal updates meet in the dedup key, equal bodies in their hash.
//! 3. [`processing`] claims events in batches, translates each into plain effects without a database, and applies the
//!    batch in one transaction: contacts, conversations, messages, statuses, audit, and the events' own state. It
//!    happens at least once and has effect exactly once.
//! 4. [`console`] is what people see of it: the server's side of the port that `app` defines, bound to one person of
//!    one company by [`users`], over [`accounts`] and [`conversations`].
//!
//! What is old leaves the log by [`retention`]; what is known of a person goes by [`erasure`].
//!
//! [`web`] puts the HTTP faces into one router; [`startup`] brings everything up and down; [`cli`] is the program.
//!
//! Two walls stand between companies: each statement names its company, and row-level security holds under the roles
//! of [`database`], which own nothing.

pub mod accounts;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod console;
pub mod conversations;
pub mod crypto;
pub mod database;
pub mod erasure;
pub mod event_log;
pub mod hashing;
pub mod ids;
pub mod ingest;
pub mod meta;
pub mod metrics;
pub mod paging;
pub mod panics;
pub mod preflight;
pub mod processing;
pub mod retention;
pub mod retryable;
pub mod seed;
pub mod settings;
pub mod simulate;
pub mod startup;
pub mod telemetry;
pub mod tunnel;
pub mod users;
pub mod web;
pub mod webhook_config;
