//! What the allocator, which is written in C, is built with, beside the C compiler that Rust itself links with.

use std::process::Command;

use anyhow::Result;

use super::apt;
use crate::command::succeeds;

/// Installs `make` where it is missing.
pub fn ensure() -> Result<()> {
    if succeeds(Command::new("make").arg("--version")) { Ok(()) } else { apt::install("The program make", &["make"]) }
}
