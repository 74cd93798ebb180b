//! The database away, or not moving: the door says so within a second, forgets nothing, and recovers by itself.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use reqwest::{StatusCode, Url, header};
use server::clock::Clock;
use server::crypto::KeyRing;
use server::event_log::rejections::{Reason, Rejection};
use server::event_log::store::store_rejections;
use server::ids::CompanyId;
use server::processing::wake::Wake;
use server::processing::worker::{Worker, WorkerSettings};
use server::simulate::Traffic;
use server::users::session::Token;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{Options, TestApp, signature, text_message};
use crate::line::{Answer, Damage, Line, damage};
use crate::own_cluster::OwnCluster;
use crate::program::Program;
use crate::test_database::TestDatabase;

/// A clock that can be put forward, so that no test waits for a lease to run out.
pub fn adjustable_clock() -> (Clock, Arc<AtomicI64>) {
    let ahead = Arc::new(AtomicI64::new(0));
    let seconds = Arc::clone(&ahead);
    let tell = move || Clock::system().now() + time::Duration::seconds(seconds.load(Ordering::Relaxed));
    (Clock::from_fn(tell), ahead)
}

async fn get(app: &TestApp, path: &str) -> u16 {
    app.client.get(format!("{}{path}", app.url)).send().await.unwrap().status().as_u16()
}

