//! What must be so before the first webhook is taken. Where it is not, the server does not start, and says why in one
//! sentence: 200 means committed, and that would not be true, or not for everybody.
//!
//! - The database keeps what it has confirmed, through a power cut too: `fsync`, `full_page_writes` and
//!   `synchronous_commit` are on. Each may be off by its name, where the storage makes up for it (`full_page_writes` on
//!   storage that writes whole pages or none); tests permit all of them. The log says so either way.
//! - The key ring has every key that app secrets are sealed under; else the posts of these accounts would be refused.
//!   That one secret among several does not open is no reason: it is said in the log and concerns one account only. A
//!   secret that is over does not count, and one that is switched off is said in the log.
//!
//! Said in the log, and no reason either:
//! - A key that verify tokens are found under is missing: Meta's challenges for them are refused, but posts go on, and
//!   rotating the token mends it.
//! - The database writes the values of statements into its own log.
//!
//! That the schema is not newer than the program is found out by [`crate::database::migrate`].
//!
//! Not promised: settings that somebody changes while the server runs.

mod store;

use std::collections::BTreeMap;

use clap::ValueEnum;
use secrecy::SecretString;
use sqlx::PgPool;

use crate::crypto::{CryptoError, KeyRing};
use crate::webhook_config::store::{SealedRow, sealed};

/// A setting without which a power cut can take what was acknowledged, by its name in PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Setting {
    /// Nothing reaches the disk for certain.
    Fsync,
    /// A page that was half written stays broken, but on storage that never leaves one so.
    FullPageWrites,
    /// A commit is confirmed before it is on the disk.
    SynchronousCommit,
}

impl Setting {
    fn is_named(self, name: &str) -> bool {
        self.to_possible_value().is_some_and(|value| value.matches(name, false))
    }
}

/// What may be off.
#[derive(Clone, Copy, Debug)]
pub struct Permitted<'a> {
    /// All of it, for tests.
    pub everything: bool,
    /// These, where something else makes up for them.
    pub by_name: &'a [Setting],
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// These settings are off.
    #[error(
        "The database may lose what it has confirmed (switched off: {0}): switch it on, or, where the storage makes up for \
         it, permit it by name with --allow-off (ALLOW_OFF); tests permit all of it with --allow-unsafe-database."
    )]
    Unsafe(String),
    /// The ring lacks a key.
    #[error(
        "App secrets are sealed under the encryption key {0:?}, which is missing: put it back into \
         WAYPOST_ENCRYPTION_KEYS or its file."
    )]
    MissingKey(String),
    /// The ring has another key of that name.
    #[error(
        "None of the app secrets that were sealed under the encryption key {0:?} opens with the key of that name: put \
         the right one into WAYPOST_ENCRYPTION_KEYS or its file."
    )]
    WrongKey(String),
    /// Nothing could be found out.
    #[error("The database does not answer: {0}.")]
    Database(#[from] sqlx::Error),
}

/// Whether the database keeps its word. If it need not, that it does not is said in the log. Said there too: that it
/// writes values into a log of its own.
///
/// # Errors
/// [`Refusal::Unsafe`], naming the settings.
pub async fn database(url: &SecretString, permitted: Permitted<'_>) -> Result<(), Refusal> {
    let found = store::settings(url).await?;
    let by_name = |name: &String| permitted.by_name.iter().any(|setting| setting.is_named(name));
    let (named, others): (Vec<_>, Vec<_>) = found.off.into_iter().partition(by_name);
    let (named, others) = (named.join(", "), others.join(", "));
    if !named.is_empty() {
        tracing::warn!(off = %named, "switched off in the database, as --allow-off permits: the storage makes up for it");
    }
    if found.logs_values {
        tracing::warn!(
            "the database logs the values of statements, personal ones too: set log_parameter_max_length = 0"
        );
    }
    match (others.is_empty(), permitted.everything) {
        (true, _) => Ok(()),
        (false, true) => {
            tracing::warn!(off = %others, "the database may lose what it has confirmed; --allow-unsafe-database permits it");
            Ok(())
        }
        (false, false) => Err(Refusal::Unsafe(others)),
    }
}

/// Whether the ring opens what is sealed. Where only challenges suffer, that is said in the log.
///
/// # Errors
/// [`Refusal::MissingKey`] or [`Refusal::WrongKey`], naming the key.
pub async fn keys(engine: &PgPool, ring: &KeyRing) -> Result<(), Refusal> {
    let rows = sealed(engine).await?;
    check(&rows, ring)?;
    for (key, tokens) in lost_tokens(&rows, ring) {
        tracing::warn!(
            key,
            tokens,
            "Meta's challenges for these verify tokens are refused, since the key that finds them is missing: put it back \
             into the ring, or rotate the tokens (`waypost keys rotate` names them)"
        );
    }
    Ok(())
}

