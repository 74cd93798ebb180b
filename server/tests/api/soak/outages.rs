//! PostgreSQL stopped as by a power cut and started again, under load, again and again: what was acknowledged is there,
//! and while it is away every post gets its 503 soon.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use rand::{Rng, RngExt};
use server::simulate::Traffic;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::{Soak, is_long};
use crate::app::{Options, TestApp};
use crate::line::{Answer, Damage, Line, Silence, damage};
use crate::outage::{adjustable_clock, until_ready};
use crate::own_cluster::OwnCluster;

const CONNECTIONS: usize = 16;
/// In the outage, the promise to Meta.
const SOON: Duration = Duration::from_secs(1);
/// Never longer than this, however busy the machine of the test is.
const HANGING: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stops_of_postgresql_under_load_lose_nothing_and_leave_nobody_hanging() {
    let soak = Soak::begin("outages", 2, 30);
    let mut chance = soak.chance();
    let own = OwnCluster::start().await;
    let (clock, ahead) = adjustable_clock();
    let app = own.serve(Options { workers: 2, clock, ..Options::default() }).await;
    let traffic = Traffic { seed: chance.random(), bad_signatures: 0.0, ..Traffic::default() };
    let line = Line::new(&app.url, &app.account, &traffic);
    let mut refused = Vec::new();
    for cycle in 0..soak.cycles() {
        let during = stop_under_load(&own, &app, &line, &mut chance).await;
        assert_eq!(complaints(&during), [""; 0], "in cycle {cycle}");
        let Damage { lost, doubled, .. } = damage(&app.pool, &line.expected()).await;
        assert_eq!((lost, doubled), (0, 0), "in cycle {cycle}");
        refused.extend(during);
    }
    assert_eq!(late(&refused), None, "{}", quantiles(&refused));
    assert_eq!(unexpected(&line.answers()), [""; 0]);
    ahead.store(31, Ordering::Relaxed);
    let pending = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    app.wait_until(pending, 0, Duration::from_secs(30)).await;
    let expected = line.expected();
    assert_eq!(damage(&app.pool, &expected).await, Damage::default());
    eprintln!(
        "{} stops, {} updates acknowledged, {} posts refused, {}",
        soak.cycles(),
        expected.acknowledged.updates.len(),
        refused.len(),
        quantiles(&refused)
    );
    app.stop().await;
}

/// Loads the server, stops PostgreSQL, starts it again, waits until posts are accepted. What was answered to posts that
/// both came and ended while it was away.
async fn stop_under_load(own: &OwnCluster, app: &TestApp, line: &Arc<Line>, chance: &mut impl Rng) -> Vec<Answer> {
    let before = line.answers().len();
    let senders = line.open(CONNECTIONS);
    line.until_accepted(before).await;
    tokio::time::sleep(Duration::from_millis(chance.random_range(0..800))).await;
    own.cluster.stop_immediate().await.unwrap();
    let away_since = Instant::now();
    // Long enough for some answers that take their full second.
    tokio::time::sleep(Duration::from_millis(chance.random_range(1500..3000))).await;
    let away_until = Instant::now();
    own.cluster.restart().await.unwrap();
    until_ready(app, "/readyz", Duration::from_secs(10)).await;
    let back = line.answers().len();
    line.until_accepted(back).await;
    senders.stop().await;
    let answers = line.answers().split_off(before);
    answers.into_iter().filter(|answer| answer.sent > away_since && answer.sent + answer.took < away_until).collect()
}

/// What is wrong with the answers of an outage.
fn complaints(answers: &[Answer]) -> Vec<String> {
    let mut complaints = Vec::new();
    complaints.extend(count(answers, "were not 503", 0, |answer| !answer.is(503)));
    complaints.extend(count(answers, "do not say when to come again", 0, |answer| !answer.retry_after));
    complaints.extend(count(answers, "hung", 0, |answer| answer.took > HANGING));
    if answers.len() < CONNECTIONS {
        complaints.push(format!("only {} posts were answered", answers.len()));
    }
    complaints
}

/// What is wrong with how long the answers of all outages took. The clients of this test share the machine with the
/// server, and in the short form with other tests.
fn late(answers: &[Answer]) -> Option<String> {
    let tolerated = answers.len() / if is_long() { 100 } else { 10 };
    count(answers, "took longer than a second", tolerated, |answer| answer.took > SOON)
}

/// What is wrong with the answers of a whole run, those included that were under way when PostgreSQL stopped.
fn unexpected(answers: &[Answer]) -> Vec<String> {
    let expected = |answer: &Answer| answer.is(200) || answer.is(503) && answer.retry_after;
    let odd = count(answers, "were neither 200 nor 503 with a time to come again", 0, |answer| !expected(answer));
    let example = answers.iter().find(|answer| !expected(answer)).map(|answer| format!("{answer:?}"));
    let hung = count(answers, "hung", 0, |answer| answer.took > HANGING);
    odd.into_iter().chain(example).chain(hung).collect()
}

