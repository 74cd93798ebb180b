//! `GET /api/live/events`: tells an open event log how many events have come since it was drawn.
//!
//! Server-sent events, each a number, whose id is the mark up to where it was counted. What is counted is what has come
//! since, as far as the log would show it under its filters. It is asked once a second and for each stream by itself; that
//! way it makes no difference which process took an event in, and a stream costs one short look into an index.
//!
//! A stream ends after a minute, and the browser comes again by itself with the last mark: then the session is looked at
//! anew, so that a person who was signed out is told nothing for longer than that. No event is promised to be told of;
//! the log itself always shows them.

mod places;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use app::contract::{ConsoleError, EventQuery};
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::future;
use futures::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use tokio::time::Instant;

use self::places::Place;
pub use self::places::Places;
use super::AppState;
use crate::console::{Caller, ReadError, events as log, status_of};
use crate::event_log::listing::arrivals::Mark;
use crate::users::session::Session;

/// Where it is.
pub const PATH: &str = "/api/live/events";

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Life of a stream.
const LIFE: Duration = Duration::from_mins(1);
/// When the browser comes again.
const COME_AGAIN: Duration = Duration::from_secs(2);

/// One page that is looking on.
struct Listener {
    session: Session,
    query: EventQuery,
    mark: Mark,
    told: usize,
    next_look: Instant,
    end: Instant,
    draining: Arc<AtomicBool>,
    _place: Place,
}

/// From where on.
#[derive(Debug, Deserialize)]
pub struct Since {
    /// A mark; empty: from the beginning.
    #[serde(default)]
    after: String,
}

/// Begins to tell.
pub async fn events(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<EventQuery>,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Response {
    let Some(session) = caller.session else {
        let away = caller.unavailable;
        return if away { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNAUTHORIZED }.into_response();
    };
    let Some(place) = state.live.take(session.user) else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    // What is wrong with the question is said with a status, while there is still one to give.
    let asked = async {
        let mark = Mark::parse(headers.get("last-event-id").and_then(|id| id.to_str().ok()).unwrap_or(&since.after))?;
        log::arrived(&session, &query, mark).await
    };
    let (told, mark) = match asked.await {
        Ok(arrived) => arrived,
        Err(error) => return refusal(error).into_response(),
    };
    let now = Instant::now();
    let draining = state.operations.draining;
    let (next_look, end) = (now + LOOK_EVERY, now + LIFE);
    let listener = Listener { session, query, mark, told, next_look, end, draining, _place: place };
    Sse::new(tell(listener)).keep_alive(KeepAlive::default()).into_response()
}

fn refusal(error: ReadError) -> StatusCode {
    match error {
        ReadError::Console(error) => status_of(&error),
        ReadError::Database(error) => {
            tracing::error!(%error, "new events cannot be counted");
            status_of(&ConsoleError::Unavailable { request_id: None })
        }
    }
}

/// What the first look has found, and then whatever else.
fn tell(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let first = stream::once(future::ready((listener.told, listener.mark)));
    let others = stream::unfold(listener, |mut listener| async move { Some((listener.next_count().await?, listener)) });
    first
        .chain(others)
        .map(|(count, mark)| Ok(Event::default().retry(COME_AGAIN).id(mark.encode()).data(count.to_string())))
}

impl Listener {
    /// Waits until there is something else to tell. None: the stream ends.
    async fn next_count(&mut self) -> Option<(usize, Mark)> {
        loop {
            tokio::time::sleep_until(self.next_look).await;
            if Instant::now() >= self.end || self.draining.load(Ordering::Relaxed) {
                return None;
            }
            self.next_look = Instant::now() + LOOK_EVERY;
            let arrived = log::arrived(&self.session, &self.query, self.mark);
            let (count, mark) = arrived.await.map_err(refusal).ok()?;
            self.mark = mark;
            if self.told != count {
                self.told = count;
                return Some((count, mark));
            }
        }
    }
}
