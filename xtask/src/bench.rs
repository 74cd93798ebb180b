//! `cargo xtask bench`: Waypost against what PostgreSQL does by itself, on this machine.
//!
//! Here server, load generator and bundle are built and a cluster is started; the measuring is `bench/`'s.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::bundle;
use crate::command::{command, run as run_command};
use crate::machine::{postgresql, wasm};
use crate::postgres::Cluster;
use crate::root;
use crate::steps::Steps;

/// As durable as a cluster can be, and otherwise what Waypost's private cluster has. The moment of each commit is kept,
/// since the way from one commit to another is measured.
const SETTINGS: &str = "fsync = on\n\
                        full_page_writes = on\n\
                        synchronous_commit = on\n\
                        shared_buffers = 128MB\n\
                        max_wal_size = 2GB\n\
                        jit = off\n\
                        track_commit_timestamp = on\n";

/// Measure how fast Waypost is, against PostgreSQL by itself on the same machine
///
/// Builds with optimisations, starts a PostgreSQL cluster of its own and the server on it, and lets them take turns
/// with `pgbench` and COPY. Prints a table and writes it to bench/RESULTS.md. The machine should have nothing else to
/// do.
#[derive(Args)]
pub struct Options {
    /// Within two minutes: for a look, not for a figure to be quoted
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    short: bool,
    /// Rounds, of whose figures the medians are taken [default: 3]
    #[arg(long)]
    rounds: Option<u32>,
    /// Seconds that each load lasts [default: 8]
    #[arg(long)]
    seconds: Option<u32>,
    /// Do not build the browser's bundle: the Webhook tab is measured as it was built last
    #[arg(long)]
    skip_bundle: bool,
    #[command(subcommand)]
    mode: Option<Mode>,
}

/// Something else than the rounds.
#[derive(Subcommand)]
enum Mode {
    /// Pages of an event log with many rows, against one with ten thousand
    Pages {
        /// Rows of the large log; ten million take some 10 GB while it runs
        #[arg(long, default_value_t = 200_000)]
        rows: u32,
    },
}

/// Builds, and measures.
pub fn run(options: &Options) -> Result<()> {
    let with_bundle = !options.skip_bundle && options.mode.is_none();
    let mut steps = Steps::new("cargo xtask bench", if with_bundle { 4 } else { 3 });
    if with_bundle {
        steps.step("The browser's bundle", || bundle::build(wasm::ensure()?))?;
    }
    let folder = steps.step("Server and load generator, with optimisations", build)?;
    let cluster = steps.step("A PostgreSQL cluster", cluster)?;
    steps.step("Measuring", || measure(options, &folder, &cluster))?;
    drop(cluster);
    steps.finish();
    Ok(())
}

fn build() -> Result<PathBuf> {
    let mut cargo = command("cargo");
    cargo.args(["build", "--locked", "--release", "--package", "server", "--package", "bench", "--bins"]);
    run_command(&mut cargo)?;
    Ok(root::target().join("release"))
}

fn cluster() -> Result<Cluster> {
    let pgbench = postgresql::ensure()?.join("pgbench");
    if !pgbench.is_file() {
        bail!("{} is missing: install the package that your system has pgbench in", pgbench.display());
    }
    Cluster::start_with("bench", SETTINGS)
}

fn measure(options: &Options, folder: &Path, cluster: &Cluster) -> Result<()> {
    let mut bench = command(&folder.join("bench").to_string_lossy());
    bench
        .env("DATABASE_URL", cluster.url("postgres"))
        .env("WAYPOST_BIN", folder.join("waypost"))
        .env("POSTGRES_PROGRAMS", cluster.programs())
        .env("LEPTOS_SITE_ROOT", root::target().join("site"))
        .env("BENCH_RESULTS", root::at("bench/RESULTS.md"));
    if options.short {
        bench.arg("--short");
    }
    for (name, value) in [("--rounds", options.rounds), ("--seconds", options.seconds)] {
        if let Some(value) = value {
            bench.args([name, &value.to_string()]);
        }
    }
    if let Some(Mode::Pages { rows }) = options.mode {
        bench.args(["pages", "--rows", &rows.to_string()]);
    }
    run_command(&mut bench)
}
