//! Something has run out: connections to the database, or the disk it is on. The door says 503 soon, keeps what it had
//! acknowledged, and goes on by itself when there is enough again. (A lock on the event log is in [`crate::outage`].)

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use server::simulate::Traffic;
use tokio::time::Instant;

use crate::app::{Options, TestApp, text_message};
use crate::line::{Answer, Damage, Line, damage};
use crate::outage::{adjustable_clock, pour, slowest_refusal, until_ready};
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
    pour(&app).await;
    eprintln!("{} posts refused, the slowest after {slowest:?}", answers.len());

    drop(taken);
    let began = Instant::now();
    while app.post(&app.account, text_message("wamid.after", "16505551234", "Hello")).await.status() != 200 {
        assert!(began.elapsed() < Duration::from_secs(5), "it does not heal");
    }
    app.drain().await;
    assert_eq!(app.count("select count(*) from messages where wamid = 'wamid.after'").await, 1);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs").await, 1, "nothing that was refused");
    let refused = i64::try_from(answers.len() + 30).unwrap();
    let recorded = "select coalesce(sum(times), 0) from whatsapp_webhook_rejections";
    assert!(app.count(recorded).await <= refused);
    app.wait_until(recorded, refused, Duration::from_secs(10)).await;
}

/// PostgreSQL on a file system of 256 MB in memory, which something else fills to its last byte. Mounting one takes
/// root: elsewhere this test says so and shows nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_disk_of_the_database_is_full_posts_are_refused_and_what_was_acknowledged_stays() {
    let (own, disk) = match OwnCluster::on_a_small_disk(256).await {
        Ok(made) => made,
        Err(reason) => return eprintln!("skipped, since no small disk can be made here: {reason}"),
    };
    let (clock, ahead) = adjustable_clock();
    let app = own.serve(Options { workers: 2, clock, ..Options::default() }).await;
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
    std::fs::remove_file(&filler).unwrap();
    // PostgreSQL may have given up where it could not even write its log; starting it again is its keeper's work.
    own.cluster.restart().await.unwrap();
    until_ready(&app, "/readyz", Duration::from_secs(10)).await;
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
    ahead.store(31, Ordering::Relaxed);
    let pending = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    app.wait_until(pending, 0, Duration::from_secs(20)).await;
    assert_eq!(damage(&app.pool, &line.expected()).await, Damage::default());
    app.stop().await;
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
