//! What must not leave the room it belongs to: after a run with many failures, no secret and no word of a message
//! stands in the log, the metrics, an answer, the refusals or the audit log.

use app::contract::Role;
use secrecy::ExposeSecret;
use server::users;

use crate::app::{TestApp, signature, text_message};
use crate::browser::Browser;
use crate::program::Program;

const TEXT: &str = "textcanary4711";
const NAME: &str = "Lena Ortiz";
const NUMBER: &str = "16505559876";
const PASSWORD: &str = "passwordcanary4711";
const WRONG_PASSWORD: &str = "wrongcanary4711";
const WRONG_TOKEN: &str = "tokencanary4711";
const EMAIL: &str = "ann@acme.travel";

/// What the answers said, one after the other.
#[derive(Default)]
struct Answers(String);

impl Answers {
    fn add(&mut self, answer: &impl std::fmt::Debug) {
        self.0 = format!("{}\n{answer:?}", self.0);
    }

    async fn keep(&mut self, request: reqwest::RequestBuilder) {
        let response = request.send().await.unwrap();
        self.add(response.headers());
        self.0.push_str(&response.text().await.unwrap());
    }
}

/// Everything that can go wrong at the door.
async fn knock(app: &TestApp, answers: &mut Answers) {
    let path = &app.account.callback_path;
    let (right, body) = (&app.account.verify_token, text_message("wamid.1", NUMBER, TEXT));
    let get = |query: String| app.client.get(format!("{}{path}?{query}", app.url));
    answers.keep(get(format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={right}"))).await;
    answers.keep(get(format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={WRONG_TOKEN}"))).await;
    answers.keep(get(format!("hub.mode=subscribe&hub.verify_token={right}"))).await;
    answers.keep(get(format!("hub.mode={right}&hub.challenge=1&hub.verify_token={right}"))).await;
    answers.keep(app.unsigned(path, body.clone())).await;
    answers.keep(app.unsigned(path, body.clone()).header("X-Hub-Signature-256", &app.account.app_secret)).await;
    answers.keep(app.unsigned(path, body.clone()).header("X-Hub-Signature-256", signature("x", &body))).await;
    answers.keep(app.unsigned(&format!("{path}?{TEXT}={right}"), body.clone())).await;
    answers.keep(app.unsigned("/api/webhooks/whatsapp/nobody", body.clone())).await;
    answers.keep(app.signed(&app.account, body.clone()).header("Content-Encoding", "gzip")).await;
    answers.keep(app.client.put(format!("{}{path}?hub.verify_token={right}", app.url)).body(body.clone())).await;
    answers.keep(app.signed(&app.account, body)).await;
    answers.keep(app.signed(&app.account, format!("{TEXT} {NUMBER} is no JSON"))).await;
    let nul = text_message("wamid.2", NUMBER, &format!("{TEXT}\0"));
    answers.keep(app.signed(&app.account, nul)).await;
}

/// Coming in, and not.
async fn come_in(app: &TestApp, answers: &mut Answers) -> String {
    for (email, password) in [(EMAIL, WRONG_PASSWORD), ("nobody@acme.travel", PASSWORD), ("nonsense", PASSWORD)] {
        answers.add(&Browser::new(app).sign_in(email, password).await);
    }
    let mut browser = Browser::new(app);
    assert_eq!(browser.sign_in(EMAIL, PASSWORD).await.status, 200);
    let cookie = browser.cookie.clone().unwrap();
    let account = app.account.owner.account.to_string();
    let malformed = [("query[account]", account.as_str()), ("query[cursor]", "x")];
    for answer in [
        browser.call("conversations", &malformed).await,
        browser.call("conversations", &[("nonsense", PASSWORD)]).await,
        browser.call_with("sign_out", &[], &[("Sec-Fetch-Site", "cross-site")]).await,
        browser.open("/nowhere").await,
        browser.open(&format!("/?password={WRONG_PASSWORD}")).await,
    ] {
        answers.add(&answer);
    }
    browser.open(&format!("/accounts/{account}/conversations?search={NUMBER}")).await;
    cookie.split_once('=').unwrap().1.to_owned()
}

async fn rows(app: &TestApp, table: &str) -> String {
    format!("{:?}", app.rows(&format!("select * from {table}")).await)
}

#[tokio::test]
async fn after_many_failures_no_secret_stands_where_it_does_not_belong() {
    let variables = [("RUST_LOG", "server=trace,app=trace,info"), ("WAYPOST_WORKERS", "1")];
    let program = Program::start(&variables).await;
    let app = &program.app;
    let company = app.account.owner.company;
    users::add::add(&app.database, company, "Ann", EMAIL, Role::Admin, PASSWORD.into()).await.unwrap();
    // Processing fails on this text, with the database's own error.
    app.execute(&format!("alter table messages add check (body not like '%{TEXT}%')")).await;

    let mut answers = Answers::default();
    knock(app, &mut answers).await;
    let cookie = come_in(app, &mut answers).await;
    let failed = "select count(*) from whatsapp_webhook_event_logs where attempts > 0 and last_error is not null";
    app.wait_until(failed, 1, std::time::Duration::from_secs(20)).await;
    app.wait_for_rejections(9).await;

    let metrics = program.get("/metrics").await.text().await.unwrap();
    let (refusals, audit) = (rows(app, "whatsapp_webhook_rejections").await, rows(app, "audit_log").await);
    let attempts = rows(app, "event_attempts").await;
    let errors = format!("{:?}", app.rows("select last_error from whatsapp_webhook_event_logs").await);
    let said = program.said();
    let places = [
        ("the log", &said),
        ("the metrics", &metrics),
        ("an answer", &answers.0),
        ("a refusal", &refusals),
        ("the audit log", &audit),
        ("a failed try", &attempts),
        ("an event's last error", &errors),
    ];
    let key = program.keys.expose_secret().split(':').nth(1).unwrap();
    let never = [
        ("the app secret", app.account.app_secret.as_str()),
        ("the verify token", &app.account.verify_token),
        ("a wrong token", WRONG_TOKEN),
        ("the password", PASSWORD),
        ("a wrong password", WRONG_PASSWORD),
        ("the session's cookie", &cookie),
        ("the encryption key", key),
        ("the message's text", TEXT),
        ("the sender's number", NUMBER),
        ("the sender's name", NAME),
    ];
    for (place, text) in places {
        assert!(!text.is_empty(), "{place} says nothing, and so proves nothing");
        for (what, canary) in never {
            assert!(!text.contains(canary), "{what} stands in {place}:\n{text}");
        }
    }
    for words in ["refused", "receive", "challenge", "an event could not be processed", "signed in", "answered"] {
        assert!(said.contains(words), "the log does not say {words:?}, and so proves little:\n{said}");
    }
    // At rest they are sealed, hashed or not there at all.
    for secret in [&app.account.app_secret, PASSWORD, WRONG_PASSWORD, WRONG_TOKEN] {
        assert_eq!(app.tables_holding(secret).await, Vec::<String>::new());
    }
    assert!(!app.tables_holding(TEXT).await.is_empty(), "the message itself is kept");
}
