//! Throw-away PostgreSQL clusters, for tests and for checking queries. The server has
//! clusters of its own for those who run it; these exist before the server compiles.
//!
//! PostgreSQL refuses to run as root, so root steps down to the user `postgres`. Each
//! purpose has at most one cluster a checkout: a lock makes the second run wait, and a
//! note says where the cluster is, so that what a killed run left behind is found and
//! removed by the next one. Otherwise the cluster ends with the value that stands for it.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command::{output, run, succeeds};
use crate::machine::{is_root, postgresql};
use crate::root;

/// The longest folder in which a socket still fits into its address (107 bytes).
const LONGEST_FOLDER: usize = 85;

/// How often another port is tried when somebody took the one that was free.
const ATTEMPTS: u32 = 3;

/// Enough for tests that each have a pool of their own.
const MAX_CONNECTIONS: u32 = 300;

/// A running cluster.
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    note: PathBuf,
    port: u16,
    password: String,
    /// Lines of its configuration.
    more_settings: String,
    /// Held as long as the cluster is there.
    lock: File,
}

impl Cluster {
    /// Makes and starts an empty cluster; `purpose` is its name on disk.
    pub fn start(purpose: &str) -> Result<Self> {
        Self::start_with(purpose, "")
    }

    /// Makes and starts an empty cluster with these lines in its configuration.
    pub fn start_with(purpose: &str, settings: &str) -> Result<Self> {
        let programs = postgresql::ensure()?;
        let home = root::target().join("postgres");
        fs::create_dir_all(&home)?;
        let lock = lock(&home.join(format!("{purpose}.lock")))?;
        let note = home.join(format!("{purpose}.folder"));
        remove_left_behind(&programs, &note)?;
        let folder = make_folder(&home.join(purpose))?;
        fs::write(&note, folder.to_string_lossy().as_bytes())?;
        // From here on, dropping it cleans up.
        let password = random_password()?;
        let mut cluster = Self { programs, folder, note, port: 0, password, more_settings: settings.to_owned(), lock };
        cluster.initialise()?;
        cluster.start_on_free_port()?;
        Ok(cluster)
    }

