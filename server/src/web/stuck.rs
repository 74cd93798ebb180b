//! Pages that are never finished.
//!
//! On rare occasions Leptos misses the moment at which a read ends, and waits for it for ever, although every statement
//! has its time limit and has long been answered. Seen a few times in thousands of pages, never twice in a row; its own
//! source can lose a wake-up where a value is awaited. So a page that takes longer than all its reads may is drawn anew,
//! once, and the log says so. A page only reads: drawing it twice is no harm.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Longer than a page's reads may take together: they run side by side, each for ten seconds at most.
const DRAWN_WITHIN: Duration = Duration::from_secs(15);

/// Draws a page anew that is stuck.
pub async fn draw_anew(request: Request, next: Next) -> Response {
    let is_page = request.method() == Method::GET && !request.uri().path().starts_with("/api/");
    if is_page { draw_within(DRAWN_WITHIN, request, next).await } else { next.run(request).await }
}

async fn draw_within(limit: Duration, request: Request, next: Next) -> Response {
    let (parts, _empty) = request.into_parts();
    for _ in 0..2 {
        let request = Request::from_parts(parts.clone(), Body::empty());
        match tokio::time::timeout(limit, next.clone().run(request)).await {
            Ok(response) => return response,
            Err(_stuck) => tracing::warn!("a page was not finished in time"),
        }
    }
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    /// A page that is stuck so many times.
    async fn ask(stuck: usize) -> (StatusCode, usize) {
        let drawn = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&drawn);
        let page = move || async move {
            if count.fetch_add(1, Ordering::SeqCst) < stuck {
                std::future::pending::<()>().await;
            }
            "drawn"
        };
        let layer = from_fn(|request, next| draw_within(Duration::from_millis(50), request, next));
        let app = Router::new().route("/", get(page)).layer(layer);
        let answer = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        (answer.status(), drawn.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn a_stuck_page_is_drawn_anew_once() {
        assert_eq!(ask(0).await, (StatusCode::OK, 1));
        assert_eq!(ask(1).await, (StatusCode::OK, 2));
        assert_eq!(ask(2).await, (StatusCode::SERVICE_UNAVAILABLE, 2));
    }
}
