//! What both ways through the door share: its state, and how it refuses.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use sqlx::PgPool;
use uuid::Uuid;

use super::address::ClientAddress;
use super::body::BodyBudget;
use super::guesses::Guesses;
use crate::clock::Clock;
use crate::crypto::KeyRing;
use crate::event_log::rejections::{Reason, Rejection, Rejections};
use crate::event_log::writer::Writer;
use crate::ids::{AccountId, CompanyId};
use crate::metrics;
use crate::tunnel::Proofs;
use crate::webhook_config::snapshot::{Configs, PathEntry};

/// Everything the door needs.
pub struct Door {
    /// Whose path it is and which secrets sign there.
    pub configs: Configs,
    /// How much of large bodies is held at once.
    pub bodies: BodyBudget,
    /// Stores what is accepted.
    pub writer: Writer,
    /// Records what is refused.
    pub rejections: Rejections,
    /// Finds verify tokens.
    pub keys: Arc<KeyRing>,
    /// Marks a configuration verified.
    pub engine: PgPool,
    /// The time.
    pub clock: Clock,
    /// Whose word on the client's address counts.
    pub address: ClientAddress,
    /// Slows down guessing verify tokens.
    pub guesses: Guesses,
    /// Checks of tunnels under way; none but on a developer's server.
    pub proofs: Proofs,
}

/// A request on its way to being refused.
#[derive(Clone, Debug)]
pub struct Refused<'a> {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Without query.
    pub path: &'a str,
    /// Who asked.
    pub address: Option<IpAddr>,
    /// Hash and size of the body, where it was read.
    pub body: Option<([u8; 32], usize)>,
}

impl Door {
    /// Counts a refusal and records it for everybody on the path. In the log it is quiet: whoever is refused could fill it.
    pub fn refuse(&self, request: &Refused<'_>, entry: Option<&PathEntry>, reason: Reason) -> Response<Body> {
        metrics::rejected(reason);
        tracing::debug!(method = request.method, reason = reason.as_str(), "refused");
        for (company, account) in concerned(entry) {
            self.rejections.add(Rejection {
                company,
                id: Uuid::now_v7(),
                account,
                reason,
                method: request.method,
                callback_path: request.path.chars().take(200).collect(),
                body_sha256: request.body.map(|(hash, _)| hash),
                body_size: request.body.and_then(|(_, size)| i64::try_from(size).ok()),
                address: request.address,
                rejected_at: self.clock.now(),
                times: 1,
            });
        }
        answer(reason)
    }
}

/// One row for each company on the path, with the account if it has only one there; one for nobody otherwise.
fn concerned(entry: Option<&PathEntry>) -> Vec<(Option<CompanyId>, Option<AccountId>)> {
    let Some(entry) = entry else { return vec![(None, None)] };
    let mut owners: Vec<_> = entry.configs.iter().map(|config| config.owner).collect();
    owners.sort_unstable();
    owners
        .chunk_by(|a, b| a.company == b.company)
        .map(|same| (Some(same[0].company), (same.len() == 1).then_some(same[0].account)))
        .collect()
}

fn answer(reason: Reason) -> Response<Body> {
    let status = match reason {
        Reason::UnknownPath => StatusCode::NOT_FOUND,
        Reason::MalformedChallenge | Reason::BrokenBody => StatusCode::BAD_REQUEST,
        Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Reason::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Reason::Unavailable | Reason::QueueFull => StatusCode::SERVICE_UNAVAILABLE,
        Reason::WrongToken
        | Reason::Disabled
        | Reason::Unverified
        | Reason::MissingSignature
        | Reason::BadSignature => StatusCode::FORBIDDEN,
    };
    let mut response = plain(status, status.canonical_reason().unwrap_or_default());
    let seconds = match reason {
        Reason::Unavailable | Reason::QueueFull => "5",
        Reason::Throttled => "60",
        _ => return response,
    };
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    response
}

/// A short answer as plain text.
pub fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
