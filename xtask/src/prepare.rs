//! `cargo xtask prepare`: renews `.sqlx`.

use anyhow::Result;
use clap::Args;

use crate::command::run as run_command;
use crate::machine::toolchain;
use crate::postgres::Cluster;
use crate::queries::Gathering;
use crate::steps::Steps;

/// Renew .sqlx, by which queries are checked without a database
///
/// Applies the migrations to a cluster of its own, has the compiler ask it about every
/// query of the server, and writes what is new and removes what is stale. Needed after a
/// change to a query or a migration; works while .sqlx is out of date.
#[derive(Args)]
pub struct Options {
    /// Change nothing, and fail when something would change
    #[arg(long)]
    check: bool,
}

/// Gathers the queries, and installs or compares them.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::new("cargo xtask prepare", 3);
    let cluster = steps.step("A PostgreSQL cluster", || Cluster::start("prepare"))?;
    let gathering = steps.step("The queries", || gather(&cluster, options))?;
    if options.check {
        steps.step("Comparing .sqlx", || gathering.compare())?;
    } else {
        steps.step("Writing .sqlx", || install(&gathering))?;
    }
    drop(cluster);
    steps.finish();
    Ok(())
}

/// Only the types matter here, so lints stay silent.
fn gather(cluster: &Cluster, options: &Options) -> Result<Gathering> {
    let gathering = Gathering::new(cluster)?;
    let mut clippy = toolchain::with_subcommand("clippy")?.cargo();
    clippy.args(["clippy", "--locked", "--package", "server", "--all-targets"]).args(["--", "--cap-lints", "allow"]);
    gathering.ask_database(&mut clippy);
    let compiled = run_command(&mut clippy);
    if compiled.is_err() && !options.check {
        // The queries may be right and the mistake elsewhere: what was found helps.
        gathering.add()?;
    }
    compiled?;
    Ok(gathering)
}

fn install(gathering: &Gathering) -> Result<()> {
    for change in gathering.install()? {
        println!("{change}: mended");
    }
    Ok(())
}
