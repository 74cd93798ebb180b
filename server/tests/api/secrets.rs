//! What must not leave the room it belongs to: after a run with many failures, no secret and no word of a message
//! stands in the log, the database's log, the metrics, an answer, the refusals or the audit log.

mod house;
mod panics;
mod soak;
mod statements;
mod traffic;

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::app::TestApp;
use crate::browser::Browser;

const TEXT: &str = "textcanary4711";
const NAME: &str = "Lena Ortiz";
const NUMBER: &str = "16505559876";
const PASSWORD: &str = "passwordcanary4711";
const WRONG_PASSWORD: &str = "wrongcanary4711";
const WRONG_TOKEN: &str = "tokencanary4711";
/// In `DATABASE_URL`.
const URL_PASSWORD: &str = "urlcanary4711";
/// In what a panic says.
const QUOTED: &str = "quotedcanary4711";
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

/// How a text may be written in a log: as it is, in a URL, in hexadecimal, as a list of bytes, and in base64, at
/// whichever of three bytes it begins.
fn forms(canary: &str) -> Vec<String> {
    let bytes = canary.as_bytes();
    let url: String = form_urlencoded::byte_serialize(bytes).collect();
    let list = |between: &str| bytes.iter().map(ToString::to_string).collect::<Vec<_>>().join(between);
    let mut forms = vec![canary.to_owned(), url.replace('+', "%20"), url, hex::encode(bytes), list(", "), list(",")];
    for before in 0..3 {
        // Letters that bytes before or behind have a share in are left out.
        let letters = STANDARD_NO_PAD.encode([&[0; 2][..before], bytes].concat());
        let inner = &letters[(before * 8).div_ceil(6)..(before + bytes.len()) * 8 / 6];
        forms.extend([inner.to_owned(), inner.replace('+', "-").replace('/', "_")]);
    }
    forms.sort();
    forms.dedup();
    forms
}

/// Which of these stands in which of the places, in whatever form.
fn found(places: &[(&str, &str)], never: &[(&str, &str)]) -> Vec<String> {
    let never: Vec<_> = never.iter().map(|(what, canary)| (what, forms(canary))).collect();
    let mut found = Vec::new();
    for (place, text) in places {
        assert!(!text.is_empty(), "{place} says nothing, and so proves nothing");
        for (what, forms) in &never {
            let Some(at) = forms.iter().find_map(|form| text.find(form.as_str())) else { continue };
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

/// A place that holds a canary is reported, whatever stands around it and however it is written. That the places are
/// filled by a real run is shown by [`soak`].
#[test]
fn a_canary_is_found_in_whatever_form_it_is_written() {
    let tail = "gr\u{fc}\u{df}e";
    let bytes = format!("{:?}", NAME.as_bytes());
    let mut written = vec![NAME.to_owned(), "Lena+Ortiz".into(), "Lena%20Ortiz".into(), hex::encode(NAME), bytes];
    for before in ["", "a", "ab", "abc"] {
        for behind in ["", "z", "yz"] {
            written.push(STANDARD_NO_PAD.encode(format!("{before}{NAME}{behind}")));
        }
    }
    for written in written {
        let log = format!("WARN refused {written}{tail}");
        let places = [("the log", log.as_str()), ("the metrics", "waypost_received_total 1")];
        let found = found(&places, &[("a name", NAME), ("the password", PASSWORD)]);
        assert!(found.len() == 1 && found[0].starts_with("a name stands in the log"), "{written}: {found:?}");
    }
}
