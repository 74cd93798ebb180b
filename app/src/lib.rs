//! What the administrator sees, and the contract it speaks.
//!
//! Everything here is compiled twice: into the server, which renders the first page, and into WASM, which takes
//! over in the browser. So it knows nothing of SQL, tokio or HTTP. Data comes through one port, the trait
//! [`Console`](console::Console), which the server implements and hands to each request already bound to a company
//! and a person: no page and no server function can name another tenant. What a page may do to the response it is
//! rendered into, a status or a redirect, goes through the second and smaller port, [`Reply`](reply::Reply).
//!
//! One folder a screen (`accounts`, `webhook`, `conversations`, `activity`, `people`, `you`, `session`), `frame` around those
//! that need a person, the shared
//! pieces in `ui`, and what travels between browser and server in `contract`.
//!
//! Every route is rendered whole before its first byte leaves (`SsrMode::Async`): the page is complete without
//! JavaScript, and a status or a redirect found while reading still reaches the response. The state of a list lives
//! in the URL, so that links, forms and the back button work before and without WASM.
//!
//! Pages that are all forms and lists are left as the server drew them ([`PlainApp`]): they work the same, and none of
//! their code is in the bundle. A link to one of them is `rel="external"`, since the browser's router does not know it.

// A page is one type, nested as deep as its elements: deeper than the compiler looks by default.
#![recursion_limit = "256"]
#![expect(clippy::needless_pass_by_value, reason = "Leptos hands its components their props by value")]

mod accounts;
mod activity;
pub mod console;
pub mod contract;
mod conversations;
mod frame;
mod not_found;
mod people;
pub mod reply;
mod routes;
mod session;
mod shell;
pub mod ui;
mod webhook;
mod you;

/// Where pages are, for the server's redirects.
pub mod address {
    pub use crate::ui::problem::sign_in;
    pub use crate::webhook::address::{event_page, tab};
}

pub use routes::{App, PlainApp, is_plain};
pub use shell::shell;
