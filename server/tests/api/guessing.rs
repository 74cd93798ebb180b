//! Guessing verify tokens and passwords: slowed down by address and by what is guessed at, without shutting out those
//! who know.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use app::contract::Role;
use reqwest::Response;
use server::clock::Clock;
use server::ingest::guesses::{PER_ADDRESS, PER_PATH};
use time::OffsetDateTime;

use crate::app::{NewTestAccount, Options, PASSWORD, TestAccount, TestApp};
use crate::browser::Browser;

/// A server behind so many proxies, whose clock a test moves by seconds.
async fn behind(trusted_hops: usize) -> (TestApp, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(1_795_000_000));
    let read = Arc::clone(&now);
    let clock = Clock::from_fn(move || OffsetDateTime::from_unix_timestamp(read.load(Ordering::SeqCst)).unwrap());
    (TestApp::with(Options { trusted_hops, clock, ..Options::default() }).await, now)
}

async fn challenge(app: &TestApp, account: &TestAccount, token: &str, forwarded: &str) -> Response {
    let query = format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
    let request = app.client.get(format!("{}{}?{query}", app.url, account.callback_path));
    request.header("X-Forwarded-For", forwarded).send().await.unwrap()
}

async fn guess(app: &TestApp, forwarded: &str) -> u16 {
    challenge(app, &app.account, "a-wrong-verify-token", forwarded).await.status().as_u16()
}

async fn meta(app: &TestApp, forwarded: &str) -> u16 {
    challenge(app, &app.account, &app.account.verify_token, forwarded).await.status().as_u16()
}

/// How many of so many wrong tokens were looked at. `forwarded` is what the proxy in front says of each.
async fn heard(app: &TestApp, tries: u32, forwarded: impl Fn(u32) -> String) -> u32 {
    let mut heard = 0;
    for number in 0..tries {
        match guess(app, &forwarded(number)).await {
            403 => heard += 1,
            429 => {}
            other => panic!("{other}"),
        }
    }
    heard
}

#[tokio::test]
async fn an_address_that_guesses_verify_tokens_is_heard_no_more_for_a_while() {
    let (app, now) = behind(1).await;
    assert_eq!(heard(&app, PER_ADDRESS + 10, |_| "203.0.113.7".into()).await, PER_ADDRESS);
    let refused = challenge(&app, &app.account, "another-guess", "203.0.113.7").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"60".parse().unwrap()));
    assert_eq!(refused.text().await.unwrap(), "Too Many Requests");
    assert_eq!(meta(&app, "198.51.100.9").await, 200, "Meta's own question is answered meanwhile");
    now.fetch_add(60, Ordering::SeqCst);
    assert_eq!(guess(&app, "203.0.113.7").await, 403, "the wait has an end");
    app.wait_for_rejections(i64::from(PER_ADDRESS) + 12).await;
    let throttled = "select count(*) from whatsapp_webhook_rejections where reason = 'throttled'";
    assert_eq!(app.count(throttled).await, 11);
}

#[tokio::test]
async fn what_a_guesser_writes_into_the_header_makes_no_difference() {
    for (trusted_hops, proxy) in [(0, ""), (1, ", 203.0.113.7"), (2, ", 203.0.113.7, 10.0.0.1")] {
        let (app, _) = behind(trusted_hops).await;
        let heard = heard(&app, PER_ADDRESS + 10, |number| format!("198.51.100.{number}{proxy}")).await;
        assert_eq!(heard, PER_ADDRESS, "{trusted_hops} proxies");
    }
    // So many addresses are one for whoever has a network of IPv6.
    let (app, _) = behind(1).await;
    assert_eq!(heard(&app, PER_ADDRESS + 10, |number| format!("2001:db8:1:2::{number}")).await, PER_ADDRESS);
}

/// The negative control: a server that believes a proxy which is not there hears every guess, and that is noticed.
#[tokio::test]
async fn a_server_that_trusts_the_wrong_word_is_reported() {
    let (app, _) = behind(1).await;
    let tries = PER_ADDRESS + 10;
    assert_eq!(heard(&app, tries, |number| format!("198.51.100.{number}")).await, tries);
}

#[tokio::test]
async fn a_crowd_that_guesses_at_one_account_has_one_try_each_and_meta_is_answered() {
    let (app, now) = behind(1).await;
    let new = NewTestAccount { phone_number_id: "2002", ..NewTestAccount::default() };
    let other = app.add_account(new).await;
    let address = |number: u32| format!("203.0.{}.{}", 113 + number / 200, number % 200);
    assert_eq!(heard(&app, PER_PATH, address).await, PER_PATH);
    assert_eq!(heard(&app, PER_PATH, address).await, 0, "nobody of the crowd is heard twice");
    assert_eq!(meta(&app, "198.51.100.9").await, 200, "Meta comes from elsewhere");
    assert_eq!(meta(&app, "198.51.100.9").await, 200, "as often as it likes");
    let elsewhere = challenge(&app, &other, "a-wrong-verify-token", &address(1)).await;
    assert_eq!(elsewhere.status(), 403, "another account's path is not slowed down");
    now.fetch_add(300, Ordering::SeqCst);
    assert_eq!(guess(&app, &address(1)).await, 403);
}

