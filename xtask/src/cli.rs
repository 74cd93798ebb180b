//! The commands and their options.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::machine::make;
use crate::{bench, build, fuzz, prepare, run, setup, test};

/// Sets up, builds, runs and tests Waypost.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Options),
    Build(build::Options),
    Test(test::Options),
    Bench(bench::Options),
    Fuzz(fuzz::Options),
    Prepare(prepare::Options),
    Setup(setup::Options),
}

/// Reads the command line and does what it asks.
pub fn run() -> Result<()> {
    let Cli { command } = Cli::parse();
    // There is no command that does not build the server, or make ready for it.
    make::ensure()?;
    match command {
        Command::Run(options) => run::run(&options),
        Command::Build(options) => build::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Prepare(options) => prepare::run(&options),
        Command::Setup(options) => setup::run(&options),
    }
}
