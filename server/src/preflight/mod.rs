//! What must be so before the first webhook is taken. Where it is not, the server does not start, and says why in one
//! sentence: 200 means committed, and that would not be true, or not for everybody.
//!
//! - The database keeps what it has confirmed, through a power cut too: `fsync`, `full_page_writes` and
//!   `synchronous_commit` are on. Tests permit otherwise, and the log then says so.
//! - The key ring has every key that app secrets are sealed under; else the posts of these accounts would be refused.
//!   That one secret among several does not open is no reason: it is said in the log and concerns one account only.
//!
//! That the schema is not newer than the program is found out by [`crate::database::migrate`].
//!
//! Not promised: settings that somebody changes while the server runs.

mod store;

use std::collections::BTreeMap;

use secrecy::SecretString;
use sqlx::PgPool;

use crate::crypto::{CryptoError, KeyRing};
use crate::webhook_config::store::{SealedRow, sealed};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// These settings are off.
    #[error(
        "The database may lose what it has confirmed (switched off: {0}): switch it on, or permit it for tests with \
         --allow-unsafe-database (ALLOW_UNSAFE_DATABASE=true)."
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

/// Whether the database keeps its word. If it need not, that it does not is said in the log.
///
/// # Errors
/// [`Refusal::Unsafe`], naming the settings.
pub async fn database(url: &SecretString, unsafe_is_allowed: bool) -> Result<(), Refusal> {
    let off = store::settings_off(url).await?.join(", ");
    match (off.is_empty(), unsafe_is_allowed) {
        (true, _) => Ok(()),
        (false, true) => {
            tracing::warn!(%off, "the database may lose what it has confirmed; --allow-unsafe-database permits it");
            Ok(())
        }
        (false, false) => Err(Refusal::Unsafe(off)),
    }
}

/// Whether the ring opens what is sealed.
///
/// # Errors
/// [`Refusal::MissingKey`] or [`Refusal::WrongKey`], naming the key.
pub async fn keys(engine: &PgPool, ring: &KeyRing) -> Result<(), Refusal> {
    check(&sealed(engine).await?, ring)
}

fn check(rows: &[SealedRow], ring: &KeyRing) -> Result<(), Refusal> {
    // Whether any value under a key has opened.
    let mut opens: BTreeMap<String, bool> = BTreeMap::new();
    for row in rows {
        for value in std::iter::once(&row.current).chain(&row.previous) {
            let opened = match ring.open(row.owner, value) {
                Err(CryptoError::UnknownKey(id)) => return Err(Refusal::MissingKey(id)),
                opened => opened.is_ok(),
            };
            if let Some(id) = KeyRing::key_of(value) {
                *opens.entry(id.to_owned()).or_default() |= opened;
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
        SealedRow { owner, current: seal(current), previous: previous.map(seal) }
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
}
