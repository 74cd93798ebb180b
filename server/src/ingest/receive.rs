//! POST: an update from Meta, from the wire to the disk.
//!
//! The order is fixed: size, configuration, signature, and only then a look inside. 200 means committed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::contract::WebhookStatus;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode, header};
use tokio::time::Instant;

use super::body::{BODY_LIMIT, Received};
use super::deliveries::{self, Post};
use super::door::{Door, Refused, plain};
use super::signature::{self, Signature};
use crate::event_log::batch::Delivery;
use crate::event_log::rejections::Reason;
use crate::event_log::writer::StoreError;
use crate::metrics;
use crate::webhook_config::snapshot::PathEntry;

/// From this size on, a body is examined off the async threads.
const LARGE: usize = 256 * 1024;
/// How long storing may take before Meta is asked to come again: with everything else, within a second.
const STORE_DEADLINE: Duration = Duration::from_millis(850);

/// Accepts a POST, or refuses it: each refusal leaves a row with its reason, and the answer never says more than its
/// status does.
#[tracing::instrument(level = "debug", name = "receive", skip_all)]
pub async fn post(door: Arc<Door>, peer: Option<SocketAddr>, request: Request) -> Response<Body> {
    let (Parts { uri, headers, .. }, body) = request.into_parts();
    let address = door.address.of(&headers, peer);
    let mut refused = Refused { method: "POST", path: uri.path(), address, body: None };
    let snapshot = door.configs.current();
    let entry = snapshot.1.path(refused.path);
    let read = match check_head(&headers, entry) {
        Ok(_) => door.bodies.read(body).await,
        Err(reason) => Err(reason),
    };
    // What it holds of the budget goes back when it is answered.
    let Received { bytes, sha256, held: _held } = match read {
        Ok(received) => received,
        Err(reason) => return door.refuse(&refused, entry, reason),
    };
    let started = Instant::now();
    refused.body = Some((sha256, bytes.len()));
    match accept(&door, entry, headers, refused.path, bytes, sha256).await {
        Ok(()) => {
            metrics::acknowledged(started.elapsed());
            plain(StatusCode::OK, "OK")
        }
        Err(reason) => door.refuse(&refused, entry, reason),
    }
}

/// What can be refused before the body has come.
fn check_head<'a>(headers: &HeaderMap, entry: Option<&'a PathEntry>) -> Result<&'a PathEntry, Reason> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(Reason::TooLarge);
    }
    let entry = entry.ok_or(Reason::UnknownPath)?;
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Reason::ContentEncoding);
    }
    Ok(entry)
}

async fn accept(
    door: &Door,
    entry: Option<&PathEntry>,
    headers: HeaderMap,
    path: &str,
    body: Bytes,
    sha256: [u8; 32],
) -> Result<(), Reason> {
    check_status(entry.ok_or(Reason::UnknownPath)?)?;
    let signature = Signature::from_headers(&headers).map_err(|error| match error {
        signature::BadSignature::Missing => Reason::MissingSignature,
        signature::BadSignature::Malformed => Reason::BadSignature,
    })?;
    let post = Post { body, sha256, signature, path: path.to_owned(), headers, received_at: door.clock.now() };
    let deliveries = examine(door, post).await?;
    door.writer.store(deliveries, STORE_DEADLINE).await.map_err(|error| match error {
        StoreError::Full => Reason::QueueFull,
        StoreError::Unavailable | StoreError::Refused => Reason::Unavailable,
    })
}

/// Signature and cutting. A large body takes milliseconds of both, which other requests should not wait for.
async fn examine(door: &Door, post: Post) -> Result<Vec<Delivery>, Reason> {
    let snapshot = Arc::clone(&door.configs.current());
    if post.body.len() < LARGE {
        return deliveries::of(&post, &snapshot.1);
    }
    let examined = tokio::task::spawn_blocking(move || deliveries::of(&post, &snapshot.1)).await;
    examined.unwrap_or(Err(Reason::Unavailable))
}

/// Without one verified configuration on the path there is nobody who could accept.
fn check_status(entry: &PathEntry) -> Result<(), Reason> {
    let any = |status| entry.configs.iter().any(|config| config.status == status);
    match () {
        () if any(WebhookStatus::Verified) => Ok(()),
        () if any(WebhookStatus::Unverified) => Err(Reason::Unverified),
        () => Err(Reason::Disabled),
    }
}
