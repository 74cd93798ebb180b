//! All configurations in memory, so that the door needs no database to refuse.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use app::contract::WebhookStatus;
use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use time::OffsetDateTime;

use super::store::{self, ConfigRow, Row};
use super::{SecretSlot, local_path, parse_status};
use crate::crypto::KeyRing;
use crate::ids::Owner;
use crate::ingest::signature::{self, Match, Signature};
use crate::metrics;
use crate::panics::caught;

/// How often an instance asks whether something has changed; a change is in force within a second everywhere.
const POLL: Duration = Duration::from_millis(400);

/// What the door needs to know about one account.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whose it is.
    pub owner: Owner,
    /// Whether Meta may post.
    pub status: WebhookStatus,
    /// Digest of the verify token.
    pub verify_token_digest: Vec<u8>,
    /// argon2id hash of the verify token.
    pub verify_token_hash: String,
    /// As stored: a path, or a full https URL.
    pub callback_path: String,
}

/// A secret and everybody on the path who has it: numbers of one Meta app share theirs.
#[derive(Debug)]
struct SharedSecret {
    secret: SecretString,
    holders: Vec<Holder>,
}

#[derive(Clone, Copy, Debug)]
struct Holder {
    owner: Owner,
    slot: SecretSlot,
    expires_at: Option<OffsetDateTime>,
}

/// All configurations that share one callback path.
#[derive(Debug, Default)]
pub struct PathEntry {
    /// By account id, so the oldest first.
    pub configs: Vec<Config>,
    secrets: Vec<SharedSecret>,
}

/// Somebody whose secret signed a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Who it is.
    pub owner: Owner,
    /// With which secret.
    pub slot: SecretSlot,
}

impl PathEntry {
    /// Everybody with a verified configuration whose secret, in force at `now`, signed the body. Empty: refuse.
    pub fn signers(&self, body: &[u8], signature: &Signature, now: OffsetDateTime) -> Vec<Signer> {
        let mut signers = Vec::new();
        for shared in &self.secrets {
            let in_force = shared.holders.iter().filter(|holder| holder.expires_at.is_none_or(|end| now < end));
            let in_force: Vec<_> = in_force.map(|h| Signer { owner: h.owner, slot: h.slot }).collect();
            if in_force.is_empty() {
                continue;
            }
            match signature::matches(shared.secret.expose_secret().as_bytes(), body, signature) {
                Some(Match::Raw) => signers.extend(in_force),
                Some(Match::Escaped) => {
                    metrics::signature_escaped();
                    signers.extend(in_force);
                }
                None => {}
            }
        }
        signers.sort_by_key(|signer| (signer.owner.account, signer.slot));
        signers
    }

    fn add_secret(&mut self, secret: SecretString, holder: Holder) {
        let known = self.secrets.iter_mut().find(|s| s.secret.expose_secret() == secret.expose_secret());
        match known {
            Some(shared) => shared.holders.push(holder),
            None => self.secrets.push(SharedSecret { secret, holders: vec![holder] }),
        }
    }
}

/// An account that a number or WABA leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Whose it is.
    pub owner: Owner,
    /// Whether a person has switched it off.
    pub disabled: bool,
}

/// All configurations at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    paths: HashMap<String, PathEntry>,
    pub(super) numbers: HashMap<String, Vec<Destination>>,
    pub(super) wabas: HashMap<String, Vec<Destination>>,
}

impl Snapshot {
    /// The configurations under a request's path.
    pub fn path(&self, path: &str) -> Option<&PathEntry> {
        self.paths.get(path)
    }

