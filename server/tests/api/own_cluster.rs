//! A PostgreSQL cluster that a test may stop, kill or starve: nobody else uses it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use server::cluster::Cluster;
use server::crypto::KeyRing;
use server::database;
use tempfile::TempDir;

use crate::app::{Options, TestApp};
use crate::program::Program;
use crate::test_database::TestDatabase;

/// It is stopped for good, and removed, when dropped.
pub struct OwnCluster {
    /// For stopping and starting it.
    pub cluster: Cluster,
    // In this order they are let go.
    _disk: Option<SmallDisk>,
    folder: TempDir,
}

impl OwnCluster {
    /// On the disk of everybody, in a folder that the user who runs PostgreSQL may enter.
    pub async fn start() -> Self {
        let folder = folder();
        let cluster = Cluster::ensure(&data(&folder)).await.unwrap();
        Self { cluster, _disk: None, folder }
    }

    /// On a disk of its own that holds so many megabytes, and the folder where that disk can be filled. The error says
    /// why this machine makes no such disk.
    pub async fn on_a_small_disk(megabytes: u32) -> Result<(Self, PathBuf), String> {
        let folder = folder();
        let disk = SmallDisk::mount(folder.path().join("disk"), megabytes)?;
        let place = disk.0.clone();
        let cluster = Cluster::ensure(&place.join("data")).await.unwrap();
        Ok((Self { cluster, _disk: Some(disk), folder }, place))
    }

    /// Where all of it is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program on it, with these variables.
    pub async fn program(&self, variables: &[(&str, &str)]) -> Program {
        database::migrate(&self.cluster.url().into()).await.unwrap();
        Program::on(TestDatabase::elsewhere(self.cluster.url()), variables).await
    }

    /// A server on it.
    pub async fn serve(&self, options: Options) -> TestApp {
        database::migrate(&self.cluster.url().into()).await.unwrap();
        let keys = Arc::new(KeyRing::parse(&KeyRing::generate("test")).unwrap());
        TestApp::on(TestDatabase::elsewhere(self.cluster.url()), keys, options).await
    }
}

fn folder() -> TempDir {
    let everybody = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("waypost").permissions(everybody).tempdir().unwrap()
}

fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        let cluster = self.cluster.clone();
        let stopping = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(cluster.stop_immediate())
        });
        let stopped = stopping.join();
        assert!(stopped.is_ok_and(|stopped| stopped.is_ok()) || std::thread::panicking(), "the cluster still runs");
    }
}

/// A file system in memory, for what must run full. Only root may mount one, and not in every container.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: PathBuf, megabytes: u32) -> Result<Self, String> {
        std::fs::create_dir(&place).unwrap();
        let size = format!("size={megabytes}m,mode=0755");
        let said = run("mount", &["-t", "tmpfs", "-o", &size, "waypost-test"], &place)?;
        if said.is_empty() { Ok(Self(place)) } else { Err(said) }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: it goes when the last process has let go of it.
        let gone = run("umount", &["--lazy"], &self.0);
        assert!(gone.as_ref().is_ok_and(String::is_empty) || std::thread::panicking(), "{gone:?}");
    }
}

/// What it complained of.
fn run(program: &str, arguments: &[&str], place: &Path) -> Result<String, String> {
    let said = Command::new(program).args(arguments).arg(place).output();
    let said = said.map_err(|error| format!("{program} cannot be run: {error}"))?;
    let complaint = String::from_utf8_lossy(&said.stderr).trim().to_owned();
    if said.status.success() { Ok(String::new()) } else { Ok(format!("{program}: {complaint}")) }
}
