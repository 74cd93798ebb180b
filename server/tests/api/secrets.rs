//! What must not leave the room it belongs to: after a run with many failures, no secret and no word of a message
//! stands in the log, the metrics, an answer, the refusals or the audit log.

mod panics;
mod soak;
mod statements;
mod traffic;

use std::fmt::Write;

use crate::app::TestApp;
use crate::browser::Browser;

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

/// The negative control: a place that holds a canary is reported, whatever stands around it.
#[test]
fn a_canary_in_the_log_is_reported() {
    let log = format!("WARN refused path=/api/webhooks/whatsapp?hub.verify_token={WRONG_TOKEN} gr\u{fc}\u{df}e");
    let places = [("the log", log.as_str()), ("the metrics", "waypost_received_total 1")];
    let found = found(&places, &[("a wrong token", WRONG_TOKEN), ("the password", PASSWORD)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("a wrong token stands in the log"), "{found:?}");
}
