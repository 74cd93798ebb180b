//! Coming in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use app::contract::Role;
use serde_json::json;
use server::clock::Clock;
use time::OffsetDateTime;

use crate::app::{Options, PASSWORD, TestApp};
use crate::browser::Browser;

const ANN: &str = "ann@acme.travel";

async fn with_ann() -> TestApp {
    let app = TestApp::start().await;
    app.add_user(app.account.owner.company, ANN, Role::Manager).await;
    app
}

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let app = with_ann().await;
    let mut browser = Browser::new(&app);
    let answer = browser.sign_in(ANN, PASSWORD).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["location"], "/");
    let viewer = browser.call("viewer", &[]).await.json();
    let expected = json!({ "name": "Somebody", "email": ANN, "role": "manager", "company": "Acme Travel" });
    assert_eq!(viewer, expected);
}

#[tokio::test]
async fn the_cookie_cannot_be_read_by_scripts_and_does_not_travel_to_other_sites() {
    let app = with_ann().await;
    let answer = Browser::new(&app).sign_in(ANN, PASSWORD).await;
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    let attributes: Vec<&str> = answer.cookie().unwrap().split("; ").skip(1).collect();
    // No `Domain`: for this host only. No `Secure`: this server was told that it is reached over http.
    assert_eq!(attributes, ["Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Lax"]);
}

#[tokio::test]
async fn the_address_may_be_written_in_any_case_and_the_password_may_not() {
    let app = with_ann().await;
    assert_eq!(Browser::new(&app).sign_in("  ANN@Acme.Travel ", PASSWORD).await.status, 200);
    for wrong in [PASSWORD.to_uppercase(), format!("{PASSWORD} "), format!(" {PASSWORD}"), String::new()] {
        assert_eq!(Browser::new(&app).sign_in(ANN, &wrong).await.json(), "WrongCredentials", "{wrong:?}");
    }
}

#[tokio::test]
async fn it_is_never_said_what_was_wrong() {
    let app = with_ann().await;
    let gone = app.add_user(app.account.owner.company, "gone@acme.travel", Role::Admin).await;
    app.execute(&format!("update users set is_active = false where id = '{gone}'")).await;
    let reference = Browser::new(&app).sign_in(ANN, "a wrong password").await;
    assert_eq!(reference.json(), "WrongCredentials");
    assert_eq!(reference.cookie(), None);
    for (email, password) in [
        ("nobody@acme.travel", PASSWORD),
        ("gone@acme.travel", PASSWORD),
        ("gone@acme.travel", "a wrong password"),
        ("not an address", PASSWORD),
        ("' or 1=1 --@acme.travel", PASSWORD),
        ("", ""),
    ] {
        assert_eq!(Browser::new(&app).sign_in(email, password).await.seen(), reference.seen(), "{email:?}");
    }
    assert_eq!(app.count("select count(*) from sessions").await, 0);
}

/// A server whose clock a test moves, by seconds.
async fn with_clock() -> (TestApp, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(1_795_000_000));
    let read = Arc::clone(&now);
    let clock = Clock::from_fn(move || OffsetDateTime::from_unix_timestamp(read.load(Ordering::SeqCst)).unwrap());
    (TestApp::with(Options { clock, ..Options::default() }).await, now)
}

#[tokio::test]
async fn guessing_is_slowed_down_for_known_and_unknown_addresses_alike() {
    let (app, now) = with_clock().await;
    app.add_user(app.account.owner.company, ANN, Role::Viewer).await;
    for email in [ANN, "nobody@acme.travel"] {
        for _ in 0..10 {
            assert_eq!(Browser::new(&app).sign_in(email, "a wrong password").await.json(), "WrongCredentials");
        }
        let answer = Browser::new(&app).sign_in(email, PASSWORD).await;
        assert_eq!(answer.json(), json!({ "Throttled": { "retry_after": 301 } }), "{email}");
        assert_eq!(answer.cookie(), None);
    }
    // Somebody else's address is not slowed down by it, and the wait has an end.
    app.add_user(app.account.owner.company, "bo@acme.travel", Role::Viewer).await;
    assert_eq!(Browser::new(&app).sign_in("bo@acme.travel", PASSWORD).await.status, 200);
    now.fetch_add(299, Ordering::SeqCst);
    assert_eq!(Browser::new(&app).sign_in(ANN, PASSWORD).await.json(), json!({ "Throttled": { "retry_after": 2 } }));
    now.fetch_add(1, Ordering::SeqCst);
    assert_eq!(Browser::new(&app).sign_in(ANN, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn one_machine_cannot_go_through_many_addresses() {
    let (app, now) = with_clock().await;
    let guess = async |number: usize| {
        Browser::new(&app).sign_in(&format!("somebody{number}@acme.travel"), "a wrong password").await.json()
    };
    for number in 0..30 {
        assert_eq!(guess(number).await, "WrongCredentials");
    }
    assert_eq!(guess(30).await, json!({ "Throttled": { "retry_after": 61 } }));
    now.fetch_add(60, Ordering::SeqCst);
    assert_eq!(guess(31).await, "WrongCredentials");
}

#[tokio::test]
async fn a_form_goes_where_the_person_wanted_to_be_and_never_elsewhere() {
    let app = with_ann().await;
    for (next, location) in [
        ("/accounts/1?tab=x", "/accounts/1?tab=x"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let form = [("credentials[email]", ANN), ("credentials[password]", PASSWORD), ("credentials[next]", next)];
        let answer = Browser::new(&app).call("sign_in", &form).await;
        assert_eq!(answer.headers["location"], location, "{next}");
    }
}
