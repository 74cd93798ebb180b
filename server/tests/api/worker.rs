//! Workers: they share without doubling, survive each other's death, give up on nothing but what is hopeless, and say
//! what they did.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use server::clock::Clock;
use server::processing::apply::{ApplyError, Holder, Work, apply};
use server::processing::effect::Effects;
use server::processing::store::{Claimed, Failed, Lease, Part, claim, fail, finish, let_go, read};
use server::processing::wake::Wake;
use server::processing::worker::{Outcome, Worker, WorkerSettings};
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{NewTestAccount, Options, TestApp, body, text_message, value};

const LEASE: Duration = Duration::from_secs(30);

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct Hand(OffsetDateTime, Arc<AtomicI64>);

impl Hand {
    /// It begins a minute ahead.
    pub fn new() -> Self {
        // A little ahead of the server's, by which events are due.
        Self(Clock::system().now() + time::Duration::MINUTE, Arc::default())
    }

    /// What it says.
    pub fn now(&self) -> OffsetDateTime {
        self.0 + time::Duration::seconds(self.1.load(Ordering::Relaxed))
    }

    /// Moves it.
    pub fn forward(&self, seconds: i64) {
        self.1.fetch_add(seconds, Ordering::Relaxed);
    }

    /// It, for a worker.
    pub fn clock(&self) -> Clock {
        let hand = self.clone();
        Clock::from_fn(move || hand.now())
    }
}

/// A worker with this clock.
pub fn worker(app: &TestApp, name: &str, hand: &Hand) -> Worker {
    let settings = WorkerSettings { lease: LEASE, ..WorkerSettings::default() };
    Worker { name: name.into(), clock: hand.clock(), settings, ..app.worker.clone() }
}

/// One delivery with so many messages of one person, `wamid.0` and so on.
pub fn messages(count: usize) -> Vec<u8> {
    let message = |number| {
        json!({ "from": "16505551234", "id": format!("wamid.{number}"), "timestamp": "1763900000", "type": "text",
                "text": { "body": format!("Number {number}") } })
    };
    body(&value(&json!({
        "contacts": [{ "profile": { "name": "Lena Ortiz" }, "wa_id": "16505551234" }],
        "messages": (0..count).map(message).collect::<Vec<_>>(),
    })))
}

/// Makes the database refuse one message, as it would refuse what it cannot hold.
pub async fn forbid(app: &TestApp, wamid: &str) {
    run(app, &format!("alter table messages add constraint forbidden check (wamid <> '{wamid}')")).await;
}

async fn allow_again(app: &TestApp) {
    run(app, "alter table messages drop constraint forbidden").await;
}

async fn run(app: &TestApp, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&app.pool).await.unwrap();
}

async fn states(app: &TestApp) -> Vec<Value> {
    app.rows("select object_id, state, attempts, processed_by from whatsapp_webhook_event_logs order by object_id")
        .await
}

async fn next_attempt(app: &TestApp) -> OffsetDateTime {
    assert_eq!(app.count("select count(*) from event_queue").await, 1, "it stands in one place");
    sqlx::query_scalar("select due_at from event_queue").fetch_one(&app.pool).await.unwrap()
}