    /// Builds the snapshot. A secret that does not open (its key is missing) is left out and said so in the log: the
    /// account's posts are refused until the key is back, and nobody else's are.
    pub fn build(rows: Vec<Row>, keys: &KeyRing) -> Self {
        let mut snapshot = Self::default();
        for row in rows {
            let owner = Owner { company: row.company_id, account: row.account_id };
            let status = row.config.as_ref().map_or(WebhookStatus::Missing, |c| parse_status(&c.status));
            let destination = Destination { owner, disabled: status == WebhookStatus::Disabled };
            snapshot.numbers.entry(row.phone_number_id).or_default().push(destination);
            snapshot.wabas.entry(row.waba_id).or_default().push(destination);
            if let Some(config) = row.config {
                snapshot.add_config(owner, status, config, keys);
            }
        }
        snapshot
    }

    fn add_config(&mut self, owner: Owner, status: WebhookStatus, config: ConfigRow, keys: &KeyRing) {
        let entry = self.paths.entry(local_path(&config.callback_path).to_owned()).or_default();
        if status == WebhookStatus::Verified {
            let current = (config.app_secret_sealed, SecretSlot::Current, None);
            let previous = config.previous.map(|(sealed, end)| (sealed, SecretSlot::Previous, Some(end)));
            for (sealed, slot, expires_at) in std::iter::once(current).chain(previous) {
                match keys.open(owner, &sealed) {
                    Ok(secret) => entry.add_secret(secret, Holder { owner, slot, expires_at }),
                    Err(error) => tracing::error!(account = %owner.account, %error, "app secret cannot be read"),
                }
            }
        }
        entry.configs.push(Config {
            owner,
            status,
            verify_token_digest: config.verify_token_digest,
            verify_token_hash: config.verify_token_hash,
            callback_path: config.callback_path,
        });
    }
}

/// The snapshot in force, shared by all handlers of this instance.
#[derive(Clone, Debug)]
pub struct Configs {
    current: Arc<ArcSwap<(i64, Snapshot)>>,
    engine: PgPool,
    keys: Arc<KeyRing>,
}

impl Configs {
    /// Loads the first snapshot.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load(engine: PgPool, keys: Arc<KeyRing>) -> Result<Self, sqlx::Error> {
        let configs = Self { current: Arc::new(ArcSwap::from_pointee((0, Snapshot::default()))), engine, keys };
        configs.reload().await?;
        Ok(configs)
    }

    /// The snapshot in force.
    pub fn current(&self) -> impl std::ops::Deref<Target = Arc<(i64, Snapshot)>> + use<> {
        self.current.load()
    }

    /// Loads anew, now: for a change that this instance has just made.
    ///
    /// # Errors
    /// Those of the database; the old snapshot stays in force.
    pub async fn reload(&self) -> Result<(), sqlx::Error> {
        // The number first: a change between the two statements is loaded and then loaded once more, never missed.
        let generation = store::generation(&self.engine).await?;
        let snapshot = Snapshot::build(store::load_all(&self.engine).await?, &self.keys);
        self.current.store(Arc::new((generation, snapshot)));
        Ok(())
    }

    /// Keeps the snapshot fresh for ever. While the database is away the last one stays in force.
    pub async fn keep_fresh(self) {
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut reachable = true;
        loop {
            ticks.tick().await;
            let refreshed = caught(self.reload_if_changed()).await.unwrap_or(Err(sqlx::Error::WorkerCrashed));
            match &refreshed {
                Err(error) if reachable => tracing::warn!(%error, "configurations cannot be refreshed"),
                Ok(()) if !reachable => tracing::info!("configurations are refreshed again"),
                _ => {}
            }
            reachable = refreshed.is_ok();
        }
    }

    async fn reload_if_changed(&self) -> Result<(), sqlx::Error> {
        if store::generation(&self.engine).await? != self.current.load().0 {
            self.reload().await?;
            tracing::info!(generation = self.current.load().0, "configurations reloaded");
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A snapshot that only routes: each account with its number, all in WABA `w`.
    pub fn snapshot_of(accounts: &[(Owner, &str)]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for &(owner, number) in accounts {
            let destination = Destination { owner, disabled: false };
            snapshot.numbers.entry(number.to_owned()).or_default().push(destination);
            snapshot.wabas.entry("w".to_owned()).or_default().push(destination);
        }
        snapshot
    }
}
