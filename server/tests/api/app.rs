//! A server of its own for each test, on a database of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use app::contract::Role;
use leptos::prelude::LeptosOptions;
use reqwest::{Client, RequestBuilder, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use server::accounts::add;
use server::accounts::store::NewAccount;
use server::clock::Clock;
use server::crypto::KeyRing;
use server::database::{Database, PoolSizes};
use server::ids::{CompanyId, Owner, UserId};
use server::ingest::address::ClientAddress;
use server::ingest::signature::sign;
use server::processing::worker::{Outcome, Worker, WorkerSettings};
use server::retention::RetentionSettings;
use server::startup::{Server, ServerSettings};
use server::users;
use server::web::deadlines::Deadlines;
use server::webhook_config::new_config::Given;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::test_database::TestDatabase;

/// The number of [`TestApp::account`].
pub const NUMBER: &str = "106540352242922";
/// Its WABA.
pub const WABA: &str = "102290129340398";
/// Its app secret.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Password of everybody in the tests.
pub const PASSWORD: &str = "a password for tests";

/// What may differ from one test to the next.
pub struct Options {
    /// Workers inside the server; with 0 a test drains by hand.
    pub workers: usize,
    /// `TRUSTED_PROXY_HOPS`.
    pub trusted_hops: usize,
    /// The server's clock.
    pub clock: Clock,
    /// How the workers inside the server work.
    pub worker: WorkerSettings,
    /// `DEV_TUNNEL_HELP`.
    pub tunnel_help: bool,
    /// `WAYPOST_CONNECTIONS`.
    pub connections: usize,
    /// How long clients may take.
    pub deadlines: Deadlines,
    /// Where the pages' files are; by default nowhere.
    pub site_root: PathBuf,
    /// `WAYPOST_BODY_MEMORY`, MiB.
    pub body_memory: usize,
    /// `RETENTION_DAYS`.
    pub retention: Option<RetentionSettings>,
    /// `PUBLIC_URL`; by default the address it listens on.
    pub public_url: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        let worker = WorkerSettings { poll: Duration::from_millis(50), ..WorkerSettings::default() };
        Self {
            workers: 0,
            trusted_hops: 0,
            clock: Clock::system(),
            worker,
            tunnel_help: false,
            connections: 4096,
            deadlines: Deadlines::default(),
            site_root: "target/no-site".into(),
            body_memory: 64,
            retention: None,
            public_url: None,
        }
    }
}

/// An account of a test, with its secrets.
#[derive(Clone, Debug)]
pub struct TestAccount {
    pub owner: Owner,
    pub app_secret: String,
    pub verify_token: String,
    pub callback_path: String,
    pub phone_number_id: String,
    pub waba_id: String,
}

/// A running server with its database.
pub struct TestApp {
    /// `http://127.0.0.1:…`.
    pub url: String,
    /// The database as the server uses it.
    pub database: Database,
    /// The database as its owner sees it: for looking, not part of what is tested.
    pub pool: PgPool,
    /// Where the database is; it goes with the last that holds it.
    pub place: TestDatabase,
    /// A verified account of the company "Acme Travel".
    pub account: TestAccount,
    /// For draining by hand.
    pub worker: Worker,
    /// The key ring.
    pub keys: Arc<KeyRing>,
    /// Follows no redirect and keeps no cookie.
    pub client: Client,
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
}

impl TestApp {
    /// Starts a server without workers, with one verified account.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// Starts a server.
    pub async fn with(options: Options) -> Self {
        let keys = Arc::new(KeyRing::parse(&KeyRing::generate("test")).unwrap());
        Self::on(TestDatabase::fresh().await, keys, options).await
    }

