//! Meta's side of the wire, for trying Waypost out and for measuring it.
//!
//! [`Generator`] makes signed posts as Meta writes them: messages of all types, echoes of what the company sent and the
//! statuses of those, one by one and in batches, late, twice, regrouped, forged. It is an iterator and knows nothing of
//! HTTP, so tests use it too. [`send`](send::send) posts them and retries like Meta. What was answered with 200 is
//! noted in [`Expected`], and [`check`] compares the database with it.
//!
//! How a body is written is in [`meta`](crate::meta), which other parts share. All wamids of a run begin alike and no other run's do, so a check sees its own run only, whatever else is there.

mod body;
mod check;
mod expected;
mod generator;
mod people;
mod report;
mod send;
mod source;
mod store;
#[cfg(test)]
mod tests;
mod traffic;

use std::time::Duration;

use clap::Args;
use secrecy::SecretString;
use sqlx::PgPool;
use time::OffsetDateTime;

pub use body::signature;
pub use check::{Finding, Verdict, check};
pub use expected::{Expected, Outcome};
pub use generator::{Generator, Post, Purpose};
pub use report::Report;
pub use send::{Pace, send};
pub use traffic::Traffic;

use crate::ids::Owner;
pub use crate::meta::{Identity, Kind, Target, Update};

/// What to send, where, and how fast.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Kind of traffic.
    #[command(flatten)]
    pub traffic: Traffic,

    /// Posts a second; 0 for as fast as the answers come
    #[arg(long, env = "WAYPOST_SIMULATE_RATE", default_value_t = 0.0, value_parser = rate)]
    pub rate: f64,

    /// Requests at once
    #[arg(long, env = "WAYPOST_SIMULATE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: u16,

    /// Compare the database with what was sent, and fail if anything is lost, doubled, forged or out of place
    #[arg(long, env = "WAYPOST_SIMULATE_CHECK")]
    pub check: bool,

    /// Seconds after the last answer within which everything must have been processed. When PostgreSQL or a worker was
    /// killed during the run, give it more than the half minute that a worker's lease takes to run out
    #[arg(long, env = "WAYPOST_SIMULATE_DEADLINE", default_value_t = 10, value_name = "SECONDS")]
    pub deadline: u32,

    /// Callback URL, http only; without it, the demo account's
    #[arg(
        long,
        env = "WAYPOST_SIMULATE_URL",
        help_heading = "Another account than the demo's",
        requires_all = ["phone_number_id", "waba_id", "app_secret_stdin"]
    )]
    pub url: Option<String>,

    /// The account's phone number id
    #[arg(
        long,
        env = "WAYPOST_SIMULATE_PHONE_NUMBER_ID",
        value_name = "ID",
        help_heading = "Another account than the demo's",
        requires = "url"
    )]
    pub phone_number_id: Option<String>,

    /// The account's WABA id
    #[arg(
        long,
        env = "WAYPOST_SIMULATE_WABA_ID",
        value_name = "ID",
        help_heading = "Another account than the demo's",
        requires = "url"
    )]
    pub waba_id: Option<String>,

    /// Read the app secret from the first line of standard input
    #[arg(
        long,
        env = "WAYPOST_SIMULATE_APP_SECRET_STDIN",
        help_heading = "Another account than the demo's",
        requires = "url"
    )]
    pub app_secret_stdin: bool,
}

/// Whom the traffic is for.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Where to post.
    pub callback_url: String,
    /// What to sign with.
    pub app_secret: SecretString,
    /// What to write into the bodies.
    pub target: Target,
}

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The client speaks plain HTTP.
    #[error(
        "The simulator speaks plain HTTP only: give it the http:// address of a server on this machine or network."
    )]
    Https,
    /// Not an address.
    #[error("{0:?} is no http:// URL.")]
    NoUrl(String),
    /// The HTTP client could not be made.
    #[error("The HTTP client could not be made: {0}.")]
    Client(#[from] reqwest::Error),
    /// The comparison failed.
    #[error("The database could not be compared with what was sent: {0}.")]
    Database(#[from] sqlx::Error),
    /// A connection's task died.
    #[error("The run was interrupted.")]
    Interrupted,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// In numbers.
    pub report: Report,
    /// Which promises were kept.
    pub verdict: Verdict,
}

/// Sends the traffic and, if there is a database to compare with, compares.
pub async fn run(
    args: &SimulateArgs,
    recipient: Recipient,
    database: Option<(&PgPool, Owner)>,
    start: OffsetDateTime,
) -> Result<Run, SimulateError> {
    let Recipient { callback_url, app_secret, target } = recipient;
    let generator = Generator::new(&args.traffic, target, app_secret, start);
    let pace = Pace { connections: args.connections.into(), rate: args.rate };
    let (expected, report) = send(generator, &callback_url, pace).await?;
    let mut verdict = report.verdict();
    if let Some((pool, owner)) = database {
        let deadline = Duration::from_secs(args.deadline.into());
        verdict.0.extend(check(pool, owner, &expected, deadline).await?.0);
    }
    Ok(Run { report, verdict })
}

/// The owner of the account with this phone number id, if exactly one company has it.
pub async fn find_owner(pool: &PgPool, phone_number_id: &str) -> Result<Option<Owner>, SimulateError> {
    let mut owners = store::owners(pool, phone_number_id).await?;
    Ok(owners.pop().filter(|_| owners.is_empty()))
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1e6).contains(&rate) => Ok(rate),
        _ => Err("it must be a number of posts a second".to_owned()),
    }
}
