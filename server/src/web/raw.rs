//! `GET /accounts/{account}/webhook/events/{event}/raw`: an event's bytes as they came, as a file.
//!
//! It is the one update and not the POST around it, which may hold others': the signature and the hash of a delivery are
//! of the POST. Nothing is decoded on the way, so that what is no UTF-8 comes out as it went in. It is never shown in the browser: Meta's text, opened as a page of this site, could be a script.

use app::address::sign_in;
use app::contract::{ConsoleError, EventRef};
use axum::extract::{Extension, Path};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::console::events::{self, Raw};
use crate::console::{Caller, ReadError, status_of};

/// Where it is: below the event's page.
pub const PATH: &str = "/accounts/{account}/webhook/events/{event}/raw";

/// Sends the bytes. Who is not signed in is led to the event's page by way of the sign-in.
pub async fn download(Extension(caller): Extension<Caller>, Path(asked): Path<EventRef>, uri: Uri) -> Response {
    let Some(session) = &caller.session else {
        if caller.unavailable {
            return refused(&ConsoleError::Unavailable { request_id: None });
        }
        let event = uri.path().strip_suffix("/raw").unwrap_or("/");
        return Redirect::to(&sign_in(event)).into_response();
    };
    match events::raw(session, &asked).await {
        Ok(raw) => file(raw),
        Err(ReadError::Console(error)) => refused(&error),
        Err(ReadError::Database(error)) => {
            tracing::error!(%error, request_id = caller.request_id, "an event's bytes cannot be read");
            refused(&ConsoleError::Unavailable { request_id: None })
        }
    }
}

fn file(Raw { event, bytes, is_json }: Raw) -> Response {
    let ending = if is_json { "json" } else { "bin" };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{event}.{ending}\"")),
    ];
    (headers, bytes).into_response()
}

fn refused(error: &ConsoleError) -> Response {
    (status_of(error), error.to_string()).into_response()
}
