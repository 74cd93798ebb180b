//! A dump, taken while everything works, restored into another database: what Meta sends again falls into its place.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sqlx::PgPool;

use crate::app::{Options, TestApp, status, text_message};
use crate::test_database::TestDatabase;

/// The posts of a day: messages of five people, and statuses of what was sent to them.
fn posts() -> Vec<Vec<u8>> {
    let post = |n: usize| {
        if n.is_multiple_of(3) {
            status(&format!("wamid.out.{}", n / 6), if n.is_multiple_of(2) { "sent" } else { "read" })
        } else {
            text_message(&format!("wamid.in.{n}"), &format!("1650555000{}", n % 5), &format!("Hello {n}"))
        }
    };
    (0..60).map(post).collect()
}

/// All that came of the posts, without the ids that each database makes for itself.
async fn outcome(app: &TestApp) -> BTreeSet<String> {
    let mut outcome = BTreeSet::new();
    for sql in [
        "select 'event' as what, dedup_key, event_type, object_id, payload, state from whatsapp_webhook_event_logs",
        "select 'delivery' as what, encode(body_sha256, 'hex') as hash, body from whatsapp_webhook_deliveries",
        "select 'message' as what, wamid, direction, type, body, content, status from messages",
        "select 'status' as what, wamid, status, recipient, occurred_at from message_statuses",
        "select 'person' as what, kind, value, profile_name from contact_identities i
         join contacts c on c.company_id = i.company_id and c.id = i.contact_id",
        "select 'conversation' as what, last_message_at, opened_at, wa_id from conversations c
         join contacts p on p.company_id = c.company_id and p.id = c.contact_id",
        "select 'how many' as what, (select count(*) from whatsapp_webhook_event_logs) as events,
                (select count(*) from messages) as messages, (select count(*) from message_statuses) as statuses,
                (select count(*) from contacts) as contacts, (select count(*) from conversations) as conversations",
    ] {
        outcome.extend(app.rows(sql).await.iter().map(Value::to_string));
    }
    outcome
}

/// Without what only sqlx understands.
fn plain(url: &str) -> &str {
    url.split('?').next().unwrap()
}

/// As `docs/backups.md` says it.
fn dump_and_restore(from: &TestDatabase, to: &TestDatabase) {
    let mut dump = Command::new("pg_dump")
        .args(["--format=custom", "--dbname", plain(&from.url)])
        .stdout(Stdio::piped())
        .spawn()
        .expect("pg_dump is installed beside PostgreSQL");
    let restored = Command::new("pg_restore")
        .args(["--exit-on-error", "--single-transaction", "--dbname", plain(&to.url)])
        .stdin(dump.stdout.take().unwrap())
        .output()
        .unwrap();
    assert!(dump.wait().unwrap().success());
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
}

/// Owners, privileges and policies, as far as a dump could lose them.
async fn guards(pool: &PgPool) -> Vec<String> {
    let sql =
        "select concat_ws(' ', relname, pg_get_userbyid(relowner), relrowsecurity, relforcerowsecurity, relacl::text,
                         case when relkind = 'v' then reloptions::text end)
               from pg_class where relkind in ('r', 'v') and relnamespace = 'public'::regnamespace
               union all
               select concat_ws(' ', tablename, policyname, permissive, roles, cmd, qual, with_check) from pg_policies
               order by 1";
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_what_comes_again_doubles_nothing_and_loses_nothing() {
    let app = TestApp::start().await;
    let posts = posts();
    for post in &posts[..30] {
        app.take_in(post.clone()).await;
    }
    // In the dump these wait for a worker, and the last ones are not there at all.
    for post in &posts[30..40] {
        app.accept(post.clone()).await;
    }
    let place = TestDatabase::empty().await;
    let (from, to) = (app.place.clone(), place.clone());
    tokio::task::spawn_blocking(move || dump_and_restore(&from, &to)).await.unwrap();
    for post in &posts[40..] {
        app.accept(post.clone()).await;
    }
    app.drain().await;

    let restored = TestApp::on(place, Arc::clone(&app.keys), Options { workers: 2, ..Options::default() }).await;
    assert_eq!(guards(&restored.pool).await, guards(&app.pool).await);
    let pending = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    restored.wait_until(pending, 0, Duration::from_secs(20)).await;
    assert_eq!(restored.count("select count(*) from whatsapp_webhook_event_logs").await, 40, "what the dump has");
    assert_ne!(outcome(&restored).await, outcome(&app).await, "the last posts are missing, and that is seen");
    for post in &posts[20..] {
        restored.accept(post.clone()).await;
    }
    restored.wait_until(pending, 0, Duration::from_secs(20)).await;
    assert_eq!(outcome(&restored).await, outcome(&app).await);
    restored.execute("delete from message_statuses where ctid = (select min(ctid) from message_statuses)").await;
    assert_ne!(outcome(&restored).await, outcome(&app).await, "one row less is seen");
}