async fn claim_all(app: &TestApp, now: OffsetDateTime) -> (Lease, Vec<Work>) {
    let mut engine = app.database.engine.acquire().await.unwrap();
    let lease = claim(&mut engine, Uuid::new_v4(), (None, now), LEASE, 500).await.unwrap();
    let claimed = read(&mut engine, &lease).await.unwrap();
    (lease, claimed.into_iter().map(|event: Claimed| Work { event, effects: Effects::default() }).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_work_and_double_nothing() {
    let app = TestApp::start().await;
    app.accept(messages(60)).await;
    let hand = Hand::new();
    let small = WorkerSettings { batch: 7, ..WorkerSettings::default() };
    let drain = |name: &str| {
        let worker = Worker { settings: small, ..worker(&app, name, &hand) };
        let pool = app.pool.clone();
        tokio::spawn(async move {
            let mut processed = 0;
            // Of one row of the queue, who comes second to a claim may get nothing, and comes again.
            while sqlx::query_scalar("select exists (select from event_queue)").fetch_one(&pool).await.unwrap() {
                match worker.run_once().await.unwrap() {
                    Outcome::Worked { processed: more, failed: 0 } => processed += more,
                    Outcome::Idle => {}
                    other => panic!("{other:?}"),
                }
            }
            processed
        })
    };
    let (one, other) = tokio::join!(drain("one"), drain("other"));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one > 0 && other > 0, "{one} and {other}: one of them did everything");
    assert_eq!(one + other, 60);
    assert_eq!(app.count("select count(*) from messages").await, 60);
    assert_eq!(
        app.count("select count(*) from whatsapp_webhook_event_logs where processed and attempts = 1").await,
        60
    );
    assert_eq!(app.count("select sum((details->>'count')::int) from audit_log where actor_kind = 'system'").await, 60);
}

/// A worker that has never a moment's rest still finds what has been due for long and was not to be had when it last
/// looked that far back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_held_by_a_worker_that_died_is_taken_over_under_load_too() {
    let app = TestApp::start().await;
    app.accept(text_message("wamid.held", "16505551234", "Hello")).await;
    run(
        &app,
        "update event_queue set due_at = due_at - interval '1 hour', lease_token = gen_random_uuid(),
                lease_until = now() + interval '1 second'",
    )
    .await;
    let (wake, stop) = (Wake::default(), CancellationToken::new());
    let running = tokio::spawn(app.worker.clone().run(wake.clone(), stop.clone()));
    let (began, mut sent) = (Instant::now(), 0);
    let held =
        "select count(*) from whatsapp_webhook_event_logs where object_id = 'wamid.held' and state = 'processed'";
    while app.count(held).await == 0 {
        sent += 1;
        app.accept(text_message(&format!("wamid.{sent}"), "16505551234", "Hello")).await;
        wake.now();
        assert!(began.elapsed() < Duration::from_secs(6), "nobody looks that far back");
    }
    assert!(began.elapsed() > Duration::from_millis(900), "it was not held");
    assert!(app.count("select count(*) from event_outcomes").await > 20, "there was no load");
    stop.cancel();
    running.await.unwrap();
}

/// What has left the queue stays in its index for a while: whoever claims often steps over it once in a while only.
#[tokio::test]
async fn a_claim_need_not_step_over_all_that_has_left_the_queue() {
    let app = TestApp::start().await;
    run(&app, "alter table event_queue set (autovacuum_enabled = off)").await;
    // A transaction as old as that keeps PostgreSQL from forgetting what leaves.
    let mut old = PgConnection::connect(&app.place.url).await.unwrap();
    sqlx::raw_sql("begin isolation level repeatable read; select 1").execute(&mut old).await.unwrap();
    run(
        &app,
        "insert into event_queue (company_id, account_id, id, due_at, events)
         select company_id, id, gen_random_uuid(), now() - interval '1 hour', array[gen_random_uuid()]
         from whatsapp_accounts, generate_series(1, 40000);
         delete from event_queue",
    )
    .await;
    let mut engine = app.database.engine.acquire().await.unwrap();
    let mut took = [Duration::ZERO; 2];
    for _ in 0..5 {
        let now = Clock::system().now();
        for (took, from) in took.iter_mut().zip([None, Some(now - Duration::from_secs(1))]) {
            let began = Instant::now();
            assert!(claim(&mut engine, Uuid::new_v4(), (from, now), LEASE, 500).await.unwrap().is_empty());
            *took += began.elapsed();
        }
    }
    let [all, recent] = took;
    eprintln!("five claims that look at everything took {all:?}, from a second ago {recent:?}");
    assert!(recent * 2 < all, "{recent:?} against {all:?}");
}

/// Twelve messages take longer than a step may, six do not.
#[tokio::test]
async fn a_batch_that_is_too_much_for_one_transaction_is_divided() {
    let app = TestApp::start().await;
    app.accept(messages(12)).await;
    run(
        &app,
        "create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return new; end $$;
         create trigger slowly before insert on messages for each row execute function slowly()",
    )
    .await;
    let settings = WorkerSettings { patience: Duration::from_secs(2), ..WorkerSettings::default() };
    let worker = Worker { settings, ..worker(&app, "w", &Hand::new()) };
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 12, failed: 0 });
    assert_eq!(app.count("select count(*) from messages").await, 12);
    assert_eq!(app.count("select count(*) from event_queue").await, 0);
}

