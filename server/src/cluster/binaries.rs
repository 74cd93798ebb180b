//! Finding the installed PostgreSQL's own programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;

/// The oldest version whose SQL the migrations use.
const OLDEST: u32 = 15;

/// Where Debian and its children keep the versions, one folder each.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A folder with `initdb`, `pg_ctl` and `postgres` of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// For a new cluster: what `pg_config` names, else Debian's newest, else what is in `PATH`.
    pub(super) fn for_new() -> Result<Self, ClusterError> {
        let installed = installed();
        let newest = installed.iter().map(|one| one.major).max();
        match installed.into_iter().find(|one| one.major >= OLDEST) {
            Some(binaries) => Ok(binaries),
            None => Err(newest.map_or(ClusterError::NotInstalled { oldest: OLDEST }, |found| ClusterError::TooOld {
                found,
                oldest: OLDEST,
            })),
        }
    }

    /// For an existing cluster: those of the version that made it, since no other can read it.
    pub(super) fn that_made(cluster: &Path) -> Result<Self, ClusterError> {
        let version = std::fs::read_to_string(cluster.join("PG_VERSION"))
            .map_err(|_| ClusterError::NotACluster(cluster.to_owned()))?;
        let made_by = version.trim().to_owned();
        installed()
            .into_iter()
            .find(|one| one.major.to_string() == made_by)
            .ok_or(ClusterError::OtherVersion { folder: cluster.to_owned(), made_by })
    }

    /// The path of one program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn in_folder(folder: PathBuf) -> Option<Self> {
        let complete = ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file());
        let major = if complete { major(&folder.join("postgres"))? } else { return None };
        Some(Self { folder, major })
    }
}

/// All that are there, the preferred first.
fn installed() -> Vec<Binaries> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    named_by_pg_config()
        .into_iter()
        .chain(debians())
        .chain(std::env::split_paths(&path).collect::<Vec<_>>())
        .filter_map(Binaries::in_folder)
        .collect()
}

fn named_by_pg_config() -> Option<PathBuf> {
    let said = Command::new("pg_config").arg("--bindir").output().ok().filter(|said| said.status.success())?;
    Some(PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()))
}

/// Newest first.
fn debians() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir(DEBIAN) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

/// `postgres (PostgreSQL) 15.14 (Debian …)` is version 15.
fn major(postgres: &Path) -> Option<u32> {
    let said = Command::new(postgres).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let number = text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    number.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}
