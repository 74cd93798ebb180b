//! `cargo xtask setup`: everything the other commands need from the machine.

use anyhow::Result;
use clap::Args;

use crate::machine::{browser, postgresql, wasm};
use crate::steps::Steps;

/// Install what building, running and testing need, where it is missing
///
/// The WASM target of Rust, make, PostgreSQL's server programs, and Chromium and the npm
/// packages of the browser tests. System packages are installed with apt-get, which asks
/// for root; elsewhere the exact command is printed and nothing is changed.
#[derive(Args)]
pub struct Options {
    /// Leave out what only the browser tests need
    #[arg(long)]
    skip_browser: bool,
}

/// Runs the set-up step by step.
pub fn run(options: &Options) -> Result<()> {
    let steps = if options.skip_browser { 2 } else { 4 };
    let mut steps = Steps::new("cargo xtask setup", steps);
    steps.step("Rust's WASM target", wasm::ensure)?;
    steps.step("PostgreSQL's server programs", postgresql::ensure)?;
    if !options.skip_browser {
        steps.step("Chromium", browser::ensure_chromium)?;
        steps.step("The browser tests' npm packages", browser::ensure_packages)?;
    }
    steps.finish();
    Ok(())
}
