//! 200 means committed: a server that is killed in the middle of its work loses nothing that it acknowledged, and
//! doubles nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use rand::RngExt;
use server::clock::Clock;
use server::processing::worker::Worker;
use server::simulate::{Expected, Traffic};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::Soak;
use crate::app::TestApp;
use crate::line::{Answer, Damage, Line, damage, double};
use crate::process::{Program, stand};

const CONNECTIONS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_under_load_lose_and_double_nothing() {
    let soak = Soak::begin("kills", 10, 100);
    let mut chance = soak.chance();
    let (app, program) = stand().await;
    let traffic = Traffic { seed: chance.random(), duplicates: 0.2, ..Traffic::default() };
    let line = Line::new(&program.url, &app.account, &traffic);
    for cycle in 0..soak.cycles() {
        let moment = Duration::from_millis(chance.random_range(0..800));
        let answers = kill_under_load(&program, &line, moment).await;
        assert!(answers.iter().any(|answer| answer.status.is_err()), "nothing was under way when it was killed");
        let Damage { lost, doubled, .. } = damage(&app.pool, &line.expected()).await;
        assert_eq!((lost, doubled), (0, 0), "in cycle {cycle}: {}", program.said());
    }
    let _server = program.serve().await;
    take_over(&app).await;
    let expected = line.expected();
    assert_eq!(damage(&app.pool, &expected).await, Damage::default());
    eprintln!("{} kills, {} updates acknowledged", soak.cycles(), expected.acknowledged.updates.len());
    the_check_finds_what_is_lost_and_what_is_doubled(&app, &expected).await;
}

/// Starts the server, loads it, kills it at that moment after its first 200. The answers of this round.
async fn kill_under_load(program: &Program, line: &Arc<Line>, moment: Duration) -> Vec<Answer> {
    let before = line.answers().len();
    let mut server = program.serve().await;
    let senders = line.open(CONNECTIONS);
    line.until_accepted(before).await;
    tokio::time::sleep(moment).await;
    server.kill().await;
    senders.stop().await;
    line.answers().split_off(before)
}

/// What the killed ones held is free when their leases have run out, in half a minute. A worker whose clock is ahead
/// does not have to wait.
async fn take_over(app: &TestApp) {
    let ahead = Clock::from_fn(|| Clock::system().now() + time::Duration::seconds(31));
    let worker = Worker { clock: ahead, ..app.worker.clone() };
    let end = Instant::now() + Duration::from_secs(30);
    while app.count("select count(*) from whatsapp_webhook_event_logs where state = 'pending'").await > 0 {
        assert!(Instant::now() < end, "something is never processed");
        worker.run_once().await.unwrap();
    }
}

/// What says "nothing is wrong" above would see it if something were.
async fn the_check_finds_what_is_lost_and_what_is_doubled(app: &TestApp, expected: &Expected) {
    let pool = &app.pool;
    lose_a_message(pool).await;
    assert_eq!(damage(pool, expected).await, Damage { lost: 1, missing: 1, ..Damage::default() });
    double(pool, "whatsapp_webhook_events", "whatsapp_webhook_events_dedup", "true").await;
    app.call_processed("id not in (select event_id from event_outcomes)", "test").await;
    double(pool, "messages", "messages_company_id_account_id_wamid_key", "source <> 'status'").await;
    assert_eq!(damage(pool, expected).await, Damage { lost: 1, missing: 1, doubled: 2, unprocessed: 0 });
}

async fn lose_a_message(pool: &PgPool) {
    let statements = "
        with gone as (delete from messages where wamid = (select min(wamid) from messages where source = 'message')
                      returning event_id)
        delete from whatsapp_webhook_events where id = (select event_id from gone)";
    sqlx::raw_sql(statements).execute(pool).await.unwrap();
}

/// The negative control: the same server, the same load, the same kills, and an answer before the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_before_the_commit_is_found_out() {
    let soak = Soak::begin("kills of a hasty server", 2, 2);
    let mut chance = soak.chance();
    let (app, program) = stand().await;
    let hasty_url = hasty(program.url.clone()).await;
    let line = Line::new(&hasty_url, &app.account, &Traffic { seed: chance.random(), ..Traffic::default() });
    for _ in 0..soak.cycles() {
        kill_under_load(&program, &line, Duration::from_millis(chance.random_range(100..500))).await;
    }
    let Damage { lost, doubled, .. } = damage(&app.pool, &line.expected()).await;
    assert!(lost > 0, "it acknowledged what it never committed, and nothing is said to be lost");
    assert_eq!(doubled, 0);
    eprintln!("{lost} of {} acknowledged updates lost", line.expected().acknowledged.updates.len());
}

/// Stands before a server and says 200 as soon as it has read a body, like a receiver that acknowledges first and
/// stores afterwards. Once the server is gone it says so.
async fn hasty(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (client, gone) = (reqwest::Client::new(), Arc::new(AtomicBool::new(false)));
    let answer = move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let post = client.post(format!("{server}{}", uri.path())).headers(headers).body(body);
        let gone = Arc::clone(&gone);
        async move {
            let status = if gone.load(Ordering::Relaxed) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
            tokio::spawn(async move { gone.store(post.send().await.is_err(), Ordering::Relaxed) });
            status
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url
}
