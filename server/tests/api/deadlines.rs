//! Clients that stop in the middle of something: each is sent away in time, whatever it was, and its place is free again.
//!
//! One deadline at a time is short. The negative control has them all an hour away, and sees the connections still open.

use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use server::web::deadlines::Deadlines;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::app::{Options, TestApp, text_message};

const SHORT: Duration = Duration::from_millis(500);
/// A short deadline is over by then, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(8);
/// So long the control looks on.
const OPEN: Duration = Duration::from_millis(1500);
/// More than the buffers between two ends hold.
const LARGE: u64 = 64 * 1024 * 1024;

const NEVER: Deadlines = {
    let hour = Duration::from_hours(1);
    Deadlines { head: hour, body: hour, form: hour, answer: hour }
};

async fn serve(deadlines: Deadlines) -> TestApp {
    TestApp::with(Options { deadlines, ..Options::default() }).await
}

pub fn address(app: &TestApp) -> SocketAddr {
    app.url.trim_start_matches("http://").parse().unwrap()
}

async fn send(app: &TestApp, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address(app)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Whether the server hangs up within this time.
async fn is_closed(stream: &mut TcpStream, limit: Duration) -> bool {
    let mut answer = Vec::new();
    timeout(limit, stream.read_to_end(&mut answer)).await.is_ok()
}

/// Where a client stops, and the deadline that is for it.
fn unfinished(app: &TestApp) -> [(&'static str, Vec<u8>, Deadlines); 5] {
    let webhook = &app.account.callback_path;
    let head = Deadlines { head: SHORT, ..NEVER };
    let half = "\r\nHost: waypost\r\nContent-Length: 100\r\n\r\nhalf of it";
    [
        ("nothing", Vec::new(), head),
        ("half a head", format!("POST {webhook} HTTP/1.1\r\nHost: way").into(), head),
        ("between two requests", b"GET /healthz HTTP/1.1\r\nHost: waypost\r\n\r\n".into(), head),
        ("half a webhook body", format!("POST {webhook} HTTP/1.1{half}").into(), Deadlines { body: SHORT, ..NEVER }),
        ("half a form", format!("POST /api/viewer HTTP/1.1{half}").into(), Deadlines { form: SHORT, ..NEVER }),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_in_the_middle_of_a_request_is_sent_away_in_time() {
    let patient = serve(NEVER).await;
    for (what, _, deadlines) in unfinished(&patient) {
        let app = serve(deadlines).await;
        let (_, bytes, _) = unfinished(&app).into_iter().find(|(found, _, _)| *found == what).unwrap();
        let mut stream = send(&app, &bytes).await;
        assert!(is_closed(&mut stream, LIMIT).await, "{what}: it is still open");
    }
}

/// The negative control.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_deadlines_they_are_all_seen_to_be_open() {
    let app = serve(NEVER).await;
    let mut looks = tokio::task::JoinSet::new();
    for (what, bytes, _) in unfinished(&app) {
        let mut stream = send(&app, &bytes).await;
        looks.spawn(async move { (what, is_closed(&mut stream, OPEN).await) });
    }
    for (what, closed) in looks.join_all().await {
        assert!(!closed, "{what}: something else has closed it, and the test beside this one shows nothing");
    }
}

/// A folder with one large file for browsers, and its path on the server.
pub fn large_file() -> (TempDir, &'static str) {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir(site.path().join("pkg")).unwrap();
    File::create(site.path().join("pkg/large.bin")).unwrap().set_len(LARGE).unwrap();
    (site, "/pkg/large.bin")
}

/// All places are taken by clients that ask for a large file and do not read it. When a healthy one is served after that;
/// none if not in time.
async fn served_beside_readers_who_stop(answer: Duration, limit: Duration) -> Option<Duration> {
    const PLACES: usize = 4;
    let (site, path) = large_file();
    let deadlines = Deadlines { answer, ..NEVER };
    let site_root = site.path().to_owned();
    let app = TestApp::with(Options { deadlines, site_root, connections: PLACES, ..Options::default() }).await;
    let ask = format!("GET {path} HTTP/1.1\r\nHost: waypost\r\n\r\n");
    let (mut stopped, mut some) = (Vec::new(), [0; 1024]);
    for _ in 0..PLACES {
        let mut stream = send(&app, ask.as_bytes()).await;
        stream.read_exact(&mut some).await.unwrap();
        assert!(some.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&some));
        stopped.push(stream);
    }
    let began = Instant::now();
    let post = app.signed(&app.account, text_message("wamid.healthy", "16505551234", "Hello")).timeout(limit).send();
    let answered = post.await.ok()?;
    assert_eq!(answered.status(), 200);
    drop(stopped);
    Some(began.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_stop_reading_let_go_of_their_places() {
    let took = served_beside_readers_who_stop(SHORT, LIMIT).await;
    eprintln!("a healthy client was served after {:?}", took.expect("the places are still held"));
}

/// The negative control.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_deadline_for_answers_they_hold_them() {
    assert_eq!(served_beside_readers_who_stop(NEVER.answer, OPEN).await, None);
}
