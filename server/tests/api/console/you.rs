//! One's own account: another password, and out everywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use app::contract::Role;
use serde_json::{Value, json};
use server::clock::Clock;
use server::ids::UserId;
use time::OffsetDateTime;

use crate::app::{Options, PASSWORD, TestApp};
use crate::browser::{Answer, Browser};

const ANN: &str = "ann@acme.travel";
const BO: &str = "bo@acme.travel";
const NEW: &str = "another password for tests";

/// Ann, who may only look, and Bo; and the clock, by seconds.
struct Desk {
    app: TestApp,
    ann: Browser,
    ann_id: UserId,
    bo: Browser,
    now: Arc<AtomicI64>,
}

impl Desk {
    async fn start() -> Self {
        let now = Arc::new(AtomicI64::new(1_795_000_000));
        let read = Arc::clone(&now);
        let clock = Clock::from_fn(move || OffsetDateTime::from_unix_timestamp(read.load(Ordering::SeqCst)).unwrap());
        let app = TestApp::with(Options { clock, ..Options::default() }).await;
        let company = app.account.owner.company;
        let ann_id = app.add_user(company, ANN, Role::Viewer).await;
        app.add_user(company, BO, Role::Admin).await;
        let (ann, bo) = (Browser::signed_in(&app, ANN).await, Browser::signed_in(&app, BO).await);
        Self { app, ann, ann_id, bo, now }
    }

    fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn hashes(&self) -> Vec<Value> {
        self.app.rows("select id, password_hash from users order by id").await
    }

    async fn audit(&self) -> Vec<Value> {
        let sql = "select action, actor_id, subject, subject_id, details from audit_log where actor_kind = 'user' order by id";
        self.app.rows(sql).await
    }

    fn entry(&self, action: &str, sessions_ended: i64) -> Value {
        json!({ "action": action, "actor_id": self.ann_id, "subject": "user", "subject_id": self.ann_id,
                "details": { "sessions_ended": sessions_ended } })
    }

    async fn can_sign_in(&self, email: &str, password: &str) -> bool {
        Browser::new(&self.app).sign_in(email, password).await.status == 200
    }
}

async fn change(browser: &Browser, current: &str, new: &str, again: &str) -> Answer {
    browser.call("change_password", &[("form[current]", current), ("form[new]", new), ("form[again]", again)]).await
}

/// The field that is to blame.
fn refused(answer: &Answer) -> Value {
    assert_eq!((answer.status.as_u16(), answer.cookie()), (422, None), "{answer:?}");
    answer.json()["Invalid"]["field"].clone()
}