/// Waits until a path answers 200; how long that took.
pub async fn until_ready(app: &TestApp, path: &str, limit: Duration) -> Duration {
    let began = Instant::now();
    while get(app, path).await != 200 {
        assert!(began.elapsed() < limit, "{path} does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

/// The slowest, after a look at all of them: 503 with a time to come again, and nearly all within the second.
pub fn slowest_refusal(answers: &[&Answer]) -> Duration {
    for answer in answers {
        assert!(answer.is(503) && answer.retry_after, "{answer:?}");
        assert!(answer.took < Duration::from_secs(2), "it hung: {answer:?}");
    }
    let late = answers.iter().filter(|answer| answer.took > Duration::from_secs(1)).count();
    assert!(late * 10 <= answers.len(), "{late} of {} took longer than a second", answers.len());
    answers.iter().map(|answer| answer.took).max().unwrap()
}

#[test]
fn the_look_at_refusals_sees_what_is_wrong_with_them() {
    let good = Answer {
        sent: Instant::now(),
        took: Duration::from_millis(900),
        forged: false,
        status: Ok(StatusCode::SERVICE_UNAVAILABLE),
        retry_after: true,
    };
    assert_eq!(slowest_refusal(&[&good]), good.took);
    let wrong = [
        Answer { status: Ok(StatusCode::INTERNAL_SERVER_ERROR), ..good.clone() },
        Answer { retry_after: false, ..good.clone() },
        Answer { took: Duration::from_millis(1100), ..good.clone() },
        Answer { took: Duration::from_secs(3), ..good },
    ];
    for answer in wrong {
        assert!(std::panic::catch_unwind(|| slowest_refusal(&[&answer])).is_err(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_is_away_every_post_is_refused_within_a_second_and_nothing_is_lost() {
    let own = OwnCluster::start().await;
    let (clock, ahead) = adjustable_clock();
    let app = own.serve(Options { workers: 2, clock, ..Options::default() }).await;
    let line = Line::new(&app.url, &app.account, &Traffic { bad_signatures: 0.1, ..Traffic::default() });

    let senders = line.open(8);
    line.until_accepted(0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    own.cluster.stop_immediate().await.unwrap();
    let away_since = Instant::now();
    assert_eq!(get(&app, "/readyz").await, 503);
    assert_eq!(get(&app, "/healthz").await, 200);
    the_console_says_so(&app).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(get(&app, "/readyz").await, 503);
    let away_until = Instant::now();
    own.cluster.restart().await.unwrap();
    let recovered = until_ready(&app, "/readyz", Duration::from_secs(5)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let back_since = Instant::now();
    tokio::time::sleep(Duration::from_millis(500)).await;
    senders.stop().await;

    let answers = line.answers();
    let forged = answers.iter().filter(|answer| answer.forged);
    assert!(forged.clone().all(|answer| answer.is(403)), "a forgery is a forgery, whatever the database does");
    let genuine = || answers.iter().filter(|answer| !answer.forged);
    assert!(genuine().any(|answer| answer.sent < away_since && answer.is(200)), "there was no load");
    let during: Vec<&Answer> =
        genuine().filter(|answer| answer.sent > away_since && answer.sent + answer.took < away_until).collect();
    let forged_during = forged.clone().filter(|answer| answer.sent > away_since && answer.sent < away_until).count();
    assert!(during.len() >= 8 && forged_during > 0, "{} posts, {forged_during} forged", during.len());
    let slowest = slowest_refusal(&during);
    let (back, refused): (Vec<&Answer>, _) =
        genuine().filter(|answer| answer.sent > back_since).partition(|answer| answer.is(200));
    assert!(back.len() > refused.len(), "it did not recover: {refused:?}");
    assert!(genuine().all(|answer| answer.is(200) || answer.is(503) && answer.retry_after));
    eprintln!("{} posts during the outage, the slowest took {slowest:?}; ready after {recovered:?}", during.len());

    ahead.store(31, Ordering::Relaxed);
    let pending = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    app.wait_until(pending, 0, Duration::from_secs(20)).await;
    assert_eq!(damage(&app.pool, &line.expected()).await, Damage::default());
    let refused = |status| i64::try_from(answers.iter().filter(|answer| answer.is(status)).count()).unwrap();
    let recorded = "select coalesce(sum(times), 0) from whatsapp_webhook_rejections where reason";
    let limit = Duration::from_secs(10);
    app.wait_until(&format!("{recorded} in ('unavailable', 'queue_full')"), refused(503), limit).await;
    app.wait_until(&format!("{recorded} in ('bad_signature', 'missing_signature')"), refused(403), limit).await;
    app.stop().await;
}

/// With and without a session: an answer, and not a hang.
async fn the_console_says_so(app: &TestApp) {
    let cookie = format!("waypost={}", Token::new(CompanyId::new()).to_cookie());
    let page = app.client.get(format!("{}/", app.url)).header(header::COOKIE, cookie).timeout(Duration::from_secs(5));
    let page = page.send().await.expect("a page hangs");
    assert!(page.status().is_server_error(), "{}", page.status());
    let page = app.client.get(format!("{}/sign-in", app.url)).timeout(Duration::from_secs(5)).send().await;
    assert_eq!(page.expect("a page hangs").status(), 200, "signing in can be tried at least");
}

#[tokio::test]
async fn a_refusal_whose_commit_was_never_confirmed_is_handed_in_again_and_recorded_once() {
    let app = TestApp::start().await;
    let refusal = Rejection {
        company: Some(app.account.owner.company),
        id: Uuid::now_v7(),
        account: Some(app.account.owner.account),
        reason: Reason::BadSignature,
        method: "POST",
        callback_path: app.account.callback_path.clone(),
        body_sha256: Some([7; 32]),
        body_size: Some(7),
        address: None,
        rejected_at: Clock::system().now(),
        times: 1,
    };
    for again in [refusal.clone(), refusal] {
        store_rejections(&app.database.engine, &[again]).await.unwrap();
    }
    assert_eq!(app.count("select count(*) from whatsapp_webhook_rejections").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_event_log_is_locked_posts_are_refused_within_a_second_and_memory_is_bounded() {
    let program = Program::start(&[("WAYPOST_WORKERS", "0")]).await;
    let app = &program.app;
    let line = Line::new(&app.url, &app.account, &Traffic { bad_signatures: 0.0, ..Traffic::default() });
    let before = program.memory();
    let mut other = lock_the_log(app).await;
    let locked_since = Instant::now();
    let senders = line.open(8);
    tokio::time::sleep(Duration::from_secs(4)).await;
    senders.stop().await;
    let answers = line.answers();
    let slowest = slowest_refusal(&answers.iter().collect::<Vec<_>>());
    assert_eq!(get(app, "/healthz").await, 200);
    let flood = pour(app).await;
    assert!(flood.iter().all(|status| *status == 503), "{flood:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let full = "select count(*) from whatsapp_webhook_rejections where reason = 'queue_full'";
    assert!(app.count(full).await > 0, "{FLOOD} times {LARGE} bytes were taken into memory");
    let grown = grown(&program, before);
    assert!(grown < BOUND, "{grown} MiB");
    eprintln!(
        "locked for {:?}; the slowest of {} took {slowest:?}; memory grew by {grown} MiB at most",
        locked_since.elapsed(),
        answers.len()
    );

    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    let began = Instant::now();
    while app.post(&app.account, text_message("wamid.after", "16505551234", "Hello")).await.status() != 200 {
        assert!(began.elapsed() < Duration::from_secs(5), "it does not heal");
    }
    app.accept(large_body()).await;
    app.drain().await;
    assert_eq!(app.count("select count(*) from messages where wamid = 'wamid.after'").await, 1);
    are_recorded(app, answers.len() + flood.len(), answers.len() + FLOOD).await;
}

/// The negative control: the same flood where large bodies have no budget.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_without_a_budget_is_found_in_memory() {
    let program = Program::start(&[("WAYPOST_WORKERS", "0"), ("WAYPOST_BODY_MEMORY", "4096")]).await;
    let before = program.memory();
    let _lock = lock_the_log(&program.app).await;
    pour(&program.app).await;
    let grown = grown(&program, before);
    assert!(grown >= BOUND, "{grown} MiB: a bound that this keeps shows nothing");
    eprintln!("memory grew by {grown} MiB without a budget");
}

/// A way to the database that can be cut without a word: what goes through it then is never answered, and never refused
/// either. New connections come through.
struct Way {
    url: String,
    cut: Arc<Mutex<CancellationToken>>,
}

impl Way {
    async fn to(database: &TestDatabase) -> Self {
        let options: PgConnectOptions = database.url.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut url: Url = database.url.parse().unwrap();
        url.set_ip_host(address.ip()).unwrap();
        url.set_port(Some(address.port())).unwrap();
        url.set_query(None);
        let cut = Arc::new(Mutex::new(CancellationToken::new()));
        let now = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let token = now.lock().unwrap().clone();
                if let Some(folder) = options.get_socket() {
                    let to = folder.join(format!(".s.PGSQL.{}", options.get_port()));
                    tokio::spawn(carry(from, UnixStream::connect(to).await.unwrap(), token));
                } else {
                    let to = (options.get_host().to_owned(), options.get_port());
                    tokio::spawn(carry(from, TcpStream::connect(to).await.unwrap(), token));
                }
            }
        });
        Self { url: url.into(), cut }
    }

    /// Whatever is connected now hears nothing any more.
    fn cut(&self) {
        std::mem::take(&mut *self.cut.lock().unwrap()).cancel();
    }
}

async fn carry(mut from: TcpStream, mut to: impl AsyncRead + AsyncWrite + Unpin, cut: CancellationToken) {
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut from, &mut to) => {}
        () = cut.cancelled() => std::future::pending().await,
    }
}

/// An app that reaches its database by such a way. The test itself may go straight to it.
async fn reached_by_a_way() -> (TestDatabase, Way, TestApp) {
    let database = TestDatabase::fresh().await;
    let way = Way::to(&database).await;
    let keys = Arc::new(KeyRing::parse(&KeyRing::generate("test")).unwrap());
    let app = TestApp::on(TestDatabase::elsewhere(way.url.clone()), keys, Options::default()).await;
    (database, way, app)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_connection_is_cut_without_a_word_goes_on_by_a_new_one() {
    let (database, way, app) = reached_by_a_way().await;
    let mut straight = PgConnection::connect(&database.url).await.unwrap();
    let settings = WorkerSettings { patience: Duration::from_secs(2), ..WorkerSettings::default() };
    let stop = CancellationToken::new();
    let worker = Worker { settings, ..app.worker.clone() };
    let running = tokio::spawn(worker.run(Wake::default(), stop.clone()));
    app.accept(text_message("wamid.before", "16505551234", "Hello")).await;
    until_processed(&mut straight, 1).await;
    way.cut();
    let cut = Instant::now();
    let after = || text_message("wamid.after", "16505551234", "Hello");
    while app.post(&app.account, after()).await.status() != 200 {
        assert!(cut.elapsed() < Duration::from_secs(8), "the door does not heal");
    }
    until_processed(&mut straight, 2).await;
    assert!(cut.elapsed() > settings.patience, "nothing was cut");
    stop.cancel();
    running.await.unwrap();
}

async fn until_processed(database: &mut PgConnection, events: i64) {
    let began = Instant::now();
    let processed = || sqlx::query_scalar::<_, i64>("select count(*) from event_outcomes");
    while processed().fetch_one(&mut *database).await.unwrap() < events {
        assert!(began.elapsed() < Duration::from_secs(10), "no worker gets to it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_connections_are_cut_without_a_word_posts_soon_get_through_by_new_ones() {
    let (_database, way, app) = reached_by_a_way().await;
    let mut number = 0;
    let mut next = || {
        number += 1;
        text_message(&format!("wamid.{number}"), "16505551234", "Hello")
    };
    // All lanes are at work at once, and there are as many connections afterwards, which are trusted for a second.
    let crowd: Vec<_> = (0..200).map(|_| next()).collect();
    for answer in futures::future::join_all(crowd.into_iter().map(|body| app.post(&app.account, body))).await {
        assert_eq!(answer.status(), 200);
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    way.cut();
    let (began, mut in_a_row, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    while in_a_row < 6 {
        let sent = Instant::now();
        let status = app.post(&app.account, next()).await.status();
        slowest = slowest.max(sent.elapsed());
        assert!(status == 200 || status == 503, "{status}");
        in_a_row = if status == 200 { in_a_row + 1 } else { 0 };
        assert!(began.elapsed() < Duration::from_secs(6), "somebody still waits for a connection that is gone");
    }
    assert!(slowest > Duration::from_millis(500), "nothing was cut");
    eprintln!("posts get through after {:?}; the slowest answer took {slowest:?}", began.elapsed());
}

async fn lock_the_log(app: &TestApp) -> PgConnection {
    let mut other = PgConnection::connect(&app.place.url).await.unwrap();
    let lock = "begin; lock table whatsapp_webhook_events in access exclusive mode";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
    other
}

/// Posts of a flood.
pub const FLOOD: usize = 150;
/// Bytes of text in each.
const LARGE: usize = 3_000_000;
/// MiB that a flood may add to the program's memory: the budget of bodies, the writer's queue, a statement being made
/// from it, and buffers.
pub const BOUND: usize = 260;

/// The most that the program's memory has grown by, MiB.
pub fn grown(program: &Program, before: usize) -> usize {
    program.peak().saturating_sub(before) / (1024 * 1024)
}

/// Each refusal that somebody heard of is recorded, and none that nobody asked for: a post whose connection broke may not
/// have come.
pub async fn are_recorded(app: &TestApp, heard: usize, sent: usize) {
    let sum = "select coalesce(sum(times), 0) from whatsapp_webhook_rejections";
    app.wait_until(&format!("select (({sum}) >= {heard})::int::bigint"), 1, Duration::from_secs(10)).await;
    assert!(usize::try_from(app.count(sum).await).unwrap() <= sent);
}

fn large_body() -> Vec<u8> {
    text_message("wamid.large", "16505551234", &"x".repeat(LARGE))
}

/// Many large bodies at once: what they were answered. Who is refused is told when to come again, but one who is still
/// sending when the server hangs up may not hear it.
pub async fn pour(app: &TestApp) -> Vec<u16> {
    let body = Bytes::from(large_body());
    let signature = signature(&app.account.app_secret, &body);
    let url = format!("{}{}", app.url, app.account.callback_path);
    let mut posts = JoinSet::new();
    for _ in 0..FLOOD {
        let post = app.client.post(&url).header("X-Hub-Signature-256", &signature).body(body.clone());
        posts.spawn(post.send());
    }
    let mut statuses = Vec::new();
    while let Some(answer) = posts.join_next().await {
        match answer.unwrap() {
            Ok(answer) => {
                assert!(answer.status() != 503 || answer.headers().contains_key(header::RETRY_AFTER));
                statuses.push(answer.status().as_u16());
            }
            Err(error) => assert!(!error.is_connect() && !error.is_timeout(), "{error:?}"),
        }
    }
    assert!(!statuses.is_empty(), "nobody hears an answer");
    statuses
}
