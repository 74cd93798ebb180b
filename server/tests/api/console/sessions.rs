//! How long a cookie is worth something.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use app::contract::Role;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use server::clock::Clock;
use server::ids::CompanyId;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{Options, PASSWORD, TestApp};
use crate::browser::Browser;

const ANN: &str = "ann@acme.travel";
const HOUR: i64 = 3600;

/// A server with Ann, and its clock.
async fn with_ann() -> (TestApp, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(1_795_000_000));
    let read = Arc::clone(&now);
    let clock = Clock::from_fn(move || OffsetDateTime::from_unix_timestamp(read.load(Ordering::SeqCst)).unwrap());
    let app = TestApp::with(Options { clock, ..Options::default() }).await;
    app.add_user(app.account.owner.company, ANN, Role::Admin).await;
    (app, now)
}

#[tokio::test]
async fn each_sign_in_makes_a_new_token_and_ends_the_one_before() {
    let (app, _) = with_ann().await;
    let first = Browser::signed_in(&app, ANN).await;
    let mut second = first.clone();
    assert_eq!(second.sign_in(ANN, PASSWORD).await.status, 200);
    assert_ne!(first.cookie, second.cookie);
    assert!(second.is_signed_in().await);
    assert!(!first.is_signed_in().await, "a browser has one session");
    // Another browser's session is not touched.
    let elsewhere = Browser::signed_in(&app, ANN).await;
    assert!(second.is_signed_in().await && elsewhere.is_signed_in().await);
}

#[tokio::test]
async fn a_token_that_the_browser_brought_along_is_not_taken_over() {
    let (app, _) = with_ann().await;
    let mut planted = Browser::new(&app);
    let value = URL_SAFE_NO_PAD.encode([app.account.owner.company.0.as_bytes().to_vec(), vec![7; 32]].concat());
    planted.cookie = Some(format!("waypost={value}"));
    let attacker = planted.clone();
    assert_eq!(planted.sign_in(ANN, PASSWORD).await.status, 200);
    assert_ne!(planted.cookie, attacker.cookie);
    assert!(!attacker.is_signed_in().await);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_back() {
    let (app, _) = with_ann().await;
    let browser = Browser::signed_in(&app, ANN).await;
    let answer = browser.call("sign_out", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["location"], "/sign-in");
    assert!(answer.cookie().unwrap().starts_with("waypost=; Path=/; Max-Age=0;"), "{:?}", answer.cookie());
    assert!(!browser.is_signed_in().await, "the old cookie is worth nothing");
    assert_eq!(app.count("select count(*) from sessions").await, 0);
}

#[tokio::test]
async fn a_session_ends_after_a_day_without_use() {
    let (app, now) = with_ann().await;
    let browser = Browser::signed_in(&app, ANN).await;
    now.fetch_add(23 * HOUR, Ordering::SeqCst);
    assert!(browser.is_signed_in().await, "and this was a use");
    now.fetch_add(23 * HOUR, Ordering::SeqCst);
    assert!(browser.is_signed_in().await);
    now.fetch_add(24 * HOUR, Ordering::SeqCst);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_session_ends_after_a_week_in_any_case() {
    let (app, now) = with_ann().await;
    let browser = Browser::signed_in(&app, ANN).await;
    for _ in 0..13 {
        now.fetch_add(12 * HOUR, Ordering::SeqCst);
        assert!(browser.is_signed_in().await);
    }
    now.fetch_add(12 * HOUR - 1, Ordering::SeqCst);
    assert!(browser.is_signed_in().await, "the last second");
    now.fetch_add(1, Ordering::SeqCst);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_person_who_is_deactivated_is_out_at_once_and_stays_out() {
    let (app, _) = with_ann().await;
    let browser = Browser::signed_in(&app, ANN).await;
    app.execute("update users set is_active = false").await;
    assert!(!browser.is_signed_in().await);
    assert_eq!(browser.open("/").await.status, 302);
    assert_eq!(Browser::new(&app).sign_in(ANN, PASSWORD).await.json(), "WrongCredentials");
}

#[tokio::test]
async fn a_new_role_counts_at_once() {
    let (app, _) = with_ann().await;
    let browser = Browser::signed_in(&app, ANN).await;
    app.execute("update users set role = 'viewer'").await;
    assert_eq!(browser.call("viewer", &[]).await.json()["role"], "viewer");
}

#[tokio::test]
async fn a_cookie_counts_in_its_own_company_and_unchanged_only() {
    let (app, _) = with_ann().await;
    let other = app.company("Birch Hotels").await;
    let browser = Browser::signed_in(&app, ANN).await;
    let value = browser.cookie.as_ref().unwrap().strip_prefix("waypost=").unwrap().to_owned();
    let bytes = URL_SAFE_NO_PAD.decode(&value).unwrap();
    let of =
        |company: CompanyId| URL_SAFE_NO_PAD.encode([company.0.as_bytes().to_vec(), bytes[16..].to_vec()].concat());
    let mut flipped = bytes.clone();
    flipped[47] ^= 1;
    assert_eq!(of(app.account.owner.company), value, "the right one is made the same way");
    for wrong in [of(other), of(CompanyId::new()), URL_SAFE_NO_PAD.encode(flipped), value[1..].into(), "x".into()] {
        let mut forged = browser.clone();
        forged.cookie = Some(format!("waypost={wrong}"));
        assert!(!forged.is_signed_in().await, "{wrong}");
    }
    let mut named = browser.clone();
    named.cookie = Some(format!("__Host-waypost={value}"));
    assert!(!named.is_signed_in().await);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn the_database_holds_no_token() {
    let (app, _) = with_ann().await;
    let browser = Browser::signed_in(&app, ANN).await;
    let value = browser.cookie.as_ref().unwrap().strip_prefix("waypost=").unwrap().to_owned();
    let secret = URL_SAFE_NO_PAD.decode(value).unwrap().split_off(16);
    let digest: Vec<u8> = sqlx::query_scalar("select token_sha256 from sessions").fetch_one(&app.pool).await.unwrap();
    assert_ne!(digest, secret);
    assert_eq!(digest, server::crypto::sha256(&secret));
}

#[tokio::test]
async fn a_request_that_was_begun_in_time_is_not_finished_after_the_session() {
    let (app, _) = with_ann().await;
    let ann = Browser::signed_in(&app, ANN).await;
    let mut begun = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST /api/viewer HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nAccept: application/json\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1\r\nConnection: close\r\n\r\n",
        ann.cookie.as_ref().unwrap()
    );
    begun.write_all(head.as_bytes()).await.unwrap();
    // Long enough for the head to be read, and for a session to be looked up if that were done now.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(ann.call("sign_out", &[]).await.status, 200);
    begun.write_all(b"x").await.unwrap();
    let mut answer = String::new();
    begun.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}
