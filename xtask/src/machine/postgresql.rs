//! PostgreSQL's server programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::apt;
use crate::command::output;

/// Where Debian keeps one folder per version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// What a cluster needs.
const PROGRAMS: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// Gives the folder of the server programs, installing PostgreSQL where it is missing.
pub fn ensure() -> Result<PathBuf> {
    if let Some(folder) = find() {
        return Ok(folder);
    }
    apt::install("PostgreSQL's server", &["postgresql"])?;
    find().context("PostgreSQL was installed, but `initdb` and `pg_ctl` are nowhere to be found")
}

/// The folder that `pg_config` names, or else the newest version's under Debian's.
fn find() -> Option<PathBuf> {
    let named = output(Command::new("pg_config").arg("--bindir")).ok();
    named.map(PathBuf::from).into_iter().chain(versions(Path::new(DEBIAN))).find(|folder| is_complete(folder))
}

/// The `bin` folders of all versions, the newest first.
fn versions(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn is_complete(folder: &Path) -> bool {
    PROGRAMS.iter().all(|program| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        for version in ["9", "15", "17", "common"] {
            fs::create_dir(parent.path().join(version)).expect("a folder");
        }
        let found = versions(parent.path());
        let expected = ["17/bin", "15/bin", "9/bin"].map(|path| parent.path().join(path));
        assert_eq!(found, expected);
    }
}
