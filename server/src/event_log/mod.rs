//! The event log: what came in, one row per update, and what has become of it.
//!
//! Who moves which state:
//!
//! | from | to | by |
//! |---|---|---|
//! | – | `pending` | the [`writer`], for an update that an account may have |
//! | – | `unrouted` | the writer, for one that no account may have: kept, with the signer |
//! | – | `quarantined` | the writer, for one that cannot be read: the bytes are in the delivery |
//! | `pending` | `processed` | the worker, in the transaction of the effect |
//! | `pending` | `pending` | the worker, after a failed try: later, with one attempt more |
//! | `pending` | `dead` | the worker, after the last try or at an error that no retry can mend |
//! | `dead`, `processed` | `pending` | a person, who replays it |
//!
//! An event's row is written once, and again only for what is rare: a failed try, an erasure. Its state is where it
//! stands: in `event_queue` while it waits (one row for all that a batch brought to an account), in `event_outcomes` once
//! it is processed, in its own `fault` if it is `dead`, `unrouted` or `quarantined`. The view
//! `whatsapp_webhook_event_logs` shows all that as one row.
//!
//! Not promised: order. Meta sends updates in any order and several workers take them at once, so each effect is
//! written to come out the same in whatever order it is applied.

pub mod batch;
pub mod item;
pub mod listing;
pub mod rejections;
mod rows;
pub mod store;
pub mod writer;
