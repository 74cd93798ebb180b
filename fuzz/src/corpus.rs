//! Inputs that are kept: in files, named by their hash, a folder for each target.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Longer inputs of a new kind are mutated further and not kept.
const LONGEST_KEPT: usize = 2_000;
/// Of one run. A run finds thousands of kinds; a few of them are enough to begin with.
const MOST_KEPT: usize = 40;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// What a target begins with, in the order of the names.
///
/// # Errors
/// Those of the file system, also when the folder is missing.
pub fn load(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut inputs = read(&folder(target))?;
    if target == "envelope" {
        inputs.extend(read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/tests/fixtures"))?);
    }
    Ok(inputs)
}

fn read(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = folder.read_dir()?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().map(std::fs::read).collect()
}

/// Adds some inputs to a target's folder.
///
/// # Errors
/// Those of the file system.
pub fn keep(target: &str, inputs: &[Vec<u8>]) -> io::Result<()> {
    let short = inputs.iter().filter(|input| input.len() <= LONGEST_KEPT);
    short.take(MOST_KEPT).try_for_each(|input| write(target, input).map(drop))
}

/// Keeps the input that broke a target, so that every run begins with it from now on.
///
/// # Errors
/// Those of the file system.
pub fn keep_failure(target: &str, input: &[u8]) -> io::Result<PathBuf> {
    write(target, input)
}

fn write(target: &str, input: &[u8]) -> io::Result<PathBuf> {
    let path = folder(target).join(&hex::encode(Sha256::digest(input))[..16]);
    std::fs::write(&path, input)?;
    Ok(path)
}
