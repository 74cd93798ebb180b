//! The answer to a form, posted without WASM, that made something to be shown once: a verify token, a first password.
//!
//! Leptos answers such a form with a redirect, and behind it the secret would be lost, since it may be in no address, no
//! cookie and no session. So the page that the redirect leads to is rendered here, as the answer to the POST itself,
//! with the secret in its context: shown this once, and gone when the page is left. What asks for JSON never comes this
//! way: it is not redirected.

use app::contract::ShownOnce;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

/// The server functions that may make such a thing.
const MAKERS: [&str; 3] = ["/api/add_user", "/api/rotate_token", "/api/save_webhook"];

/// A secret and an error are both shorter.
const LONGEST_ANSWER: usize = 16 * 1024;

/// Runs the request; when the answer is a redirect that carries a secret, `render` makes the page in its place.
pub async fn show<F>(request: Request, next: Next, render: impl FnOnce(Request, ShownOnce) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if request.method() != Method::POST || !MAKERS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let (asked, body) = request.into_parts();
    let answer = next.run(Request::from_parts(asked.clone(), body)).await;
    if !answer.status().is_redirection() {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let body = match to_bytes(body, LONGEST_ANSWER).await {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "the answer to a form could not be read");
            return Response::from_parts(parts, Body::empty());
        }
    };
    let once = serde_json::from_slice::<Option<ShownOnce>>(&body).ok().flatten();
    let page = parts.headers.get(header::LOCATION).and_then(|location| location.to_str().ok()?.parse().ok());
    match (once, page) {
        (Some(once), Some(page)) => render(page_request(asked, page), once).await,
        // Whatever it says is said by the page it leads to.
        _ => Response::from_parts(parts, Body::empty()),
    }
}

/// The same person asks for the page.
fn page_request(mut asked: Parts, page: Uri) -> Request {
    asked.method = Method::GET;
    asked.uri = page;
    for header in [header::CONTENT_LENGTH, header::CONTENT_TYPE] {
        asked.headers.remove(header);
    }
    Request::from_parts(asked, Body::empty())
}
