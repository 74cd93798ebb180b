//! `waypost keys`.

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::Failure;
use super::connect::with_database;
use crate::crypto::{CryptoError, KeyRing};
use crate::database::Database;
use crate::settings::{DatabaseArgs, KeyArgs};
use crate::webhook_config::store::{self, SealedRow};

/// Manages the encryption keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Seal all app secrets anew under the first key of the ring. Put a new key in front (`keys generate`), restart the
    /// servers, rotate, and then take the old key out. Safe while traffic flows
    Rotate(RotateArgs),
    /// Print a new key, ready for `WAYPOST_ENCRYPTION_KEYS`
    Generate {
        /// Its id; each key of a ring has another one
        #[arg(long, env = "WAYPOST_KEY_ID", default_value = "k1")]
        id: String,
    },
}

/// Options of `keys rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// The keys.
    #[command(flatten)]
    pub keys: KeyArgs,
}

/// Runs a command about keys.
pub async fn run(command: KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::Generate { id } => {
            println!("{}", KeyRing::generate(&id).expose_secret());
            Ok(())
        }
        KeysCommand::Rotate(args) => {
            let keys = args.keys.ring(args.database.generated_keys().as_deref())?;
            with_database(&args.database, |database| async move { rotate(&database, &keys).await }).await
        }
    }
}

async fn rotate(database: &Database, keys: &KeyRing) -> Result<(), Failure> {
    let (mut sealed, mut current, mut skipped) = (0, 0, 0);
    for row in store::sealed(&database.engine).await? {
        if is_current(keys, &row) {
            current += 1;
            continue;
        }
        let (first, second) = reseal(keys, &row)?;
        if store::reseal(&database.engine, &row, &first, second.as_deref()).await? {
            sealed += 1;
        } else {
            skipped += 1;
        }
    }
    println!("{sealed} sealed anew, {current} were current, {skipped} changed meanwhile.");
    println!("A verify token keeps its digest under the old key until Meta's next challenge or its rotation:");
    println!("take the old key out of the ring only after that, or rotate the tokens.");
    Ok(())
}

fn is_current(keys: &KeyRing, row: &SealedRow) -> bool {
    keys.is_current(&row.current) && row.previous.as_deref().is_none_or(|sealed| keys.is_current(sealed))
}

fn reseal(keys: &KeyRing, row: &SealedRow) -> Result<(Vec<u8>, Option<Vec<u8>>), CryptoError> {
    let anew = |sealed: &[u8]| keys.open(row.owner, sealed).and_then(|secret| keys.seal(row.owner, &secret));
    Ok((anew(&row.current)?, row.previous.as_deref().map(anew).transpose()?))
}
