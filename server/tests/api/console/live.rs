//! The stream that tells an open event log what has come.

use std::time::{Duration, Instant};

use app::contract::Role;
use reqwest::Response;
use serde_json::json;

use crate::app::{TestApp, body, status, text_message, value};
use crate::browser::Browser;

const ANN: &str = "ann@acme.travel";
const LENA: &str = "16505551234";

/// An open stream.
struct Stream {
    response: Response,
    text: String,
    mark: Option<String>,
}

impl Stream {
    /// The next number told.
    async fn next(&mut self) -> usize {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let rest = self.text.split_off(end + 2);
                let event = std::mem::replace(&mut self.text, rest);
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                self.mark = field("id: ").or(self.mark.take());
                match field("data: ") {
                    Some(number) => return number.parse().unwrap(),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk()).await;
            let chunk = chunk.expect("something within ten seconds").unwrap().expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// A viewer before a log; the least role is enough.
async fn start() -> (TestApp, Browser) {
    let app = TestApp::start().await;
    app.add_user(app.account.owner.company, ANN, Role::Viewer).await;
    let browser = Browser::signed_in(&app, ANN).await;
    (app, browser)
}

fn path(app: &TestApp, more: &str) -> String {
    format!("/api/live/events?account={}{more}", app.account.owner.account)
}

async fn listen(app: &TestApp, browser: &Browser, more: &str) -> Stream {
    let response = browser.listen(&path(app, more)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Stream { response, text: String::new(), mark: None }
}

/// Written before [`text_message`]'s, and kept by Meta for two days.
fn late_message(wamid: &str) -> Vec<u8> {
    body(&value(&json!({
        "contacts": [{ "profile": { "name": "Lena Ortiz" }, "wa_id": LENA }],
        "messages": [
            { "from": LENA, "id": wamid, "timestamp": "1763727200", "type": "text", "text": { "body": "Hi" } },
        ],
    })))
}

#[tokio::test]
async fn what_comes_is_counted_while_the_page_is_open() {
    let (app, browser) = start().await;
    app.accept(text_message("m1", LENA, "Hello")).await;
    let account = app.account.owner.account.to_string();
    let page = browser.call("events", &[("query[account]", &account)]).await.json();
    let mut stream = listen(&app, &browser, &format!("&after={}", page["mark"].as_str().unwrap())).await;
    assert_eq!(stream.next().await, 0, "nothing has come yet");
    app.accept(text_message("m2", LENA, "Are you there?")).await;
    assert_eq!(stream.next().await, 1);
    app.accept(text_message("m2", LENA, "Are you there?")).await;
    app.accept(text_message("m3", LENA, "Hello?")).await;
    assert_eq!(stream.next().await, 2, "what Meta sends twice is one event");
}

#[tokio::test]
async fn what_comes_late_has_come_nevertheless() {
    let (app, browser) = start().await;
    app.accept(text_message("m1", LENA, "Hello")).await;
    let account = app.account.owner.account.to_string();
    let page = browser.call("events", &[("query[account]", &account)]).await.json();
    let mut stream = listen(&app, &browser, &format!("&after={}", page["mark"].as_str().unwrap())).await;
    assert_eq!(stream.next().await, 0);
    app.accept(late_message("m0")).await;
    assert_eq!(stream.next().await, 1);
}

#[tokio::test]
async fn a_stream_goes_on_where_the_last_one_ended() {
    let (app, browser) = start().await;
    let mut stream = listen(&app, &browser, "").await;
    assert_eq!(stream.next().await, 0);
    app.accept(text_message("m1", LENA, "Hello")).await;
    assert_eq!(stream.next().await, 1);
    let mark = stream.mark.clone().expect("each number has a mark");
    app.accept(text_message("m2", LENA, "Are you there?")).await;
    let mut stream = listen(&app, &browser, &format!("&after={mark}")).await;
    assert_eq!(stream.next().await, 2, "none is lost and none is counted twice");
}

#[tokio::test]
async fn an_empty_log_is_told_of_its_first_event() {
    let (app, browser) = start().await;
    let mut stream = listen(&app, &browser, "").await;
    assert_eq!(stream.next().await, 0);
    app.accept(text_message("m1", LENA, "Hello")).await;
    assert_eq!(stream.next().await, 1);
}

#[tokio::test]
async fn only_what_the_log_would_show_is_counted() {
    let (app, browser) = start().await;
    let mut stream = listen(&app, &browser, "&event_type=status").await;
    assert_eq!(stream.next().await, 0);
    app.accept(text_message("m1", LENA, "Hello")).await;
    app.accept(status("o1", "sent")).await;
    assert_eq!(stream.next().await, 1);
}

#[tokio::test]
async fn a_log_of_what_is_not_processed_is_told_of_what_waits() {
    let (app, browser) = start().await;
    app.take_in(text_message("m1", LENA, "Hello")).await;
    let mut stream = listen(&app, &browser, "&unprocessed=true").await;
    assert_eq!(stream.next().await, 0, "the one that came is processed");
    app.accept(text_message("m2", LENA, "Are you there?")).await;
    assert_eq!(stream.next().await, 1);
}

#[tokio::test]
async fn nobody_is_told_of_what_is_not_theirs() {
    let (app, browser) = start().await;
    let stranger = app.company("Other").await;
    app.add_user(stranger, "eve@other.example", Role::Admin).await;
    let eve = Browser::signed_in(&app, "eve@other.example").await;
    assert_eq!(eve.listen(&path(&app, "")).await.status(), 404);
    assert_eq!(eve.listen("/api/live/events?account=0191e0a0-0000-7000-8000-000000000000").await.status(), 404);
    assert_eq!(Browser::new(&app).listen(&path(&app, "")).await.status(), 401);
    assert_eq!(browser.listen(&path(&app, "&after=x")).await.status(), 422);
}

#[tokio::test]
async fn an_open_stream_does_not_hold_up_the_end() {
    let (app, browser) = start().await;
    let mut stream = listen(&app, &browser, "").await;
    assert_eq!(stream.next().await, 0);
    let began = Instant::now();
    app.stop().await;
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    assert!(stream.response.chunk().await.unwrap().is_none(), "it ends like any answer, not in the middle");
}
