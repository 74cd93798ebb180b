//! Errors while events are processed, of every kind: one that passes, one that stays, a constraint, a panic. None ends
//! in "processed", none harms a neighbour, and no worker dies of it. (That a dead event is shown with its tries is in
//! [`crate::console::events`].)

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use server::clock::Clock;
use server::processing::wake::Wake;
use server::processing::worker::{Outcome, Worker, WorkerSettings};
use tokio_util::sync::CancellationToken;

use crate::app::{TestApp, body, value};
use crate::worker::{Hand, forbid, messages, worker};

/// A clock that panics whenever it is asked for one of these times, counted from 1. A worker asks once for each claim
/// and once before it applies a batch or a part of one: that is where it lets a test in.
fn panicking(hand: &Hand, times: impl Into<BTreeSet<usize>>) -> Clock {
    let (hand, times, asked) = (hand.clone(), times.into(), Arc::new(AtomicUsize::new(0)));
    Clock::from_fn(move || {
        let time = asked.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(!times.contains(&time), "a panic of the test's");
        hand.now()
    })
}

async fn states(app: &TestApp) -> Vec<Value> {
    app.rows("select object_id, state, attempts from whatsapp_webhook_event_logs order by object_id").await
}

fn state(wamid: &str, state: &str, attempts: i32) -> Value {
    json!({ "object_id": wamid, "state": state, "attempts": attempts })
}

/// Events that are said to be processed and have had no effect.
async fn swallowed(app: &TestApp) -> Vec<String> {
    app.texts(
        "select object_id from whatsapp_webhook_event_logs e
         where state = 'processed' and event_type = 'message'
           and not exists (select from messages m where m.company_id = e.company_id and m.event_id = e.id)
         order by 1",
    )
    .await
}

#[tokio::test]
async fn a_panic_while_events_are_applied_is_a_failed_try_of_the_culprit_alone() {
    let app = TestApp::start().await;
    app.accept(messages(4)).await;
    let hand = Hand::new();
    // Claim, all four, the first two, the last two, the third alone. (Then the fourth.)
    let clock = panicking(&hand, [2, 4, 5]);
    let worker = Worker { clock, ..worker(&app, "w", &hand) };
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 3, failed: 1 });
    let done = |number: usize| state(&format!("wamid.{number}"), "processed", 1);
    assert_eq!(states(&app).await, [done(0), done(1), state("wamid.2", "pending", 1), done(3)]);
    let due = "select extract(epoch from due_at - received_at)::bigint > 60 as waits, last_error
               from whatsapp_webhook_event_logs e
               join event_queue q on q.company_id = e.company_id and e.id = any(q.events)
               where state = 'pending'";
    let waits = json!({
        "waits": true, "last_error": "Waypost failed on this event; the log has the details.",
    });
    assert_eq!(app.rows(due).await, [waits], "the clock of the test is a minute ahead");
    assert_eq!(app.count("select count(*) from event_attempts where attempt = 1").await, 1);
    assert_eq!(app.leased().await, 0);
    hand.forward(7);
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 1, failed: 0 });
    assert_eq!(swallowed(&app).await, [""; 0]);
}

