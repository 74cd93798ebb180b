//! Two instances on one database: a change is in force on both within a second, and refusing costs no query.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use secrecy::SecretString;
use server::crypto::KeyRing;
use sqlx::Connection;

use crate::app::{NewTestAccount, Options, SECRET, TestAccount, TestApp, signature, text_message};

const OTHER_SECRET: &str = "another-secret-of-32-characters!";

async fn pair() -> (TestApp, TestApp) {
    let first = TestApp::start().await;
    let second = TestApp::on(first.place.clone(), Arc::clone(&first.keys), Options::default()).await;
    (first, second)
}

/// What both answer to a POST for the account, signed with this secret.
async fn answers(apps: (&TestApp, &TestApp), account: &TestAccount, secret: &str) -> (u16, u16) {
    let body = text_message("wamid.1", "16505551234", "Hello");
    let answer = async |app: &TestApp| {
        let request = app.unsigned(&account.callback_path, body.clone());
        request.header("X-Hub-Signature-256", signature(secret, &body)).send().await.unwrap().status().as_u16()
    };
    (answer(apps.0).await, answer(apps.1).await)
}

#[tokio::test]
async fn switching_off_and_on_again_is_in_force_on_both_within_a_second() {
    let (first, second) = pair().await;
    let both = (&first, &second);
    assert_eq!(answers(both, &first.account, SECRET).await, (200, 200));
    first.execute("update whatsapp_webhook_configs set status = 'disabled'").await;
    first.wait_for_config().await;
    assert_eq!(answers(both, &first.account, SECRET).await, (403, 403));
    first.execute("update whatsapp_webhook_configs set status = 'verified'").await;
    first.wait_for_config().await;
    assert_eq!(answers(both, &first.account, SECRET).await, (200, 200));
    first.execute("update whatsapp_webhook_configs set is_active = false").await;
    first.wait_for_config().await;
    assert_eq!(answers(both, &first.account, SECRET).await, (404, 404));
}

#[tokio::test]
async fn a_new_secret_is_in_force_on_both_within_a_second() {
    let (first, second) = pair().await;
    let sealed = first.keys.seal(first.account.owner, &SecretString::from(OTHER_SECRET)).unwrap();
    let update = sqlx::query("update whatsapp_webhook_configs set app_secret_sealed = $1").bind(sealed);
    update.execute(&first.pool).await.unwrap();
    first.wait_for_config().await;
    assert_eq!(answers((&first, &second), &first.account, OTHER_SECRET).await, (200, 200));
    assert_eq!(answers((&first, &second), &first.account, SECRET).await, (403, 403));
}

#[tokio::test]
async fn a_new_account_and_a_new_path_are_known_to_both_within_a_second() {
    let (first, second) = pair().await;
    let new = NewTestAccount { phone_number_id: "2002", app_secret: OTHER_SECRET, ..NewTestAccount::default() };
    let account = first.add_account(new).await;
    assert_eq!(answers((&first, &second), &account, OTHER_SECRET).await, (200, 200));
    first.execute("update whatsapp_webhook_configs set callback_path = callback_path || '/moved'").await;
    first.wait_for_config().await;
    assert_eq!(answers((&first, &second), &account, OTHER_SECRET).await, (404, 404));
    let moved = TestAccount { callback_path: format!("{}/moved", account.callback_path), ..account };
    assert_eq!(answers((&first, &second), &moved, OTHER_SECRET).await, (200, 200));
}

#[tokio::test]
async fn a_challenge_answered_by_one_opens_the_other_within_a_second() {
    let (first, second) = pair().await;
    let new = NewTestAccount { phone_number_id: "2002", status: "unverified", ..NewTestAccount::default() };
    let account = first.add_account(new).await;
    assert_eq!(answers((&first, &second), &account, SECRET).await, (403, 403));
    let query = format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={}", account.verify_token);
    let url = format!("{}{}?{query}", first.url, account.callback_path);
    assert_eq!(first.client.get(url).send().await.unwrap().status(), 200);
    first.wait_for_config().await;
    assert_eq!(answers((&first, &second), &account, SECRET).await, (200, 200));
}

#[tokio::test]
async fn another_number_is_routed_anew_within_a_second() {
    let (first, second) = pair().await;
    first.execute("update whatsapp_accounts set phone_number_id = '4004'").await;
    first.wait_for_config().await;
    assert_eq!(answers((&first, &second), &first.account, SECRET).await, (200, 200));
    let states = first.texts("select unrouted_reason from whatsapp_webhook_event_logs").await;
    assert_eq!(states, ["unknown_number"]);
}