#[tokio::test]
async fn with_a_new_password_the_other_sessions_end_and_this_one_goes_on_under_a_new_id() {
    let mut desk = Desk::start().await;
    let phone = Browser::signed_in(&desk.app, ANN).await;
    let before = desk.ann.clone();
    desk.wait(100);
    let answer = change(&desk.ann, PASSWORD, NEW, NEW).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let attributes: Vec<&str> = answer.cookie().unwrap().split("; ").skip(1).collect();
    assert_eq!(attributes, ["Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Lax"]);
    desk.ann.keep_cookie(&answer);
    assert_ne!(desk.ann.cookie, before.cookie);
    assert!(desk.ann.is_signed_in().await);
    assert!(!before.is_signed_in().await, "the id before is worth nothing");
    assert!(!phone.is_signed_in().await, "nor is another browser's");
    assert!(desk.bo.is_signed_in().await, "Bo has nothing to do with it");
    let sessions = desk.ann.call("you", &[]).await.json()["sessions"].clone();
    assert_eq!(sessions.as_array().unwrap().len(), 1);
    assert_eq!(sessions[0]["since"], 1_795_000_000_000_i64, "it is the same session");

    assert!(!desk.can_sign_in(ANN, PASSWORD).await);
    assert!(desk.can_sign_in(ANN, NEW).await);
    assert!(desk.can_sign_in(BO, PASSWORD).await);
    assert_eq!(desk.audit().await, [desk.entry("user.password_changed", 1)]);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_password_is_said_at_the_field_and_changes_nothing() {
    let desk = Desk::start().await;
    let (before, long) = (desk.hashes().await, "x".repeat(201));
    for (field, current, new, again) in [
        ("current", "not the password", NEW, NEW),
        ("current", "", NEW, NEW),
        ("current", &format!("{PASSWORD} "), NEW, NEW),
        ("new", PASSWORD, "eleven char", "eleven char"),
        ("new", PASSWORD, "", ""),
        ("new", PASSWORD, &long, &long),
        ("new", PASSWORD, PASSWORD, PASSWORD),
        ("again", PASSWORD, NEW, "another password for test"),
    ] {
        assert_eq!(refused(&change(&desk.ann, current, new, again).await), field, "{current:?} {new:?} {again:?}");
    }
    assert_eq!((desk.hashes().await, desk.audit().await), (before, vec![]));
    assert!(desk.ann.is_signed_in().await);
    let most = "ä".repeat(200);
    assert_eq!(change(&desk.ann, PASSWORD, &most, &most).await.status, 200);
    assert!(desk.can_sign_in(ANN, &most).await, "as it was typed, to the last letter");
}

#[tokio::test]
async fn guessing_the_current_password_is_slowed_down_like_signing_in() {
    let desk = Desk::start().await;
    for _ in 0..10 {
        assert_eq!(refused(&change(&desk.ann, "not the password", NEW, NEW).await), "current");
    }
    let answer = change(&desk.ann, PASSWORD, NEW, NEW).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (429, json!({ "Throttled": { "retry_after": 301 } })));
    let sign_in = Browser::new(&desk.app).sign_in(ANN, PASSWORD).await;
    assert_eq!(sign_in.status, 429, "there is no way around it");
    assert_eq!(change(&desk.bo, PASSWORD, NEW, NEW).await.status, 200, "Bo is not slowed down");
    assert!(desk.ann.is_signed_in().await);
    desk.wait(300);
    assert_eq!(change(&desk.ann, PASSWORD, NEW, NEW).await.status, 200);
}

#[tokio::test]
async fn tries_from_one_machine_count_together_wherever_they_are_made() {
    let desk = Desk::start().await;
    // Two have signed in already.
    for number in 0..14 {
        let email = format!("somebody{number}@acme.travel");
        assert_eq!(Browser::new(&desk.app).sign_in(&email, "a wrong password").await.json(), "WrongCredentials");
    }
    for browser in [&desk.ann, &desk.bo] {
        for _ in 0..7 {
            assert_eq!(refused(&change(browser, "not the password", NEW, NEW).await), "current");
        }
    }
    let answer = change(&desk.ann, PASSWORD, NEW, NEW).await;
    assert_eq!(answer.json(), json!({ "Throttled": { "retry_after": 61 } }));
}

#[tokio::test]
async fn a_sign_in_under_way_with_the_password_before_comes_too_late() {
    let desk = Desk::start().await;
    let mut other = desk.app.pool.begin_with("begin").await.unwrap();
    for sql in ["update users set password_hash = 'changed' where id = $1", "delete from sessions where user_id = $1"] {
        sqlx::query(sql).bind(desk.ann_id.0).execute(&mut *other).await.unwrap();
    }
    let mut late = Browser::new(&desk.app);
    let sign_in = tokio::spawn(async move { late.sign_in(ANN, PASSWORD).await });
    desk.app.wait_for_lock().await;
    other.commit().await.unwrap();
    let answer = sign_in.await.unwrap();
    assert_eq!((answer.json(), answer.cookie()), (json!("WrongCredentials"), None));
    assert_eq!(desk.app.count(&format!("select count(*) from sessions where user_id = '{}'", desk.ann_id)).await, 0);
}

