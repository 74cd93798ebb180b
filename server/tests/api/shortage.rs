//! Something has run out: connections to the database, or the disk it is on. The door says 503 soon, keeps what it had
//! acknowledged, and goes on by itself when there is enough again. (A lock on the event log is in [`crate::outage`].)

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use server::database::ACQUIRE_TIMEOUT;
use server::simulate::Traffic;
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use crate::app::{TestApp, text_message};
use crate::line::{Answer, Damage, Line, damage};
use crate::outage::{BOUND, FLOOD, are_recorded, grown, pour, slowest_refusal, until_ready};
use crate::own_cluster::OwnCluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_every_connection_to_the_database_is_taken_posts_are_refused_within_a_second() {
    let app = TestApp::start().await;
    let mut taken = Vec::new();
    while let Ok(connection) = app.database.engine.acquire().await {
        taken.push(connection);
    }
    assert_eq!(taken.len(), 8, "the pool of the tests");
    let line = Line::new(&app.url, &app.account, &Traffic { bad_signatures: 0.0, ..Traffic::default() });
    let senders = line.open(8);
    tokio::time::sleep(Duration::from_secs(3)).await;
    senders.stop().await;
    let answers = line.answers();
    let slowest = slowest_refusal(&answers.iter().collect::<Vec<_>>());
    let flood = pour(&app).await;
    assert!(flood.iter().all(|status| *status == 503), "{flood:?}");
    eprintln!("{} posts refused, the slowest after {slowest:?}", answers.len());

    // A lane that still waits for a connection when it gets one stores what was refused meanwhile, as it may.
    tokio::time::sleep(ACQUIRE_TIMEOUT + Duration::from_millis(300)).await;
    drop(taken);
    let began = Instant::now();
    while app.post(&app.account, text_message("wamid.after", "16505551234", "Hello")).await.status() != 200 {
        assert!(began.elapsed() < Duration::from_secs(5), "it does not heal");
    }
    app.drain().await;
    assert_eq!(app.count("select count(*) from messages where wamid = 'wamid.after'").await, 1);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs").await, 1, "nothing that was refused");
    are_recorded(&app, answers.len() + flood.len(), answers.len() + FLOOD).await;
}

/// The same with the program in a process of its own, so that its memory can be measured: somebody else has taken all
/// that PostgreSQL has to give.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_has_no_connection_left_memory_is_bounded() {
    let own = OwnCluster::start().await;
    let program = own.program(&[]).await;
    let before = program.memory();
    let taken = take_every_connection(&own).await;
    let flood = pour(&program.app).await;
    assert!(flood.iter().all(|status| *status == 503), "{flood:?}");
    let grown = grown(&program, before);
    assert!(grown < BOUND, "{grown} MiB");
    eprintln!("{} connections taken, memory grew by {grown} MiB at most", taken.len());
    drop(taken);
    until_ready(&program.app, "/readyz", Duration::from_secs(10)).await;
    program.app.accept(text_message("wamid.after", "16505551234", "Hello")).await;
}

/// Those of the server too, whose sessions are ended.
async fn take_every_connection(own: &OwnCluster) -> Vec<PgConnection> {
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'waypost'";
    let limit = Instant::now() + Duration::from_secs(20);
    let mut taken = Vec::new();
    loop {
        while let Ok(connection) = PgConnection::connect(&own.cluster.url()).await {
            taken.push(connection);
        }
        let ended: i64 = sqlx::query_scalar(end).fetch_one(taken.last_mut().unwrap()).await.unwrap();
        if ended == 0 {
            return taken;
        }
        assert!(Instant::now() < limit, "the server always gets connections");
    }
}

/// Where no small disk can be made, whoever runs the tests has to say so.
const WITHOUT_DISK: &str = "WAYPOST_WITHOUT_SMALL_DISK";