/// The keys that the ring lacks and that verify tokens in use are found under, with how many tokens each.
fn lost_tokens<'a>(rows: &'a [SealedRow], ring: &KeyRing) -> BTreeMap<&'a str, usize> {
    let mut lost = BTreeMap::new();
    for key in rows.iter().filter(|row| row.is_in_use).filter_map(|row| row.token_key.as_deref()) {
        if !ring.has(key) {
            *lost.entry(key).or_default() += 1;
        }
    }
    lost
}

fn check(rows: &[SealedRow], ring: &KeyRing) -> Result<(), Refusal> {
    // Whether any value under a key has opened.
    let mut opens: BTreeMap<String, bool> = BTreeMap::new();
    for row in rows {
        let previous = row.previous.iter().filter(|_| !row.previous_is_over);
        for value in std::iter::once(&row.current).chain(previous) {
            match ring.open(row.owner, value) {
                Err(error) if !row.is_in_use => {
                    tracing::warn!(account = %row.owner.account, %error, "the app secret of a webhook out of use is lost");
                }
                Err(CryptoError::UnknownKey(id)) => return Err(Refusal::MissingKey(id)),
                opened => {
                    if let Some(id) = KeyRing::key_of(value) {
                        *opens.entry(id.to_owned()).or_default() |= opened.is_ok();
                    }
                }
            }
        }
    }
    match opens.into_iter().find(|(_, opens)| !opens) {
        Some((id, _)) => Err(Refusal::WrongKey(id)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, CompanyId, Owner};

    fn ring(id: &str) -> KeyRing {
        KeyRing::parse(&KeyRing::generate(id)).unwrap()
    }

    fn row(current: &KeyRing, previous: Option<&KeyRing>) -> SealedRow {
        let owner = Owner { company: CompanyId::new(), account: AccountId::new() };
        let seal = |ring: &KeyRing| ring.seal(owner, &"app secret".into()).unwrap();
        SealedRow {
            owner,
            current: seal(current),
            previous: previous.map(seal),
            previous_is_over: false,
            is_in_use: true,
            token_key: Some(current.first_id().to_owned()),
        }
    }

    #[test]
    fn a_missing_key_and_a_wrong_one_are_told_apart_from_a_broken_value() {
        let (mine, other, same_name) = (ring("k1"), ring("k2"), ring("k1"));
        assert!(check(&[], &mine).is_ok());
        assert!(check(&[row(&mine, Some(&mine))], &mine).is_ok());
        assert!(matches!(check(&[row(&other, None)], &mine), Err(Refusal::MissingKey(id)) if id == "k2"));
        assert!(matches!(check(&[row(&mine, Some(&other))], &mine), Err(Refusal::MissingKey(_))));
        assert!(matches!(check(&[row(&same_name, None)], &mine), Err(Refusal::WrongKey(id)) if id == "k1"));
        let broken = SealedRow { current: row(&mine, None).current, ..row(&mine, None) };
        assert!(check(&[row(&mine, None), broken], &mine).is_ok(), "one account's trouble");
    }

    #[test]
    fn what_nobody_needs_any_more_keeps_no_server_from_starting() {
        let (mine, other, same_name) = (ring("k1"), ring("k2"), ring("k1"));
        let over = SealedRow { previous_is_over: true, ..row(&mine, Some(&other)) };
        assert!(check(&[over], &mine).is_ok());
        for lost in [&other, &same_name] {
            let off = SealedRow { is_in_use: false, ..row(lost, Some(lost)) };
            assert!(check(std::slice::from_ref(&off), &mine).is_ok());
            assert!(check(&[off, row(lost, None)], &mine).is_err(), "another one needs it");
        }
        let current_is_lost = SealedRow { previous_is_over: true, ..row(&other, Some(&mine)) };
        assert!(matches!(check(&[current_is_lost], &mine), Err(Refusal::MissingKey(_))));
    }

    #[test]
    fn tokens_whose_key_is_missing_are_counted_by_key() {
        let (mine, other) = (ring("k1"), ring("k2"));
        let off = SealedRow { is_in_use: false, ..row(&other, None) };
        let unknown = SealedRow { token_key: None, ..row(&mine, None) };
        let rows = [row(&mine, None), row(&other, None), row(&other, None), off, unknown];
        assert_eq!(lost_tokens(&rows, &mine), BTreeMap::from([("k2", 2)]));
    }

    #[test]
    fn a_setting_is_known_by_its_name_in_postgresql() {
        let names = ["fsync", "full_page_writes", "synchronous_commit"];
        for (setting, name) in Setting::value_variants().iter().zip(names) {
            assert!(setting.is_named(name), "{name}");
            assert_eq!(names.iter().filter(|name| setting.is_named(name)).count(), 1);
        }
    }
}
