//! Measures Waypost against what PostgreSQL itself does on the same machine, in the same minutes.
//!
//! `cargo xtask bench` builds the server, starts a PostgreSQL cluster and runs this program, which does the rest:
//!
//! - [`rounds`]: some rounds, each on a fresh database, in which server and yardsticks take turns. [`load`] sends what
//!   [`body`] has written and signed beforehand, over connections of [`wire`]; [`process`] starts and watches the
//!   server; [`yardstick`] is `pgbench` and `COPY`; [`database`] counts what was stored.
//! - [`pages`]: pages of the event log, in a database with many rows and in one with few.
//! - [`figures`] says what is measured and what it should come to, [`report`] writes the table.
//!
//! A figure counts only if all that was acknowledged was stored, and once: each run is checked, and one that fails
//! makes its figures void. Absolute figures belong to a machine and an hour; the ratios are the result.

mod args;
mod body;
mod database;
mod figures;
mod load;
mod machine;
mod pages;
mod phases;
mod policy;
mod process;
mod report;
mod rounds;
mod stand;
mod statistics;
mod tab;
mod thinning;
mod wire;
mod yardstick;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Mode};

fn main() -> ExitCode {
    let args = Args::parse();
    let measured = match &args.mode {
        None => rounds::run(&args),
        Some(Mode::Pages(options)) => pages::run(&args, options),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