#[tokio::test]
async fn of_two_new_passwords_at_once_one_counts() {
    let desk = Desk::start().await;
    let phone = Browser::signed_in(&desk.app, ANN).await;
    let other = "yet another password";
    let answers = tokio::join!(change(&desk.ann, PASSWORD, NEW, NEW), change(&phone, PASSWORD, other, other));
    let won = [answers.0.status == 200, answers.1.status == 200];
    assert_ne!(won[0], won[1], "{answers:?}");
    assert_eq!([desk.can_sign_in(ANN, NEW).await, desk.can_sign_in(ANN, other).await], won);
    let (winner, loser) = if won[0] { (&answers.0, &phone) } else { (&answers.1, &desk.ann) };
    let mut browser = Browser::new(&desk.app);
    browser.keep_cookie(winner);
    assert!(browser.is_signed_in().await && !loser.is_signed_in().await);
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_of_ones_own_sessions_and_nobody_elses() {
    let desk = Desk::start().await;
    let phone = Browser::signed_in(&desk.app, ANN).await;
    let answer = phone.call("sign_out_everywhere", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["location"], "/sign-in");
    assert!(answer.cookie().unwrap().starts_with("waypost=; Path=/; Max-Age=0;"), "{:?}", answer.cookie());
    assert!(!phone.is_signed_in().await && !desk.ann.is_signed_in().await);
    assert!(desk.bo.is_signed_in().await);
    assert_eq!(desk.audit().await, [desk.entry("user.signed_out_everywhere", 2)]);
    assert!(desk.can_sign_in(ANN, PASSWORD).await, "with the password one had");
}

#[tokio::test]
async fn one_sees_where_one_is_signed_in_and_nothing_of_others() {
    let desk = Desk::start().await;
    let gone = Browser::signed_in(&desk.app, ANN).await;
    assert_eq!(gone.call("sign_out", &[]).await.status, 200);
    desk.wait(3600);
    let phone = Browser::signed_in(&desk.app, ANN).await;
    desk.wait(60);
    let page = phone.call("you", &[]).await.json();
    let viewer = json!({ "name": "Somebody", "email": ANN, "role": "viewer", "company": "Acme Travel" });
    assert_eq!(page["viewer"], viewer);
    let start = 1_795_000_000_000_i64;
    let session = |at: i64, is_this: bool| json!({ "since": at, "last_seen": at, "is_this": is_this });
    assert_eq!(page["sessions"], json!([session(start + 3_600_000, true), session(start, false)]));
    assert_eq!(page["has_more"], false);

    desk.wait(23 * 3600 + 100);
    let page = phone.call("you", &[]).await.json();
    assert_eq!(page["sessions"].as_array().unwrap().len(), 1, "the other was not used for a day, and has ended");
    assert_eq!(page["sessions"][0]["last_seen"], page["now"]);
}

#[tokio::test]
async fn a_crowd_of_sessions_is_cut_off() {
    let desk = Desk::start().await;
    for _ in 0..20 {
        desk.wait(61);
        Browser::signed_in(&desk.app, ANN).await;
    }
    let page = desk.ann.call("you", &[]).await.json();
    assert_eq!((page["sessions"].as_array().unwrap().len(), &page["has_more"]), (20, &json!(true)));
}

#[tokio::test]
async fn without_script_the_page_says_what_came_of_it() {
    let mut desk = Desk::start().await;
    let form = |current, again| [("form[current]", current), ("form[new]", NEW), ("form[again]", again)];
    for (current, again, words) in [
        ("not the password", NEW, "The current password is wrong."),
        (PASSWORD, PASSWORD, "The new password was not typed the same twice."),
    ] {
        let page = desk.ann.submit_and_follow("/you", "change_password", &form(current, again)).await;
        assert!(page.text.contains(words) && !page.text.contains("was changed."), "{}", page.text);
        assert!(!page.text.contains(PASSWORD), "nothing that was typed comes back");
    }
    let answer = desk.ann.submit("/you", "change_password", &form(PASSWORD, NEW)).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["location"]), (302, &"/you?done=password".parse().unwrap()));
    desk.ann.keep_cookie(&answer);
    assert!(desk.ann.open("/you?done=password").await.text.contains("Your password was changed."));

    let answer = desk.ann.submit("/you", "sign_out_everywhere", &[]).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["location"]), (302, &"/sign-in".parse().unwrap()));
    assert_eq!(desk.ann.open("/you").await.status, 302);
}
