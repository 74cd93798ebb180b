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
    /// Seal all app secrets anew under the first key of the ring, and say which verify tokens still need another one.
    /// Put a new key in front (`keys generate`), restart the servers, rotate, and take the old key out once nothing
    /// needs it. Safe while traffic flows
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
    let mut closed = Vec::new();
    let rows = store::sealed(&database.engine).await?;
    for row in &rows {
        if is_current(keys, row) {
            current += 1;
            continue;
        }
        match reseal(keys, row) {
            Err(error) => closed.push((row, error)),
            Ok((first, second)) => {
                let as_read = store::reseal(&database.engine, row, &first, second.as_deref()).await?;
                *(if as_read { &mut sealed } else { &mut skipped }) += 1;
            }
        }
    }
    println!("{sealed} sealed anew, {current} were current, {skipped} changed meanwhile.");
    for (row, error) in &closed {
        println!("The app secret of account {} stays as it is. {error}", row.owner.account);
    }
    println!("{}", about_tokens(keys, &rows));
    match closed.iter().filter(|(row, _)| row.is_in_use).count() {
        0 => Ok(()),
        count => Err(format!("{count} app secrets in use could not be sealed anew: put their keys back.").into()),
    }
}

/// A digest cannot be made anew without its token: which ones are still under another key, and what to do.
fn about_tokens(keys: &KeyRing, rows: &[SealedRow]) -> String {
    let first = keys.first_id();
    let stale: Vec<_> = rows.iter().filter(|row| row.token_key.as_deref() != Some(first)).collect();
    if stale.is_empty() {
        return format!("All verify tokens are found under the key {first:?}: none of them needs another one.");
    }
    let lines = stale.iter().map(|row| {
        let key = row.token_key.as_ref().map_or_else(|| "a key that was not noted".into(), |key| format!("{key:?}"));
        format!("  account {}: {key}\n", row.owner.account)
    });
    let (count, lines): (_, Vec<String>) = (stale.len(), lines.collect());
    format!(
        "Verify tokens that are not found under the key {first:?} yet: {count}\n{}\
         Keep the keys named here in the ring until Meta's next challenge, which moves a token to the first key by itself,\n\
         or rotate the token on the Webhook tab. Without its key, challenges are refused (403); posts go on.",
        lines.concat(),
    )
}

fn is_current(keys: &KeyRing, row: &SealedRow) -> bool {
    keys.is_current(&row.current) && row.previous.as_deref().is_none_or(|sealed| keys.is_current(sealed))
}

fn reseal(keys: &KeyRing, row: &SealedRow) -> Result<(Vec<u8>, Option<Vec<u8>>), CryptoError> {
    let anew = |sealed: &[u8]| keys.open(row.owner, sealed).and_then(|secret| keys.seal(row.owner, &secret));
    let previous = row.previous.as_deref().map(anew).transpose();
    // One that is over need not open any more: then it goes.
    let previous = if row.previous_is_over { previous.unwrap_or_default() } else { previous? };
    Ok((anew(&row.current)?, previous))
}
