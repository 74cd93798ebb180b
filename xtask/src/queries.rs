//! What sqlx knows about the queries of the server: one file a query, in `.sqlx`, so that
//! the server compiles without a database.
//!
//! The files are written by sqlx's macros themselves, which is all that sqlx-cli's
//! `prepare` has them do: compile with `SQLX_OFFLINE=false`, a migrated database in
//! `DATABASE_URL` and a folder in `SQLX_OFFLINE_DIR`. That only happens when the compiler
//! really runs. Clippy's own arguments are part of what cargo compares, so an argument
//! that was never used before makes the compiler run again, without touching a file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::postgres::Cluster;
use crate::root;

/// The file in a [`Gathering`]'s folder that holds the argument never used before.
const MARK: &str = "mark";

/// File names and contents.
type Files = BTreeMap<String, String>;

/// The queries as the compiler finds them in the sources of now.
pub struct Gathering {
    folder: PathBuf,
    mark: String,
    database_url: String,
}

impl Gathering {
    /// Prepares a database with today's migrations, and a folder. The folder belongs to
    /// the sources as they are: as long as they stay so, cargo need not compile again.
    pub fn new(cluster: &Cluster) -> Result<Self> {
        let home = root::target().join("sqlx");
        let folder = home.join(fingerprint()?);
        let mark = match fs::read_to_string(folder.join(MARK)) {
            Ok(mark) => mark,
            Err(_) => begin(&home, &folder)?,
        };
        let database_url = cluster.create_migrated("waypost_queries", &root::at("migrations"))?;
        Ok(Self { folder, mark, database_url })
    }

    /// Adds to `cargo clippy … -- …` what makes the compiler ask the database.
    pub fn ask_database(&self, clippy: &mut Command) {
        clippy
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", &self.folder)
            .env("DATABASE_URL", &self.database_url)
            .args(["--cfg", &format!("queries_{}", self.mark)]);
    }

    /// Fails, and names the files, when `.sqlx` is not what the compiler found.
    pub fn compare(&self) -> Result<()> {
        let differences = differences(&read(&committed())?, &read(&self.folder)?);
        if differences.is_empty() {
            return Ok(());
        }
        bail!(
            ".sqlx is not what the queries need; run `cargo xtask prepare` and commit it:\n  {}",
            differences.join("\n  ")
        )
    }

    /// Makes `.sqlx` what the compiler found. Gives what changed.
    pub fn install(&self) -> Result<Vec<String>> {
        let (old, new) = (read(&committed())?, read(&self.folder)?);
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            fs::remove_file(committed().join(name))?;
        }
        self.add()?;
        Ok(differences(&old, &new))
    }

    /// Writes what the compiler found and removes nothing: for sources that do not
    /// compile, of which it may not have seen all.
    pub fn add(&self) -> Result<()> {
        fs::create_dir_all(committed())?;
        let old = read(&committed())?;
        for (name, content) in read(&self.folder)? {
            if old.get(&name) != Some(&content) {
                fs::write(committed().join(name), content)?;
            }
        }
        Ok(())
    }
}

fn committed() -> PathBuf {
    root::at(".sqlx")
}

/// Empties the folders of earlier sources and starts a new one, with a new mark.
fn begin(home: &Path, folder: &Path) -> Result<String> {
    if home.exists() {
        fs::remove_dir_all(home)?;
    }
    fs::create_dir_all(folder)?;
    let mut bytes = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mark = hex::encode(bytes);
    fs::write(folder.join(MARK), &mark)?;
    Ok(mark)
}

/// Changes with everything that the queries depend on.
fn fingerprint() -> Result<String> {
    let mut hasher = Sha256::new();
    for part in ["Cargo.lock", "migrations", "server"] {
        add(&mut hasher, &root::at(part))?;
    }
    Ok(hex::encode(hasher.finalize()))
}

fn add(hasher: &mut Sha256, path: &Path) -> Result<()> {
    hasher.update(path.to_string_lossy().as_bytes());
    if path.is_file() {
        hasher.update(fs::read(path)?);
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = fs::read_dir(path)
        .with_context(|| format!("{} cannot be read", path.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut entries = entries?;
    entries.sort();
    entries.iter().try_for_each(|entry| add(hasher, entry))
}

/// The queries in a folder, which need not exist.
fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") {
            files.insert(name, fs::read_to_string(entry.path())?);
        }
    }
    Ok(files)
}

fn differences(old: &Files, new: &Files) -> Vec<String> {
    let mut found = Vec::new();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        found.push(format!("{name} belongs to no query any more"));
    }
    for (name, content) in new {
        match old.get(name) {
            None => found.push(format!("{name} is missing")),
            Some(old) if old != content => found.push(format!("{name} is out of date")),
            Some(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_difference_is_named() {
        let files = |pairs: &[(&str, &str)]| -> Files {
            pairs.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
        };
        let old = files(&[("query-a", "1"), ("query-b", "1"), ("query-c", "1")]);
        let new = files(&[("query-b", "1"), ("query-c", "2"), ("query-d", "1")]);
        assert_eq!(
            differences(&old, &new),
            ["query-a belongs to no query any more", "query-c is out of date", "query-d is missing",]
        );
        assert!(differences(&new, &new).is_empty());
    }

    #[test]
    fn another_source_is_another_fingerprint() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let print = |text: &str| {
            fs::write(folder.path().join("a.sql"), text).expect("a file");
            let mut hasher = Sha256::new();
            add(&mut hasher, folder.path()).expect("a fingerprint");
            hasher.finalize()
        };
        assert_eq!(print("SELECT 1"), print("SELECT 1"));
        assert_ne!(print("SELECT 1"), print("SELECT 2"));
    }
}