/// Statistics of the queue are of when it was empty, as they are most of the time, and then a burst comes.
#[tokio::test]
async fn a_queue_that_is_taken_for_empty_is_worked_on_as_fast_as_any() {
    const FILL: &str = "
        insert into event_queue (company_id, account_id, id, due_at, events)
        select company_id, id, gen_random_uuid(), now() - interval '1 hour', array[gen_random_uuid()]
        from whatsapp_accounts, generate_series(1, 6000)";
    let app = TestApp::start().await;
    run(&app, "alter table event_queue set (autovacuum_enabled = off)").await;
    run(&app, FILL).await;
    run(&app, "delete from event_queue; analyze event_queue").await;
    run(&app, FILL).await;
    let misled = app.count("select reltuples::bigint from pg_class where relname = 'event_queue'").await;
    assert_eq!(misled, 0, "PostgreSQL knows better");
    let step = || async {
        let began = Instant::now();
        let mut engine = app.database.engine.acquire().await.unwrap();
        let lease = claim(&mut engine, Uuid::new_v4(), (None, Clock::system().now()), LEASE, 500).await.unwrap();
        let (part, now) = (Part { events: &[], is_all: true }, Clock::system().now());
        let mut transaction = engine.begin().await.unwrap();
        finish(&mut transaction, &lease, part, ("test", now), &[]).await.unwrap();
        transaction.commit().await.unwrap();
        began.elapsed()
    };
    let back = || async {
        let mut engine = app.database.engine.acquire().await.unwrap();
        let lease = claim(&mut engine, Uuid::new_v4(), (None, Clock::system().now()), LEASE, 500).await.unwrap();
        let began = Instant::now();
        let_go(&app.database.engine, &lease).await.unwrap();
        began.elapsed()
    };
    let taken_for_empty = (step().await, back().await);
    run(&app, "analyze event_queue").await;
    let known = (step().await, back().await);
    assert_eq!(app.count("select count(*) from event_queue").await, 4_000, "what is not in the log leaves the queue");
    eprintln!("taken for empty {taken_for_empty:?}, known {known:?}");
    for (misled, known) in [(taken_for_empty.0, known.0), (taken_for_empty.1, known.1)] {
        assert!(misled < known * 4 + Duration::from_millis(100), "{misled:?}, and {known:?} when known");
    }
}

#[tokio::test]
async fn while_a_lease_lasts_nobody_else_takes_the_event_and_then_somebody_does() {
    let app = TestApp::start().await;
    app.accept(messages(1)).await;
    let hand = Hand::new();
    let (_, held) = claim_all(&app, hand.now()).await;
    assert_eq!(held.len(), 1);
    let second = worker(&app, "second", &hand);
    hand.forward(29);
    assert_eq!(second.run_once().await.unwrap(), Outcome::Idle);
    hand.forward(2);
    assert_eq!(second.run_once().await.unwrap(), Outcome::Worked { processed: 1, failed: 0 });
    let expected = json!({ "object_id": "wamid.0", "state": "processed", "attempts": 1, "processed_by": "second" });
    assert_eq!(states(&app).await, [expected], "a worker that died is no failed try");
}

#[tokio::test]
async fn a_worker_that_slept_past_its_lease_changes_nothing() {
    let app = TestApp::start().await;
    app.accept(messages(2)).await;
    let hand = Hand::new();
    let (sleeper, held) = claim_all(&app, hand.now()).await;
    hand.forward(31);
    let (other, taken) = claim_all(&app, hand.now()).await;
    assert_eq!((held.len(), taken.len()), (2, 2));
    let held: Vec<&Work> = held.iter().collect();
    let holder = Holder { worker: "sleeper", lease: &sleeper, now: hand.now(), is_all: true };
    for (holder, held) in [(holder, &held[..]), (Holder { is_all: false, ..holder }, &held[..1])] {
        let late = apply(&mut app.database.engine.acquire().await.unwrap(), holder, held).await;
        assert!(matches!(late, Err(ApplyError::LeaseLost)), "{late:?}");
    }
    let failed = Failed { event: &held[0].event, error: "Late.", next_attempt_at: None };
    assert!(!fail(&app.database.engine, &sleeper, "sleeper", hand.now(), failed).await.unwrap());
    let untouched = |number| json!({ "object_id": format!("wamid.{number}"), "state": "pending", "attempts": 0, "processed_by": null });
    assert_eq!(states(&app).await, [untouched(0), untouched(1)], "still the other worker's");
    let others = format!("select cardinality(events)::bigint from event_queue where lease_token = '{}'", other.token);
    assert_eq!(app.count(&others).await, 2);
    assert_eq!(app.count("select count(*) from audit_log where actor_kind = 'system'").await, 0);
    assert_eq!(app.count("select count(*) from event_attempts").await, 0);
}

#[tokio::test]
async fn an_event_that_somebody_else_processed_holds_the_whole_batch_back() {
    let app = TestApp::start().await;
    app.accept(messages(2)).await;
    let hand = Hand::new();
    let (lease, held) = claim_all(&app, hand.now()).await;
    app.call_processed("object_id = 'wamid.1'", "other").await;
    let held: Vec<&Work> = held.iter().collect();
    for is_all in [false, true] {
        let holder = Holder { worker: "w", lease: &lease, now: hand.now(), is_all };
        let result = apply(&mut app.database.engine.acquire().await.unwrap(), holder, &held).await;
        assert!(matches!(result, Err(ApplyError::LeaseLost)));
        assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs where processed").await, 1);
    }
    assert_eq!(app.count("select count(*) from messages").await, 0);
}

