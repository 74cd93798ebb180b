//! What no request may be, whoever it is for.
//!
//! Where a request ends: hyper reads one that is chunked and has a length too as chunked, and closes the connection
//! behind it, so that nobody's other reading of it finds a second request there. What it leaves open is a coding before
//! the chunks (`gzip, chunked`) or the same one twice: nothing here would undo it, and two proxies may disagree on it.
//!
//! What for: `CONNECT` and `OPTIONS *` name no path, and nothing here is behind them; pages would look for a path.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The answer to a body that is coded other than in chunks, or to a request for no path: it ends the connection. None for
/// all other requests.
pub fn refusal(request: &Request) -> Option<Response> {
    if is_understood(request.headers()) && request.uri().path().starts_with('/') {
        return None;
    }
    let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
    Some((StatusCode::NOT_IMPLEMENTED, close, "Not Implemented").into_response())
}

/// No coding, or chunks by themselves.
fn is_understood(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked =
        codings.next().is_none_or(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"));
    is_chunked && codings.next().is_none()
}
