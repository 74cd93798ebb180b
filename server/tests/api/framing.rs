//! Requests as no client should write them, over a plain TCP connection: where one request ends and the next begins is
//! never in doubt, nothing crashes, and whoever comes next is served.
//!
//! What a handler saw is counted by the rows that it leaves. The first request of a case goes to the account's path
//! without a signature, so it is refused with a row that holds the size of the body as the handler read it; the proxy's
//! header makes the row the case's own. The second request, which most cases try to slip in, goes to a path of the
//! case's own that is nobody's, and leaves a row too.

mod cases;
mod wire;

use std::collections::BTreeMap;

use futures::{StreamExt, stream};

use self::cases::{Case, cases};
use crate::app::{Options, TestApp};

/// What came of a case.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    /// The status of each answer, in their order.
    answers: Vec<u16>,
    /// The size of each body that a handler was given at the account's path; -1 for one that broke off, or that nobody
    /// read.
    bodies: Vec<i64>,
    /// How many requests reached the path of the second.
    seconds: usize,
}

/// Sends all cases to this address and compares what came of them, in answers and in the database of the app.
async fn faults(app: &TestApp, address: &str, cases: &[Case]) -> Vec<String> {
    let numbered = cases.iter().enumerate();
    let answered = stream::iter(numbered)
        .map(
            |(number, case)| async move { wire::exchange(address, &case.bytes(app, number), case.answers.len()).await },
        )
        .buffered(16)
        .collect::<Vec<_>>()
        .await;
    let healthy = wire::exchange(address, b"GET /healthz HTTP/1.1\r\nHost: waypost\r\n\r\n", 1).await;
    // Rows are written in the order in which they were handed in: once this one is there, so are the others.
    let last = "POST /api/webhooks/whatsapp/last HTTP/1.1\r\nHost: waypost\r\nContent-Length: 0\r\n\r\n";
    let last = wire::exchange(address, last.as_bytes(), 1).await;
    assert_eq!((healthy, last), (vec![200], vec![404]), "whoever comes next is served");
    let written = "select least(count(*), 1) from whatsapp_webhook_rejections where callback_path like '%/last'";
    app.wait_until(written, 1, std::time::Duration::from_secs(10)).await;

    let mut seen = seen(app, cases).await;
    let compare = |(number, (case, answers)): (usize, (&Case, Vec<u16>))| {
        let (expected, seen) = (case.outcome(number), seen.remove(&number).unwrap_or_default());
        let outcome = Outcome { answers, ..seen };
        (outcome != expected).then(|| format!("{}: {outcome:?} and not {expected:?}", case.name))
    };
    cases.iter().zip(answered).enumerate().filter_map(compare).collect()
}

/// What the handlers have seen, by the number of the case.
async fn seen(app: &TestApp, cases: &[Case]) -> BTreeMap<usize, Outcome> {
    let sql = "select callback_path, coalesce(address, ''), coalesce(body_size, -1) from whatsapp_webhook_rejections
               order by id";
    let rows: Vec<(String, String, i64)> = sqlx::query_as(sql).fetch_all(&app.pool).await.unwrap();
    let mut seen: BTreeMap<usize, Outcome> = BTreeMap::new();
    for (path, address, size) in rows {
        let second = (0..cases.len()).find(|number| path == cases::second_path(*number));
        let first = (0..cases.len()).find(|number| address == cases::address(*number));
        match (second, first) {
            (Some(number), _) => seen.entry(number).or_default().seconds += 1,
            (None, Some(number)) => seen.entry(number).or_default().bodies.push(size),
            (None, None) => assert!(path.ends_with("/last"), "a request of no case reached a handler: {path}"),
        }
    }
    seen
}

async fn start() -> (TestApp, String) {
    let app = TestApp::with(Options { trusted_hops: 1, ..Options::default() }).await;
    let address = app.url.strip_prefix("http://").unwrap().to_owned();
    (app, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_second_request_reaches_a_handler_unless_it_is_properly_pipelined() {
    let (app, address) = start().await;
    let cases = cases();
    assert!(cases.len() >= 100, "{}", cases.len());
    let found = faults(&app, &address, &cases).await;
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), cases.len(), found.join("\n"));
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 0);
    // The same requests in good order are seen as such, or the counts would prove nothing.
    assert!(cases.iter().any(|case| case.seconds > 0) && cases.iter().any(|case| case.bodies == [5]));
}

/// The negative control: behind something that takes the bytes of a body for a request, every case that hides a
/// request in a body is reported.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_a_body_for_a_request_is_reported() {
    let (app, address) = start().await;
    let careless = wire::careless_proxy(address).await;
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.hides_in_a_body).collect();
    assert!(cases.len() >= 8, "{}", cases.len());
    let found = faults(&app, &careless, &cases).await;
    for case in &cases {
        let reported = found.iter().any(|fault| fault.starts_with(case.name) && fault.contains("seconds: 1"));
        assert!(reported, "{} was not reported:\n{}", case.name, found.join("\n"));
    }
}
