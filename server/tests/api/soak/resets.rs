//! Clients that reset their connection at every phase of a request, to the door, the console and its live stream: at no
//! time is a session left inside a transaction, and afterwards no connection and no place is held, nor any part of a
//! budget, and memory is what it was.
//!
//! The trap is a handler that is dropped in the middle of its work, wherever it waited.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use app::contract::Role;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::Client;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Soak;
use crate::app::{TestApp, signature, text_message};
use crate::browser::Browser;
use crate::process::{Process, Program, stand};

const ANN: &str = "ann@acme.travel";
const CLIENTS: usize = 16;
/// `WAYPOST_CONNECTIONS` here.
const PLACES: u64 = 500;
/// Connections to the database that the pools of a server may keep.
const POOLED: usize = 40;
/// What the heap may keep for later, in kilobytes. A leak of one small body for each of the thousands would be more.
const MEMORY: u64 = 24 * 1024;
/// Texts up to here are in bodies that cost nothing of the budget, or next to nothing.
const SMALL: usize = 16 * 1024;
/// And up to here in those that do.
const LARGE: usize = 100 * 1024;
/// A live stream notices that nobody is there at its next sign of life at the latest, every fifteen seconds.
const REST: Duration = Duration::from_secs(20);
/// Longer than anything that the server does between two statements of a transaction, and far shorter than the time
/// after which PostgreSQL itself ends one that was left.
const OVERSTAYED: &str = "state like 'idle in transaction%' and clock_timestamp() - state_change > interval '1 second'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_reset_the_connection_leave_nothing_behind() {
    let soak = Soak::begin("resets", 1_500, 10_000);
    let mut chance = soak.chance();
    let stage = Stage::set().await;
    // Pools, caches and the heap have their size after this.
    stage.reset_many(soak.cycles() / 4, &mut chance).await;
    stage.is_well().await;
    let before = stage.at_rest().await;
    let watch = Watch::begin(&stage.app.pool);
    let phases = stage.reset_many(soak.cycles(), &mut chance).await;
    stage.is_well().await;
    let after = stage.settled(before).await;
    let (looks, overstayed) = watch.end().await;
    assert_eq!(overstayed, 0, "sessions that stayed idle in a transaction, in {looks} looks");
    assert_eq!(after.complaints(before), [""; 0], "{before:?}, then {after:?}");
    assert!(Phase::ALL.iter().all(|phase| phases.contains_key(phase)), "{phases:?}");
    eprintln!("{phases:?}\n{before:?}\n{after:?}\n{looks} looks at the sessions");
}

/// When a client goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Connected,
    InTheHead,
    InTheBody,
    BeforeTheLastByte,
    Sent,
    AWhileAfterSending,
    InTheAnswer,
    BetweenTwoRequests,
    InTheSecondRequest,
}

impl Phase {
    const ALL: [Self; 9] = [
        Self::Connected,
        Self::InTheHead,
        Self::InTheBody,
        Self::BeforeTheLastByte,
        Self::Sent,
        Self::AWhileAfterSending,
        Self::InTheAnswer,
        Self::BetweenTwoRequests,
        Self::InTheSecondRequest,
    ];
}

/// A request as it goes over the wire.
struct Request {
    bytes: Vec<u8>,
    head: usize,
}

/// What requests are made from.
struct Wire {
    address: String,
    callback_path: String,
    app_secret: String,
    account: String,
    cookie: String,
}

impl Wire {
    fn any(&self, chance: &mut StdRng) -> Request {
        match chance.random_range(0..11) {
            0 => self.page(&format!("/accounts/{}/webhook", self.account)),
            1 => self.page(&format!("/accounts/{}/conversations", self.account)),
            2 => self.call("viewer", ""),
            3 => self.call("accounts", ""),
            4 => self.call("events", &format!("query%5Baccount%5D={}", self.account)),
            5 => self.live(),
            _ => self.post(chance),
        }
    }

