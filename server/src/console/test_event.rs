//! Sending a test event: a signed sample of a chosen kind, through the real door.
//!
//! It goes the way of Meta's own posts, so that what comes of it says something: the very router that the server puts
//! behind its listener is called with method, path, headers and body as bytes, and checks, cuts and stores what it got
//! without knowing who sent it. The call is made inside the process, not over the network, because only the accept loop
//! lies between the two, and because the way back through a proxy or another server on the same address would make the
//! button depend on things that it is not about.
//!
//! A person names an account of the own company and a kind, and nothing else: ids, contact, text and time are made here.
//! The account's app secret is opened for the signature alone. Where companies share number, path and secret (which Meta
//! does not do, but a mistake can), the body could lead to the other one: then it is not sent.

use app::contract::{ConsoleError, SendTest, TestKind, TestSent, WebhookStatus, no_test_because, validate};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use futures::FutureExt;
use rand::rngs::StdRng;
use secrecy::ExposeSecret;
use serde_json::json;
use time::OffsetDateTime;
use tower::ServiceExt;

use super::ReadError;
use super::read::{find_account, owner};
use super::rights::{actor, permissions, require};
use crate::accounts::store::AccountRow;
use crate::audit::{self, Entry};
use crate::crypto::{self, KeyRing};
use crate::database::own;
use crate::event_log::listing::store as log;
use crate::ids::Owner;
use crate::ingest::deliveries::{self, Post};
use crate::ingest::signature::{self, SIGNATURE_HEADER};
use crate::meta::Target;
use crate::meta::sample::sample;
use crate::processing::wire::digits;
use crate::users::session::Session;
use crate::webhook_config::snapshot::Configs;
use crate::webhook_config::store::{self as configs, Signing};
use crate::webhook_config::{local_path, parse_status};

/// The door as the console knocks at it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OwnDoor {
    /// The same as the listener's.
    pub router: Router,
    /// What the door knows, for looking whom a body would reach.
    pub configs: Configs,
}

/// Sends a sample for an account, and says which events it became.
pub async fn send(
    session: &Session,
    door: &OwnDoor,
    keys: &KeyRing,
    form: SendTest,
    now: OffsetDateTime,
    mut rng: StdRng,
) -> Result<TestSent, ReadError> {
    require(permissions(session.viewer.role).send_test)?;
    let owner = owner(session, &form.account)?;
    let (account, signing) = read(session, owner).await?;
    let status = signing.as_ref().map_or(WebhookStatus::Missing, |signing| parse_status(&signing.status));
    if let Some(why) = no_test_because(status) {
        return Err(ConsoleError::invalid("account", why).into());
    }
    let signing = signing.ok_or(ConsoleError::NotFound)?;
    let body = sample(form.kind, &target(account), now, &mut rng).into();
    let post = signed(keys, owner, &signing, body, now)?;
    refuse_if_for_others(door, owner, &post)?;
    let (session, router, kind) = (session.clone(), door.router.clone(), form.kind);
    // To its end, even if the browser goes away: what was sent is told in the audit log.
    own(async move {
        let sha256 = post.sha256;
        knock(router, post).await?;
        tell(&session, owner, kind, sha256).await
    })
    .await
}

async fn read(session: &Session, owner: Owner) -> Result<(AccountRow, Option<Signing>), ReadError> {
    let read = session.tenant.transaction(move |connection| {
        async move {
            let account = find_account(&mut *connection, owner).await?;
            Ok::<_, ReadError>((account, configs::signing(connection, owner).await?))
        }
        .boxed()
    });
    read.await
}

fn target(account: AccountRow) -> Target {
    let display = account.display_phone_number.as_deref().map(digits).filter(|digits| !digits.is_empty());
    Target {
        display_phone_number: display.unwrap_or_else(|| account.phone_number_id.clone()),
        phone_number_id: account.phone_number_id,
        waba_id: account.waba_id,
    }
}

fn signed(
    keys: &KeyRing,
    owner: Owner,
    signing: &Signing,
    body: Bytes,
    now: OffsetDateTime,
) -> Result<Post, ReadError> {
    let secret = keys.open(owner, &signing.app_secret_sealed).map_err(|error| {
        tracing::error!(account = %owner.account, %error, "app secret cannot be read");
        ConsoleError::Unavailable { request_id: None }
    })?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Kept with the delivery: who looks there sees that it was not Meta.
    headers.insert(header::USER_AGENT, HeaderValue::from_static("Waypost test"));
    Ok(Post {
        sha256: crypto::sha256(&body),
        signature: signature::sign(secret.expose_secret().as_bytes(), &body),
        path: local_path(&signing.callback_path).to_owned(),
        headers,
        received_at: now,
        body,
    })
}

/// Looks whom the body would reach. One that the door will refuse reaches nobody, and the door is to say so.
fn refuse_if_for_others(door: &OwnDoor, owner: Owner, post: &Post) -> Result<(), ConsoleError> {
    let Ok(deliveries) = deliveries::of(post, &door.configs.current().1) else { return Ok(()) };
    if deliveries.iter().all(|delivery| delivery.company == owner.company) {
        return Ok(());
    }
    Err(ConsoleError::invalid("account", validate::TEST_FOR_OTHERS))
}

async fn knock(router: Router, post: Post) -> Result<(), ConsoleError> {
    let unavailable = ConsoleError::Unavailable { request_id: None };
    let mut request = Request::post(post.path).header(SIGNATURE_HEADER, post.signature.to_string());
    if let Some(headers) = request.headers_mut() {
        headers.extend(post.headers);
    }
    let Ok(request) = request.body(Body::from(post.body)) else { return Err(unavailable) };
    let Ok(answer) = router.oneshot(request).await;
    match answer.status() {
        StatusCode::OK => Ok(()),
        StatusCode::SERVICE_UNAVAILABLE => Err(unavailable),
        _ => Err(ConsoleError::invalid("account", validate::TEST_REFUSED)),
    }
}

/// Finds what the body became and writes who sent it.
async fn tell(session: &Session, owner: Owner, kind: TestKind, sha256: [u8; 32]) -> Result<TestSent, ReadError> {
    let actor = actor(session);
    let events = session.tenant.transaction(move |connection| {
        async move {
            let events = log::of_body(&mut *connection, owner.company, &sha256).await?;
            let details = json!({
                "kind": kind.words().0,
                "events": events.iter().map(|event| event.id).collect::<Vec<_>>(),
            });
            let entry = Entry::done(actor, "webhook.test_sent", "account", Some(owner.account.0), details);
            audit::insert(connection, owner.company, entry).await?;
            Ok::<_, ReadError>(events)
        }
        .boxed()
    });
    let events = events.await?;
    // What concerns a whole WABA may belong to another of its numbers.
    let account = events.first().and_then(|event| event.account_id).unwrap_or(owner.account.0);
    Ok(TestSent { account: account.to_string(), events: events.iter().map(|event| event.id.to_string()).collect() })
}
