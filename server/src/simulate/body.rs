//! Bodies: updates put together the way Meta does, one or many, in one or several entries and changes.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use rand::RngExt;
use rand::rngs::StdRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::json::object;
use super::update::{Kind, Update};

/// The number that the traffic is to and from.
#[derive(Clone, Debug)]
pub struct Target {
    /// `metadata.phone_number_id`.
    pub phone_number_id: String,
    /// `entry.id`.
    pub waba_id: String,
    /// `metadata.display_phone_number`; digits.
    pub display_phone_number: String,
}

/// One member of `changes[]` in the making: updates of one kind.
struct Change<'a> {
    kind: Kind,
    updates: Vec<&'a Update>,
}

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
    let entries = entries.iter().map(|changes| entry(target, changes));
    format!(r#"{{"object":"whatsapp_business_account","entry":[{}]}}"#, joined(entries)).into_bytes()
}

fn entry(target: &Target, changes: &[Change]) -> String {
    let changes = changes.iter().map(|change| self::change(target, change));
    format!(r#"{{"id":"{}","changes":[{}]}}"#, target.waba_id, joined(changes))
}

fn change(target: &Target, change: &Change) -> String {
    let metadata = object! {
        "display_phone_number": &*target.display_phone_number,
        "phone_number_id": &*target.phone_number_id,
    };
    let mut contacts: Vec<&str> = change.updates.iter().filter_map(|update| update.contact.as_deref()).collect();
    contacts.sort_unstable();
    contacts.dedup();
    let contacts = if contacts.is_empty() { String::new() } else { format!(r#","contacts":[{}]"#, contacts.join(",")) };
    format!(
        r#"{{"value":{{"messaging_product":"whatsapp","metadata":{}{contacts},"{}":[{}]}},"field":"{}"}}"#,
        metadata.to_text(),
        change.kind.list(),
        joined(change.updates.iter().map(|update| update.item.clone())),
        change.kind.field(),
    )
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
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