    fn post(&self, chance: &mut StdRng) -> Request {
        let length = if chance.random() { chance.random_range(0..SMALL) } else { chance.random_range(SMALL..LARGE) };
        let wamid = format!("wamid.{:032x}", chance.random::<u128>());
        let body = text_message(&wamid, "16505551234", &"x".repeat(length));
        let signature = signature(&self.app_secret, &body);
        let headers = format!("Content-Type: application/json\r\nX-Hub-Signature-256: {signature}\r\n");
        request("POST", &self.callback_path, &headers, &body)
    }

    fn page(&self, path: &str) -> Request {
        let headers = format!("Accept: text/html\r\nCookie: {}\r\n", self.cookie);
        request("GET", path, &headers, b"")
    }

    fn live(&self) -> Request {
        let headers = format!("Accept: text/event-stream\r\nCookie: {}\r\n", self.cookie);
        request("GET", &format!("/api/live/events?account={}", self.account), &headers, b"")
    }

    fn call(&self, function: &str, form: &str) -> Request {
        let headers = format!(
            "Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nCookie: {}\r\n",
            self.cookie
        );
        request("POST", &format!("/api/{function}"), &headers, form.as_bytes())
    }
}

fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Request {
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: waypost\r\nContent-Length: {length}\r\n{headers}\r\n");
    Request { head: head.len(), bytes: [head.as_bytes(), body].concat() }
}

/// One connection, ended by a reset. An error in between is as good an end.
async fn reset(wire: &Wire, phase: Phase, chance: &mut StdRng) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(&wire.address).await?;
    stream.set_nodelay(true)?;
    // From here on, closing it is a reset.
    stream.set_zero_linger()?;
    let Request { bytes, head } = wire.any(chance);
    let cut = match phase {
        Phase::Connected => 0,
        Phase::InTheHead => chance.random_range(1..head),
        Phase::InTheBody => chance.random_range(head..=bytes.len()),
        Phase::BeforeTheLastByte => bytes.len() - 1,
        _ => bytes.len(),
    };
    stream.write_all(&bytes[..cut]).await?;
    match phase {
        Phase::AWhileAfterSending => pause(chance, 40).await,
        Phase::InTheAnswer => {
            stream.read_u8().await?;
        }
        Phase::BetweenTwoRequests => read_some(&mut stream).await?,
        Phase::InTheSecondRequest => {
            read_some(&mut stream).await?;
            let second = wire.any(chance);
            stream.write_all(&second.bytes[..chance.random_range(1..=second.bytes.len())]).await?;
            pause(chance, 5).await;
        }
        _ => pause(chance, 3).await,
    }
    Ok(())
}

/// The answer, or enough of it.
async fn read_some(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut answer = vec![0; 64 * 1024];
    stream.read(&mut answer).await.map(drop)
}

async fn pause(chance: &mut StdRng, milliseconds: u64) {
    tokio::time::sleep(Duration::from_micros(chance.random_range(0..milliseconds * 1000))).await;
}

/// What a server holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    /// Sessions of the database that are inside a transaction and do nothing.
    in_transaction: i64,
    /// Sessions of the database that still work.
    at_work: i64,
    /// Open connections, those to the database included.
    sockets: usize,
    /// In kilobytes.
    memory: u64,
    /// What it says itself.
    gauges: [u64; 4],
}

/// What [`State::gauges`] are; each must be afterwards what it was before.
const GAUGES: [&str; 4] =
    ["waypost_connection_places_free", "waypost_body_kilobytes", "waypost_queue_kilobytes", "waypost_live_streams"];

impl State {
    /// What has been left behind since an earlier state.
    fn complaints(self, before: Self) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut expect = |good: bool, otherwise: String| {
            if !good {
                complaints.push(otherwise);
            }
        };
        expect(self.in_transaction == 0, format!("{} sessions idle in transaction", self.in_transaction));
        expect(self.at_work == 0, format!("{} statements still run", self.at_work));
        expect(self.sockets <= POOLED, format!("{} connections are open", self.sockets));
        let grown = self.memory.saturating_sub(before.memory);
        expect(grown <= MEMORY, format!("memory grew by {grown} kB"));
        for ((name, now), before) in GAUGES.iter().zip(self.gauges).zip(before.gauges) {
            expect(now == before, format!("{name} is {now}, and was {before}"));
        }
        complaints
    }
}

