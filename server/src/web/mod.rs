//! The HTTP faces in one router: the door, health, metrics, the console's pages and functions, static files.
//!
//! What stands around what: what reaches the door or the console gets an id and a span. The console's part also gets the
//! caller's session, protection against cross-site requests, compression and security headers; the door has none of
//! these, since Meta is no browser.

pub mod deadlines;
mod framing;
mod health;
mod impatient;
pub mod live;
mod onward;
mod pages;
mod raw;
mod request;
pub mod serve;
mod shown_once;
mod stuck;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::extract::{FromRef, Request, State};
use axum::routing::get;
use leptos::prelude::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use self::deadlines::Deadlines;
pub use self::pages::addresses;
use self::request::{peer, trace_door};
use crate::console::ConsoleParts;
use crate::ingest::address::ClientAddress;
use crate::ingest::door::Door;
use crate::ingest::{receive, verify};
use crate::settings::PublicUrl;
use crate::webhook_config::CALLBACK_PREFIX;

/// What the handlers share. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The door's state.
    pub door: Arc<Door>,
    /// What every request's console is made from.
    pub console: ConsoleParts,
    /// Whose word on the client's address counts.
    pub address: ClientAddress,
    /// How browsers reach the console.
    pub public_url: PublicUrl,
    /// Where the pages' files are.
    pub leptos: LeptosOptions,
    /// For `/readyz` and `/metrics`.
    pub operations: Operations,
    /// Pages that are told of new events.
    pub live: live::Places,
    /// How long clients may take.
    pub deadlines: Deadlines,
}

/// What an operator's tools ask about.
#[derive(Clone)]
pub struct Operations {
    /// The process is about to end.
    pub draining: Arc<AtomicBool>,
    /// Renders `/metrics`.
    pub metrics: &'static PrometheusHandle,
    /// Opens `/metrics` to others than this machine.
    pub metrics_token: Option<Arc<SecretString>>,
    /// For connections.
    pub places: Arc<Semaphore>,
}

/// The door by itself: behind the listener it is what Meta posts to, and test events go in by it too.
pub fn door(door: Arc<Door>) -> Router {
    let methods = get(|State(door), request: Request| {
        trace_door(request, move |request| verify::get(door, peer(&request), request))
    })
    .post(|State(door), request: Request| {
        trace_door(request, move |request| receive::post(door, peer(&request), request))
    });
    Router::new()
        .route(CALLBACK_PREFIX, methods.clone())
        .route(&format!("{CALLBACK_PREFIX}/{{*key}}"), methods)
        .with_state(door)
}

/// All routes.
pub fn router(state: AppState) -> Router {
    let door = state.console.door.router.clone();
    let operations = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .with_state(state.clone());
    let site_root = state.leptos.site_root.to_string();
    let files = pages::files(Path::new(&site_root), &state.leptos.site_pkg_dir, state.leptos.hash_files);
    door.merge(operations).merge(files).merge(pages::router(state))
}
