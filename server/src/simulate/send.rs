//! Sending the posts as Meta would: several at once, again and again while the answer is no.

use std::iter::Fuse;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::{Client, Url};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::SimulateError;
use super::expected::Expected;
use super::generator::{Generator, Post};
use super::report::Report;

/// Tries of one post, with these pauses between them; about a minute in all. Meta goes on for days.
const TRIES: u32 = 12;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Longer than any answer should take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How fast to send.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Requests at once.
    pub connections: usize,
    /// Posts a second; 0 for as fast as the answers come.
    pub rate: f64,
}

/// What the connections share.
struct Line {
    client: Client,
    url: Url,
    rate: f64,
    began: Instant,
    progress: Mutex<Progress>,
}

struct Progress {
    posts: Fuse<Generator>,
    taken: u64,
    expected: Expected,
    report: Report,
}

/// Sends all posts, and says what must be in the database now, and how it went.
pub async fn send(generator: Generator, url: &str, pace: Pace) -> Result<(Expected, Report), SimulateError> {
    let url = plain_http(url)?;
    let client = Client::builder().timeout(TIMEOUT).pool_max_idle_per_host(pace.connections).no_proxy().build()?;
    let progress =
        Progress { expected: Expected::new(&generator), posts: generator.fuse(), taken: 0, report: Report::default() };
    let began = Instant::now();
    let line = Arc::new(Line { client, url, rate: pace.rate, began, progress: Mutex::new(progress) });
    let mut connections = JoinSet::new();
    for _ in 0..pace.connections.max(1) {
        connections.spawn(Arc::clone(&line).work());
    }
    while let Some(ended) = connections.join_next().await {
        ended.map_err(|_| SimulateError::Interrupted)?;
    }
    let mut progress = line.progress();
    progress.report.duration = began.elapsed();
    Ok((progress.expected.clone(), progress.report.clone()))
}

/// There is no TLS in the client: it is meant for a server on the same machine or network.
fn plain_http(url: &str) -> Result<Url, SimulateError> {
    match Url::parse(url) {
        Ok(url) if url.scheme() == "http" => Ok(url),
        Ok(url) if url.scheme() == "https" => Err(SimulateError::Https),
        _ => Err(SimulateError::NoUrl(url.to_owned())),
    }
}

impl Line {
    async fn work(self: Arc<Self>) {
        while let Some((number, post)) = self.next_post() {
            if self.rate > 0.0 {
                #[expect(clippy::cast_precision_loss, reason = "a run has far fewer posts than 2^52")]
                let due = self.began + Duration::from_secs_f64(number as f64 / self.rate);
                sleep_until(due).await;
            }
            let answer = self.deliver(&post).await;
            let mut progress = self.progress();
            progress.expected.record(&post, answer == Some(200));
            progress.report.posted(&post, answer);
        }
    }

    fn next_post(&self) -> Option<(u64, Post)> {
        let mut progress = self.progress();
        let post = progress.posts.next()?;
        progress.taken += 1;
        Some((progress.taken - 1, post))
    }

    /// The last answer; none if there never was one.
    async fn deliver(&self, post: &Post) -> Option<u16> {
        let mut pause = FIRST_PAUSE;
        for try_number in 1..=TRIES {
            let answer = self.try_once(post).await;
            let settled = answer.is_some_and(|status| status < 500 && status != 429);
            if settled || try_number == TRIES {
                return answer;
            }
            self.progress().report.retries += 1;
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        None
    }

    async fn try_once(&self, post: &Post) -> Option<u16> {
        let body = reqwest::Body::from(post.body.to_vec());
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("user-agent", "facebookexternalua")
            .body(body);
        if let Some(signature) = &post.signature {
            request = request.header("x-hub-signature-256", signature);
        }
        let sent = Instant::now();
        let answer = request.send().await.ok().map(|response| response.status().as_u16());
        self.progress().report.answered(answer, sent.elapsed());
        answer
    }

    /// A panic elsewhere leaves counts that are still right.
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::State;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;
    use time::macros::datetime;

    use super::super::{Target, Traffic, signature};
    use super::*;

    const PACE: Pace = Pace { connections: 4, rate: 0.0 };

    fn generator(traffic: &Traffic) -> Generator {
        let target =
            Target { phone_number_id: "1".into(), waba_id: "2".into(), display_phone_number: "4930123456".into() };
        Generator::new(traffic, target, "secret".into(), datetime!(2026-11-23 12:00 UTC))
    }

    /// A door that is shut for every tenth knock.
    async fn answer(State(knocks): State<Arc<AtomicUsize>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let given = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
        match knocks.fetch_add(1, Ordering::Relaxed) % 10 {
            9 => StatusCode::SERVICE_UNAVAILABLE,
            _ if given == Some(&signature(&"secret".into(), &body)) => StatusCode::OK,
            _ => StatusCode::FORBIDDEN,
        }
    }

    async fn door(answer: axum::routing::MethodRouter<Arc<AtomicUsize>>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", answer).with_state(Arc::default());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    #[tokio::test]
    async fn a_shut_door_is_tried_again_until_every_genuine_post_is_in() {
        let url = door(post(answer)).await;
        let traffic = Traffic { count: 100, bad_signatures: 0.2, ..Traffic::default() };
        let (expected, report) = send(generator(&traffic), &url, PACE).await.unwrap();
        assert_eq!(expected.acknowledged.updates.len(), 100);
        assert_eq!(expected.acknowledged, expected.sent);
        assert!(report.retries > 0 && report.retries == report.answers[&503]);
        assert!(report.answers[&403] > 0);
        assert!(report.verdict().is_good(), "{}", report.verdict());
    }

    #[tokio::test]
    async fn a_door_that_takes_forgeries_and_one_that_refuses_the_genuine_are_both_found_out() {
        let traffic = Traffic { count: 20, bad_signatures: 1.0, ..Traffic::default() };
        for status in [StatusCode::OK, StatusCode::FORBIDDEN] {
            let url = door(post(move || async move { status })).await;
            let (expected, report) = send(generator(&traffic), &url, PACE).await.unwrap();
            assert!(!report.verdict().is_good());
            assert_eq!(expected.acknowledged.updates.is_empty(), status == StatusCode::FORBIDDEN);
        }
    }

    #[tokio::test]
    async fn it_sends_no_faster_than_it_was_told() {
        let url = door(post(answer)).await;
        let traffic =
            Traffic { count: 20, batch_share: 0.0, duplicates: 0.0, bad_signatures: 0.0, ..Traffic::default() };
        let (_, report) = send(generator(&traffic), &url, Pace { rate: 40.0, ..PACE }).await.unwrap();
        assert!(report.duration >= Duration::from_millis(475), "{:?}", report.duration);
    }

    #[tokio::test]
    async fn an_https_url_is_refused_with_a_reason() {
        let refusal = send(generator(&Traffic::default()), "https://waypost.example/hook", PACE).await.unwrap_err();
        assert!(matches!(refusal, SimulateError::Https));
        let refusal = send(generator(&Traffic::default()), "waypost", PACE).await.unwrap_err();
        assert!(matches!(refusal, SimulateError::NoUrl(_)));
    }
}
