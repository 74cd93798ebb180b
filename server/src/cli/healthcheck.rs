//! `waypost healthcheck`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::Failure;
use crate::settings::HttpArgs;

/// Options of `healthcheck`.
#[derive(Debug, Args)]
pub struct HealthcheckArgs {
    /// Where the server listens.
    #[command(flatten)]
    pub http: HttpArgs,
}

/// Asks, and says it with the exit code.
pub async fn run(args: HealthcheckArgs) -> Result<ExitCode, Failure> {
    let url = format!("http://{}/readyz", args.http.local_address());
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build()?;
    match client.get(&url).send().await {
        Ok(answer) if answer.status().is_success() => {
            println!("ready");
            Ok(ExitCode::SUCCESS)
        }
        Ok(answer) => {
            eprintln!("waypost: not ready: {}", answer.text().await.unwrap_or_default());
            Ok(ExitCode::FAILURE)
        }
        Err(_unreachable) => {
            eprintln!("waypost: no server answers at {url}");
            Ok(ExitCode::FAILURE)
        }
    }
}
