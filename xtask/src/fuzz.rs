//! `cargo xtask fuzz`: the parsers of what strangers send, fed with what nobody should send. The trying is `fuzz/`'s.

use anyhow::Result;
use clap::Args;

use crate::command::{command, run as run_command};

/// Feed the parsers with inputs that nobody should send
///
/// Builds with optimisations and the checks of a debug build. Begins with the inputs in fuzz/corpus; an input that
/// breaks something is kept there, and every later run begins with it. What was tried is added to the table in
/// fuzz/README.md.
#[derive(Args)]
pub struct Options {
    /// Seconds for each parser
    #[arg(long, default_value_t = 60, conflicts_with = "executions")]
    seconds: u64,
    /// Executions for each parser, instead of a time
    #[arg(long)]
    executions: Option<u64>,
    /// Decides what is tried; without it another one each time
    #[arg(long)]
    seed: Option<u64>,
    /// Write inputs of a new kind into the corpus
    #[arg(long)]
    keep: bool,
    /// Leave the record in fuzz/README.md as it is
    #[arg(long)]
    no_record: bool,
    /// Only this parser: signature, envelope, cursor or sealed
    target: Option<String>,
}

/// Builds, and tries.
pub fn run(options: &Options) -> Result<()> {
    let mut cargo = command("cargo");
    cargo.args(["run", "--locked", "--profile", "fuzz", "--package", "fuzz", "--"]);
    match options.executions {
        Some(executions) => cargo.args(["--executions", &executions.to_string()]),
        None => cargo.args(["--seconds", &options.seconds.to_string()]),
    };
    if let Some(seed) = options.seed {
        cargo.args(["--seed", &seed.to_string()]);
    }
    if options.keep {
        cargo.arg("--keep");
    }
    if options.no_record {
        cargo.arg("--no-record");
    }
    cargo.args(&options.target);
    run_command(&mut cargo)
}
