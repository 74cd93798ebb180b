//! What is old leaves the log in small steps; what still waits, and what the product keeps, does not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use server::clock::Clock;
use server::database::{Database, PoolSizes};
use server::retention::{Removed, Retention, RetentionSettings};
use server::simulate::Traffic;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::{NUMBER, NewTestAccount, Options, TestApp, fixture, status, text_message, value};
use crate::line::{Answer, Line, damage};
use crate::process::stand;

const DAYS: u16 = 8;

/// Retention for whom everything is old that came before this moment.
fn retention(app: &TestApp, moment: OffsetDateTime, settings: RetentionSettings) -> Retention {
    let now = moment + time::Duration::days(DAYS.into());
    Retention { engine: app.database.engine.clone(), clock: Clock::from_fn(move || now), settings }
}

/// A pass in which everything is old that has come so far.
async fn let_leave(app: &TestApp) -> Removed {
    let moment = now_and_a_little().await;
    retention(app, moment, RetentionSettings::of_days(DAYS)).run_once(&CancellationToken::new()).await.unwrap()
}

/// A moment that lies apart from what came before and from what comes after.
async fn now_and_a_little() -> OffsetDateTime {
    tokio::time::sleep(Duration::from_millis(5)).await;
    let moment = Clock::system().now();
    tokio::time::sleep(Duration::from_millis(5)).await;
    moment
}

/// All that the product keeps.
async fn kept(app: &TestApp) -> Vec<(&'static str, Vec<Value>)> {
    let mut kept = Vec::new();
    for table in ["contacts", "contact_identities", "conversations", "messages", "message_statuses"] {
        let rows = format!("select * from (select to_jsonb(t) as row from {table} t) rows order by row::text");
        kept.push((table, app.rows(&rows).await));
    }
    kept
}

async fn thinned(app: &TestApp) -> Vec<Value> {
    app.rows("select company_id, details from audit_log where action = 'log.thinned' order by company_id").await
}

#[tokio::test]
async fn what_is_old_leaves_and_what_is_young_stays() {
    let app = TestApp::start().await;
    let new = NewTestAccount { company: "Birch Hotels", phone_number_id: "2002", ..NewTestAccount::default() };
    let birch = app.add_account(new).await;
    app.take_in(text_message("wamid.old", "16505551234", "Hello")).await;
    app.take_in(status("wamid.out", "failed")).await;
    let theirs = String::from_utf8(text_message("wamid.birch", "16505551234", "Hello")).unwrap();
    assert_eq!(app.post(&birch, theirs.replace(NUMBER, "2002")).await.status(), 200);
    for path in [&app.account.callback_path, "/api/webhooks/whatsapp/nobodys"] {
        app.unsigned(path, "{}").send().await.unwrap();
    }
    app.wait_for_rejections(2).await;
    app.drain().await;
    app.execute(
        "insert into event_attempts (company_id, event_id, attempt, failed_at, worker, error)
         select company_id, id, 1, now(), 'test', 'It failed.' from whatsapp_webhook_event_logs",
    )
    .await;
    let moment = now_and_a_little().await;
    app.take_in(text_message("wamid.young", "16505551234", "Hello")).await;
    let before = kept(&app).await;

    let retention = retention(&app, moment, RetentionSettings::of_days(DAYS));
    let removed = retention.run_once(&CancellationToken::new()).await.unwrap();
    assert_eq!(removed, Removed { deliveries: 3, events: 3, attempts: 3, rejections: 2 });
    assert_eq!(app.texts("select object_id from whatsapp_webhook_event_logs").await, ["wamid.young"]);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 1);
    assert_eq!(app.count("select count(*) from event_attempts").await, 0);
    assert_eq!(app.count("select count(*) from event_outcomes").await, 1);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_rejections").await, 0);
    assert_eq!(kept(&app).await, before, "messages, statuses and people stay as they are");
    let told = |account: &crate::app::TestAccount, deliveries: u8, rejections: u8| {
        json!({ "company_id": account.owner.company, "details": {
            "kept_for_days": 8, "deliveries": deliveries, "events": deliveries, "rejections": rejections } })
    };
    assert_eq!(thinned(&app).await, [told(&app.account, 2, 1), told(&birch, 1, 0)]);

    let again = retention.run_once(&CancellationToken::new()).await.unwrap();
    assert_eq!(again, Removed::default(), "nothing is left to leave");
    let later = Retention {
        clock: Clock::from_fn(move || moment + time::Duration::days(8) + Duration::from_secs(1)),
        ..retention
    };
    if later.clock.now().date() == (moment + time::Duration::days(8)).date() {
        assert_eq!(later.run_once(&CancellationToken::new()).await.unwrap().deliveries, 1);
        let entries = thinned(&app).await;
        assert_eq!(entries, [told(&app.account, 3, 1), told(&birch, 1, 0)], "one entry a day and company");
    }
}

