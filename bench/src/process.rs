//! The server as a process of its own, and the commands that set it up.

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use secrecy::{ExposeSecret, SecretString};

use crate::machine;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program on one database, with the environment of an operator and nothing else.
pub struct Program {
    file: PathBuf,
    site_root: PathBuf,
    database_url: String,
    keys: SecretString,
    folder: tempfile::TempDir,
    /// Where its server listens.
    pub address: SocketAddr,
}

impl Program {
    /// The program on this database; its server will have a port that is free now.
    pub fn new(program: &Path, site_root: &Path, database_url: String, keys: SecretString) -> Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let (file, site_root) = (program.to_owned(), site_root.to_owned());
        Ok(Self { file, site_root, database_url, keys, folder: tempfile::tempdir()?, address })
    }

    /// How browsers reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs a command to its end with this line on its standard input, and gives what it printed.
    pub fn run(&self, arguments: &[&str], input: &str) -> Result<String> {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().context("it has a standard input")?.write_all(format!("{input}\n").as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("`waypost {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts the server with so many workers. It need not be ready yet.
    pub fn serve(&self, workers: usize) -> Result<Server> {
        let log = self.folder.path().join("log");
        let errors = File::options().create(true).append(true).open(&log)?;
        let started = Instant::now();
        let mut command = self.command(&["serve"]);
        command.env("WAYPOST_WORKERS", workers.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn()?;
        Ok(Server { child, started, log })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.file);
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.folder.path())
            .env("DATABASE_URL", &self.database_url)
            .env("LEPTOS_SITE_ADDR", self.address.to_string())
            .env("LEPTOS_SITE_ROOT", &self.site_root)
            .env("WAYPOST_ENCRYPTION_KEYS", self.keys.expose_secret());
        command
    }
}

/// A running server. It is killed when dropped.
pub struct Server {
    child: Child,
    started: Instant,
    log: PathBuf,
}

impl Server {
    /// Tries until it works, and gives how long that was after the start.
    pub fn until(&mut self, mut works: impl FnMut() -> bool) -> Result<Duration> {
        loop {
            if works() {
                return Ok(self.started.elapsed());
            }
            if self.child.try_wait()?.is_some() || self.started.elapsed() > PATIENCE {
                bail!("the server does not serve: {}", std::fs::read_to_string(&self.log).unwrap_or_default());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Megabytes of memory it has now.
    pub fn memory(&self) -> Result<f64> {
        self.megabytes("VmRSS")
    }

    /// Megabytes of memory it had at most.
    pub fn peak_memory(&self) -> Result<f64> {
        self.megabytes("VmHWM")
    }

    /// Seconds of processor time it has had.
    pub fn cpu_seconds(&self) -> Result<f64> {
        machine::cpu_seconds(self.child.id()).context("the server's processor time cannot be read")
    }

    /// Ends it as an operator does.
    pub fn stop(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        if !Command::new("kill").args(["-TERM", &id]).status()?.success() {
            bail!("the server had ended: {}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > PATIENCE {
                bail!("the server does not end");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn megabytes(&self, name: &str) -> Result<f64> {
        let kilobytes = machine::kilobytes(self.child.id(), name).context("the server's memory cannot be read")?;
        Ok(crate::statistics::lossy(kilobytes) / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail where it has ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