/// PostgreSQL on a file system of 256 MB in memory, which something else fills to its last byte. Mounting one takes
/// root, and a container that permits it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_disk_of_the_database_is_full_posts_are_refused_and_what_was_acknowledged_stays() {
    if std::env::var_os(WITHOUT_DISK).is_some_and(|value| !value.is_empty()) {
        return eprintln!("left out, since {WITHOUT_DISK} is set");
    }
    let made = OwnCluster::on_a_small_disk(256).await;
    let (own, disk) = made.unwrap_or_else(|reason| {
        panic!("No small disk can be made here ({reason}): run this as root, or set {WITHOUT_DISK} to leave it out.")
    });
    let program = own.program(&[("WAYPOST_WORKER_LEASE", "2")]).await;
    let app = &program.app;
    let before = program.memory();
    let line = Line::new(&app.url, &app.account, &Traffic { bad_signatures: 0.0, ..Traffic::default() });
    let senders = line.open(8);
    line.until_accepted(0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let filler = disk.join("filler");
    fill(&filler);
    let full_since = Instant::now();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(app.client.get(format!("{}/healthz", app.url)).send().await.unwrap().status(), 200);
    let full_until = Instant::now();
    let flood = pour(app).await;
    assert!(flood.iter().all(|status| [200, 503].contains(status)), "{flood:?}");
    std::fs::remove_file(&filler).unwrap();
    // Where it could not even write its log, it gives up; starting it again is then its keeper's work.
    if own.cluster.running().await.unwrap() {
        eprintln!("PostgreSQL went on by itself");
    } else {
        eprintln!("PostgreSQL had given up and is started again");
        own.cluster.restart().await.unwrap();
    }
    until_ready(app, "/readyz", Duration::from_secs(10)).await;
    line.until_accepted(line.answers().len()).await;
    senders.stop().await;

    let answers = line.answers();
    let during: Vec<&Answer> =
        answers.iter().filter(|answer| answer.sent > full_since && answer.sent + answer.took < full_until).collect();
    let (stored, refused): (Vec<&Answer>, Vec<&Answer>) = during.iter().partition(|answer| answer.is(200));
    assert!(refused.len() >= 8, "{} stored, {} refused: it was not full", stored.len(), refused.len());
    let slowest = slowest_refusal(&refused);
    assert!(answers.iter().all(|answer| answer.is(200) || answer.is(503) && answer.retry_after));
    eprintln!("disk full: {} posts stored, {} refused, the slowest after {slowest:?}", stored.len(), refused.len());
    let grown = grown(&program, before);
    assert!(grown < BOUND, "{grown} MiB");
    eprintln!("memory grew by {grown} MiB at most");
    let pending = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    app.wait_until(pending, 0, Duration::from_secs(20)).await;
    assert_eq!(damage(&app.pool, &line.expected()).await, Damage::default());
}

/// MiB that may be left of several floods.
const LEFT: usize = 128;

/// Each statement that fails is followed by one on another connection of the pool, and all were large.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_that_find_no_place_on_the_disk_leave_nothing_in_memory() {
    let own = OwnCluster::start().await;
    let program = own.program(&[]).await;
    let app = &program.app;
    app.execute(
        "create function no_space() returns trigger language plpgsql as $$
             begin raise exception 'no space left on device' using errcode = 'disk_full'; end $$;
         create trigger no_space before insert on whatsapp_webhook_deliveries execute function no_space()",
    )
    .await;
    let before = program.memory();
    for _ in 0..8 {
        assert!(pour(app).await.iter().all(|status| *status == 503));
    }
    let (grown, left) = (grown(&program, before), program.memory().saturating_sub(before) / (1024 * 1024));
    assert!(grown < BOUND && left < LEFT, "{grown} MiB, of which {left} are left");
    eprintln!("memory grew by {grown} MiB at most, of which {left} are left");
}

/// Writes until nothing fits any more.
fn fill(place: &Path) {
    let mut filler = File::create(place).unwrap();
    for size in [1 << 20, 4096, 1] {
        let block = vec![0; size];
        loop {
            match filler.write_all(&block) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}