#[tokio::test]
async fn an_event_that_panics_every_time_is_dead_after_the_last_try() {
    let app = TestApp::start().await;
    app.accept(messages(1)).await;
    let hand = Hand::new();
    for attempt in 1..=8 {
        let worker = Worker { clock: panicking(&hand, [2]), ..worker(&app, "w", &hand) };
        assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 0, failed: 1 }, "{attempt}");
        hand.forward(2 * 86_400);
    }
    assert_eq!(states(&app).await, [state("wamid.0", "dead", 8)]);
    assert_eq!(app.count("select count(*) from event_attempts").await, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_survives_a_panic_wherever_it_happens() {
    let app = TestApp::start().await;
    let hand = Hand::new();
    let settings = WorkerSettings { poll: Duration::from_millis(20), ..WorkerSettings::default() };
    let worker = Worker { clock: panicking(&hand, [1, 2, 4, 5]), settings, ..worker(&app, "w", &hand) };
    let stop = CancellationToken::new();
    let running = tokio::spawn(worker.run(Wake::default(), stop.clone()));
    app.accept(messages(3)).await;
    let processed = "select count(*) from whatsapp_webhook_event_logs where state = 'processed'";
    // What it held in its panic is free again with the lease; the clock is moved there.
    for _ in 0..100 {
        if app.count(processed).await == 3 {
            break;
        }
        hand.forward(1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!running.is_finished(), "the worker is dead");
    assert_eq!(app.count(processed).await, 3);
    stop.cancel();
    running.await.unwrap();
}

/// Makes every message of a name fail with this SQLSTATE for the first `times` times. A sequence counts, since it is
/// not rolled back.
async fn fail_at_first(app: &TestApp, wamid: &str, sqlstate: &str, times: usize) {
    app.execute(&format!(
        "create sequence failures_{sqlstate};
         create function fail_{sqlstate}() returns trigger language plpgsql security definer as $$
         begin
             if new.wamid = '{wamid}' and nextval('failures_{sqlstate}') <= {times} then
                 raise exception 'made to fail' using errcode = '{sqlstate}';
             end if;
             return new;
         end $$;
         create trigger fail_{sqlstate} before insert on messages
         for each row execute function fail_{sqlstate}();"
    ))
    .await;
}

#[tokio::test]
async fn of_all_kinds_of_errors_at_once_none_ends_in_processed_and_no_neighbour_is_harmed() {
    let app = TestApp::start().await;
    app.accept(messages(12)).await;
    let nobody =
        json!({ "id": "wamid.nobody", "timestamp": "1763900000", "type": "text", "text": { "body": "Hello" } });
    app.accept(body(&value(&json!({ "messages": [nobody] })))).await;
    // A lost race, which passes at once; a full disk, which passes later; data that is refused every time.
    fail_at_first(&app, "wamid.3", "40001", 2).await;
    fail_at_first(&app, "wamid.5", "53100", 2).await;
    forbid(&app, "wamid.7").await;
    let hand = Hand::new();
    // The last event of the batch panics at its first try. Nothing else is asked for the time so early.
    let steady = worker(&app, "w", &hand);
    let nervous = Worker { clock: panicking(&hand, [2]), ..steady.clone() };
    let mut given_up = 0;
    given_up += usize::from(nervous.run_once().await.unwrap() == Outcome::GaveUp);
    for _ in 0..20 {
        match steady.run_once().await.unwrap() {
            Outcome::GaveUp => given_up += 1,
            Outcome::Worked { .. } => {}
            // Longer than the longest wait.
            Outcome::Idle => hand.forward(2 * 86_400),
        }
        assert_eq!(swallowed(&app).await, [""; 0]);
    }
    assert_eq!(given_up, 2, "the full disk was no fault of the events");
    let mut expected: Vec<Value> = (0..12).map(|number| state(&format!("wamid.{number}"), "processed", 1)).collect();
    expected[7] = state("wamid.7", "dead", 8);
    expected.push(state("wamid.nobody", "dead", 1));
    expected.sort_by_key(|state| state["object_id"].to_string());
    assert_eq!(states(&app).await, expected);
    assert_eq!(app.count("select count(*) from messages").await, 11);
    assert_eq!(app.count("select count(*) from event_attempts").await, 9, "eight tries, and one that was hopeless");
    a_swallowed_error_is_found_out(&app).await;
}

/// The negative control: a dead event that is called processed.
async fn a_swallowed_error_is_found_out(app: &TestApp) {
    app.call_processed("object_id = 'wamid.7'", "w").await;
    assert_eq!(swallowed(app).await, ["wamid.7"]);
}
