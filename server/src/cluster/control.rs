//! Making, starting and stopping the cluster with PostgreSQL's own programs.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::ClusterError;
use super::account::{output, succeed};
use super::binaries::Binaries;
use super::home::Home;
use super::socket;

/// Superuser of the cluster, and the name of its database.
const NAME: &str = "waypost";

/// The server's log, in the cluster.
const LOG: &str = "server.log";

/// How long a start (crash recovery included) or a stop may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// `pg_ctl status` says "not running" with this exit code.
const NOT_RUNNING: i32 = 3;

/// How to stop.
#[derive(Clone, Copy, Debug)]
pub(super) enum StopMode {
    /// Disconnects everybody, writes a checkpoint.
    Fast,
    /// Like a power cut.
    Immediate,
}

/// A cluster and the programs that can run it.
#[derive(Debug)]
pub(super) struct Server {
    home: Home,
    binaries: Binaries,
}

impl Server {
    /// The server of a cluster that is there.
    pub(super) fn of(home: Home) -> Result<Self, ClusterError> {
        Ok(Self { binaries: Binaries::that_made(&home.folder)?, home })
    }

    /// Where to connect.
    pub(super) fn url(&self) -> String {
        socket::url(&self.home.folder)
    }

    /// Whether there is a server process.
    pub(super) fn running(&self) -> Result<bool, ClusterError> {
        let mut status = self.pg_ctl();
        status.arg("status");
        let said = output(status)?;
        match said.status.code() {
            Some(0) => Ok(true),
            Some(NOT_RUNNING) => Ok(false),
            _ => Err(ClusterError::Failed {
                program: "pg_ctl status".to_owned(),
                details: String::from_utf8_lossy(&said.stderr).trim().to_owned(),
            }),
        }
    }

    /// Starts it unless it is running, and waits until it accepts connections. Says whether it had to start it.
    pub(super) fn start(&self) -> Result<bool, ClusterError> {
        if self.running()? {
            self.wait_until_ready()?;
            return Ok(false);
        }
        socket::prepare(&self.home)?;
        self.write_settings()?;
        let mut start = self.pg_ctl();
        start.args(["start", "--wait", "--timeout", &PATIENCE.as_secs().to_string(), "--log", LOG]);
        succeed(start).map_err(|_| self.did_not_start())?;
        Ok(true)
    }

    /// Stops it if it is running, and waits until it has ended.
    pub(super) fn stop(&self, mode: StopMode) -> Result<(), ClusterError> {
        if !self.running()? {
            return Ok(());
        }
        let mode = match mode {
            StopMode::Fast => "fast",
            StopMode::Immediate => "immediate",
        };
        let mut stop = self.pg_ctl();
        stop.args(["stop", "--wait", "--timeout", &PATIENCE.as_secs().to_string(), "--mode", mode]);
        succeed(stop)?;
        socket::tidy(&self.home.folder)
    }

    fn pg_ctl(&self) -> Command {
        let mut command = self.home.account.command(self.binaries.program("pg_ctl"));
        // Relative, since pg_ctl hands its paths to a shell and escapes nothing in them.
        command.current_dir(&self.home.folder).args(["--pgdata", "."]);
        command
    }

    fn log(&self) -> PathBuf {
        self.home.folder.join(LOG)
    }

