//! `waypost simulate`.

use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::connect::{read_secret_line, release};
use crate::clock::Clock;
use crate::crypto::KeyRing;
use crate::database::{Database, PoolSizes};
use crate::ids::Owner;
use crate::seed;
use crate::settings::{DatabaseArgs, HttpArgs, KeyArgs};
use crate::simulate::{self, Recipient, SimulateArgs, Target, find_owner};
use crate::webhook_config::new_config::callback_url;
use crate::webhook_config::store as configs;

/// Options of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateCommand {
    /// What to send.
    #[command(flatten)]
    pub traffic: SimulateArgs,

    /// Where the demo account and what was stored are found.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// For the demo account's app secret.
    #[command(flatten)]
    pub keys: KeyArgs,

    /// Where the server listens.
    #[command(flatten)]
    pub http: HttpArgs,
}

/// Sends, prints the table, and fails if something that was checked is not as promised.
pub async fn run(command: SimulateCommand) -> Result<ExitCode, Failure> {
    let elsewhere = elsewhere(&command)?;
    if let (Some(recipient), false) = (&elsewhere, command.traffic.check) {
        return simulate(&command, recipient.clone(), None).await;
    }
    let source = command.database.source().await?;
    let result = async {
        let database = Database::new(&source.url, PoolSizes::default())?;
        let recipient = match elsewhere {
            Some(recipient) => recipient,
            None => demo(&command, &database).await?,
        };
        let result = simulate(&command, recipient, Some(&database)).await;
        database.close().await;
        result
    };
    let result = result.await;
    release(source.cluster).await?;
    result
}

async fn simulate(
    command: &SimulateCommand,
    recipient: Recipient,
    database: Option<&Database>,
) -> Result<ExitCode, Failure> {
    let owner = match database.filter(|_| command.traffic.check) {
        Some(database) => Some((&database.engine, owner(database, &recipient.target.phone_number_id).await?)),
        None => None,
    };
    let run = simulate::run(&command.traffic, recipient, owner, Clock::system().now()).await?;
    println!("{}", run.report);
    println!("{}", run.verdict);
    Ok(if run.verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn owner(database: &Database, phone_number_id: &str) -> Result<Owner, Failure> {
    let found = find_owner(&database.engine, phone_number_id).await?;
    found.ok_or_else(|| format!("The database has no account, or several, with the number {phone_number_id}.").into())
}

/// The account that was given on the command line.
fn elsewhere(command: &SimulateCommand) -> Result<Option<Recipient>, Failure> {
    let args = &command.traffic;
    let (Some(url), Some(number), Some(waba)) = (&args.url, &args.phone_number_id, &args.waba_id) else {
        return Ok(None);
    };
    Ok(Some(Recipient {
        callback_url: url.clone(),
        app_secret: read_secret_line("app secret")?,
        target: target(number.clone(), waba.clone()),
    }))
}

/// The demo account, with its secret opened: whoever runs this has the database and its keys anyway.
async fn demo(command: &SimulateCommand, database: &Database) -> Result<Recipient, Failure> {
    const MISSING: &str = "There is no demo account: seed it with `waypost seed`, or name another with --url.";
    let keys: KeyRing = command.keys.ring(command.database.generated_keys().as_deref())?;
    let rows = configs::load_all(&database.engine).await?;
    let row = rows.into_iter().find(|row| row.phone_number_id == seed::PHONE_NUMBER_ID).ok_or(MISSING)?;
    let config = row.config.ok_or(MISSING)?;
    let owner = Owner { company: row.company_id, account: row.account_id };
    let local = format!("http://{}", command.http.local_address());
    Ok(Recipient {
        callback_url: callback_url(&local, &config.callback_path),
        app_secret: keys.open(owner, &config.app_secret_sealed)?,
        target: target(row.phone_number_id, row.waba_id),
    })
}

/// The display number is for people only: any will do.
fn target(phone_number_id: String, waba_id: String) -> Target {
    Target { phone_number_id, waba_id, display_phone_number: "15550783881".into() }
}
