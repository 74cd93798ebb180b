//! What the door refused, written behind it.
//!
//! A refusal must not cost a query: somebody who posts forgeries would then load the database, or fill its disk. Rows
//! wait for a task that writes them in batches. Of refusals that are alike (of one account, for one reason), one batch
//! holds a hundred; the last of these stands for all further ones and counts them, and after such a burst the task takes
//! longer until the next. So neither memory nor disk grow with a flood, and no refusal goes uncounted. While the
//! database is away they wait in the same way.

use std::collections::HashMap;
use std::mem;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::store;
use crate::ids::{AccountId, CompanyId};
use crate::retryable::{Kind, kind};

/// Rows of one batch that may be alike.
const ALIKE: usize = 100;
/// Between two batches: lets a few gather.
const PAUSE: Duration = Duration::from_millis(50);
/// The same after a batch in which some row stands for more than one refusal.
const BURST_PAUSE: Duration = Duration::from_secs(1);
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
    /// When; of several, the last time.
    pub rejected_at: OffsetDateTime,
    /// How many refusals it stands for; all but the last time are like it in account, reason and method only.
    pub times: i32,
}

/// Where the door hands refusals in.
#[derive(Clone)]
pub struct Rejections {
    waiting: Arc<Mutex<Waiting>>,
    wake: mpsc::Sender<()>,
}

impl Rejections {
    /// Starts the task. It ends, after writing what is waiting, when every `Rejections` is gone.
    pub fn start(engine: PgPool) -> (Self, JoinHandle<()>) {
        let waiting = Arc::<Mutex<Waiting>>::default();
        let (wake, woken) = mpsc::channel(1);
        (Self { waiting: Arc::clone(&waiting), wake }, tokio::spawn(run(engine, waiting, woken)))
    }

    /// Hands one in; never waits.
    pub fn add(&self, rejection: Rejection) {
        locked(&self.waiting).add(rejection);
        // One that is there already wakes the task as well.
        let _ = self.wake.try_send(());
    }
}

fn locked(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What makes refusals alike. Nothing in it is the caller's to choose, so there are few of them.
type Likeness = (Option<CompanyId>, Option<AccountId>, Reason, &'static str);

/// Refusals that are to be written.
#[derive(Debug, Default)]
struct Waiting {
    alike: HashMap<Likeness, Vec<Rejection>>,
}

impl Waiting {
    fn add(&mut self, new: Rejection) {
        let alike = self.alike.entry((new.company, new.account, new.reason, new.method)).or_default();
        if alike.len() < ALIKE {
            return alike.push(new);
        }
        if let Some(last) = alike.last_mut() {
            last.times = last.times.saturating_add(new.times);
            last.rejected_at = last.rejected_at.max(new.rejected_at);
        }
    }

    /// All of it.
    fn take(&mut self) -> Vec<Rejection> {
        mem::take(&mut self.alike).into_values().flatten().collect()
    }
}

async fn run(engine: PgPool, waiting: Arc<Mutex<Waiting>>, mut woken: mpsc::Receiver<()>) {
    while woken.recv().await.is_some() {
        let batch = locked(&waiting).take();
        while let Err(error) = store::store_rejections(&engine, &batch).await {
            if kind(&error) == Kind::Data {
                tracing::error!(%error, lost = batch.len(), "refusals cannot be recorded, now or later");
                break;
            }
            if woken.is_closed() {
                tracing::error!(%error, lost = batch.len(), "refusals could not be recorded before the end");
                return;
            }
            tracing::warn!(%error, waiting = batch.len(), "refusals cannot be recorded yet");
            tokio::time::sleep(OUTAGE_PAUSE).await;
        }
        let is_burst = batch.iter().any(|row| row.times > 1);
        tokio::time::sleep(if is_burst { BURST_PAUSE } else { PAUSE }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(reason: Reason, second: i64) -> Rejection {
        Rejection {
            company: None,
            id: Uuid::now_v7(),
            account: None,
            reason,
            method: "POST",
            callback_path: format!("/{second}"),
            body_sha256: None,
            body_size: None,
            address: None,
            rejected_at: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second),
            times: 1,
        }
    }

    #[test]
    fn a_flood_makes_a_hundred_rows_and_each_refusal_counts() {
        let mut waiting = Waiting::default();
        (0..5_000).for_each(|second| waiting.add(refusal(Reason::BadSignature, second)));
        waiting.add(refusal(Reason::UnknownPath, 7));
        let mut rows = waiting.take();
        rows.sort_by_key(|row| (row.reason.as_str(), row.rejected_at));
        assert_eq!(rows.len(), ALIKE + 1);
        assert_eq!(rows.iter().map(|row| row.times).sum::<i32>(), 5_001);
        let (last_forgery, unknown) = (&rows[ALIKE - 1], &rows[ALIKE]);
        assert_eq!(
            (last_forgery.times, last_forgery.rejected_at),
            (4_901, refusal(Reason::BadSignature, 4_999).rejected_at)
        );
        assert_eq!((unknown.times, unknown.reason), (1, Reason::UnknownPath), "another reason has rows of its own");
        assert!(waiting.take().is_empty());
    }

    #[test]
    fn a_few_keep_a_row_each() {
        let mut waiting = Waiting::default();
        (0..100).for_each(|second| waiting.add(refusal(Reason::BadSignature, second)));
        assert!(waiting.take().iter().all(|row| row.times == 1));
    }
}