/// Looks at the sessions of the database all the time: PostgreSQL ends what was left in a transaction after seconds, so
/// that nothing would be seen of it in the end.
struct Watch {
    stop: CancellationToken,
    looking: JoinHandle<(usize, i64)>,
}

impl Watch {
    fn begin(pool: &PgPool) -> Self {
        let (stop, pool) = (CancellationToken::new(), pool.clone());
        let stopped = stop.clone();
        let looking = tokio::spawn(async move {
            let (mut looks, mut most) = (0, 0);
            while !stopped.is_cancelled() {
                let found: i64 =
                    sqlx::query_scalar(AssertSqlSafe(sessions(OVERSTAYED))).fetch_one(&pool).await.unwrap();
                (looks, most) = (looks + 1, found.max(most));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            (looks, most)
        });
        Self { stop, looking }
    }

    /// How often it has looked, and how many sessions had overstayed at most.
    async fn end(self) -> (usize, i64) {
        self.stop.cancel();
        self.looking.await.unwrap()
    }
}

/// Counts the server's sessions of which this is true.
fn sessions(condition: &str) -> String {
    format!(
        "select count(*) from pg_stat_activity where datname = current_database()
         and application_name = 'waypost' and pid <> pg_backend_pid() and {condition}"
    )
}

/// The program, and somebody who is signed in there.
struct Stage {
    app: TestApp,
    wire: Arc<Wire>,
    server: Process,
    program: Program,
}

impl Stage {
    async fn set() -> Self {
        let (app, program) = stand().await;
        let server = program.serve_with(&[("WAYPOST_CONNECTIONS", &PLACES.to_string())]).await;
        app.add_user(app.account.owner.company, ANN, Role::Manager).await;
        let browser = Browser::signed_in(&app, ANN).await;
        let wire = Wire {
            address: program.url.strip_prefix("http://").unwrap().to_owned(),
            callback_path: app.account.callback_path.clone(),
            app_secret: app.account.app_secret.clone(),
            account: app.account.owner.account.to_string(),
            cookie: browser.cookie.unwrap(),
        };
        Self { app, wire: Arc::new(wire), server, program }
    }

    /// So many resets by several clients; how many in each phase.
    async fn reset_many(&self, count: usize, chance: &mut StdRng) -> BTreeMap<Phase, usize> {
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (wire, mut chance) = (Arc::clone(&self.wire), StdRng::seed_from_u64(chance.random()));
            let share = count / CLIENTS + usize::from(client < count % CLIENTS);
            clients.spawn(async move {
                let mut phases: BTreeMap<Phase, usize> = BTreeMap::new();
                for _ in 0..share {
                    let phase = *Phase::ALL.choose(&mut chance).unwrap();
                    // The server may be the first to close it: a page of another address, a head cut in two.
                    let _ = tokio::time::timeout(Duration::from_secs(20), reset(&wire, phase, &mut chance)).await;
                    *phases.entry(phase).or_default() += 1;
                }
                phases
            });
        }
        let mut all: BTreeMap<Phase, usize> = BTreeMap::new();
        for (phase, count) in clients.join_all().await.into_iter().flatten() {
            *all.entry(phase).or_default() += count;
        }
        all
    }

