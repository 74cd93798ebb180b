//! A new app secret while traffic flows: in the overlap both are good, so it does not matter who changes first, Meta or
//! the admin; after it the old one is refused. And a sealed secret is worth nothing outside its row.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::contract::Role;
use server::clock::Clock;
use tokio::task::JoinSet;

use crate::app::{NewTestAccount, Options, SECRET, TestApp, signature, text_message};
use crate::browser::Browser;

const ADMIN: &str = "ann@acme.travel";
const NEW: &str = "a-new-secret-of-thirty-two-chars";

/// Meta's side: posts under the secret that it has at the moment, over several connections.
struct Meta {
    secret: Mutex<&'static str>,
    serial: AtomicUsize,
    stop: AtomicBool,
    answers: Mutex<Vec<(&'static str, u16)>>,
}

impl Meta {
    fn new() -> Arc<Self> {
        let (serial, stop, answers) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::default());
        Arc::new(Self { secret: Mutex::new(SECRET), serial, stop, answers })
    }

    async fn post(&self, app: &TestApp, secret: &'static str) -> u16 {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let body = text_message(&format!("wamid.{serial}"), "16505551234", "Hello");
        let post = app.unsigned(&app.account.callback_path, body.clone());
        post.header("X-Hub-Signature-256", signature(secret, &body)).send().await.unwrap().status().as_u16()
    }

    async fn post_until_stopped(self: Arc<Self>, app: Arc<TestApp>) {
        while !self.stop.load(Ordering::SeqCst) {
            let secret = *self.secret.lock().unwrap();
            let status = self.post(&app, secret).await;
            self.answers.lock().unwrap().push((secret, status));
        }
    }
}

/// Changes the secret in the console while Meta posts under the old one; Meta follows a moment later. Gives what was
/// answered.
async fn rotate(app: &Arc<TestApp>, overlap: &str) -> Vec<(&'static str, u16)> {
    app.add_user(app.account.owner.company, ADMIN, Role::Admin).await;
    let admin = Browser::signed_in(app, ADMIN).await;
    let meta = Meta::new();
    let mut posting = JoinSet::new();
    for _ in 0..4 {
        posting.spawn(Arc::clone(&meta).post_until_stopped(Arc::clone(app)));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let account = app.account.owner.account.to_string();
    let form = [("form[account]", account.as_str()), ("form[app_secret]", NEW), ("form[overlap]", overlap)];
    assert_eq!(admin.call("save_webhook", &form).await.status, 200);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    *meta.secret.lock().unwrap() = NEW;
    tokio::time::sleep(Duration::from_millis(500)).await;
    meta.stop.store(true, Ordering::SeqCst);
    posting.join_all().await;
    Arc::into_inner(meta).unwrap().answers.into_inner().unwrap()
}

async fn start() -> (Arc<TestApp>, Arc<AtomicI64>) {
    let ahead = Arc::new(AtomicI64::new(0));
    let seconds = Arc::clone(&ahead);
    let clock = Clock::from_fn(move || Clock::system().now() + time::Duration::seconds(seconds.load(Ordering::SeqCst)));
    (Arc::new(TestApp::with(Options { clock, ..Options::default() }).await), ahead)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_changed_while_traffic_flows_and_no_genuine_webhook_is_refused() {
    let (app, ahead) = start().await;
    let answers = rotate(&app, "hour").await;
    // A busy machine may ask for a post again, which is no refusal.
    assert!(answers.iter().all(|(_, status)| [200, 503].contains(status)), "{answers:?}");
    for secret in [SECRET, NEW] {
        assert!(answers.iter().filter(|answer| **answer == (secret, 200)).count() > 10, "hardly any traffic");
    }
    let slots = "select count(distinct signed_with) from whatsapp_webhook_deliveries";
    assert_eq!(app.count(slots).await, 2, "some under the old secret, after it was the old one");

    let meta = Meta::new();
    meta.serial.store(1_000_000, Ordering::SeqCst);
    assert_eq!((meta.post(&app, SECRET).await, meta.post(&app, NEW).await), (200, 200), "in the overlap");
    ahead.store(3_600, Ordering::SeqCst);
    assert_eq!((meta.post(&app, SECRET).await, meta.post(&app, NEW).await), (403, 200), "after its end");
}

/// The negative control: without an overlap, what Meta still signs with the old secret is refused, and it is noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_without_overlap_is_reported() {
    let (app, _) = start().await;
    let answers = rotate(&app, "none").await;
    assert!(answers.contains(&(SECRET, 403)), "nothing was refused");
    assert!(answers.ends_with(&[(NEW, 200)]), "{:?}", answers.last());
}

#[tokio::test]
async fn a_sealed_secret_moved_to_another_row_signs_nothing() {
    let app = TestApp::start().await;
    let new = NewTestAccount { phone_number_id: "2002", app_secret: NEW, ..NewTestAccount::default() };
    let other = app.add_account(new).await;
    let post = async |path: &str, secret: &str, serial: usize| {
        let body = text_message(&format!("wamid.{serial}"), "16505551234", "Hello");
        let post = app.unsigned(path, body.clone()).header("X-Hub-Signature-256", signature(secret, &body));
        post.send().await.unwrap().status().as_u16()
    };
    let exchange = "update whatsapp_webhook_configs mine set app_secret_sealed = other.app_secret_sealed
                    from whatsapp_webhook_configs other where mine.account_id <> other.account_id";
    for (serial, status) in [(0, 403), (1, 200)] {
        app.execute(exchange).await;
        app.wait_for_config().await;
        // The second time, each is back in its own row.
        assert_eq!(post(&app.account.callback_path, SECRET, serial).await, status);
        assert_eq!(post(&other.callback_path, NEW, serial).await, status);
        assert_eq!(post(&app.account.callback_path, NEW, serial).await, 403);
        assert_eq!(post(&other.callback_path, SECRET, serial).await, 403);
    }
}