fn count(answers: &[Answer], what: &str, tolerated: usize, wrong: impl Fn(&Answer) -> bool) -> Option<String> {
    let found = answers.iter().filter(|answer| wrong(answer)).count();
    (found > tolerated).then(|| format!("{found} of {} {what}", answers.len()))
}

fn quantiles(answers: &[Answer]) -> String {
    let mut took: Vec<Duration> = answers.iter().map(|answer| answer.took).collect();
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 1000];
    format!("half within {:?}, 95 % {:?}, 99 % {:?}, all {:?}", at(500), at(950), at(990), at(1000))
}

/// The negative control: a PostgreSQL that says "committed" before it has written anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_acknowledges_before_it_writes_is_found_out() {
    const ROUNDS: usize = 10;
    let soak = Soak::begin("outages of a hasty database", ROUNDS, ROUNDS);
    let mut chance = soak.chance();
    let own = OwnCluster::start().await;
    let app = own.serve(Options { workers: 2, ..Options::default() }).await;
    // The accounts are on the disk. What comes from here on is written page by page, the last page ten seconds later or
    // when it is full, and that is not waited for.
    for statement in [
        "alter system set synchronous_commit = off",
        "alter system set wal_writer_delay = '10s'",
        "alter system set wal_writer_flush_after = '256MB'",
        "select pg_reload_conf()",
    ] {
        sqlx::query(statement).execute(&app.pool).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let traffic = Traffic { seed: chance.random(), bad_signatures: 0.0, ..Traffic::default() };
    let line = Line::new(&app.url, &app.account, &traffic);
    for round in 1..=ROUNDS {
        stop_under_load(&own, &app, &line, &mut chance).await;
        let Damage { lost, .. } = damage(&app.pool, &line.expected()).await;
        eprintln!("round {round}: {lost} of {} updates lost", line.expected().acknowledged.updates.len());
        if lost > 0 {
            return app.stop().await;
        }
    }
    panic!("it acknowledged what it had not written, and nothing is said to be lost");
}

/// The negative control: a door that waits for its database and says nothing of coming again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_that_lets_meta_wait_is_found_out() {
    let app = TestApp::start().await;
    for (patience, headers, complaint) in [
        (Duration::ZERO, HeaderMap::new(), "16 of 16 do not say when to come again"),
        (SOON, retry_after(), "16 of 16 took longer than a second"),
        (HANGING, retry_after(), "16 of 16 hung"),
    ] {
        let line = Line::new(&waiting_door(patience, headers).await, &app.account, &Traffic::default());
        let senders = line.open(CONNECTIONS);
        while line.answers().len() < CONNECTIONS {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        senders.stop().await;
        let answers = &line.answers()[..CONNECTIONS];
        let complaints: Vec<String> = complaints(answers).into_iter().chain(late(answers)).collect();
        assert!(complaints.iter().any(|found| found == complaint), "{complaint}: {complaints:?}");
    }
    let one_too_few = vec![answer(StatusCode::SERVICE_UNAVAILABLE); CONNECTIONS - 1];
    assert_eq!(complaints(&one_too_few), ["only 15 posts were answered"]);
    let broken = vec![answer(StatusCode::INTERNAL_SERVER_ERROR); CONNECTIONS];
    assert_eq!(complaints(&broken), ["16 of 16 were not 503"]);
    assert!(unexpected(&broken)[0].starts_with("16 of 16 were neither"));
    let silent = Answer { status: Err(Silence::CutOff("reset".into())), ..answer(StatusCode::OK) };
    let in_a_hurry = Answer { retry_after: false, ..answer(StatusCode::SERVICE_UNAVAILABLE) };
    let good = [answer(StatusCode::OK), answer(StatusCode::SERVICE_UNAVAILABLE)];
    assert_eq!(unexpected(&good), [""; 0]);
    for odd in [silent, in_a_hurry] {
        assert!(unexpected(&[odd])[0].starts_with("1 of 1 were neither"));
    }
}

fn retry_after() -> HeaderMap {
    HeaderMap::from_iter([(header::RETRY_AFTER, "5".parse().unwrap())])
}

fn answer(status: StatusCode) -> Answer {
    Answer { sent: Instant::now(), took: Duration::ZERO, forged: false, status: Ok(status), retry_after: true }
}

/// Answers 503 after a while.
async fn waiting_door(patience: Duration, headers: HeaderMap) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || async move {
        tokio::time::sleep(patience).await;
        (StatusCode::SERVICE_UNAVAILABLE, headers)
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url
}