    async fn state(&self) -> State {
        let gauges = self.gauges().await;
        let memory = std::fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap();
        let memory = memory.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.server.id())).unwrap();
        let links = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        State {
            in_transaction: self.app.count(&sessions("state like 'idle in transaction%'")).await,
            at_work: self.app.count(&sessions("state = 'active' and now() - query_start > interval '1 second'")).await,
            sockets: links.filter(|link| link.to_string_lossy().starts_with("socket:")).count(),
            memory: memory.trim().trim_end_matches(" kB").parse().unwrap(),
            gauges,
        }
    }

    async fn gauges(&self) -> [u64; 4] {
        let metrics = client().get(format!("{}/metrics", self.program.url)).send().await.unwrap().text().await.unwrap();
        GAUGES.map(|name| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
        })
    }

    /// The state once nobody holds anything: what was connected a moment ago may take another to go.
    async fn at_rest(&self) -> State {
        let end = Instant::now() + REST;
        loop {
            let state = self.state().await;
            let [places, held @ ..] = state.gauges;
            // The one for the next to come, and that of the question itself.
            if held == [0; 3] && places == PLACES - 2 && state.complaints(state).is_empty() {
                return state;
            }
            assert!(Instant::now() < end, "it never comes to rest: {state:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The state once nothing changes for the better any more, at most for some seconds.
    async fn settled(&self, before: State) -> State {
        let end = Instant::now() + REST;
        loop {
            let state = self.state().await;
            if state.complaints(before).is_empty() || Instant::now() > end {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A healthy client is served at once, at the door and by more pages at a time than the console has connections.
    async fn is_well(&self) {
        let began = Instant::now();
        let client = client();
        let get =
            |path: &str| client.get(format!("{}{path}", self.program.url)).header("Cookie", &self.wire.cookie).send();
        let url = format!("{}{}", self.program.url, self.wire.callback_path);
        let body = text_message("wamid.healthy", "16505551234", &"x".repeat(LARGE));
        let signature = signature(&self.wire.app_secret, &body);
        let posts =
            (0..CLIENTS).map(|_| client.post(&url).header("X-Hub-Signature-256", &signature).body(body.clone()).send());
        for answer in futures::future::join_all(posts).await {
            assert_eq!(answer.unwrap().status(), 200);
        }
        let pages = (0..24).map(|_| get("/"));
        for answer in futures::future::join_all(pages).await {
            assert_eq!(answer.unwrap().status(), 200, "{}", self.program.said());
        }
        let metrics = get("/metrics").await.unwrap().text().await.unwrap();
        let waiting = metrics.lines().find(|line| line.starts_with("waypost_queue_waiting "));
        assert_eq!(waiting, Some("waypost_queue_waiting 0"));
        assert!(began.elapsed() < Duration::from_secs(10), "healthy clients wait: {:?}", began.elapsed());
    }
}

/// One that keeps no connection open: those would be counted.
fn client() -> Client {
    Client::builder().pool_max_idle_per_host(0).no_proxy().build().unwrap()
}

/// The negative control: a session that was left in a transaction, and bodies, posts and a stream that never end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_behind_is_found_out() {
    let stage = Stage::set().await;
    stage.is_well().await;
    let before = stage.at_rest().await;
    let watch = Watch::begin(&stage.app.pool);
    let mut left = stage.app.database.engine.acquire().await.unwrap();
    sqlx::raw_sql("begin; select 1").execute(&mut *left).await.unwrap();
    let held = hold_bodies(&stage.wire, POOLED).await;
    let stream = hold(&stage.wire, &stage.wire.live().bytes).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let after = stage.state().await;
    let post = hold_a_post(&stage).await;
    let waiting = stage.gauges().await;
    let (_, overstayed) = watch.end().await;

    assert_eq!(overstayed, 1);
    let complaints = State { gauges: waiting, ..after }.complaints(before);
    let mut wanted = vec!["1 sessions idle in transaction", "connections are open", "memory grew by"];
    wanted.extend(GAUGES);
    for wanted in wanted {
        assert!(complaints.iter().any(|found| found.contains(wanted)), "{wanted}: {complaints:?}");
    }
    drop((left, held, stream, post));
}

/// So many bodies of which all but the last byte has been sent: 40 MB for 40 of them.
async fn hold_bodies(wire: &Wire, count: usize) -> Vec<TcpStream> {
    const BODY: usize = 1024 * 1024;
    let request = request("POST", &wire.callback_path, "Content-Type: application/json\r\n", &vec![b'x'; BODY]);
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(hold(wire, &request.bytes[..request.bytes.len() - 1]).await);
    }
    held
}

/// A connection that has sent this and stays.
async fn hold(wire: &Wire, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&wire.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// A post that waits in the writer, since somebody has locked the log.
async fn hold_a_post(stage: &Stage) -> (PgConnection, TcpStream) {
    let mut lock = PgConnection::connect(&stage.app.place.url).await.unwrap();
    let statement = "begin; lock table whatsapp_webhook_events in access exclusive mode";
    sqlx::raw_sql(statement).execute(&mut lock).await.unwrap();
    let post = hold(&stage.wire, &stage.wire.post(&mut StdRng::seed_from_u64(1)).bytes).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    (lock, post)
}