#[tokio::test]
async fn an_event_that_is_done_already_leaves_the_queue_and_its_neighbours_go_through() {
    let app = TestApp::start().await;
    app.accept(messages(3)).await;
    app.call_processed("object_id = 'wamid.1'", "other").await;
    let worker = worker(&app, "w", &Hand::new());
    assert_eq!(worker.run_once().await.unwrap(), Outcome::GaveUp);
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 2, failed: 0 });
    assert_eq!(app.count("select count(*) from event_queue").await, 0);
    assert_eq!(app.count("select count(*) from messages where wamid = 'wamid.1'").await, 0, "the other's is all of it");
}

#[tokio::test]
async fn an_event_that_fails_on_data_holds_up_no_neighbour() {
    let app = TestApp::start().await;
    app.accept(messages(20)).await;
    forbid(&app, "wamid.13").await;
    let hand = Hand::new();
    let outcome = worker(&app, "w", &hand).run_once().await.unwrap();
    assert_eq!(outcome, Outcome::Worked { processed: 19, failed: 1 });
    assert_eq!(app.count("select count(*) from messages").await, 19);
    let failed = app.rows("select object_id, attempts from whatsapp_webhook_event_logs where state = 'pending'").await;
    assert_eq!(failed, [json!({ "object_id": "wamid.13", "attempts": 1 })]);
    let tries = app.rows("select attempt, worker, error like '%forbidden%' as said from event_attempts").await;
    assert_eq!(tries, [json!({ "attempt": 1, "worker": "w", "said": true })]);
}

#[tokio::test]
async fn a_failure_comes_again_by_the_schedule_until_it_is_dead_and_can_be_replayed() {
    let app = TestApp::start().await;
    app.accept(messages(1)).await;
    forbid(&app, "wamid.0").await;
    let hand = Hand::new();
    let worker = worker(&app, "w", &hand);
    for wait in [5, 30, 120, 600, 3_600, 21_600, 86_400] {
        assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 0, failed: 1 });
        let due = next_attempt(&app).await - hand.now();
        let wait = time::Duration::seconds(wait);
        assert!((wait * 0.8..=wait * 1.2).contains(&due), "{due} is not {wait} give or take a fifth");
        hand.forward(due.whole_seconds() - 1);
        assert_eq!(worker.run_once().await.unwrap(), Outcome::Idle, "before it is due");
        hand.forward(2);
    }
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 0, failed: 1 });
    let dead = json!({ "object_id": "wamid.0", "state": "dead", "attempts": 8, "processed_by": null });
    assert_eq!(states(&app).await, [dead]);
    let said = "select count(*) from whatsapp_webhook_event_logs where last_error like '%forbidden%'";
    assert_eq!(app.count(said).await, 1, "the row keeps its error");
    assert_eq!(app.count("select count(distinct attempt) from event_attempts").await, 8);
    hand.forward(1_000_000);
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Idle, "the dead are left alone");

    allow_again(&app).await;
    app.let_wait("fault = 'dead'", "now()").await;
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 1, failed: 0 });
    assert_eq!(app.count("select count(*) from messages where body = 'Number 0'").await, 1);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs where last_error is not null").await, 0);
}

#[tokio::test]
async fn what_can_never_be_applied_is_dead_at_once_with_its_reason() {
    let app = TestApp::start().await;
    let nobody =
        json!({ "id": "wamid.nobody", "timestamp": "1763900000", "type": "text", "text": { "body": "Hello" } });
    app.accept(body(&value(&json!({ "messages": [nobody] })))).await;
    app.accept(text_message("wamid.somebody", "16505551234", "Hello")).await;
    app.drain().await;
    let rows = app
        .rows("select object_id, state, attempts, last_error from whatsapp_webhook_event_logs order by object_id")
        .await;
    let nobody = json!({ "object_id": "wamid.nobody", "state": "dead", "attempts": 1,
                         "last_error": "The message names neither a person nor a group." });
    let somebody = json!({ "object_id": "wamid.somebody", "state": "processed", "attempts": 1, "last_error": null });
    assert_eq!(rows, [nobody, somebody]);
    assert_eq!(app.count("select count(*) from event_attempts where attempt = 1").await, 1);
}

