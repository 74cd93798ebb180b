//! `cargo xtask fuzz`, or `cargo run --profile fuzz --package fuzz`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use fuzz::record::{self, Entry};
use fuzz::run::{Ended, Until};
use fuzz::targets::TARGETS;
use fuzz::{corpus, run};
use server::clock::Clock;

/// Feeds the parsers with inputs that nobody should send, until the time is over.
#[derive(Parser)]
struct Options {
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

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(rand::random);
    let until = options.executions.map_or(Until::Time(Duration::from_secs(options.seconds)), Until::Executions);
    let mut ended_well = true;
    run::be_quiet();
    let chosen = TARGETS.iter().filter(|target| options.target.as_deref().is_none_or(|name| name == target.name));
    for target in chosen {
        let mut inputs = corpus::load(target.name)?;
        let known = inputs.len();
        let ended = run::fuzz(target, &mut inputs, seed, until);
        if !options.no_record {
            record::append(&Entry { day: Clock::system().now().date(), target: target.name, seed, ended: &ended })?;
        }
        let Ended { executions, kinds, took, failure } = ended;
        println!("{}: {executions} executions in {took:.1?}, {kinds} kinds of outcome, seed {seed}", target.name);
        println!("{}: {} executions in all runs on record", target.name, record::total(target.name)?);
        if options.keep {
            corpus::keep(target.name, &inputs[known..])?;
        }
        if let Some((input, why)) = failure {
            let path = corpus::keep_failure(target.name, &input)?;
            println!("{}: BROKEN by {}: {why}", target.name, path.display());
            ended_well = false;
        }
    }
    Ok(if ended_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
