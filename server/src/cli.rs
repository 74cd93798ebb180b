//! The program's commands. Each says what it does in `--help`; every option has an environment variable, named there.

mod account;
mod cluster;
mod connect;
mod healthcheck;
mod keys;
mod open_files;
mod seed;
mod serve;
mod simulate;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::settings::{DatabaseArgs, LogArgs};

/// Why a command failed: a sentence for the operator.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Waypost receives WhatsApp webhooks, keeps every one of them, and turns them into conversations.
#[derive(Debug, Parser)]
#[command(name = "waypost", version, propagate_version = true)]
pub struct Cli {
    /// The log.
    #[command(flatten)]
    pub log: LogArgs,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Receive webhooks, process them and show the console
    Serve(Box<serve::ServeArgs>),
    /// Bring the database's schema up to date
    Migrate(DatabaseArgs),
    /// Put demo data into the database: a company, three people, two accounts
    Seed(seed::SeedArgs),
    /// Manage people
    #[command(subcommand)]
    User(user::UserCommand),
    /// Manage WhatsApp accounts
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Play Meta's side: send signed, realistic traffic, and say how it was answered
    Simulate(Box<simulate::SimulateCommand>),
    /// Manage the encryption keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Ask a running server whether it is ready; the exit code says it, for containers
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Manage the private PostgreSQL cluster
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
}

/// Runs a command to its end.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(args) => serve::run(*args).await.map(|()| ExitCode::SUCCESS),
        Command::Migrate(args) => connect::migrate(&args).await.map(|()| ExitCode::SUCCESS),
        Command::Seed(args) => seed::run(args).await.map(|()| ExitCode::SUCCESS),
        Command::User(command) => user::run(command).await.map(|()| ExitCode::SUCCESS),
        Command::Account(command) => account::run(command).await.map(|()| ExitCode::SUCCESS),
        Command::Simulate(args) => simulate::run(*args).await,
        Command::Keys(command) => keys::run(command).await.map(|()| ExitCode::SUCCESS),
        Command::Healthcheck(args) => healthcheck::run(args).await,
        Command::Cluster(command) => cluster::run(command).await.map(|()| ExitCode::SUCCESS),
    }
}
