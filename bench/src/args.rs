//! The options. `cargo xtask bench` passes them on, and adds where things are.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Measures Waypost against what PostgreSQL does on the same machine.
#[derive(Debug, Parser)]
pub struct Args {
    /// Address of the cluster, as a superuser. Databases called `bench_…` are made in it and dropped
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,

    /// The server to measure
    #[arg(long, env = "WAYPOST_BIN")]
    pub server: PathBuf,

    /// Folder of `pgbench`
    #[arg(long, env = "POSTGRES_PROGRAMS")]
    pub programs: PathBuf,

    /// Folder of the built pages
    #[arg(long, env = "LEPTOS_SITE_ROOT")]
    pub site_root: PathBuf,

    /// File of the table
    #[arg(long, env = "BENCH_RESULTS")]
    pub results: PathBuf,

    /// Within two minutes: for a look, not for a figure to be quoted
    #[arg(long)]
    pub short: bool,

    /// Rounds, of whose figures the medians are taken; at least three
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(3..=99))]
    pub rounds: u32,

    /// Seconds that each load lasts
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=600), conflicts_with = "short")]
    pub seconds: u32,

    /// Something else than the rounds
    #[command(subcommand)]
    pub mode: Option<Mode>,
}

/// Something else than the rounds.
#[derive(Debug, Subcommand)]
pub enum Mode {
    /// Pages of an event log with many rows, against one with ten thousand
    Pages(PagesArgs),
}

/// Options of `pages`.
#[derive(Debug, clap::Args)]
pub struct PagesArgs {
    /// Rows of the large log; ten million take some 10 GB while it runs
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(20_000..=50_000_000))]
    pub rows: u32,
}

impl Args {
    /// How long each load lasts.
    pub fn load(&self) -> Duration {
        Duration::from_secs(if self.short { 2 } else { self.seconds.into() })
    }
}
