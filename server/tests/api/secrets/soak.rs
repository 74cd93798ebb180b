//! Many requests of every kind, and a look at every place where something of them could stand. The short form is part of
//! every run of the tests; the long one runs with `cargo xtask test --soak`, which sets `WAYPOST_SOAK`.

use std::time::Duration;

use app::contract::Role;
use secrecy::ExposeSecret;
use server::users;

use super::traffic::{ask_wrongly, knock};
use super::{
    Answers, EMAIL, METRICS_TOKEN, NAME, PASSWORD, TEXT, WRONG_PASSWORD, WRONG_TOKEN, come_in, found, make_secrets,
    personal, rows,
};
use crate::program::Program;

#[tokio::test]
async fn after_many_failures_no_secret_stands_where_it_does_not_belong() {
    let is_long = std::env::var_os("WAYPOST_SOAK").is_some_and(|value| !value.is_empty());
    let requests = if is_long { 10_000 } else { 400 };
    let log = ("RUST_LOG", "server=trace,app=trace,info");
    let program = Program::start(&[log, ("WAYPOST_WORKERS", "1"), ("METRICS_TOKEN", METRICS_TOKEN)]).await;
    let app = &program.app;
    let company = app.account.owner.company;
    users::add::add(&app.database, company, "Ann", EMAIL, Role::Admin, PASSWORD.into()).await.unwrap();
    // Processing fails on this text, with the database's own error.
    app.execute(&format!("alter table messages add constraint no_canary check (body not like '%{TEXT}%')")).await;

    let mut answers = Answers::default();
    let browser = come_in(app, &mut answers).await;
    let cookie = browser.cookie.clone().unwrap().split_once('=').unwrap().1.to_owned();
    let (mut sent, mut serial) = (4, 0);
    let mut one_round = async |serial: usize| {
        let asked = ask_wrongly(app, &browser, WRONG_PASSWORD, &mut answers).await;
        knock(app, serial, &mut answers).await + asked
    };
    while sent < requests * 2 / 3 {
        sent += one_round(serial).await;
        serial += 1;
    }
    let failed =
        "select least(count(*), 1) from whatsapp_webhook_event_logs where attempts > 0 and last_error is not null";
    app.wait_until(failed, 1, Duration::from_secs(20)).await;
    // From here on the database refuses what the door stores and what the pages read.
    app.execute("alter table whatsapp_webhook_deliveries add constraint none check (body_size < 0) not valid").await;
    app.execute("alter table conversations rename to elsewhere").await;
    while sent < requests {
        sent += one_round(serial).await;
        serial += 1;
    }
    app.execute("alter table elsewhere rename to conversations").await;
    app.execute("alter table whatsapp_webhook_deliveries drop constraint none").await;
    let secrets = make_secrets(app, &browser).await;
    eprintln!("{sent} requests");

    let metrics = program.get("/metrics").await.text().await.unwrap();
    answers.keep(app.client.get(format!("{}/metrics", app.url)).header("X-Forwarded-For", "x").bearer_auth("x")).await;
    let (refusals, audit) = (rows(app, "whatsapp_webhook_rejections").await, rows(app, "audit_log").await);
    let attempts = rows(app, "event_attempts").await;
    let errors = format!("{:?}", app.rows("select last_error from whatsapp_webhook_event_logs").await);
    let said = program.said();
    let places = [
        ("the log", said.as_str()),
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
        ("the metrics' token", METRICS_TOKEN),
        ("the session's cookie", &cookie),
        ("the encryption key", program.keys.expose_secret().split(':').nth(1).unwrap()),
    ];
    never.extend(secrets.iter().map(|secret| ("a secret shown once", secret.as_str())));
    never.extend(personal().map(|(what, canary): (&str, &str)| (what, canary)));
    assert_eq!(found(&places, &never), [""; 0]);
    let words =
        ["refused", "receive", "challenge", "an event could not be processed", "signed in", "answered", "cannot read"];
    for words in words {
        assert!(said.contains(words), "the log does not say {words:?}, and so proves little");
    }
    // At rest they are sealed, hashed or not there at all.
    for secret in [&app.account.app_secret, PASSWORD, WRONG_PASSWORD, WRONG_TOKEN, &secrets[0], &secrets[2]] {
        assert_eq!(app.tables_holding(secret).await, Vec::<String>::new());
    }
    for canary in personal().filter(|(_, canary)| *canary != NAME).map(|(_, canary)| canary) {
        assert!(!app.tables_holding(canary).await.is_empty(), "{canary} is kept where it belongs, or proves nothing");
    }
}
