//! GET: Meta asks whether the callback is ours.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::contract::WebhookStatus;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use secrecy::SecretString;
use subtle::ConstantTimeEq;

use super::challenge::{self, Challenge};
use super::door::{Door, Refused, plain};
use crate::crypto::{self, KeyedDigest};
use crate::database::own;
use crate::event_log::rejections::Reason;
use crate::hashing;
use crate::webhook_config::snapshot::{Config, PathEntry};
use crate::webhook_config::store;

/// How long recording a right challenge may take before Meta is asked to come again.
const PATIENCE: Duration = Duration::from_millis(850);

/// Answers the challenge of whoever knows the verify token of a configuration on this path, and marks that
/// configuration verified before it does. No signature is asked for: Meta sends none.
#[tracing::instrument(level = "debug", name = "challenge", skip_all)]
pub async fn get(door: Arc<Door>, peer: Option<SocketAddr>, request: Request) -> Response<Body> {
    let (Parts { uri, headers, .. }, _) = request.into_parts();
    let address = door.address.of(&headers, peer);
    let request = Refused { method: "GET", path: uri.path(), address, body: None };
    let snapshot = door.configs.current();
    let Some(entry) = snapshot.1.path(uri.path()) else {
        return door.refuse(&request, None, Reason::UnknownPath);
    };
    let Ok(challenge) = challenge::parse(uri.query()) else {
        return door.refuse(&request, Some(entry), Reason::MalformedChallenge);
    };
    // A developer's check of the way here: repeated back, and nothing else comes of it.
    if door.proofs.accept(uri.path(), &challenge.verify_token, &challenge.challenge, door.clock.now()) {
        return plain(StatusCode::OK, &challenge.challenge);
    }
    match hear(&door, &request, entry, challenge.verify_token.clone()).await {
        Ok(()) => answer(&challenge),
        Err(reason) => door.refuse(&request, Some(entry), reason),
    }
}

fn answer(challenge: &Challenge) -> Response<Body> {
    tracing::info!("challenge answered");
    plain(StatusCode::OK, &challenge.challenge)
}

/// Looks at a token, unless too many were wrong before it.
async fn hear(door: &Door, request: &Refused<'_>, entry: &PathEntry, token: SecretString) -> Result<(), Reason> {
    let now = door.clock.now();
    door.guesses.hear(request.path, request.address, now).map_err(|_wait| Reason::Throttled)?;
    let verified = verify(door, entry, token).await;
    if verified == Err(Reason::WrongToken) {
        door.guesses.wrong(request.path, request.address, now);
    }
    verified
}

/// Verifies every configuration on the path that has this token: one Meta app sends one challenge for all its numbers.
async fn verify(door: &Door, entry: &PathEntry, token: SecretString) -> Result<(), Reason> {
    let known = find(door, entry, &token);
    if known.is_empty() {
        return Err(Reason::WrongToken);
    }
    let mut answer = Err(Reason::Disabled);
    for config in known.into_iter().filter(|config| config.status != WebhookStatus::Disabled) {
        match verify_one(door, config, &token).await {
            Ok(()) => answer = Ok(()),
            Err(reason) if answer.is_err() => answer = Err(reason),
            Err(_) => {}
        }
    }
    answer
}

async fn verify_one(door: &Door, config: &Config, token: &SecretString) -> Result<(), Reason> {
    let (given, hash) = (token.clone(), config.verify_token_hash.clone());
    let fits = hashing::TOKENS.run(move || crypto::verify_password(&given, &hash)).await;
    match fits {
        Ok(Ok(true)) => mark(door, config.clone(), door.keys.digest(token)).await,
        Ok(Ok(false)) => Err(Reason::WrongToken),
        Ok(Err(error)) => {
            tracing::error!(%error, account = %config.owner.account, "a verify token could not be checked");
            Err(Reason::Unavailable)
        }
        // No place, or a panic, which has been logged where it was; what it said may quote the token.
        Err(_not_hashed) => Err(Reason::Unavailable),
    }
}

/// The configurations whose digest this is; each comparison takes constant time.
fn find<'a>(door: &Door, entry: &'a PathEntry, token: &SecretString) -> Vec<&'a Config> {
    let digests = door.keys.digests(token);
    let fits = |config: &&Config| digests.iter().any(|digest| digest[..].ct_eq(&config.verify_token_digest[..]).into());
    entry.configs.iter().filter(fits).collect()
}

async fn mark(door: &Door, config: Config, digest: KeyedDigest) -> Result<(), Reason> {
    let (account, now) = (config.owner.account, door.clock.now());
    let (engine, configs) = (door.engine.clone(), door.configs.clone());
    let marked = own(async move {
        let marked = store::mark_verified(&engine, &config, &digest, now).await?;
        // At once, not at the next poll: Meta may post right after the answer.
        configs.reload().await?;
        Ok::<_, sqlx::Error>(marked)
    });
    match tokio::time::timeout(PATIENCE, marked).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(Reason::Disabled),
        Ok(Err(error)) => {
            tracing::warn!(%error, %account, "a challenge was right but could not be recorded");
            Err(Reason::Unavailable)
        }
        Err(_too_slow) => Err(Reason::Unavailable),
    }
}
