//! Clients that take their time, by the hundred: they hold neither memory nor places that others need.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::app::{TestApp, text_message};
use crate::program::Program;

const MIB: usize = 1024 * 1024;
/// Bodies that are sent half, and how much each announces.
const HALF_SENT: usize = 256;
const ANNOUNCED: usize = 3_000_000;
/// Slow clients.
const SLOW: usize = 500;
/// Posts of a healthy client.
const HEALTHY: usize = 300;

fn address(app: &TestApp) -> SocketAddr {
    app.url.trim_start_matches("http://").parse().unwrap()
}

fn head(app: &TestApp, length: usize) -> String {
    let path = &app.account.callback_path;
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// A healthy client's post: how long the answer took; none if it was none within a second.
async fn healthy(app: &TestApp, number: usize) -> Option<Duration> {
    let body = text_message(&format!("wamid.healthy.{number}"), "16505551234", "Hello");
    let began = Instant::now();
    let answer = app.signed(&app.account, body).timeout(Duration::from_secs(1)).send().await.ok()?;
    assert_eq!(answer.status(), 200);
    Some(began.elapsed())
}

/// Sends half of many large bodies, and holds the connections: what the program's memory has grown by.
async fn held_by_half_sent_bodies(program: &Program) -> usize {
    healthy(&program.app, 0).await.expect("an answer");
    let before = program.memory();
    let mut clients = JoinSet::new();
    for _ in 0..HALF_SENT {
        let (address, head) = (address(&program.app), head(&program.app, ANNOUNCED));
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            // A server that has had enough answers 503 and hangs up.
            let _ = stream.write_all(&vec![b'x'; ANNOUNCED / 2]).await;
            stream
        });
    }
    let held: Vec<TcpStream> = clients.join_all().await;
    // What was sent is still in the kernel's buffers, in part.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let grown = program.memory().saturating_sub(before);
    healthy(&program.app, 1).await.expect("a small body goes through meanwhile");
    drop(held);
    grown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_sent_bodies_take_no_more_than_their_budget_and_keep_no_small_body_out() {
    let grown = held_by_half_sent_bodies(&Program::start(&[]).await).await / MIB;
    // The budget of 64 MiB, the first part of each, and buffers.
    assert!(grown < 110, "{grown} MiB");
    let unbounded = Program::start(&[("WAYPOST_BODY_MEMORY", "4096")]).await;
    let without = held_by_half_sent_bodies(&unbounded).await / MIB;
    assert!(without > 250, "without a budget all is held, or this test measures nothing: {without} MiB");
    eprintln!("{HALF_SENT} half-sent bodies: {grown} MiB, {without} MiB without a budget");
}

/// Clients that send a byte now and then, of the head or of the body, and come again when they are sent away. All are
/// connected.
async fn slow_clients(app: &TestApp) -> JoinSet<()> {
    let (mut clients, connected) = (JoinSet::new(), Arc::new(Semaphore::new(0)));
    for number in 0..SLOW {
        let (address, head) = (address(app), head(app, ANNOUNCED));
        let at_once = if number % 2 == 0 { 10 } else { head.len() };
        let connected = Arc::clone(&connected);
        clients.spawn(async move {
            loop {
                if let Ok(mut stream) = TcpStream::connect(address).await {
                    let _ = stream.write_all(&head.as_bytes()[..at_once]).await;
                    connected.add_permits(1);
                    while stream.write_all(b"x").await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                }
            }
        });
    }
    let all = u32::try_from(SLOW).unwrap();
    let _all = tokio::time::timeout(Duration::from_secs(10), connected.acquire_many(all)).await.unwrap().unwrap();
    clients
}

fn percentile_99(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_slow_clients_do_not_double_the_latency_of_a_healthy_one() {
    // Posts go to both in turns, so that whatever else the machine does meets both.
    let (beset, free) = (TestApp::start().await, TestApp::start().await);
    let _slow = slow_clients(&beset).await;
    let (mut among_slow, mut alone) = (Vec::new(), Vec::new());
    for number in 0..HEALTHY {
        among_slow.push(healthy(&beset, number).await.expect("an answer among slow clients"));
        alone.push(healthy(&free, number).await.expect("an answer"));
    }
    let (among_slow, alone) = (percentile_99(among_slow), percentile_99(alone));
    eprintln!("p99 among {SLOW} slow clients {among_slow:?}, alone {alone:?}");
    assert!(among_slow < alone * 2 + Duration::from_millis(5), "{among_slow:?} and {alone:?} alone");
}

/// The same clients at a server with fewer places than there are of them: they are slow enough to be noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_places_are_short_the_slow_clients_take_them_all() {
    let short = TestApp::with(crate::app::Options { connections: SLOW - 100, ..Default::default() }).await;
    let _slow = slow_clients(&short).await;
    assert_eq!(healthy(&short, 1).await, None);
}