    /// Starts a server on a database that is there already: a second instance, or the same one again.
    pub async fn on(place: TestDatabase, keys: Arc<KeyRing>, options: Options) -> Self {
        let sizes = PoolSizes { engine: 8, console: 4 };
        let database = Database::new(&place.url.clone().into(), sizes).unwrap();
        let pool = PgPoolOptions::new().max_connections(3).connect(&place.url).await.unwrap();
        let account = match find_account(&pool).await {
            Some(account) => account,
            None => add_account(&database, &pool, &keys, NewTestAccount::default()).await,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let server = Server::start(ServerSettings {
            database: database.clone(),
            keys: Arc::clone(&keys),
            clock: options.clock.clone(),
            address: ClientAddress { trusted_hops: options.trusted_hops },
            public_url: options.public_url.unwrap_or(&url).parse().unwrap(),
            leptos: LeptosOptions::builder()
                .output_name("waypost")
                .site_root(options.site_root.to_str().unwrap())
                .build(),
            metrics_token: None,
            tunnel_help: options.tunnel_help.then_some(port),
            connections: options.connections,
            deadlines: options.deadlines,
            body_memory: options.body_memory,
            lanes: 3,
            workers: options.workers,
            worker: options.worker,
            retention: options.retention,
        });
        let server = server.await.unwrap();
        let stop = CancellationToken::new();
        let running = Some(tokio::spawn(server.run(listener, stop.clone())));
        let worker = Worker {
            name: "test".into(),
            engine: database.engine.clone(),
            clock: options.clock,
            settings: WorkerSettings::default(),
        };
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { url, database, pool, place, account, worker, keys, client, stop, running }
    }

    /// Another account; verified unless it says otherwise.
    pub async fn add_account(&self, new: NewTestAccount) -> TestAccount {
        let account = add_account(&self.database, &self.pool, &self.keys, new).await;
        self.wait_for_config().await;
        account
    }

    /// Waits until this instance must have seen a change of configuration: the promised second.
    pub async fn wait_for_config(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// Posts a body, signed for the account.
    pub async fn post(&self, account: &TestAccount, body: impl Into<Vec<u8>>) -> Response {
        self.signed(account, body).send().await.unwrap()
    }

    /// A signed POST that a test may still change.
    pub fn signed(&self, account: &TestAccount, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let body = body.into();
        let signature = signature(&account.app_secret, &body);
        self.unsigned(&account.callback_path, body).header("X-Hub-Signature-256", signature)
    }

    /// A POST without a signature.
    pub fn unsigned(&self, path: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let url = format!("{}{path}", self.url);
        self.client.post(url).header("Content-Type", "application/json").body(body.into())
    }

    /// Posts, and insists on 200.
    pub async fn accept(&self, body: impl Into<Vec<u8>>) {
        let response = self.post(&self.account, body).await;
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
    }

    /// Processes until nothing is due any more.
    pub async fn drain(&self) {
        while self.worker.run_once().await.unwrap() != Outcome::Idle {}
    }

    /// Posts, insists on 200, and processes.
    pub async fn take_in(&self, body: impl Into<Vec<u8>>) {
        self.accept(body).await;
        self.drain().await;
    }

    /// One number from the database.
    pub async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.unwrap()
    }

    /// The rows of a query as JSON, in the order of the query.
    pub async fn rows(&self, sql: &str) -> Vec<serde_json::Value> {
        let wrapped = format!("select to_jsonb(q) from ({sql}) q");
        sqlx::query_scalar(AssertSqlSafe(wrapped)).fetch_all(&self.pool).await.unwrap()
    }

    /// Waits until a query's number is as expected, and fails after `limit`.
    pub async fn wait_until(&self, sql: &str, expected: i64, limit: Duration) {
        let end = tokio::time::Instant::now() + limit;
        loop {
            let found = self.count(sql).await;
            if found == expected {
                return;
            }
            assert!(tokio::time::Instant::now() < end, "{sql}: {found} and not {expected} after {limit:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A company without accounts.
    pub async fn company(&self, name: &str) -> CompanyId {
        add::company(&self.database, name).await.unwrap()
    }

    /// Somebody of a company, whose password is [`PASSWORD`].
    pub async fn add_user(&self, company: CompanyId, email: &str, role: Role) -> UserId {
        users::add::add(&self.database, company, "Somebody", email, role, PASSWORD.into()).await.unwrap()
    }

    /// Ends the server in good order.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(running) = self.running.take() {
            running.await.unwrap();
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// An account to be added.
pub struct NewTestAccount {
    pub company: &'static str,
    pub name: &'static str,
    pub phone_number_id: &'static str,
    pub waba_id: &'static str,
    pub app_secret: &'static str,
    pub callback_path: Option<&'static str>,
    /// `unverified`, `verified` or `disabled`.
    pub status: &'static str,
}

impl Default for NewTestAccount {
    fn default() -> Self {
        Self {
            company: "Acme Travel",
            name: "Support line",
            phone_number_id: NUMBER,
            waba_id: WABA,
            app_secret: SECRET,
            callback_path: None,
            status: "verified",
        }
    }
}

async fn add_account(database: &Database, pool: &PgPool, keys: &Arc<KeyRing>, new: NewTestAccount) -> TestAccount {
    let account = NewAccount {
        name: new.name.into(),
        waba_id: new.waba_id.into(),
        phone_number_id: new.phone_number_id.into(),
        display_phone_number: Some("+1 555 078 3881".into()),
    };
    let given = Given {
        app_secret: Some(SecretString::from(new.app_secret)),
        callback_path: new.callback_path.map(Into::into),
        verified_at: (new.status != "unverified").then(|| Clock::system().now()),
        ..Given::default()
    };
    let added = add::add(database, Arc::clone(keys), new.company, account, given).await.unwrap();
    if new.status == "disabled" {
        sqlx::query("update whatsapp_webhook_configs set status = 'disabled' where account_id = $1")
            .bind(added.owner.account.0)
            .execute(pool)
            .await
            .unwrap();
    }
    TestAccount {
        owner: added.owner,
        app_secret: new.app_secret.into(),
        verify_token: added.verify_token.expose_secret().into(),
        callback_path: added.callback_path,
        phone_number_id: new.phone_number_id.into(),
        waba_id: new.waba_id.into(),
    }
}

/// The account of an instance that ran on this database before.
async fn find_account(pool: &PgPool) -> Option<TestAccount> {
    let found: Option<(Uuid, Uuid, String)> = sqlx::query_as(
        "select company_id, account_id, callback_path from whatsapp_webhook_configs order by account_id limit 1",
    )
    .fetch_optional(pool)
    .await
    .unwrap();
    let (company, account, callback_path) = found?;
    Some(TestAccount {
        owner: Owner { company: company.into(), account: account.into() },
        app_secret: SECRET.into(),
        verify_token: String::new(),
        callback_path,
        phone_number_id: NUMBER.into(),
        waba_id: WABA.into(),
    })
}

/// `sha256=…` as Meta writes it.
pub fn signature(secret: &str, body: &[u8]) -> String {
    sign(secret.as_bytes(), body).to_string()
}

/// The text of a fixture.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.json"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A body with one change of field `messages`.
pub fn body(value: &serde_json::Value) -> Vec<u8> {
    let change = serde_json::json!({ "field": "messages", "value": value });
    envelope(&[change])
}

/// A body with these changes, all of one entry.
pub fn envelope(changes: &[serde_json::Value]) -> Vec<u8> {
    serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": WABA, "changes": changes }],
    })
    .to_string()
    .into_bytes()
}

/// A `value` with metadata and these members.
pub fn value(members: &serde_json::Value) -> serde_json::Value {
    let mut value = serde_json::json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": NUMBER },
    });
    for (key, member) in members.as_object().unwrap() {
        value[key] = member.clone();
    }
    value
}

/// A body with one text message of somebody.
pub fn text_message(wamid: &str, from: &str, text: &str) -> Vec<u8> {
    body(&value(&serde_json::json!({
        "contacts": [{ "profile": { "name": "Lena Ortiz" }, "wa_id": from }],
        "messages": [{ "from": from, "id": wamid, "timestamp": "1763900000", "type": "text", "text": { "body": text } }],
    })))
}

/// A body with one status.
pub fn status(wamid: &str, status: &str) -> Vec<u8> {
    let mut item = serde_json::json!({
        "id": wamid, "status": status, "timestamp": "1763900001", "recipient_id": "16505551234",
    });
    if status == "failed" {
        item["errors"] = serde_json::json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    }
    body(&value(&serde_json::json!({ "statuses": [item] })))
}
