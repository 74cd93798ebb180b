//! Meta's end of the line, without patience: several connections post signed bodies as fast as they are answered, each
//! body once. Nothing is tried again, so nothing that is sent later can hide a loss.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, StatusCode, header};
use server::clock::Clock;
use server::simulate::{Expected, Generator, Purpose, Target, Traffic};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::TestAccount;

/// How one post was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When it was sent.
    pub sent: Instant,
    /// Until the answer was there, or would not come.
    pub took: Duration,
    /// Whether it was signed by somebody else.
    pub forged: bool,
    /// The status, or why there is none.
    pub status: Result<StatusCode, Silence>,
    /// Whether it says when to come again.
    pub retry_after: bool,
}

/// Why a post has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nobody took the connection: the post never began.
    NotConnected,
    /// It was cut off; with the error.
    CutOff(String),
}

impl Answer {
    /// Whether it is this status.
    pub fn is(&self, status: u16) -> bool {
        self.status.as_ref().is_ok_and(|found| found.as_u16() == status)
    }
}

/// What is sent, and what came of it.
pub struct Line {
    client: Client,
    url: String,
    posts: Mutex<Generator>,
    expected: Mutex<Expected>,
    answers: Mutex<Vec<Answer>>,
}

/// Connections that send.
pub struct Senders {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Line {
    /// A line to an account's callback on the server of this URL. It never runs out of posts.
    pub fn new(server_url: &str, account: &TestAccount, traffic: &Traffic) -> Arc<Self> {
        let target = Target {
            phone_number_id: account.phone_number_id.clone(),
            waba_id: account.waba_id.clone(),
            display_phone_number: "15550783881".into(),
        };
        let traffic = Traffic { count: 1_000_000, ..traffic.clone() };
        let secret = account.app_secret.clone().into();
        let generator = Generator::new(&traffic, target, secret, Clock::system().now());
        Arc::new(Self {
            client: Client::builder().timeout(Duration::from_secs(20)).no_proxy().build().unwrap(),
            url: format!("{server_url}{}", account.callback_path),
            expected: Mutex::new(Expected::new(&generator)),
            posts: Mutex::new(generator),
            answers: Mutex::default(),
        })
    }

    /// Begins to send.
    pub fn open(self: &Arc<Self>, connections: usize) -> Senders {
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        for _ in 0..connections {
            tasks.spawn(Arc::clone(self).send(stop.clone()));
        }
        Senders { stop, tasks }
    }

    /// What must be in the database, and what may be.
    pub fn expected(&self) -> Expected {
        self.expected.lock().unwrap().clone()
    }

    /// All answers so far, in the order they came.
    pub fn answers(&self) -> Vec<Answer> {
        self.answers.lock().unwrap().clone()
    }

    /// Waits until a post is accepted that was not among the first `before` answers.
    pub async fn until_accepted(&self, before: usize) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.answers.lock().unwrap()[before..].iter().any(|answer| answer.is(200)) {
            assert!(Instant::now() < end, "nothing is accepted");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn send(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let answer = self.post().await;
            if !answer.is_ok_and(|status| status.is_success()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    async fn post(&self) -> Result<StatusCode, Silence> {
        let post = self.posts.lock().unwrap().next().unwrap();
        let mut request = self.client.post(&self.url).header(header::CONTENT_TYPE, "application/json");
        if let Some(signature) = &post.signature {
            request = request.header("X-Hub-Signature-256", signature);
        }
        let sent = Instant::now();
        let response = request.body(post.body.to_vec()).send().await;
        let took = sent.elapsed();
        let retry_after = response.as_ref().is_ok_and(|answer| answer.headers().contains_key(header::RETRY_AFTER));
        let status = response.map(|answer| answer.status()).map_err(|error| {
            if error.is_connect() { Silence::NotConnected } else { Silence::CutOff(format!("{error:?}")) }
        });
        self.expected.lock().unwrap().record(&post, status == Ok(StatusCode::OK));
        let forged = post.purpose == Purpose::Forged;
        self.answers.lock().unwrap().push(Answer { sent, took, forged, status: status.clone(), retry_after });
        status
    }
}

impl Senders {
    /// Sends no more, and waits for the answers to what was sent.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

/// What is wrong in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Updates that were answered with 200 and are not in the event log.
    pub lost: usize,
    /// Updates and messages that are there more than once.
    pub doubled: usize,
    /// Messages that were answered with 200 and are not among the messages.
    pub missing: usize,
    /// Updates that were not processed.
    pub unprocessed: usize,
}

/// Compares the database with what was answered.
pub async fn damage(pool: &PgPool, expected: &Expected) -> Damage {
    let stored: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select event_type, object_id, coalesce(event_subtype, ''), processed from whatsapp_webhook_event_logs
         where starts_with(object_id, $1)",
    )
    .bind(&expected.prefix)
    .fetch_all(pool)
    .await
    .unwrap();
    let messages: Vec<String> =
        sqlx::query_scalar("select wamid from messages where starts_with(wamid, $1) and source <> 'status'")
            .bind(&expected.prefix)
            .fetch_all(pool)
            .await
            .unwrap();
    let updates: HashSet<(&str, &str, &str)> =
        stored.iter().map(|(kind, wamid, subtype, _)| (&**kind, &**wamid, &**subtype)).collect();
    let wamids: HashSet<&str> = messages.iter().map(String::as_str).collect();
    let acknowledged = &expected.acknowledged;
    let there = |kind: &server::simulate::Kind, wamid: &str, subtype: &str| {
        updates.contains(&(kind.event_type().as_str(), wamid, subtype))
    };
    Damage {
        lost: acknowledged.updates.iter().filter(|(kind, wamid, subtype)| !there(kind, wamid, subtype)).count(),
        doubled: stored.len() - updates.len() + messages.len() - wamids.len(),
        missing: acknowledged.messages.iter().filter(|wamid| !wamids.contains(&***wamid)).count(),
        unprocessed: stored.iter().filter(|(_, _, _, processed)| !processed).count(),
    }
}

/// Puts a row into its table a second time, with another id: for showing that a check would see it. The table loses
/// the constraint or index that forbids it, which must be the only one of its name. `which` says what rows will do.
pub async fn double(pool: &PgPool, table: &str, key: &str, which: &str) {
    let is_constraint = sqlx::query_scalar("select exists (select from pg_constraint where conname = $1)").bind(key);
    let is_constraint: bool = is_constraint.fetch_one(pool).await.unwrap();
    let drop =
        if is_constraint { format!("alter table {table} drop constraint {key}") } else { format!("drop index {key}") };
    sqlx::query(sqlx::AssertSqlSafe(drop)).execute(pool).await.unwrap();
    let columns: String = sqlx::query_scalar(
        "select string_agg(quote_ident(column_name), ', ') from information_schema.columns
         where table_name = $1 and column_name <> 'id' and is_generated = 'NEVER'",
    )
    .bind(table)
    .fetch_one(pool)
    .await
    .unwrap();
    let copy = format!(
        "insert into {table} (id, {columns}) select gen_random_uuid(), {columns} from {table} where {which} limit 1"
    );
    let copied = sqlx::query(sqlx::AssertSqlSafe(copy)).execute(pool).await.unwrap();
    assert_eq!(copied.rows_affected(), 1, "there is no such row to double");
}
