//! `cargo xtask …`: everything one does with this repository, from a machine that has
//! only Rust to a tested build. Each command is a file of its own; [`machine`] finds or
//! installs what the steps need, [`bundle`] makes the browser's half.

mod bench;
mod build;
mod bundle;
mod cli;
mod command;
mod deny;
mod fuzz;
mod machine;
mod postgres;
mod prepare;
mod queries;
mod root;
mod run;
mod setup;
mod steps;
mod test;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