    /// Somebody else started it a moment ago, and it may still be recovering from a crash.
    fn wait_until_ready(&self) -> Result<(), ClusterError> {
        let lock_file = self.home.folder.join("postmaster.pid");
        let deadline = Instant::now() + PATIENCE;
        loop {
            // The eighth line of the lock file is the server's state.
            let text = std::fs::read_to_string(&lock_file).unwrap_or_default();
            if text.lines().nth(7).is_some_and(|state| state.trim() == "ready") {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(ClusterError::NotReady { lock_file, log: self.log() });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Written at each start, so that a cluster always has the settings of the Waypost that runs it.
    fn write_settings(&self) -> Result<(), ClusterError> {
        let path = self.home.folder.join("waypost.conf");
        let folder = socket::folder(&self.home.folder);
        // The socket's folder is named as `.` where it is the cluster's own: no path needs quoting then.
        let folder = if folder == self.home.folder { ".".to_owned() } else { folder.display().to_string() };
        self.write_anew(&path, &settings(&folder)).map_err(ClusterError::file(&path))
    }

    /// Never through a link: root must not be led out of a folder that belongs to somebody else.
    fn write_anew(&self, path: &Path, text: &str) -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        self.home.account.take_over_file(&file)
    }

    fn did_not_start(&self) -> ClusterError {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let fatal = log.lines().rev().find(|line| line.contains("FATAL:")).unwrap_or("it gave no reason");
        let details = format!("PostgreSQL did not start: {fatal}. Its log is {}.", self.log().display());
        ClusterError::Failed { program: "pg_ctl start".to_owned(), details }
    }
}

/// Its log names no values of rows: they may be phone numbers.
fn settings(socket_folder: &str) -> String {
    format!(
        "# Written by Waypost at each start. Settings of your own belong into postgresql.conf, below the include.\n\
         cluster_name = '{NAME}'\n\
         listen_addresses = ''\n\
         port = {port}\n\
         unix_socket_directories = '{socket_folder}'\n\
         unix_socket_permissions = 0700\n\
         max_connections = 100\n\
         shared_buffers = 128MB\n\
         max_wal_size = 2GB\n\
         fsync = on\n\
         full_page_writes = on\n\
         synchronous_commit = on\n\
         jit = off\n\
         log_error_verbosity = terse\n\
         log_min_error_statement = panic\n",
        port = socket::PORT,
    )
}

/// Makes a complete cluster, with its database, in an empty folder.
pub(super) fn init(home: &Home) -> Result<(), ClusterError> {
    let binaries = Binaries::for_new()?;
    // C.UTF-8 knows the case of every letter; systems without it have at least C.
    init_with_locale(home, &binaries, "C.UTF-8").or_else(|_| init_with_locale(home, &binaries, "C"))?;
    let path = home.folder.join("postgresql.conf");
    let mut settings = std::fs::OpenOptions::new().append(true).open(&path).map_err(ClusterError::file(&path))?;
    settings.write_all(b"\ninclude_if_exists = 'waypost.conf'\n").map_err(ClusterError::file(&path))?;
    create_database(home, &binaries)
}

fn init_with_locale(home: &Home, binaries: &Binaries, locale: &str) -> Result<(), ClusterError> {
    let mut initdb = home.account.command(binaries.program("initdb"));
    initdb.args(["--username", NAME, "--encoding", "UTF8", "--locale", locale, "--data-checksums"]);
    // Trust is safe here: the only way in is a socket in a folder that is closed to others.
    initdb.args(["--auth-local", "trust", "--auth-host", "reject", "--pgdata"]).arg(&home.folder);
    succeed(initdb)
}

/// In single-user mode, so that it needs neither a running server nor a client.
fn create_database(home: &Home, binaries: &Binaries) -> Result<(), ClusterError> {
    let mut single = home.account.command(binaries.program("postgres"));
    single.args(["--single", "-j", "-D"]).arg(&home.folder).arg("postgres");
    single.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let unrunnable = |source| ClusterError::Unrunnable { program: "postgres --single".to_owned(), source };
    let mut child = single.spawn().map_err(unrunnable)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(format!("create database {NAME};\n\n").as_bytes()).map_err(unrunnable)?;
    }
    let said = child.wait_with_output().map_err(unrunnable)?;
    // Single-user mode ends well even where a statement fails.
    let errors = String::from_utf8_lossy(&said.stderr).into_owned();
    if said.status.success() && !errors.contains("ERROR:") {
        return Ok(());
    }
    Err(ClusterError::Failed { program: "postgres --single".to_owned(), details: errors.trim().to_owned() })
}
