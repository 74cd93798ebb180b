//! Rust's target for the browser.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::debian_rust;
use super::toolchain::Toolchain;
use crate::command::{run_within, succeeds};

/// The target of the bundle.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The longest a download by rustup may take before another way is tried.
const RUSTUP_LIMIT: Duration = Duration::from_mins(5);

/// Gives the toolchain that can build for the browser. Asks rustup for the target when
/// none can, and when rustup cannot either (no such host), makes one from Debian's Rust.
pub fn ensure() -> Result<Toolchain> {
    if let Some(toolchain) = ready() {
        return Ok(toolchain);
    }
    if succeeds(Command::new("rustup").arg("--version")) {
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", TARGET]);
        match run_within(RUSTUP_LIMIT, &mut rustup) {
            Ok(()) => return Ok(Toolchain::Default),
            Err(error) => println!("{error:#}. Trying Debian's Rust instead."),
        }
    }
    debian_rust::install()
}

/// The first toolchain that has the standard library for the target.
fn ready() -> Option<Toolchain> {
    if has_std(Toolchain::Default) {
        return Some(Toolchain::Default);
    }
    debian_rust::is_current(Toolchain::Linked).then_some(Toolchain::Linked)
}

/// Where a toolchain keeps the target's libraries.
pub fn folder(toolchain: Toolchain) -> Result<PathBuf> {
    Ok(toolchain.sysroot()?.join("lib/rustlib").join(TARGET))
}

fn has_std(toolchain: Toolchain) -> bool {
    let Ok(entries) = folder(toolchain).and_then(|path| Ok(fs::read_dir(path.join("lib"))?)) else {
        return false;
    };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}
