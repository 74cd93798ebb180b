//! What the door refused, written behind it.
//!
//! A refusal must not cost a query: somebody who posts forgeries would then load the database. Rows are handed to a
//! task that writes them in batches. While the database is away they wait, as many as fit the queue; one that does
//! not fit is counted in the metrics instead of stored.

use std::net::IpAddr;
use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::store;
use crate::ids::{AccountId, CompanyId};
use crate::metrics;
use crate::retryable::{Kind, kind};

const QUEUE: usize = 20_000;
const BATCH: usize = 1_000;
const PAUSE: Duration = Duration::from_millis(50);
const OUTAGE_PAUSE: Duration = Duration::from_secs(1);

/// Why the door refused. Only the log, the metrics and the console say it; the answer does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No configuration has this path.
    UnknownPath,
    /// A challenge without, or with repeated, parameters.
    MalformedChallenge,
    /// A challenge whose token is nobody's on this path.
    WrongToken,
    /// A challenge, after too many with a wrong token.
    Throttled,
    /// A challenge or POST for a configuration that is switched off.
    Disabled,
    /// A POST before Meta has verified the callback.
    Unverified,
    /// No `X-Hub-Signature-256`.
    MissingSignature,
    /// More than one, malformed, or not made with a secret of this path.
    BadSignature,
    /// Above 4 MiB.
    TooLarge,
    /// Compressed or otherwise encoded.
    ContentEncoding,
    /// The body broke off or came too slowly.
    BrokenBody,
    /// The database is away or slow.
    Unavailable,
    /// Too much is waiting.
    QueueFull,
}

impl Reason {
    /// The word in `reason` and in the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownPath => "unknown_path",
            Self::MalformedChallenge => "malformed_challenge",
            Self::WrongToken => "wrong_token",
            Self::Throttled => "throttled",
            Self::Disabled => "disabled",
            Self::Unverified => "unverified",
            Self::MissingSignature => "missing_signature",
            Self::BadSignature => "bad_signature",
            Self::TooLarge => "too_large",
            Self::ContentEncoding => "content_encoding",
            Self::BrokenBody => "broken_body",
            Self::Unavailable => "unavailable",
            Self::QueueFull => "queue_full",
        }
    }
}

/// One refusal, for one company on the path.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// None: the path is nobody's.
    pub company: Option<CompanyId>,
    /// A `UUIDv7`.
    pub id: Uuid,
    /// The account, where the path has only one.
    pub account: Option<AccountId>,
    /// Why.
    pub reason: Reason,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Without query; cut to 200 characters.
    pub callback_path: String,
    /// Where the body was read.
    pub body_sha256: Option<[u8; 32]>,
    /// Bytes, where known.
    pub body_size: Option<i64>,
    /// Of the client, as far as the trusted proxies say.
    pub address: Option<IpAddr>,
    /// When.
    pub rejected_at: OffsetDateTime,
}

/// Where the door hands refusals in.
#[derive(Clone)]
pub struct Rejections(mpsc::Sender<Rejection>);

impl Rejections {
    /// Starts the task. It ends, after writing what is waiting, when every `Rejections` is gone.
    pub fn start(engine: PgPool) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Self(queue), tokio::spawn(run(engine, waiting)))
    }

    /// Hands one in; never waits.
    pub fn add(&self, rejection: Rejection) {
        if self.0.try_send(rejection).is_err() {
            metrics::rejection_not_recorded();
        }
    }
}

async fn run(engine: PgPool, mut waiting: mpsc::Receiver<Rejection>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        while let Err(error) = store::store_rejections(&engine, &batch).await {
            if kind(&error) == Kind::Data {
                tracing::error!(%error, lost = batch.len(), "refusals cannot be recorded, now or later");
                break;
            }
            if waiting.is_closed() {
                tracing::error!(%error, lost = batch.len(), "refusals could not be recorded before the end");
                return;
            }
            tracing::warn!(%error, waiting = batch.len(), "refusals cannot be recorded yet");
            tokio::time::sleep(OUTAGE_PAUSE).await;
        }
        batch.clear();
        // Lets a burst gather, so that forgeries cost few statements however many there are.
        tokio::time::sleep(PAUSE).await;
    }
}
