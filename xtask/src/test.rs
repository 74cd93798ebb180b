//! `cargo xtask test`: everything that must hold before a change goes in, in the order
//! that finds mistakes soonest. It stops at the first failure and names it last.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::bundle;
use crate::command::{command, run as run_command};
use crate::deny;
use crate::machine::toolchain::{self, Toolchain};
use crate::machine::{browser, postgresql, wasm};
use crate::postgres::Cluster;
use crate::queries::Gathering;
use crate::root;
use crate::steps::Steps;

/// The crates of the server's side. `frontend` is meant for the browser alone.
const SERVER_SIDE: [&str; 3] = ["--workspace", "--exclude", "frontend"];

/// Check and test everything: format, lints, queries, bundle, Rust tests, browser tests
///
/// Sets up what is missing, and uses a PostgreSQL cluster of its own. Stops at the first
/// failure. The last line says how it ended. With --soak, it runs the long forms of some tests
/// instead: hundreds of kills, outages, resets and restarts, for an hour or so.
#[derive(Args)]
pub struct Options {
    /// Leave out the browser tests
    #[arg(long)]
    skip_browser: bool,
    /// Run the long forms of the tests in server/tests/api/soak, and nothing else
    #[arg(long)]
    soak: bool,
    /// With --soak: bring the chances of an earlier run back
    #[arg(long, requires = "soak")]
    seed: Option<u64>,
    /// With --soak: how many cycles each of them has, instead of its own number
    #[arg(long, requires = "soak")]
    cycles: Option<u32>,
    /// Run only tests whose name holds this text
    filter: Option<String>,
}

/// Runs all steps.
pub fn run(options: &Options) -> Result<()> {
    if options.soak {
        return soak(options);
    }
    let total = if options.skip_browser { 9 } else { 11 };
    let mut steps = Steps::new("cargo xtask test", total);
    let toolchain = steps.step("Set-up", || set_up(options))?;
    steps.step("Format", format)?;
    steps.step("What comes from elsewhere, by cargo-deny", deny::check)?;
    let cluster = steps.step("A PostgreSQL cluster", || Cluster::start("test"))?;
    let gathering = steps.step("Clippy, with every query asked of the database", || clippy_server(&cluster))?;
    steps.step("Comparing .sqlx", || gathering.compare())?;
    steps.step("Clippy for the browser", || clippy_browser(toolchain))?;
    steps.step("The browser's bundle", || bundle::build(toolchain))?;
    steps.step("Rust tests", || rust_tests(&cluster, options))?;
    if !options.skip_browser {
        steps.step("The browser tests' npm packages", browser::ensure_packages)?;
        steps.step("Browser tests", || browser_tests(&cluster, options))?;
    }
    drop(cluster);
    steps.finish();
    Ok(())
}

fn format() -> Result<()> {
    let mut fmt = toolchain::with_subcommand("fmt")?.cargo();
    run_command(fmt.args(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")
}

fn set_up(options: &Options) -> Result<Toolchain> {
    let toolchain = wasm::ensure()?;
    postgresql::ensure()?;
    if !options.skip_browser {
        browser::ensure_chromium()?;
    }
    Ok(toolchain)
}

fn clippy_server(cluster: &Cluster) -> Result<Gathering> {
    let gathering = Gathering::new(cluster)?;
    let mut clippy = toolchain::with_subcommand("clippy")?.cargo();
    clippy.args(["clippy", "--locked", "--all-targets"]).args(SERVER_SIDE).args(["--", "-D", "warnings"]);
    gathering.ask_database(&mut clippy);
    run_command(&mut clippy)?;
    Ok(gathering)
}

/// `frontend` asks for `app` with `hydrate`, so that is how both are looked at.
fn clippy_browser(toolchain: Toolchain) -> Result<()> {
    let mut clippy = toolchain.cargo();
    clippy
        .args(["clippy", "--package", "frontend", "--package", "app"])
        .args(bundle::cargo_arguments())
        .args(["--", "-D", "warnings"]);
    run_command(&mut clippy)
}

fn rust_tests(cluster: &Cluster, options: &Options) -> Result<()> {
    let mut cargo = Toolchain::Default.cargo();
    cargo
        .args(["test", "--locked"])
        .args(SERVER_SIDE)
        .args(&options.filter)
        .env("DATABASE_URL", cluster.url("postgres"));
    run_command(&mut cargo)
}

/// The long forms, one after the other, and all that they say.
fn soak(options: &Options) -> Result<()> {
    let mut steps = Steps::new("cargo xtask test --soak", 3);
    steps.step("Set-up", || postgresql::ensure().map(drop))?;
    let cluster = steps.step("A PostgreSQL cluster", || Cluster::start("soak"))?;
    steps.step("The long forms", || run_command(&mut long_forms(&cluster, options)))?;
    drop(cluster);
    steps.finish();
    Ok(())
}

fn long_forms(cluster: &Cluster, options: &Options) -> Command {
    let mut cargo = Toolchain::Default.cargo();
    cargo
        .args(["test", "--locked"])
        .args(SERVER_SIDE)
        .args(["--test", "api", "--"])
        .arg(format!("soak::{}", options.filter.as_deref().unwrap_or_default()))
        .args(["--nocapture", "--test-threads=1"])
        .env("DATABASE_URL", cluster.url("postgres"))
        .env("WAYPOST_SOAK", "1");
    if let Some(seed) = options.seed {
        cargo.env("WAYPOST_SEED", seed.to_string());
    }
    if let Some(cycles) = options.cycles {
        cargo.env("WAYPOST_CYCLES", cycles.to_string());
    }
    cargo
}

fn browser_tests(cluster: &Cluster, options: &Options) -> Result<()> {
    // The Rust tests have built it: some of them run it.
    let server = root::target().join("debug/waypost");
    if !server.is_file() {
        bail!("{} is missing", server.display());
    }
    let mut playwright = command("npx");
    playwright
        .current_dir(root::at("end2end"))
        .args(["--no-install", "playwright", "test"])
        .env("WAYPOST_BIN", server)
        .env("DATABASE_URL", cluster.url("postgres"))
        .env("CHROMIUM", browser::ensure_chromium()?);
    if let Some(filter) = &options.filter {
        playwright.args(["--pass-with-no-tests", "--grep", filter]);
    }
    put_first_on_path(&mut playwright, cluster)?;
    run_command(&mut playwright)
}

/// The fixtures call `psql`, which may be on no path.
fn put_first_on_path(command: &mut Command, cluster: &Cluster) -> Result<()> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(cluster.programs().to_owned()).chain(std::env::split_paths(&old));
    let path: OsString = std::env::join_paths(folders)?;
    command.env("PATH", path);
    Ok(())
}