#[tokio::test]
async fn what_was_not_processed_never_leaves() {
    let app = TestApp::start().await;
    let two = |first: &str, second: &str| {
        let message = |id: &str| json!({ "from": "16505551234", "id": id, "timestamp": "1763900000", "type": "text", "text": { "body": "x" } });
        crate::app::body(&value(&json!({ "messages": [message(first), message(second)] })))
    };
    app.take_in(two("wamid.dead", "wamid.beside.dead")).await;
    app.take_in(two("wamid.replayed", "wamid.beside.replayed")).await;
    app.take_in("no json at all").await;
    let foreign = String::from_utf8(text_message("wamid.unrouted", "16505551234", "Hello")).unwrap();
    app.take_in(foreign.replace(NUMBER, "999").replace(crate::app::WABA, "998")).await;
    app.give_up("object_id = 'wamid.dead'", "It failed.").await;
    app.let_wait("object_id = 'wamid.replayed'", "received_at").await;
    app.accept(text_message("wamid.waiting", "16505551234", "Hello")).await;
    let states = "select distinct state::text from whatsapp_webhook_event_logs order by 1";
    assert_eq!(app.texts(states).await, ["dead", "pending", "processed", "quarantined", "unrouted"]);
    assert_eq!(let_leave(&app).await, Removed { deliveries: 2, events: 2, attempts: 0, rejections: 0 });
    let left = "select object_id from whatsapp_webhook_event_logs order by 1";
    let all = ["wamid.beside.dead", "wamid.beside.replayed", "wamid.dead", "wamid.replayed", "wamid.waiting"];
    assert_eq!(app.texts(left).await, all, "and what came in one body with it stays with it");
    app.drain().await;
    assert_eq!(let_leave(&app).await.events, 3);
    assert_eq!(app.texts(left).await, ["wamid.beside.dead", "wamid.dead"]);
}

#[tokio::test]
async fn events_whose_delivery_is_gone_leave_as_soon_as_they_do_not_wait() {
    let app = TestApp::start().await;
    for wamid in ["wamid.loose", "wamid.loose.dead", "wamid.whole"] {
        app.take_in(text_message(wamid, "16505551234", "Hello")).await;
    }
    app.give_up("object_id = 'wamid.loose.dead'", "It failed.").await;
    app.execute(
        "insert into event_attempts (company_id, event_id, attempt, failed_at, worker, error)
         select company_id, id, 1, now(), 'test', 'It failed.' from whatsapp_webhook_event_logs;
         delete from whatsapp_webhook_deliveries
         where id in (select delivery_id from whatsapp_webhook_event_logs where object_id like 'wamid.loose%')",
    )
    .await;
    let moment = now_and_a_little().await;
    for wamid in ["wamid.young.loose", "wamid.young"] {
        app.take_in(text_message(wamid, "16505551234", "Hello")).await;
    }
    app.execute(
        "delete from whatsapp_webhook_deliveries
         where id in (select delivery_id from whatsapp_webhook_event_logs where object_id = 'wamid.young.loose')",
    )
    .await;
    let small = RetentionSettings { batch: 1, ..RetentionSettings::of_days(DAYS) };
    let removed = retention(&app, moment, small).run_once(&CancellationToken::new()).await.unwrap();
    assert_eq!(removed, Removed { deliveries: 1, events: 2, attempts: 2, rejections: 0 });
    let left = "select object_id from whatsapp_webhook_event_logs order by 1";
    assert_eq!(app.texts(left).await, ["wamid.loose.dead", "wamid.young", "wamid.young.loose"]);
    assert_eq!(app.count("select count(*) from event_outcomes").await, 2, "of the two that are young");
    assert_eq!(thinned(&app).await[0]["details"]["events"], json!(2));
}

