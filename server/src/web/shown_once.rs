//! The answer to a form, posted without WASM, that made something to be shown once: a verify token, a first password.
//!
//! Leptos answers such a form with a redirect, and behind it the secret would be lost, since it may be in no address, no
//! cookie and no session. So the page that the redirect leads to is rendered here, as the answer to the POST itself,
//! with the secret in its context: shown this once, and gone when the page is left. What asks for JSON never comes this
//! way: it is not redirected.
//!
//! Such a page has the address that was posted to, where nothing can be asked for. The forms on it name that address as
//! the page they come from, and would be sent back there when they are refused: so they are taken to come from the page
//! that was shown.

use app::address::tab;
use app::contract::ShownOnce;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The server functions that may make such a thing.
const MAKERS: [&str; 3] = [ADD_USER, "/api/rotate_token", "/api/save_webhook"];
const ADD_USER: &str = "/api/add_user";

/// A secret and an error are both shorter.
const LONGEST_ANSWER: usize = 16 * 1024;

/// Runs the request; when the answer is a redirect that carries a secret, `render` makes the page in its place.
pub async fn show<F>(request: Request, next: Next, render: impl FnOnce(Request, ShownOnce) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let request = match from_its_page(request).await {
        Ok(request) => request,
        Err(error) => {
            tracing::error!(%error, "a form could not be read");
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    if !MAKERS.contains(&request.uri().path()) {
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

/// A form that says it comes from one of the makers is made to come from the page that the maker has shown.
async fn from_its_page(request: Request) -> Result<Request, axum::Error> {
    let Some(referer) = referer(&request).filter(|referer| MAKERS.contains(&referer.path())) else {
        return Ok(request);
    };
    let (mut parts, body) = request.into_parts();
    // It was read before, and found not to be too long.
    let form = to_bytes(body, usize::MAX).await?;
    let page = shown_page(referer.path(), &form);
    if let Some(page) = with_path(referer, &page).and_then(|page| HeaderValue::from_str(&page.to_string()).ok()) {
        parts.headers.insert(header::REFERER, page);
    }
    Ok(Request::from_parts(parts, Body::from(form)))
}

fn referer(request: &Request) -> Option<Uri> {
    request.headers().get(header::REFERER)?.to_str().ok()?.parse().ok()
}

/// The page that a maker shows: of people, or the tab of the account that the forms on it are about. One that is about
/// no account, like the theme's, leads to the start.
fn shown_page(maker: &str, form: &[u8]) -> String {
    if maker == ADD_USER {
        return "/people".to_owned();
    }
    let account = form_urlencoded::parse(form).find(|(name, _)| name == "form[account]");
    account.map_or_else(|| "/".to_owned(), |(_, account)| tab(&account))
}

fn with_path(uri: Uri, path: &str) -> Option<Uri> {
    let mut parts = uri.into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
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
