//! `waypost cluster`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Failure;
use crate::cluster;

/// Manages the private PostgreSQL cluster.
#[derive(Debug, Subcommand)]
pub enum ClusterCommand {
    /// Make it if need be, start it, leave it running, and print its `DATABASE_URL`
    Start(ClusterArgs),
    /// Stop it
    Stop(ClusterArgs),
    /// Print its `DATABASE_URL`
    Url(ClusterArgs),
}

/// Which cluster.
#[derive(Debug, Args)]
pub struct ClusterArgs {
    /// The data folder
    #[arg(long, env = "WAYPOST_DATA_DIR", default_value = "data", value_name = "FOLDER")]
    pub data_dir: PathBuf,
}

/// Runs a command about the cluster.
pub async fn run(command: ClusterCommand) -> Result<(), Failure> {
    match command {
        ClusterCommand::Start(args) => println!("{}", cluster::start(&args.data_dir).await?.url()),
        ClusterCommand::Stop(args) => {
            let was_running = cluster::stop(&args.data_dir).await?;
            println!("{}", if was_running { "stopped" } else { "was not running" });
        }
        ClusterCommand::Url(args) => println!("{}", cluster::url(&args.data_dir).await?),
    }
    Ok(())
}