#[tokio::test]
async fn right_tokens_and_questions_without_one_are_not_counted() {
    let (app, _) = behind(0).await;
    for _ in 0..=PER_ADDRESS {
        assert_eq!(meta(&app, "").await, 200);
        let malformed = app.client.get(format!("{}{}", app.url, app.account.callback_path)).send().await.unwrap();
        assert_eq!(malformed.status(), 400);
    }
    assert_eq!(guess(&app, "").await, 403);
}

const ANN: &str = "ann@acme.travel";
const WRONG: &str = "a wrong password";

async fn sign_in(app: &TestApp, email: &str, password: &str, forwarded: &str) -> u16 {
    let form = [("credentials[email]", email), ("credentials[password]", password)];
    Browser::new(app).call_with("sign_in", &form, &[("X-Forwarded-For", forwarded)]).await.status.as_u16()
}

#[tokio::test]
async fn passwords_are_guessed_by_the_address_that_the_proxy_saw() {
    let (app, now) = behind(1).await;
    app.add_user(app.account.owner.company, ANN, Role::Viewer).await;
    for number in 0..30 {
        let (email, forwarded) = (format!("somebody{number}@acme.travel"), format!("198.51.100.{number}, 203.0.113.7"));
        assert_eq!(sign_in(&app, &email, WRONG, &forwarded).await, 401);
    }
    assert_eq!(sign_in(&app, ANN, PASSWORD, "198.51.100.99, 203.0.113.7").await, 429);
    assert_eq!(sign_in(&app, ANN, PASSWORD, "203.0.113.7, 198.51.100.99").await, 200, "from another machine");
    now.fetch_add(60, Ordering::SeqCst);
    assert_eq!(sign_in(&app, ANN, PASSWORD, "203.0.113.7").await, 200);
}

/// Ten wrong passwords of one person, from wherever, and each further address has one try: counted by person and
/// address alone, everybody of the crowd would have ten.
#[tokio::test]
async fn a_crowd_that_guesses_at_one_person_has_one_try_each_and_the_person_comes_in() {
    let (app, now) = behind(1).await;
    let company = app.account.owner.company;
    app.add_user(company, ANN, Role::Viewer).await;
    app.add_user(company, "bo@acme.travel", Role::Viewer).await;
    let address = |number: u32| format!("203.0.113.{number}");
    for number in 0..12 {
        assert_eq!(sign_in(&app, ANN, WRONG, &address(number)).await, 401, "{number}");
    }
    for number in 0..12 {
        assert_eq!(
            sign_in(&app, ANN, WRONG, &address(number)).await,
            429,
            "nobody of the crowd is heard twice: {number}"
        );
        assert_eq!(sign_in(&app, ANN, PASSWORD, &address(number)).await, 429, "rightly guessed or not: {number}");
    }
    assert_eq!(sign_in(&app, ANN, PASSWORD, "198.51.100.9").await, 200, "the person comes from elsewhere");
    assert_eq!(sign_in(&app, ANN, PASSWORD, "198.51.100.9").await, 200, "as often as they like");
    assert_eq!(sign_in(&app, ANN, WRONG, &address(1)).await, 429, "which gives the crowd nothing");
    assert_eq!(sign_in(&app, "bo@acme.travel", PASSWORD, &address(1)).await, 200, "another person is not slowed down");
    now.fetch_add(300, Ordering::SeqCst);
    assert_eq!(sign_in(&app, ANN, WRONG, &address(1)).await, 401, "the wait has an end");
}

#[tokio::test]
async fn somebody_who_gets_in_at_last_starts_anew() {
    let (app, _) = behind(1).await;
    app.add_user(app.account.owner.company, ANN, Role::Viewer).await;
    for _ in 0..2 {
        for _ in 0..9 {
            assert_eq!(sign_in(&app, ANN, WRONG, "198.51.100.9").await, 401);
        }
        assert_eq!(sign_in(&app, ANN, PASSWORD, "198.51.100.9").await, 200);
    }
}

/// Whether somebody is known cannot be told by a watch: the slow hash is asked for either way.
#[tokio::test]
async fn signing_in_takes_as_long_for_nobody_as_for_somebody() {
    let app = TestApp::start().await;
    let company = app.account.owner.company;
    let mut times: [Vec<Duration>; 2] = Default::default();
    for number in 0..10 {
        let known = format!("somebody{number}@acme.travel");
        app.add_user(company, &known, Role::Viewer).await;
        for (place, email) in [known, format!("nobody{number}@acme.travel")].into_iter().enumerate() {
            let began = Instant::now();
            assert_eq!(Browser::new(&app).sign_in(&email, "a wrong password").await.status, 401);
            times[place].push(began.elapsed());
        }
    }
    let [somebody, nobody] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    // What is no address at all is refused at once, which shows what a short cut would look like.
    let mut short_cut = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        assert_eq!(Browser::new(&app).sign_in("no address", "a wrong password").await.status, 401);
        short_cut = short_cut.min(began.elapsed());
    }
    let said = format!("somebody {somebody:?}, nobody {nobody:?}, a short cut {short_cut:?}");
    assert!(nobody > somebody / 2 && somebody > nobody / 2, "{said}");
    assert!(short_cut < nobody / 2, "{said}");
}
