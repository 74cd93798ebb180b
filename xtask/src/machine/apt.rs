//! System packages, from Debian and its kin.

use std::process::Command;

use anyhow::{Result, bail};

use super::is_root;
use crate::command::{run, succeeds};

/// Installs packages with apt-get. Where that cannot be done (no root, no apt-get), the
/// error holds the commands to type. `what` names what is missing, to begin a sentence.
pub fn install(what: &str, packages: &[&str]) -> Result<()> {
    if !succeeds(Command::new("apt-get").arg("--version")) {
        bail!("{what} is missing, and this system has no apt-get. Install what Debian calls: {}", packages.join(" "));
    }
    if !is_root() {
        bail!(
            "{what} is missing. As root, run:\n  apt-get update && apt-get install --no-install-recommends {}",
            packages.join(" ")
        );
    }
    println!("{what} is missing: installing {}", packages.join(" "));
    // The lists of a fresh machine or an old image are empty or out of date.
    if try_install(packages).is_err() {
        run(Command::new("apt-get").args(["update", "--quiet"]))?;
        try_install(packages)?;
    }
    Ok(())
}

fn try_install(packages: &[&str]) -> Result<()> {
    run(Command::new("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(packages))
}