    /// The address of one of its databases, as a superuser.
    pub fn url(&self, database: &str) -> String {
        let Self { password, port, .. } = self;
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    /// The folder of `psql` and its like.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Makes a database and applies the files of a folder to it in the order of their names.
    pub fn create_migrated(&self, database: &str, migrations: &Path) -> Result<String> {
        let create = format!("CREATE DATABASE {database}");
        output(self.psql("postgres").args(["--command", &create]))?;
        for migration in sql_files(migrations)? {
            let mut psql = self.psql(database);
            // The mark by which sqlx, too, leaves out the transaction.
            if !fs::read_to_string(&migration)?.starts_with("-- no-transaction") {
                psql.arg("--single-transaction");
            }
            output(psql.arg("--file").arg(&migration))?;
        }
        Ok(self.url(database))
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env("PGPASSWORD", &self.password)
            .env("PGOPTIONS", "--client-min-messages=warning")
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .args(["--host=127.0.0.1", "--username=postgres"])
            .arg(format!("--port={}", self.port))
            .arg(format!("--dbname={database}"));
        psql
    }

    fn initialise(&self) -> Result<()> {
        // Nobody else can look into the folder.
        let password = self.folder.join("password");
        fs::write(&password, &self.password)?;
        output(
            as_owner(&self.programs.join("initdb"))
                .args(["--username=postgres", "--auth=password"])
                .args(["--encoding=UTF8", "--locale=C"])
                .arg("--pwfile")
                .arg(&password)
                .arg("--pgdata")
                .arg(data(&self.folder)),
        )?;
        fs::remove_file(password)?;
        Ok(())
    }

    fn start_on_free_port(&mut self) -> Result<()> {
        let configuration = data(&self.folder).join("postgresql.conf");
        let original = fs::read_to_string(&configuration)?;
        for attempt in 1.. {
            self.port = free_port()?;
            // Written over, not replaced: it stays the owner's file.
            fs::write(&configuration, format!("{original}\n{}", self.settings()))?;
            let started =
                output(pg_ctl(&self.programs, &self.folder, "start").arg("--log").arg(self.folder.join("log")));
            match started {
                Ok(_) => break,
                Err(_) if attempt < ATTEMPTS => {}
                Err(error) => {
                    let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                    return Err(error.context(log).context("PostgreSQL does not start"));
                }
            }
        }
        Ok(())
    }

    fn settings(&self) -> String {
        let socket = self.folder.to_string_lossy().replace('\'', "''");
        format!(
            "listen_addresses = '127.0.0.1'\n\
             port = {}\n\
             unix_socket_directories = '{socket}'\n\
             max_connections = {MAX_CONNECTIONS}\n\
             {}",
            self.port, self.more_settings
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let removed = remove(&self.programs, &self.folder, &self.note);
        if let Err(error) = removed.and_then(|()| Ok(self.lock.unlock()?)) {
            eprintln!(
                "The cluster in {} could not be removed, the next run will try: {error:#}",
                self.folder.display()
            );
        }
    }
}

/// Waits until no other run has a cluster for the same purpose.
fn lock(path: &Path) -> Result<File> {
    let file = File::create(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            println!("Waiting for another run that uses {}", path.display());
            file.lock()?;
        }
        Err(fs::TryLockError::Error(error)) => return Err(error.into()),
    }
    Ok(file)
}

fn remove_left_behind(programs: &Path, note: &Path) -> Result<()> {
    let Ok(folder) = fs::read_to_string(note) else {
        return Ok(());
    };
    println!("Removing the cluster that an earlier run left in {folder}");
    remove(programs, Path::new(&folder), note)
}

/// Stops the cluster, if it runs, and removes all of it.
fn remove(programs: &Path, folder: &Path, note: &Path) -> Result<()> {
    if data(folder).join("postmaster.pid").exists() {
        // Nobody needs the data any more.
        let stopped = output(pg_ctl(programs, folder, "stop").arg("--mode=immediate"));
        // The file outlives a machine that went down; then nothing runs.
        if stopped.is_err() && succeeds(&mut pg_ctl(programs, folder, "status")) {
            bail!("PostgreSQL does not stop");
        }
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::remove_file(note)?;
    Ok(())
}

/// A private folder of the user who runs PostgreSQL: the wanted one, or, where that user
/// cannot reach it (a checkout in a private home) or its path is too long for a socket,
/// one in the folder for temporary files.
fn make_folder(wanted: &Path) -> Result<PathBuf> {
    if wanted.as_os_str().len() <= LONGEST_FOLDER {
        let mut install = Command::new("install");
        install.args(["--directory", "--mode=700"]);
        if is_root() {
            install.arg("--owner=postgres");
        }
        run(install.arg(wanted))?;
        if succeeds(as_owner(Path::new("test")).arg("-w").arg(wanted)) {
            return Ok(wanted.to_owned());
        }
        fs::remove_dir(wanted)?;
    }
    let made = as_owner(Path::new("mktemp"))
        .args(["-d", "-t", "waypost-XXXXXX"])
        .current_dir("/")
        .env("TMPDIR", std::env::temp_dir())
        .output()?;
    let folder = PathBuf::from(String::from_utf8_lossy(&made.stdout).trim());
    if !folder.is_dir() {
        bail!("no folder for a PostgreSQL cluster could be made");
    }
    Ok(folder)
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn pg_ctl(programs: &Path, folder: &Path, verb: &str) -> Command {
    let mut pg_ctl = as_owner(&programs.join("pg_ctl"));
    pg_ctl.args([verb, "--wait", "--timeout=60", "--pgdata"]).arg(data(folder));
    pg_ctl
}

/// A command as the user who may run PostgreSQL, in a folder that user can enter.
fn as_owner(program: &Path) -> Command {
    let mut command;
    if is_root() {
        command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
    } else {
        command = Command::new(program);
    }
    command.current_dir("/");
    command
}

/// A port that is free now. The system gives them out from 32768 up, so never 5432.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

fn random_password() -> Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("no random password could be made")?;
    Ok(hex::encode(bytes))
}

fn sql_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        let cluster = Cluster::start("self-test").expect("a cluster");
        let folder = cluster.folder.clone();
        let migrations = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            fs::write(migrations.path().join(name), text).expect("a migration");
        };
        write("2_fill.sql", "INSERT INTO things VALUES (1), (2);");
        write("1_create.sql", "CREATE TABLE things (id int);");
        cluster.create_migrated("shop", migrations.path()).expect("the migrations apply in order");

        let ask = |question: &str| output(cluster.psql("shop").args(["-At", "-c", question])).expect("an answer");
        assert_eq!(ask("SELECT count(*) FROM things"), "2");
        assert_eq!(ask("SHOW fsync"), "on");
        assert_eq!(ask("SHOW max_connections"), "300");
        assert_ne!(cluster.port, 5432);

        let wrong = output(cluster.psql("shop").env("PGPASSWORD", "wrong").args(["-c", "SELECT 1"]));
        assert!(wrong.is_err(), "a password is asked for");

        drop(cluster);
        assert!(!folder.exists());
    }

    #[test]
    fn what_a_killed_run_left_is_removed_by_the_next() {
        let first = Cluster::start("self-test-killed").expect("a cluster");
        let first_port = first.port;
        let note = first.note.clone();
        assert!(note.exists());
        // A killed run gives back its lock, and nothing else.
        first.lock.unlock().expect("the lock is given back");
        std::mem::forget(first);

        let second = Cluster::start("self-test-killed").expect("a second cluster");
        assert_ne!(second.port, first_port);
        let connected = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, first_port));
        assert!(connected.is_err(), "the first cluster is gone");
        drop(second);
        assert!(!note.exists());
    }
}
