//! The program itself in a process of its own: for counting from zero, and for reading all that it says.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use server::crypto::KeyRing;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::app::{Options, TestApp};
use crate::test_database::TestDatabase;

/// A running `waypost serve`.
pub struct Program {
    /// A database and an account, and how to post: its `url` is the program's.
    pub app: TestApp,
    /// The program's keys as text.
    pub keys: SecretString,
    said: Arc<Mutex<String>>,
    child: Child,
}

impl Program {
    /// Starts the program on a fresh database with one account, with these variables.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        Self::on(TestDatabase::fresh().await, variables).await
    }

    /// The same on a database that is there already.
    pub async fn on(place: TestDatabase, variables: &[(&str, &str)]) -> Self {
        let keys = KeyRing::generate("test");
        let ring = Arc::new(KeyRing::parse(&keys).unwrap());
        let mut app = TestApp::on(place, ring, Options::default()).await;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        app.url = format!("http://127.0.0.1:{port}");
        let mut child = Command::new(env!("CARGO_BIN_EXE_waypost"))
            .arg("serve")
            .current_dir(std::env::temp_dir())
            .env_clear()
            .env("DATABASE_URL", &app.place.url)
            .env("LEPTOS_SITE_ADDR", format!("127.0.0.1:{port}"))
            .env("WAYPOST_ENCRYPTION_KEYS", keys.expose_secret())
            .env("ALLOW_UNSAFE_DATABASE", "true")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = Arc::default();
        tokio::spawn(listen(child.stdout.take().unwrap(), Arc::clone(&said)));
        tokio::spawn(listen(child.stderr.take().unwrap(), Arc::clone(&said)));
        let program = Self { app, keys, said, child };
        program.wait_until_ready().await;
        program
    }

    /// Memory that it has now, bytes.
    pub fn memory(&self) -> usize {
        self.status("VmRSS:")
    }

    /// The most that it has ever had, bytes.
    pub fn peak(&self) -> usize {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
    }

    /// All that it has said so far, on both of its outputs.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// A page for operators.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.app.client.get(format!("{}{path}", self.app.url)).send().await.unwrap()
    }

    async fn wait_until_ready(&self) {
        for _ in 0..600 {
            let asked = self.app.client.get(format!("{}/readyz", self.app.url)).send().await;
            if asked.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the program did not become ready:\n{}", self.said());
    }
}

/// Takes down what a process says.
pub async fn listen(output: impl AsyncRead + Unpin, said: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut said = said.lock().unwrap();
        said.push_str(&line);
        said.push('\n');
    }
}
