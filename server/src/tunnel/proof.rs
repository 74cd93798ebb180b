//! Tokens that prove, once, that a request came to this process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use time::{Duration, OffsetDateTime};

use crate::crypto;

/// How long a token is good.
const LIFE: Duration = Duration::seconds(60);
/// Checks at the same time; far more than people make.
const MOST: usize = 16;

/// The checks under way. Without any, as in production always, the door finds nothing here.
#[derive(Clone, Default)]
pub struct Proofs(Arc<Mutex<HashMap<[u8; 32], Pending>>>);

struct Pending {
    path: String,
    challenge: String,
    until: OffsetDateTime,
    used: bool,
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proofs")
    }
}

/// A check under way. Dropping it ends it: its token is worth nothing from then on.
pub struct Proof {
    /// To be sent as `hub.verify_token`.
    pub token: SecretString,
    /// To be sent as `hub.challenge`.
    pub challenge: String,
    key: [u8; 32],
    proofs: Proofs,
}

impl Proofs {
    /// Begins a check of a callback path. None if too many are under way.
    pub fn begin(&self, path: &str, now: OffsetDateTime) -> Option<Proof> {
        let (token, challenge) = (crypto::random_token("wp_check_"), hex::encode(rand::random::<[u8; 16]>()));
        let key = key(&token);
        let pending = Pending { path: path.to_owned(), challenge: challenge.clone(), until: now + LIFE, used: false };
        let mut all = self.all();
        all.retain(|_, pending| now < pending.until);
        if all.len() >= MOST {
            return None;
        }
        all.insert(key, pending);
        drop(all);
        Some(Proof { token, challenge, key, proofs: self.clone() })
    }

    /// Whether a challenge that came to this path is that of a check: yes at most once for each. Tokens are found by
    /// their hash, so the time it takes says nothing about them.
    pub fn accept(&self, path: &str, token: &SecretString, challenge: &str, now: OffsetDateTime) -> bool {
        let mut all = self.all();
        let fits = |pending: &&mut Pending| {
            !pending.used && now < pending.until && pending.path == path && pending.challenge == challenge
        };
        let found = all.get_mut(&key(token)).filter(fits);
        found.is_some_and(|pending| {
            pending.used = true;
            true
        })
    }

    /// A panic elsewhere leaves entries that are still right.
    fn all(&self) -> MutexGuard<'_, HashMap<[u8; 32], Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proof {
    /// Whether its challenge has come to this process.
    pub fn was_used(&self) -> bool {
        self.proofs.all().get(&self.key).is_some_and(|pending| pending.used)
    }
}

impl Drop for Proof {
    fn drop(&mut self) {
        self.proofs.all().remove(&self.key);
    }
}

fn key(token: &SecretString) -> [u8; 32] {
    crypto::sha256(token.expose_secret().as_bytes())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

    #[test]
    fn a_token_is_good_for_one_answer_on_its_path_to_its_challenge() {
        let proofs = Proofs::default();
        let proof = proofs.begin("/a", NOW).unwrap();
        let accept = |path, token: &SecretString, challenge: &str| proofs.accept(path, token, challenge, NOW);
        assert!(!accept("/b", &proof.token, &proof.challenge));
        assert!(!accept("/a", &"wp_check_guessed".into(), &proof.challenge));
        assert!(!accept("/a", &proof.token, "a text of somebody's own"));
        assert!(!proof.was_used(), "none of these was the check's");
        assert!(accept("/a", &proof.token, &proof.challenge));
        assert!(proof.was_used());
        assert!(!accept("/a", &proof.token, &proof.challenge), "not twice");
    }

    #[test]
    fn a_token_ends_with_its_minute_and_with_its_check() {
        let proofs = Proofs::default();
        let proof = proofs.begin("/a", NOW).unwrap();
        assert!(!proofs.accept("/a", &proof.token, &proof.challenge, NOW + LIFE));
        let (token, challenge) = (proof.token.clone(), proof.challenge.clone());
        drop(proof);
        assert!(!proofs.accept("/a", &token, &challenge, NOW));
        assert!(proofs.all().is_empty());
    }

    #[test]
    fn there_are_not_too_many_at_once_and_old_ones_make_room() {
        let proofs = Proofs::default();
        let begun: Vec<_> = (0..MOST).map(|_| proofs.begin("/a", NOW).unwrap()).collect();
        assert!(proofs.begin("/a", NOW).is_none());
        assert!(proofs.begin("/a", NOW + LIFE).is_some());
        drop(begun);
    }
}
