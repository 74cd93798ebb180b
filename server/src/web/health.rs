//! Health and metrics, for the operator's tools.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::{AppState, Operations, request};
use crate::ingest::door::Door;
use crate::metrics::{self, Held};
use crate::processing::store;

/// How long the database may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_millis(800);

/// The process runs.
pub async fn alive() -> &'static str {
    "OK"
}

/// The process can do its work: it is not about to end, and the database answers.
pub async fn ready(State(operations): State<Operations>, State(door): State<Arc<Door>>) -> Response {
    if operations.draining.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining").into_response();
    }
    let asked = sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&door.engine);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => "ready".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "no database").into_response(),
    }
}

/// Prometheus' page. Only for this machine, or with the token: to anybody else it does not exist.
pub async fn metrics(State(state): State<AppState>, request: Request) -> Response {
    let AppState { operations, door, live, .. } = state;
    if !request::is_local(&request) && !has_token(&operations, &request) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let backlog = tokio::time::timeout(PATIENCE, store::backlog(&door.engine, door.clock.now())).await;
    if let Ok(Ok(backlog)) = backlog {
        metrics::backlog(backlog);
    } else {
        tracing::warn!("the backlog is unknown at this scrape: the database does not answer");
    }
    metrics::held(Held {
        places_free: operations.places.available_permits(),
        body_kilobytes: door.bodies.held_kilobytes(),
        queue_kilobytes: door.writer.queued_kilobytes(),
        live_streams: live.open(),
    });
    operations.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], operations.metrics.render()).into_response()
}

fn has_token(operations: &Operations, request: &Request) -> bool {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    let wanted = operations.metrics_token.as_deref();
    wanted.zip(given).is_some_and(|(wanted, given)| wanted.expose_secret().as_bytes().ct_eq(given.as_bytes()).into())
}
