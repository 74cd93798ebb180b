//! The answer to a form, posted without WASM, that made something to be shown once: a verify token, a first password.
//! And the answer to one that adds something and was refused: what was typed stays in it.
//!
//! Leptos answers such a form with a redirect, and behind it the secret would be lost, since it may be in no address, no
//! cookie and no session. So the page that the redirect leads to is rendered here, as the answer to the POST itself,
//! with the secret in its context: shown this once, and gone when the page is left. What was typed goes the same way, for
//! the same reason. What asks for JSON never comes this way: it is not redirected.
//!
//! Such a page has the address that was posted to, where nothing can be asked for. The forms on it name that address as
//! the page they come from, and would be sent back there when they are refused: so they are taken to come from the page
//! that was shown.

use app::address::tab;
use app::contract::{ConsoleError, ShownOnce};
use app::ui::typed::Typed;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use leptos::server_fn::error::ServerFnUrlError;

/// The server functions that may be answered by a page.
const ANSWERED: [&str; 4] = [ADD_ACCOUNT, ADD_USER, "/api/rotate_token", "/api/save_webhook"];
/// Of these, what has no secret among its fields, and the page that its form is on.
const KEPT: [(&str, &str); 2] = [(ADD_ACCOUNT, "/"), (ADD_USER, "/people")];
const ADD_ACCOUNT: &str = "/api/add_account";
const ADD_USER: &str = "/api/add_user";

/// A secret and an error are both shorter.
const LONGEST_ANSWER: usize = 16 * 1024;

/// What a page is rendered with.
#[derive(Clone, Debug)]
pub enum With {
    /// What was made.
    Once(ShownOnce),
    /// What was typed into a form that was refused.
    Typed(Typed),
}

/// Runs the request; when the answer is a redirect that carries a secret, or refuses what was typed, `render` makes the
/// page in its place.
pub async fn show<F>(request: Request, next: Next, render: impl FnOnce(Request, With) -> F) -> Response
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
    if !ANSWERED.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let (asked, body) = request.into_parts();
    // It was read before, and found not to be too long.
    let Ok(form) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let answer = next.run(Request::from_parts(asked.clone(), Body::from(form.clone()))).await;
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
    let page: Option<Uri> =
        parts.headers.get(header::LOCATION).and_then(|location| location.to_str().ok()?.parse().ok());
    let typed = page.as_ref().and_then(|page| typed(asked.uri.path(), &form, page));
    match (once.map(With::Once).or(typed.map(With::Typed)), page.and_then(without_host)) {
        (Some(with), Some(page)) => render(page_request(asked, page), with).await,
        // Whatever it says is said by the page it leads to.
        _ => Response::from_parts(parts, Body::empty()),
    }
}

/// What stands in a form that was refused for what was typed into it, and leads back to its own page.
fn typed(function: &str, form: &[u8], page: &Uri) -> Option<Typed> {
    KEPT.iter().find(|kept| **kept == (function, page.path()))?;
    let error = form_urlencoded::parse(page.query()?.as_bytes()).find(|(name, _)| name == "__err")?.1;
    let refused = matches!(ServerFnUrlError::<ConsoleError>::decode_err(&error), ConsoleError::Invalid { .. });
    let fields = form_urlencoded::parse(form).map(|(name, text)| (name.into_owned(), text.into_owned()));
    refused.then(|| Typed(fields.collect()))
}

/// The same page, as it is asked of this very server.
fn without_host(page: Uri) -> Option<Uri> {
    page.into_parts().path_and_query.map(Uri::from)
}

/// A form that says it comes from an address that was posted to is made to come from the page that was shown there.
async fn from_its_page(request: Request) -> Result<Request, axum::Error> {
    let Some(referer) = referer(&request).filter(|referer| ANSWERED.contains(&referer.path())) else {
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

/// The page that a function shows: its form's, or the tab of the account that the forms on it are about. One that is
/// about no account, like the theme's, leads to the start.
fn shown_page(function: &str, form: &[u8]) -> String {
    if let Some((_, page)) = KEPT.into_iter().find(|(kept, _)| *kept == function) {
        return page.to_owned();
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
