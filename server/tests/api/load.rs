//! Realistic traffic through the whole of it: everything that was acknowledged is stored, processed once, and where it
//! belongs. `WAYPOST_TEST_UPDATES` says how much.

use std::sync::Arc;
use std::time::Duration;

use server::clock::Clock;
use server::simulate::{Expected, Generator, Pace, Target, Traffic, Verdict, check, send};
use time::OffsetDateTime;

use crate::app::{NUMBER, Options, TestApp, WABA};
use crate::line::double;

const DEADLINE: Duration = Duration::from_mins(1);

fn traffic() -> Traffic {
    let count = std::env::var("WAYPOST_TEST_UPDATES").ok().map_or(3000, |count| count.parse().unwrap());
    Traffic {
        count,
        batch_share: 0.1,
        duplicates: 0.2,
        disorder: 0.2,
        bad_signatures: 0.05,
        big: 1,
        ..Traffic::default()
    }
}

async fn send_to(app: &TestApp, traffic: &Traffic) -> (Expected, Verdict) {
    send_at(app, traffic, Clock::system().now()).await
}

async fn send_at(app: &TestApp, traffic: &Traffic, now: OffsetDateTime) -> (Expected, Verdict) {
    let target =
        Target { phone_number_id: NUMBER.into(), waba_id: WABA.into(), display_phone_number: "15550783881".into() };
    let secret = app.account.app_secret.clone().into();
    let generator = Generator::new(traffic, target, secret, now);
    let url = format!("{}{}", app.url, app.account.callback_path);
    let (expected, report) = send(generator, &url, Pace { connections: 16, rate: 0.0 }).await.unwrap();
    eprintln!("{report}");
    (expected, report.verdict())
}

async fn complaints(app: &TestApp, expected: &Expected) -> Vec<String> {
    let verdict = check(&app.pool, app.account.owner, expected, DEADLINE).await.unwrap();
    verdict.0.into_iter().filter(|finding| !finding.kept).map(|finding| finding.text).collect()
}

async fn damage(app: &TestApp, statement: &str) {
    let done = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&app.pool).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{statement}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_busy_day_is_lost_doubled_forged_or_out_of_place() {
    let app = TestApp::with(Options { workers: 2, ..Options::default() }).await;
    let traffic = traffic();
    let (expected, answers) = send_to(&app, &traffic).await;
    assert!(answers.is_good(), "{answers}");
    let sent = usize::try_from(traffic.count).unwrap() + 1000;
    assert_eq!(expected.acknowledged.updates.len(), sent, "with one big body");
    let began = tokio::time::Instant::now();
    assert_eq!(complaints(&app, &expected).await, [""; 0]);
    eprintln!("all processed {:?} after the last answer", began.elapsed());
    nothing_refers_to_what_is_not_there(&app).await;
    damage_is_found(&app, &expected).await;
}

/// What no foreign key checks any more.
async fn nothing_refers_to_what_is_not_there(app: &TestApp) {
    let loose = "select count(*) from (
            select from whatsapp_webhook_deliveries d where not exists
                (select from whatsapp_accounts a where (a.company_id, a.id) = (d.company_id, d.signed_by_account))
            union all
            select from whatsapp_webhook_event_logs e where not exists
                (select from whatsapp_webhook_deliveries d where (d.company_id, d.id) = (e.company_id, e.delivery_id))
            union all
            select from whatsapp_webhook_event_logs e where not exists
                (select from whatsapp_accounts a where (a.company_id, a.id) = (e.company_id, e.account_id))
            union all
            select from event_outcomes o where not exists
                (select from whatsapp_webhook_events e where (e.company_id, e.id) = (o.company_id, o.event_id))
            union all
            select from messages m where not exists
                (select from whatsapp_accounts a where (a.company_id, a.id) = (m.company_id, m.account_id))
            union all
            select from message_statuses s where not exists
                (select from whatsapp_accounts a where (a.company_id, a.id) = (s.company_id, s.account_id))
        ) loose";
    assert_eq!(app.count(loose).await, 0);
    damage(
        app,
        "update messages set account_id = gen_random_uuid() where id = (select min(id::text)::uuid from messages)",
    )
    .await;
    assert_eq!(app.count(loose).await, 1, "it would have been noticed");
    let back = "update messages set account_id = (select id from whatsapp_accounts)
        where id = (select min(id::text)::uuid from messages)";
    damage(app, back).await;
}

/// Everything is sent to both, so that each update comes to each of them, most of them nearly at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database_lose_and_double_nothing_between_them() {
    let options = || Options { workers: 2, ..Options::default() };
    let first = TestApp::with(options()).await;
    let second = TestApp::on(first.place.clone(), Arc::clone(&first.keys), options()).await;
    let (traffic, now) = (Traffic { big: 0, ..traffic() }, Clock::system().now());
    let ((expected, to_first), (_, to_second)) =
        tokio::join!(send_at(&first, &traffic, now), send_at(&second, &traffic, now));
    assert!(to_first.is_good() && to_second.is_good(), "{to_first}{to_second}");
    assert_eq!(complaints(&first, &expected).await, [""; 0]);
    let bodies = first.count("select count(*) from whatsapp_webhook_deliveries where seen_count > 1").await;
    assert!(bodies > 0, "both were sent the same");
    double(&first.pool, "messages", "messages_company_id_account_id_wamid_key", "source <> 'status'").await;
    assert_eq!(complaints(&second, &expected).await, ["messages twice: 1"], "it would have been noticed");
}

/// The verdict above would have been another if something were wrong.
async fn damage_is_found(app: &TestApp, expected: &Expected) {
    let prefix = &expected.prefix;
    let one = |condition: &str| {
        format!(
            "(select wamid from messages where starts_with(wamid, '{prefix}') and {condition} order by wamid limit 1)"
        )
    };
    let doubt = "messages with a status lower than the best one sent: 1";
    let delivered = one("source = 'echo' and status = 'read'");
    damage(app, &format!("update messages set status = 'delivered' where wamid = {delivered}")).await;
    assert_eq!(complaints(app, expected).await, [doubt]);
    let plain = one("source = 'message'");
    damage(app, &format!("delete from messages where wamid = {plain}")).await;
    assert_eq!(complaints(app, expected).await, ["messages missing: 1", doubt]);
    double(&app.pool, "messages", "messages_company_id_account_id_wamid_key", "source <> 'status'").await;
    assert_eq!(complaints(app, expected).await, ["messages missing: 1", "messages twice: 1", doubt]);
    damage(
        app,
        &format!(
            "delete from whatsapp_webhook_events e where id = (
                select id from whatsapp_webhook_event_logs l where starts_with(object_id, '{prefix}')
                and event_type = 'message' and not exists (select 1 from messages m where m.event_id = l.id) limit 1)"
        ),
    )
    .await;
    assert_eq!(complaints(app, expected).await[0], "acknowledged updates lost: 1");
}
