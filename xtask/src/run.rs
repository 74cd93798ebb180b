//! `cargo xtask run`: from a fresh checkout to a server with demo data, and in seconds
//! when nothing has changed.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::build;
use crate::command::{command, shown};
use crate::machine::postgresql;
use crate::root;
use crate::steps::Steps;

/// Set up what is missing, build, and run the server with demo data
///
/// Without `DATABASE_URL` (in the environment or in .env) the server makes and starts a
/// private PostgreSQL cluster. It prints its address and the demo logins. Ctrl-C ends it.
#[derive(Args)]
pub struct Options {
    /// Build the server with optimisations
    #[arg(long)]
    release: bool,
    /// More options for `waypost serve`
    #[arg(last = true, value_name = "SERVE OPTIONS")]
    serve: Vec<OsString>,
}

/// Builds, then turns this very process into the server, so that Ctrl-C and SIGTERM
/// reach it and nothing stands in between.
pub fn run(options: &Options) -> Result<()> {
    let own_cluster = !has_database_url();
    let mut steps = Steps::new("cargo xtask run", 3 + usize::from(own_cluster));
    if own_cluster {
        steps.step("PostgreSQL's server programs", postgresql::ensure)?;
    }
    let server = build::both(&mut steps, options.release)?;
    let mut serve = command(&server.to_string_lossy());
    serve.args(["serve", "--demo", "--dev-tunnel-help"]).args(&options.serve);
    println!("\n{}", shown(&serve));
    // Only comes back when it failed.
    Err(serve.exec()).with_context(|| format!("`{}` could not be started", shown(&serve)))
}

/// Whether a database is named, in the environment or in `.env`, so that no private
/// cluster is needed.
fn has_database_url() -> bool {
    let named = |value: &str| !value.trim().is_empty();
    std::env::var("DATABASE_URL").is_ok_and(|value| named(&value))
        || std::fs::read_to_string(root::at(".env"))
            .is_ok_and(|text| text.lines().filter_map(|line| line.trim().strip_prefix("DATABASE_URL=")).any(named))
}
