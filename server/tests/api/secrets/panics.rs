//! A server that panics now and then, and quotes what must not be told. It is a process of its own, since what is done
//! with panics is a matter of the whole process: its log says where, and never what.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::ExposeSecret;
use server::clock::Clock;
use server::crypto::KeyRing;
use server::settings::{LogArgs, LogFormat};
use server::telemetry;
use tokio::process::{Child, Command};

use super::{PASSWORD, QUOTED};
use crate::app::{Options, TestApp};
use crate::program::{Program, listen};
use crate::test_database::TestDatabase;

const CHILD: &str = "WAYPOST_TEST_PANICS";
const SERVING: &str = "serving at ";

/// That server, beside a program and on its database.
pub struct Panicking {
    /// How to reach it.
    pub app: TestApp,
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Panicking {
    /// Starts it: this very test, in another process.
    pub async fn beside(program: &Program, test: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).kill_on_drop(true);
        command.env(CHILD, &program.app.place.url).env("WAYPOST_ENCRYPTION_KEYS", program.keys.expose_secret());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (mut child, said) = (command.spawn().unwrap(), Arc::default());
        tokio::spawn(listen(child.stdout.take().unwrap(), Arc::clone(&said)));
        tokio::spawn(listen(child.stderr.take().unwrap(), Arc::clone(&said)));
        let mut app = TestApp::on(program.app.place.clone(), Arc::clone(&program.app.keys), Options::default()).await;
        app.url = url(&said).await;
        app.account = program.app.account.clone();
        Self { app, child, said }
    }

    /// Lets it end, and gives what it has said.
    pub async fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let ended = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await.expect("it never ended");
        let said = self.said.lock().unwrap().clone();
        assert!(ended.unwrap().success(), "{said}");
        assert!(said.matches("panicked place=").count() >= 10, "hardly anything panicked:\n{said}");
        said
    }
}

/// Where it serves, once it says so.
async fn url(said: &Mutex<String>) -> String {
    for _ in 0..600 {
        let so_far = said.lock().unwrap().clone();
        let url = so_far.split_once(SERVING).and_then(|(_, rest)| rest.split_once('\n'));
        if let Some((url, _)) = url {
            return url.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not serve:\n{}", said.lock().unwrap());
}

/// In the child: serves, until its standard input ends. False in any other process.
pub async fn serve_if_asked() -> bool {
    let Ok(database) = std::env::var(CHILD) else { return false };
    telemetry::init(&LogArgs { log: "server=trace,app=trace,info".into(), log_format: LogFormat::Text }).unwrap();
    let keys = KeyRing::parse(&std::env::var("WAYPOST_ENCRYPTION_KEYS").unwrap().into()).unwrap();
    let (clock, loose) = broken_clock();
    let options = Options { clock, ..Options::default() };
    let app = TestApp::on(TestDatabase::elsewhere(database), Arc::new(keys), options).await;
    loose.store(true, Ordering::SeqCst);
    println!("{SERVING}{}", app.url);
    tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin())).await.unwrap().unwrap();
    loose.store(false, Ordering::SeqCst);
    // It serves whoever comes next.
    let ready = app.client.get(format!("{}/readyz", app.url)).send().await.unwrap();
    assert!(ready.status().is_success());
    app.stop().await;
    true
}

/// A clock that panics at every third look, once it is let loose.
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
