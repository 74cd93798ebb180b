//! The database's own log, which its administrator may have made say everything: statements are logged without their
//! values, also where they fail.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use server::crypto::KeyRing;
use server::database;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::traffic::{ask_wrongly, knock};
use super::{Answers, EMAIL, PASSWORD, WRONG_PASSWORD, WRONG_TOKEN, come_in, found, make_secrets, personal};
use crate::app::{Options, TestApp};
use crate::own_cluster::OwnCluster;
use crate::test_database::TestDatabase;

/// A server on a private cluster that logs every statement, with this setting as well.
async fn start(own: &OwnCluster, setting: &str) -> TestApp {
    database::migrate(&own.cluster.url().into()).await.unwrap();
    let keys = Arc::new(KeyRing::parse(&KeyRing::generate("test")).unwrap());
    let app = TestApp::on(TestDatabase::elsewhere(own.cluster.url()), keys, Options::default()).await;
    configure(&own.cluster.url(), &["log_statement = 'all'", "log_duration = on", setting]).await;
    app
}

/// Changes settings of a cluster that runs.
pub async fn configure(url: &str, settings: &[&str]) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    for setting in settings {
        let set = format!("alter system set {setting}");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql("select pg_reload_conf()").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    // Each connection hears of it when it is next used, a moment later.
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// Traffic with every kind of failure, of the database's too.
async fn traffic(app: &TestApp) -> (Vec<String>, String) {
    let company = app.account.owner.company;
    let (email, password) = (EMAIL, PASSWORD.into());
    server::users::add::add(&app.database, company, "Ann", email, app::contract::Role::Admin, password).await.unwrap();
    let mut answers = Answers::default();
    let browser = come_in(app, &mut answers).await;
    app.execute("alter table whatsapp_webhook_events add constraint none check (length(dedup_key) < 0) not valid")
        .await;
    knock(app, 0, &mut answers).await;
    app.execute("alter table whatsapp_webhook_events drop constraint none").await;
    knock(app, 1, &mut answers).await;
    ask_wrongly(app, &browser, WRONG_PASSWORD, &mut answers).await;
    app.execute("alter table messages add constraint none check (length(wamid) < 0) not valid").await;
    app.worker.run_once().await.unwrap();
    (make_secrets(app, &browser).await, browser.cookie.unwrap())
}

/// What the cluster has logged.
pub fn log(own: &OwnCluster) -> String {
    fn below(folder: &Path) -> Option<PathBuf> {
        let mut entries = folder.read_dir().ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        entries.find_map(|path| if path.ends_with("server.log") { Some(path) } else { below(&path) })
    }
    let path = below(own.folder()).expect("the cluster has a log");
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// The canaries in the cluster's log, after traffic under this setting.
async fn canaries(setting: &str) -> (Vec<String>, String) {
    let own = OwnCluster::start().await;
    let app = start(&own, setting).await;
    let (secrets, cookie) = traffic(&app).await;
    let said = log(&own);
    let mut never = vec![
        ("the app secret", app.account.app_secret.as_str()),
        ("the verify token", &app.account.verify_token),
        ("a wrong token", WRONG_TOKEN),
        ("the password", PASSWORD),
        ("a wrong password", WRONG_PASSWORD),
        ("the session's cookie", cookie.split_once('=').unwrap().1),
    ];
    never.extend(secrets.iter().map(|secret| ("a secret shown once", secret.as_str())));
    never.extend(personal().map(|(what, canary): (&str, &str)| (what, canary)));
    let found = found(&[("the database's log", &said)], &never);
    app.stop().await;
    (found, said)
}

#[tokio::test]
async fn the_databases_log_holds_no_value_of_a_statement() {
    let (found, said) = canaries("log_min_messages = 'warning'").await;
    assert_eq!(found, [""; 0]);
    for words in ["insert into", "select", "violates check constraint"] {
        assert!(said.contains(words), "the log does not say {words:?}, and so proves little");
    }
}

/// The negative control: a cluster that logs more than the private one does is reported.
#[tokio::test]
async fn a_database_that_logs_values_is_reported() {
    let (found, _) = canaries("log_error_verbosity = 'default'").await;
    assert!(found.iter().any(|fault| fault.starts_with("the message's text")), "{found:?}");
}