#[tokio::test]
async fn an_error_of_the_database_is_no_failed_try() {
    let app = TestApp::start().await;
    app.accept(messages(3)).await;
    run(&app, "revoke insert on messages from waypost_engine").await;
    let hand = Hand::new();
    let worker = worker(&app, "w", &hand);
    assert_eq!(worker.run_once().await.unwrap(), Outcome::GaveUp);
    let untouched = "select count(*) from whatsapp_webhook_event_logs
                     where state = 'pending' and attempts = 0 and last_error is null";
    assert_eq!(app.count(untouched).await, 3);
    assert_eq!(app.leased().await, 0);
    assert_eq!(app.count("select count(*) from event_attempts").await, 0);
    run(&app, "grant insert on messages to waypost_engine").await;
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 3, failed: 0 }, "at once, with no lease");
}

#[tokio::test]
async fn a_batch_that_only_goes_through_in_parts_leaves_no_lease_behind() {
    let app = TestApp::start().await;
    app.accept(messages(2)).await;
    run(
        &app,
        "create function one_at_a_time() returns trigger language plpgsql as $$
         begin
             if (select count(*) from new_rows) > 1 then
                 raise exception 'too many at once' using errcode = 'check_violation';
             end if;
             return null;
         end $$;
         create trigger one_at_a_time after insert on messages referencing new table as new_rows
             for each statement execute function one_at_a_time()",
    )
    .await;
    let outcome = worker(&app, "w", &Hand::new()).run_once().await.unwrap();
    assert_eq!(outcome, Outcome::Worked { processed: 2, failed: 0 });
    assert_eq!(app.count("select count(*) from event_queue").await, 0);
}

#[tokio::test]
async fn where_a_failure_cannot_be_recorded_nothing_stays_leased() {
    let app = TestApp::start().await;
    app.accept(messages(3)).await;
    forbid(&app, "wamid.1").await;
    run(&app, "revoke insert on event_attempts from waypost_engine").await;
    let hand = Hand::new();
    let worker = worker(&app, "w", &hand);
    assert_eq!(worker.run_once().await.unwrap(), Outcome::GaveUp);
    assert_eq!(app.leased().await, 0);
    run(&app, "grant insert on event_attempts to waypost_engine").await;
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 0, failed: 1 }, "at once, with no lease");
}

#[tokio::test]
async fn the_audit_log_has_one_entry_for_each_batch_and_account() {
    let app = TestApp::start().await;
    let other = NewTestAccount {
        company: "Blue Harbour",
        phone_number_id: "2002",
        waba_id: "1001",
        ..NewTestAccount::default()
    };
    let other = app.add_account(other).await;
    app.accept(messages(5)).await;
    let text = String::from_utf8(messages(2)).unwrap().replace(&app.account.phone_number_id, "2002");
    assert_eq!(app.post(&other, text.replace(&app.account.waba_id, "1001")).await.status(), 200);
    let hand = Hand::new();
    let worker = worker(&app, "w", &hand);
    assert_eq!(worker.run_once().await.unwrap(), Outcome::Worked { processed: 7, failed: 0 });
    let entries = app
        .rows(
            "select name, actor_name, action, outcome, details->'count' as count,
                    (details->>'first')::uuid = e.first and (details->>'last')::uuid = e.last as spans
             from audit_log a join companies c using (company_id)
             join lateral (select (array_agg(id order by id))[1] as first, (array_agg(id order by id desc))[1] as last
                           from whatsapp_webhook_event_logs l where l.company_id = a.company_id) e on true
             where actor_kind = 'system' order by name",
        )
        .await;
    let entry = |name: &str, count: usize| {
        json!({ "name": name, "actor_name": "w", "action": "events.processed", "outcome": "done", "count": count,
                "spans": true })
    };
    assert_eq!(entries, [entry("Acme Travel", 5), entry("Blue Harbour", 2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_is_woken_by_what_was_stored_and_does_not_wait_for_its_next_look() {
    let rarely = WorkerSettings { poll: Duration::from_mins(10), ..WorkerSettings::default() };
    let app = TestApp::with(Options { workers: 1, worker: rarely, ..Options::default() }).await;
    // The first post also makes connections; what is measured is the rest.
    for number in 0..5 {
        app.accept(text_message(&format!("wamid.{number}"), "16505551234", "Hello")).await;
        let acknowledged = Instant::now();
        let limit = Duration::from_secs(if number == 0 { 5 } else { 1 });
        app.wait_until("select count(*) from messages", number + 1, limit).await;
        eprintln!("visible {:?} after the 200", acknowledged.elapsed());
    }
}