#[tokio::test]
async fn what_comes_again_after_it_left_changes_nothing() {
    let app = TestApp::start().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        // What tells of a change of id is told again, and the person changes once more.
        .filter(|name| !["change_user_id_update", "message_system_number", "message_system_user_id"].contains(&&**name))
        .collect();
    names.sort();
    assert!(names.len() > 50, "{names:?}");
    for name in &names {
        app.take_in(fixture(name)).await;
    }
    let before = kept(&app).await;
    let removed = let_leave(&app).await;
    assert!(removed.events > 50, "{removed:?}");
    for name in &names {
        app.take_in(fixture(name)).await;
    }
    let anew = app.count("select count(*) from whatsapp_webhook_event_logs").await;
    assert_eq!(anew, removed.events, "they were stored and processed anew");
    for ((table, before), (_, after)) in before.iter().zip(kept(&app).await) {
        assert_eq!(*before, after, "{table}");
    }
    // Had it not been processed anew, the above would prove nothing.
    app.execute(
        "delete from message_statuses; delete from event_outcomes; delete from whatsapp_webhook_events;
         delete from whatsapp_webhook_deliveries",
    )
    .await;
    app.take_in(fixture("status_failed")).await;
    assert_eq!(app.count("select count(*) from message_statuses").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_old_rows_leave_no_post_is_refused_and_no_message_is_missing() {
    let app = TestApp::with(Options { workers: 2, ..Options::default() }).await;
    let line =
        Line::new(&app.url, &app.account, &Traffic { duplicates: 0.2, bad_signatures: 0.0, ..Traffic::default() });
    let senders = line.open(8);
    line.until_accepted(0).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = line.answers();
    // What is older than a fifth of a second is old; without rest, so that it is always at work.
    let ahead = time::Duration::days(DAYS.into()) - Duration::from_millis(200);
    let clock = Clock::from_fn(move || Clock::system().now() + ahead);
    let settings = RetentionSettings { batch: 50, rest: 0, ..RetentionSettings::of_days(DAYS) };
    let retention = Retention { engine: app.database.engine.clone(), clock, settings };
    let (began, mut removed) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(3) {
        removed += retention.run_once(&CancellationToken::new()).await.unwrap().events;
    }
    senders.stop().await;
    let answers = line.answers();
    let refused: Vec<_> = answers.iter().filter(|answer| !answer.is(200)).collect();
    assert!(refused.is_empty(), "{} of {}: {:?}", refused.len(), answers.len(), refused[0]);
    assert!(removed > 100, "only {removed} left");
    let pending = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    app.wait_until(pending, 0, Duration::from_secs(20)).await;
    let found = damage(&app.pool, &line.expected()).await;
    assert_eq!((found.missing, found.doubled), (0, 0));
    assert!(found.lost > 100, "what has left is seen to be gone from the log: {found:?}");
    let during = &answers[before.len()..];
    eprintln!("{} posts without: {}", before.len(), quantiles(&before));
    eprintln!("{} posts while {removed} events left: {}", during.len(), quantiles(during));
}

/// How long the door took.
fn quantiles(answers: &[Answer]) -> String {
    let mut took: Vec<Duration> = answers.iter().map(|answer| answer.took).collect();
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    format!("p50 {:?}, p99 {:?}", at(50), at(99))
}

#[tokio::test]
async fn of_several_instances_one_steps_at_a_time() {
    let app = TestApp::start().await;
    app.take_in(text_message("wamid.1", "16505551234", "Hello")).await;
    let mut other = PgConnection::connect(&app.place.url).await.unwrap();
    sqlx::raw_sql("begin; select pg_advisory_xact_lock(x'776179706f737401'::bigint)")
        .execute(&mut other)
        .await
        .unwrap();
    assert_eq!(let_leave(&app).await, Removed::default());
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    assert_eq!(let_leave(&app).await.events, 1);
}

#[tokio::test]
async fn a_server_lets_old_rows_leave_by_itself_and_stops_at_once() {
    let first = TestApp::start().await;
    for number in 0..3 {
        first.take_in(text_message(&format!("wamid.{number}"), "16505551234", "Hello")).await;
    }
    // After its first step it would rest for hours.
    let settings = RetentionSettings {
        batch: 1,
        interval: Duration::from_millis(50),
        rest: 3_600_000,
        ..RetentionSettings::of_days(DAYS)
    };
    let clock = Clock::from_fn(|| Clock::system().now() + time::Duration::days(DAYS.into()));
    let options = Options { retention: Some(settings), clock, ..Options::default() };
    let app = TestApp::on(first.place.clone(), Arc::clone(&first.keys), options).await;
    app.wait_until("select count(*) from whatsapp_webhook_deliveries", 2, Duration::from_secs(10)).await;
    let began = Instant::now();
    app.stop().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn fewer_days_than_meta_tries_again_are_refused() {
    let (_app, program) = stand().await;
    let said = program.run(&["serve", "--retention-days", "7"], "").await;
    let words = String::from_utf8(said.stderr).unwrap();
    assert!(!said.status.success() && words.contains("--retention-days") && words.contains("8.."), "{words}");
}

/// The plan of the program's own statement, as prepared by its first use on this connection.
pub async fn plan(connection: &mut PgConnection, which: &str, parameters: &str) -> String {
    let found = sqlx::query("select name from pg_prepared_statements where statement like $1")
        .bind(format!("%{which}%"))
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    let explain = format!("explain execute \"{}\"({parameters})", found.get::<String, _>(0));
    let lines = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(connection).await.unwrap();
    lines.iter().map(|line| line.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

/// What it may have brought is not seen by a step that began before.
#[tokio::test]
async fn a_delivery_that_has_just_come_again_stays_until_the_next_pass() {
    let app = TestApp::start().await;
    app.take_in(text_message("wamid.1", "16505551234", "Hello")).await;
    let moment = now_and_a_little().await;
    let retention = retention(&app, moment, RetentionSettings::of_days(DAYS));
    let again = format!("update whatsapp_webhook_deliveries set last_seen_at = '{}'", retention.clock.now());
    app.execute(&again).await;
    assert_eq!(retention.run_once(&CancellationToken::new()).await.unwrap(), Removed::default());
    app.execute("update whatsapp_webhook_deliveries set last_seen_at = last_seen_at - interval '2 minutes'").await;
    let removed = retention.run_once(&CancellationToken::new()).await.unwrap();
    assert_eq!((removed.deliveries, removed.events), (1, 1));
}

#[tokio::test]
async fn a_step_reads_by_index_only() {
    let app = TestApp::start().await;
    app.take_in(text_message("wamid.1", "16505551234", "Hello")).await;
    app.execute(
        "insert into whatsapp_webhook_deliveries
         select (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(),
                 'body_sha256', '\\x' || encode(sha256(n::text::bytea), 'hex')))).*
         from whatsapp_webhook_deliveries d, generate_series(1, 5000) n;
         insert into whatsapp_webhook_events
             (company_id, id, delivery_id, position, body_offset, body_length, account_id, event_type, event_ts,
              received_at, dedup_key, payload)
         select d.company_id, gen_random_uuid(), d.id, n, 0, 1, signed_by_account, 'message', now(), now(),
                d.id || ':' || n, '{}'
         from whatsapp_webhook_deliveries d, generate_series(1, 4) n;
         insert into event_outcomes (company_id, event_id, processed_at, attempts, processed_by)
         select company_id, id, now(), 1, 'test' from whatsapp_webhook_event_logs where not processed;
         insert into event_attempts (company_id, event_id, attempt, failed_at, worker, error)
         select company_id, id, 1, now(), 'test', 'It failed.' from whatsapp_webhook_event_logs;
         insert into whatsapp_webhook_rejections (company_id, id, reason, method, callback_path, rejected_at)
         select company_id, ('f' || substr(id::text, 2))::uuid, 'bad_signature', 'POST', '/', now()
         from whatsapp_webhook_event_logs;
         analyze",
    )
    .await;
    let database = Database::new(&app.place.url.clone().into(), PoolSizes { engine: 1, console: 1 }).unwrap();
    // Nothing is old, but the statements are prepared.
    let moment = Clock::system().now() - time::Duration::days(1);
    let idle =
        Retention { engine: database.engine.clone(), ..retention(&app, moment, RetentionSettings::of_days(DAYS)) };
    assert_eq!(idle.run_once(&CancellationToken::new()).await.unwrap(), Removed::default());
    let mut engine = database.engine.acquire().await.unwrap();
    let company = app.account.owner.company;
    let deliveries = format!(
        "1, '{company}', '00000000-0000-0000-0000-000000000000', '019fffff-0000-7000-8000-000000000000', 500, 4000000,
         now(), '{company}', now(), 8"
    );
    let rejections = format!("1, '{company}', '019fffff-0000-7000-8000-000000000000', 500, '{company}', now(), 8");
    let orphans = format!(
        "1, '{company}', '00000000-0000-0000-0000-000000000000', '019fffff-0000-7000-8000-000000000000', 500, now(),
         '{company}', now(), 8"
    );
    for (which, parameters) in [
        ("gone_deliveries as", &deliveries),
        ("d.id = aged.delivery_id", &orphans),
        ("whatsapp_webhook_rejections r", &rejections),
    ] {
        let plan = plan(&mut engine, which, parameters).await;
        assert!(!plan.contains("Seq Scan on whatsapp_") && !plan.contains("Seq Scan on event_"), "{plan}");
    }
    // Without the index the whole log would be read, and this is seen.
    app.execute("drop index whatsapp_webhook_events_by_delivery").await;
    let plan = plan(&mut engine, "gone_deliveries as", &deliveries).await;
    assert!(plan.contains("Seq Scan on whatsapp_webhook_events"), "{plan}");
}
