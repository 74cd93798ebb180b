//! The real program as a child process, on a database, a port and keys of its own, so that it can be killed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use server::crypto::KeyRing;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::app::{Options, TestApp};
use crate::test_database::TestDatabase;

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the program is started.
pub struct Program {
    /// `http://127.0.0.1:…`; the same after each start.
    pub url: String,
    place: TestDatabase,
    keys: SecretString,
    address: SocketAddr,
    folder: TempDir,
}

/// A server that was started. It is killed when dropped.
pub struct Process(Child);

/// A database with one verified account, a [`TestApp`] without workers to look at it with, and the program that is to
/// serve it.
pub async fn stand() -> (TestApp, Program) {
    let keys = KeyRing::generate("k1");
    let ring = Arc::new(KeyRing::parse(&keys).unwrap());
    let app = TestApp::on(TestDatabase::fresh().await, ring, Options::default()).await;
    let program = Program::new(app.place.clone(), keys);
    (app, program)
}

impl Program {
    /// The program on this database with these keys, and on a port that is free.
    pub fn new(place: TestDatabase, keys: SecretString) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{address}");
        Self { url, place, keys, address, folder: tempfile::tempdir().unwrap() }
    }

    /// The keys it has.
    pub fn keys(&self) -> SecretString {
        self.keys.clone()
    }

    /// From the next start on it has these keys.
    pub fn set_keys(&mut self, keys: SecretString) {
        self.keys = keys;
    }

    /// The program with these arguments. It sees no variable of this process, and no `.env`.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.env_clear().current_dir(self.folder.path()).args(arguments).kill_on_drop(true);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("DATABASE_URL", &self.place.url).env("LEPTOS_SITE_ADDR", self.address.to_string());
        command.env("WAYPOST_ENCRYPTION_KEYS", self.keys.expose_secret()).env("RUST_LOG", "warn");
        command.env("ALLOW_UNSAFE_DATABASE", "true");
        command
    }

    /// Runs a command to its end, with these lines on its standard input.
    pub async fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("the command never ended").unwrap()
    }

    /// Starts the server and waits until it is ready.
    pub async fn serve(&self) -> Process {
        self.serve_with(&[]).await
    }

    /// The same with these variables.
    pub async fn serve_with(&self, variables: &[(&str, &str)]) -> Process {
        let mut command = self.command(&["serve"]);
        command.envs(variables.iter().copied());
        self.started(command).await
    }

    /// The same, without permission for a database that may lose something.
    pub async fn serve_strictly(&self, variables: &[(&str, &str)]) -> Process {
        let mut command = self.command(&["serve"]);
        command.env_remove("ALLOW_UNSAFE_DATABASE").envs(variables.iter().copied());
        self.started(command).await
    }

    async fn started(&self, mut command: Command) -> Process {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut process = Process(command.spawn().unwrap());
        let end = Instant::now() + PATIENCE;
        while !self.is_ready().await {
            let ended = process.0.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "{ended:?}: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        process
    }

    /// What the servers have logged.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    async fn is_ready(&self) -> bool {
        reqwest::get(format!("{}/readyz", self.url)).await.is_ok_and(|answer| answer.status().is_success())
    }
}

impl Process {
    /// SIGKILL, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.0.kill().await.unwrap();
    }

    /// SIGTERM.
    pub async fn terminate(&self) {
        self.signal("TERM").await;
    }

    /// A signal, by its name without SIG.
    pub async fn signal(&self, name: &str) {
        let (signal, id) = (format!("-{name}"), self.id().to_string());
        assert!(Command::new("kill").args([signal, id]).status().await.unwrap().success());
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.0.id().expect("it has ended")
    }

    /// Waits until it has ended by itself.
    pub async fn end(&mut self, limit: Duration) -> ExitStatus {
        tokio::time::timeout(limit, self.0.wait()).await.expect("the server did not end").unwrap()
    }
}
