//! Where many requests of every kind are sent, and a look at every place where something of them could stand.

use std::time::Duration;

use app::contract::Role;
use rand::RngExt;
use rand::rngs::StdRng;
use secrecy::ExposeSecret;
use server::{database, users};

use super::panics::Panicking;
use super::statements::{configure, log};
use super::traffic::{ask_wrongly, knock};
use super::{
    Answers, EMAIL, METRICS_TOKEN, NAME, PASSWORD, QUOTED, TEXT, URL_PASSWORD, WRONG_PASSWORD, WRONG_TOKEN, come_in,
    found, make_secrets, personal, rows,
};
use crate::app::TestApp;
use crate::browser::Browser;
use crate::own_cluster::OwnCluster;
use crate::program::Program;
use crate::test_database::TestDatabase;

/// The program on a cluster of its own that logs every statement, and beside it a server that panics.
pub struct House {
    program: Program,
    panicking: Panicking,
    own: OwnCluster,
}

impl House {
    /// For the test of this name.
    pub async fn build(test: &str) -> Self {
        let own = OwnCluster::start().await;
        let url = format!("{}&password={URL_PASSWORD}", own.cluster.url());
        database::migrate(&url.clone().into()).await.unwrap();
        configure(&url, &["log_statement = 'all'", "log_duration = on"]).await;
        let log = ("RUST_LOG", "server=trace,app=trace,info");
        let variables = [log, ("WAYPOST_WORKERS", "1"), ("METRICS_TOKEN", METRICS_TOKEN)];
        let program = Program::on(TestDatabase::elsewhere(url), &variables).await;
        let panicking = Panicking::beside(&program, test).await;
        Self { program, panicking, own }
    }

    /// The database as its owner sees it.
    pub fn app(&self) -> &TestApp {
        &self.program.app
    }
}

/// Sends so many requests, of which some meet the server that panics, and others a database that refuses. Gives back
/// what stands where it does not belong.
pub async fn leaks(house: House, requests: usize, mut chance: StdRng) -> Vec<String> {
    let app = house.app();
    users::add::add(&app.database, app.account.owner.company, "Ann", EMAIL, Role::Admin, PASSWORD.into())
        .await
        .unwrap();
    // Processing fails on the text, with the database's own error. No canary stands in a statement of the test's.
    app.execute(&format!("alter table messages add constraint no_canary check (length(body) <> {})", TEXT.len())).await;
    let mut answers = Answers::default();
    let browser = come_in(app, &mut answers).await;
    let cookie = browser.cookie.clone().unwrap().split_once('=').unwrap().1.to_owned();
    let mut elsewhere = Browser::new(&house.panicking.app);
    elsewhere.cookie.clone_from(&browser.cookie);

    let (mut sent, mut serial) = (4, 0);
    let mut one_round = async |serial: usize, to_see: Option<bool>| {
        let by_chance = chance.random_range(0..3) == 0;
        let panics = to_see.unwrap_or(by_chance);
        let (app, browser) = if panics { (&house.panicking.app, &elsewhere) } else { (app, &browser) };
        let asked = ask_wrongly(app, browser, WRONG_PASSWORD, &mut answers).await;
        knock(app, serial, &mut answers).await + asked
    };
    while sent < requests * 2 / 3 {
        // The first ones panic in any case, so that there is something to see.
        sent += one_round(serial, (serial < 3).then_some(true)).await;
        serial += 1;
    }
    let failed =
        "select least(count(*), 1) from whatsapp_webhook_event_logs where attempts > 0 and last_error is not null";
    app.wait_until(failed, 1, Duration::from_secs(20)).await;
    // From here on the database refuses what the door stores and what the pages read.
    app.execute("alter table whatsapp_webhook_deliveries add constraint none check (body_size < 0) not valid").await;
    app.execute("alter table conversations rename to elsewhere").await;
    let first = serial;
    while sent < requests {
        // And here the first one does not, for the same reason.
        sent += one_round(serial, (serial == first).then_some(false)).await;
        serial += 1;
    }
    app.execute("alter table elsewhere rename to conversations").await;
    app.execute("alter table whatsapp_webhook_deliveries drop constraint none").await;
    answers.keep(app.client.get(format!("{}/metrics", app.url)).header("X-Forwarded-For", "x").bearer_auth("x")).await;
    let secrets = make_secrets(app, &browser).await;
    eprintln!("{sent} requests");
    search(house, &answers, &cookie, &secrets).await
}

/// Looks everywhere.
async fn search(house: House, answers: &Answers, cookie: &str, secrets: &[String]) -> Vec<String> {
    let House { program, panicking, own } = house;
    let app = &program.app;
    let metrics = program.get("/metrics").await.text().await.unwrap();
    let (refusals, audit) = (rows(app, "whatsapp_webhook_rejections").await, rows(app, "audit_log").await);
    let attempts = rows(app, "event_attempts").await;
    let errors = format!("{:?}", app.rows("select last_error from whatsapp_webhook_event_logs").await);
    let (said, panicked, statements) = (program.said(), panicking.end().await, log(&own));
    let places = [
        ("the log", said.as_str()),
        ("the log of the server that panics", &panicked),
        ("the database's log", &statements),
        ("the metrics", &metrics),
        ("an answer", &answers.0),
        ("a refusal", &refusals),
        ("the audit log", &audit),
        ("a failed try", &attempts),
        ("an event's last error", &errors),
    ];
    let mut never = vec![
        ("the app secret", app.account.app_secret.as_str()),
        ("the verify token", &app.account.verify_token),
        ("a wrong token", WRONG_TOKEN),
        ("the password", PASSWORD),
        ("a wrong password", WRONG_PASSWORD),
        ("the database's password", URL_PASSWORD),
        ("what a panic quoted", QUOTED),
        ("the metrics' token", METRICS_TOKEN),
        ("the session's cookie", cookie),
        ("the encryption key", program.keys.expose_secret().split(':').nth(1).unwrap()),
    ];
    never.extend(secrets.iter().map(|secret| ("a secret shown once", secret.as_str())));
    never.extend(personal().map(|(what, canary): (&str, &str)| (what, canary)));
    let mut faults = found(&places, &never);
    says(
        &said,
        &["refused", "receive", "challenge", "an event could not be processed", "signed in", "answered", "cannot read"],
    );
    says(&statements, &["insert into", "select", "violates check constraint", "no_canary"]);
    // At rest they are sealed, hashed or not there at all. Last, since these statements name what they look for.
    for secret in [&app.account.app_secret, PASSWORD, WRONG_PASSWORD, WRONG_TOKEN, &secrets[0], &secrets[2]] {
        faults.extend(app.tables_holding(secret).await.into_iter().map(|table| format!("a secret stands in {table}")));
    }
    for canary in personal().filter(|(_, canary)| *canary != NAME).map(|(_, canary)| canary) {
        assert!(!app.tables_holding(canary).await.is_empty(), "{canary} is kept where it belongs, or proves nothing");
    }
    faults
}

fn says(log: &str, words: &[&str]) {
    for words in words {
        assert!(log.contains(words), "the log does not say {words:?}, and so proves little");
    }
}
