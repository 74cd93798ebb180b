//! `cargo xtask build`: the server and the bundle.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::bundle;
use crate::command::{command, run as run_command};
use crate::machine::wasm;
use crate::root;
use crate::steps::Steps;

/// Build the server and the browser's bundle
///
/// The server becomes target/debug/waypost (or target/release/waypost), the bundle
/// target/site. The bundle is always built for size; what has not changed is not built again.
#[derive(Args)]
pub struct Options {
    /// Build the server with optimisations
    #[arg(long)]
    release: bool,
}

/// Builds both halves.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::new("cargo xtask build", 3);
    both(&mut steps, options.release)?;
    steps.finish();
    Ok(())
}

/// The three steps that `build` and `run` share. Gives the server's path.
pub fn both(steps: &mut Steps, release: bool) -> Result<PathBuf> {
    let toolchain = steps.step("Rust's WASM target", wasm::ensure)?;
    steps.step("The browser's bundle", || bundle::build(toolchain))?;
    steps.step("The server", || server(release))
}

fn server(release: bool) -> Result<PathBuf> {
    let mut cargo = command("cargo");
    cargo.args(["build", "--locked", "--package", "server", "--bin", "waypost"]);
    if release {
        cargo.arg("--release");
    }
    run_command(&mut cargo)?;
    let profile = if release { "release" } else { "debug" };
    Ok(root::target().join(profile).join("waypost"))
}
