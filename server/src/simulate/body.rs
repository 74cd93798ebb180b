//! Bodies of the simulated traffic: one update or many, in one or several entries and changes, and their signatures.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use rand::RngExt;
use rand::rngs::StdRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::meta::body::{self, Change};
use crate::meta::{Target, Update};

/// Writes a body that holds these updates.
pub(super) fn body(target: &Target, updates: &[Arc<Update>], rng: &mut StdRng) -> Vec<u8> {
    let mut entries: Vec<Vec<Change>> = Vec::new();
    for update in updates {
        let new_entry = entries.is_empty() || rng.random_bool(0.3);
        let joins = rng.random_bool(0.6);
        if new_entry {
            entries.push(Vec::new());
        }
        let Some(entry) = entries.last_mut() else { continue };
        match entry.last_mut() {
            Some(change) if joins && change.kind == update.kind => change.updates.push(update),
            _ => entry.push(Change { kind: update.kind, updates: vec![update] }),
        }
    }
    body::body(target, &entries)
}

/// `X-Hub-Signature-256` of a body.
pub fn signature(secret: &SecretString, body: &[u8]) -> String {
    let secret = secret.expose_secret().as_bytes();
    // HMAC pads its key with zeroes to the hash's block of 64 bytes, or hashes a longer one; done here, no length can
    // be wrong.
    let mut key = [0; 64];
    match key.get_mut(..secret.len()) {
        Some(start) => start.copy_from_slice(secret),
        None => key[..32].copy_from_slice(&Sha256::digest(secret)),
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&key.into());
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        let jefe = signature(&"Jefe".into(), b"what do ya want for nothing?");
        assert_eq!(jefe, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long: SecretString = "k".repeat(100).into();
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(long.expose_secret().as_bytes()).unwrap();
        mac.update(b"body");
        assert_eq!(signature(&long, b"body"), format!("sha256={}", hex::encode(mac.finalize().into_bytes())));
    }
}
