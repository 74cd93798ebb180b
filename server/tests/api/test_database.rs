//! A database of its own for each test, and gone with it: some hundreds of them would fill a small disk. What a failed
//! test leaves is kept, to be looked at.

use std::sync::Arc;

use server::database;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tokio::runtime;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// A database that is there for as long as somebody holds this.
#[derive(Clone)]
pub struct TestDatabase {
    /// Where it is.
    pub url: String,
    _own: Option<Arc<Own>>,
}

/// Named so that nothing else is dropped by mistake.
struct Own {
    name: String,
}

impl TestDatabase {
    /// A database like a migrated one. The migrations run once per test process, into a template.
    pub async fn fresh() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let template = TEMPLATE
            .get_or_init(|| async {
                let name = format!("waypost_template_{}", std::process::id());
                create(&name, "template0").await;
                database::migrate(&url(&name).into()).await.unwrap();
                name
            })
            .await;
        let name = format!("waypost_test_{}", Uuid::now_v7().simple());
        create(&name, template).await;
        Self { url: url(&name), _own: Some(Arc::new(Own { name })) }
    }

    /// A database in which there is nothing.
    pub async fn empty() -> Self {
        let name = format!("waypost_test_{}", Uuid::now_v7().simple());
        create(&name, "template0").await;
        Self { url: url(&name), _own: Some(Arc::new(Own { name })) }
    }

    /// One that somebody else looks after.
    pub fn elsewhere(url: String) -> Self {
        Self { url, _own: None }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let name = self.name.clone();
        // A thread, since there is no waiting inside the test's own runtime.
        let dropped = std::thread::spawn(move || {
            runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(drop_database(&name));
        });
        dropped.join().expect("the test's database is dropped");
    }
}

async fn create(name: &str, template: &str) {
    let mut maintenance = PgConnection::connect(&cluster_url()).await.unwrap();
    // Two copies of one template at once disturb each other.
    sqlx::query("select pg_advisory_lock(7368)").execute(&mut maintenance).await.unwrap();
    let statement = format!("create database {name} template {template}");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut maintenance).await.unwrap();
    maintenance.close().await.unwrap();
}

async fn drop_database(name: &str) {
    let mut maintenance = PgConnection::connect(&cluster_url()).await.unwrap();
    // The server of the test may still be on its way down.
    let statement = format!("drop database {name} with (force)");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut maintenance).await.unwrap();
    maintenance.close().await.unwrap();
}

fn url(name: &str) -> String {
    let options: PgConnectOptions = cluster_url().parse().unwrap();
    options.database(name).to_url_lossy().to_string()
}

fn cluster_url() -> String {
    std::env::var("DATABASE_URL").expect("DATABASE_URL must name a cluster for tests; `cargo xtask test` provides one")
}
