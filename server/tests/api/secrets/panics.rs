//! Panics, in a process of their own, since what is done with them is a matter of the whole process: the log says where,
//! and never what.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use app::contract::Role;
use server::clock::Clock;
use server::settings::{LogArgs, LogFormat};
use server::telemetry;

use super::traffic::{ask_wrongly, knock};
use super::{Answers, EMAIL, PASSWORD, WRONG_PASSWORD, WRONG_TOKEN, found, personal};
use crate::app::{Options, TestApp};
use crate::browser::Browser;

const CHILD: &str = "WAYPOST_TEST_PANICS";
const QUOTED: &str = "quotedcanary4711";

/// A clock that panics at every third look, once it is let loose, and quotes what must not be told.
fn broken_clock() -> (Clock, Arc<AtomicBool>) {
    let (loose, looks) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let is_loose = Arc::clone(&loose);
    let clock = Clock::from_fn(move || {
        let panics = is_loose.load(Ordering::SeqCst) && looks.fetch_add(1, Ordering::SeqCst).is_multiple_of(3);
        assert!(!panics, "{QUOTED} {PASSWORD}");
        Clock::system().now()
    });
    (clock, loose)
}

/// In the child: requests to a server that panics now and then. It serves whoever comes next.
async fn panic_now_and_then() {
    telemetry::init(&LogArgs { log: "server=trace,app=trace,info".into(), log_format: LogFormat::Text }).unwrap();
    let (clock, loose) = broken_clock();
    let app = TestApp::with(Options { clock, ..Options::default() }).await;
    app.add_user(app.account.owner.company, EMAIL, Role::Admin).await;
    let mut answers = Answers::default();
    let mut browser = Browser::signed_in(&app, EMAIL).await;
    loose.store(true, Ordering::SeqCst);
    for serial in 0..20 {
        knock(&app, serial, &mut answers).await;
        ask_wrongly(&app, &browser, WRONG_PASSWORD, &mut answers).await;
        answers.add(&browser.sign_in(EMAIL, WRONG_PASSWORD).await);
    }
    loose.store(false, Ordering::SeqCst);
    assert!(app.client.get(format!("{}/readyz", app.url)).send().await.unwrap().status().is_success());
    assert_eq!(found(&[("an answer", &answers.0)], &[("what was quoted", QUOTED)]), [""; 0]);
    app.stop().await;
}

#[tokio::test]
async fn a_panic_says_where_and_never_what() {
    if std::env::var_os(CHILD).is_some() {
        return panic_now_and_then().await;
    }
    let this = "secrets::panics::a_panic_says_where_and_never_what";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", this, "--nocapture"]).env(CHILD, "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let log = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(said.status.success(), "{log}");
    assert!(log.matches("panicked place=").count() >= 10, "hardly anything panicked:\n{log}");
    let mut never = vec![("what was quoted", QUOTED), ("a wrong password", WRONG_PASSWORD), ("a token", WRONG_TOKEN)];
    never.extend(personal().map(|(what, canary): (&str, &str)| (what, canary)));
    assert_eq!(found(&[("the log", &log)], &never), [""; 0]);
}
