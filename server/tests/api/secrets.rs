//! What must not leave the room it belongs to: after a run with many failures, no secret and no word of a message
//! stands in the log, the metrics, an answer, the refusals or the audit log. `WAYPOST_TEST_REQUESTS` says how many
//! requests that run has.

mod panics;
mod statements;
mod traffic;

use std::fmt::Write;
use std::time::Duration;

use app::contract::Role;
use secrecy::ExposeSecret;
use server::users;

use self::traffic::{ask_wrongly, knock};
use crate::app::TestApp;
use crate::browser::Browser;
use crate::program::Program;

const TEXT: &str = "textcanary4711";
const NAME: &str = "Lena Ortiz";
const NUMBER: &str = "16505559876";
const PASSWORD: &str = "passwordcanary4711";
const WRONG_PASSWORD: &str = "wrongcanary4711";
const WRONG_TOKEN: &str = "tokencanary4711";
const METRICS_TOKEN: &str = "metricscanary4711";
const EMAIL: &str = "ann@acme.travel";
/// BSUID, username, caption, file name, place, card, button and profile name.
const PERSONAL: [&str; 8] = [
    "US.bsuidcanary4711",
    "usernamecanary4711",
    "captioncanary4711",
    "filecanary4711",
    "placecanary4711",
    "cardcanary4711",
    "buttoncanary4711",
    "profilecanary4711",
];

/// What the answers said, one after the other.
#[derive(Default)]
struct Answers(String);

impl Answers {
    fn add(&mut self, answer: &impl std::fmt::Debug) {
        writeln!(self.0, "{answer:?}").unwrap();
    }

    /// A server that hangs up says nothing either.
    async fn keep(&mut self, request: reqwest::RequestBuilder) {
        let Ok(response) = request.send().await else { return };
        self.add(response.headers());
        self.0.push_str(&response.text().await.unwrap_or_default());
    }
}

/// Coming in, and not.
async fn come_in(app: &TestApp, answers: &mut Answers) -> Browser {
    for (email, password) in [(EMAIL, WRONG_PASSWORD), ("nobody@acme.travel", PASSWORD), ("nonsense", PASSWORD)] {
        answers.add(&Browser::new(app).sign_in(email, password).await);
    }
    let mut browser = Browser::new(app);
    assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.status, 200);
    browser
}

/// Makes secrets, which are shown once: to whoever asked, and nowhere else.
async fn make_secrets(app: &TestApp, browser: &Browser) -> Vec<String> {
    let account = app.account.owner.account.to_string();
    let other = app.count("select count(*) from users").await;
    let email = format!("new{other}@acme.travel");
    let person = [("form[name]", "New"), ("form[email]", &email), ("form[role]", "viewer")];
    let person = browser.call("add_user", &person).await.json();
    let secret = "secretcanary4711secretcanary4711";
    let save = [("form[account]", account.as_str()), ("form[app_secret]", secret), ("form[overlap]", "hour")];
    assert_eq!(browser.call("save_webhook", &save).await.status, 200);
    let token = browser.call("rotate_token", &[("form[account]", &account)]).await.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    vec![text(&person["password"]), text(&token["verify_token"]), secret.to_owned()]
}

async fn rows(app: &TestApp, table: &str) -> String {
    format!("{:?}", app.rows(&format!("select * from {table}")).await)
}

/// Which of these stands in which of the places.
fn found(places: &[(&str, &str)], never: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, text) in places {
        assert!(!text.is_empty(), "{place} says nothing, and so proves nothing");
        for (what, canary) in never.iter().filter(|(_, canary)| text.contains(canary)) {
            let at = text.find(canary).unwrap_or_default();
            let near: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            found.push(format!("{what} stands in {place}, behind: {near}"));
        }
    }
    found
}

fn personal() -> impl Iterator<Item = (&'static str, &'static str)> {
    let told = [("the message's text", TEXT), ("the sender's number", NUMBER), ("the sender's name", NAME)];
    told.into_iter().chain(PERSONAL.map(|canary| ("something personal", canary)))
}

#[tokio::test]
async fn after_many_failures_no_secret_stands_where_it_does_not_belong() {
    let requests = std::env::var("WAYPOST_TEST_REQUESTS").ok().map_or(400, |count| count.parse().unwrap());
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

/// The negative control: a place that holds a canary is reported, whatever stands around it.
#[test]
fn a_canary_in_the_log_is_reported() {
    let log = format!("WARN refused path=/api/webhooks/whatsapp?hub.verify_token={WRONG_TOKEN} gr\u{fc}\u{df}e");
    let places = [("the log", log.as_str()), ("the metrics", "waypost_received_total 1")];
    let found = found(&places, &[("a wrong token", WRONG_TOKEN), ("the password", PASSWORD)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("a wrong token stands in the log"), "{found:?}");
}