/// Nobody but the holder of these locks can read a configuration or write anything the door writes.
const LOCKS: &str = "begin; lock table whatsapp_accounts, whatsapp_webhook_configs, whatsapp_webhook_config_generation,
     whatsapp_webhook_rejections, whatsapp_webhook_deliveries, whatsapp_webhook_events, event_queue, audit_log
     in access exclusive mode";

#[tokio::test]
async fn refusing_waits_for_no_query() {
    let app = TestApp::start().await;
    let unverified = NewTestAccount { phone_number_id: "2002", status: "unverified", ..NewTestAccount::default() };
    let unverified = app.add_account(unverified).await;
    let mut lock = sqlx::PgConnection::connect(&app.place.url).await.unwrap();
    sqlx::raw_sql(LOCKS).execute(&mut lock).await.unwrap();

    let forged = format!("sha256={}", "0".repeat(64));
    let known = app.account.callback_path.as_str();
    let paths = [known, known, &unverified.callback_path, "/api/webhooks/whatsapp/nobody"];
    let started = Instant::now();
    // More than there are connections in any pool.
    let posts =
        paths.repeat(25).into_iter().map(|path| app.unsigned(path, "{}").header("X-Hub-Signature-256", &forged).send());
    let statuses: Vec<u16> =
        join_all(posts).await.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
    assert_eq!(statuses, [403, 403, 403, 404].repeat(25));
    let query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong";
    let challenge = app.client.get(format!("{}{known}?{query}", app.url)).send().await.unwrap();
    assert_eq!(challenge.status(), 403);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());

    // The lock does hold: what does need the database gets no 200 meanwhile.
    assert_eq!(app.post(&app.account, text_message("wamid.1", "1", "Hello")).await.status(), 503);
    sqlx::raw_sql("rollback").execute(&mut lock).await.unwrap();
    // And what was refused is written down afterwards.
    app.wait_for_rejections(102).await;
}

#[tokio::test]
async fn a_secret_under_an_unknown_key_closes_that_account_only() {
    let app = TestApp::start().await;
    let new = NewTestAccount { phone_number_id: "2002", app_secret: OTHER_SECRET, ..NewTestAccount::default() };
    let other = app.add_account(new).await;
    let seal = async |keys: &KeyRing| {
        let sealed = keys.seal(other.owner, &SecretString::from(OTHER_SECRET)).unwrap();
        let sql = "update whatsapp_webhook_configs set app_secret_sealed = $1 where account_id = $2";
        sqlx::query(sql).bind(sealed).bind(other.owner.account.0).execute(&app.pool).await.unwrap();
        app.wait_for_config().await;
    };
    let post = async |account: &TestAccount, wamid: &str| {
        app.post(account, text_message(wamid, "16505551234", "Hello")).await.status().as_u16()
    };

    seal(&KeyRing::parse(&KeyRing::generate("lost")).unwrap()).await;
    assert_eq!((post(&app.account, "wamid.1").await, post(&other, "wamid.2").await), (200, 403));
    // Another key of the same name opens nothing either.
    seal(&KeyRing::parse(&KeyRing::generate("test")).unwrap()).await;
    assert_eq!((post(&app.account, "wamid.3").await, post(&other, "wamid.4").await), (200, 403));
    seal(&app.keys).await;
    assert_eq!((post(&app.account, "wamid.5").await, post(&other, "wamid.6").await), (200, 200));
}

#[tokio::test]
async fn a_sealed_secret_moved_to_another_account_opens_nothing() {
    let app = TestApp::start().await;
    let new = NewTestAccount { phone_number_id: "2002", app_secret: OTHER_SECRET, ..NewTestAccount::default() };
    let other = app.add_account(new).await;
    let sql = "update whatsapp_webhook_configs set app_secret_sealed =
               (select app_secret_sealed from whatsapp_webhook_configs where account_id = $1) where account_id = $2";
    let update = sqlx::query(sql).bind(app.account.owner.account.0).bind(other.owner.account.0);
    update.execute(&app.pool).await.unwrap();
    app.wait_for_config().await;
    let body = text_message("wamid.1", "16505551234", "Hello");
    let moved =
        app.unsigned(&other.callback_path, body.clone()).header("X-Hub-Signature-256", signature(SECRET, &body));
    assert_eq!(moved.send().await.unwrap().status(), 403);
    assert_eq!(app.post(&app.account, body).await.status(), 200);
}
