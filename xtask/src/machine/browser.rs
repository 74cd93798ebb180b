//! What the browser tests need: Node.js, the npm packages and Chromium.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::apt;
use crate::command::{command, run, succeeds};
use crate::root;

/// Where Chromium and its kin are installed to, the first one wins.
const CHROMIUM: [&str; 4] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

/// Gives the path of a Chromium: the one named by `CHROMIUM`, or an installed one, or the
/// one that this installs.
pub fn ensure_chromium() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        if !path.is_file() {
            bail!("CHROMIUM names {}, which is no file", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = find() {
        return Ok(path);
    }
    apt::install("Chromium (or its path in CHROMIUM)", &["chromium"])?;
    find().context("Chromium was installed, but is nowhere to be found")
}

fn find() -> Option<PathBuf> {
    CHROMIUM.into_iter().map(PathBuf::from).find(|path| path.is_file())
}

/// Installs the npm packages when they are not those of the lock file.
pub fn ensure_packages() -> Result<()> {
    if !succeeds(Command::new("npm").arg("--version")) {
        bail!("the browser tests need Node.js 20 or newer with npm; `--skip-browser` leaves them out");
    }
    let folder = root::at("end2end");
    let wanted = fs::read(folder.join("package-lock.json"))?;
    // A copy of the lock file that the packages were installed from.
    let copy = folder.join("node_modules/installed-package-lock.json");
    if fs::read(&copy).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(command("npm")
        .current_dir(&folder)
        // Chromium comes from the system.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
        .arg("ci"))?;
    fs::write(copy, wanted)?;
    Ok(())
}
