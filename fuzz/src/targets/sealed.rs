//! A sealed value. Only the very bytes that were sealed open, and only in their row.

use std::sync::LazyLock;

use secrecy::{ExposeSecret, SecretString};
use server::crypto::{CryptoError, KeyRing};
use server::ids::Owner;
use uuid::Uuid;

use super::kind;
use crate::corpus;
use crate::run::Target;

pub const TARGET: Target = Target {
    name: "sealed",
    words: &[&[1], &[2], b"k1", b"k2", b"k3", &[0, 0, 0, 0], &[0xff, 0xff], &[1, 2, b'k', b'1'], &[1, 255], &[1, 0]],
    try_one,
};

/// Keys and row that the corpus was sealed with; nothing else is.
const KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,k2:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
const OWNER: Owner = owner(0x0190_0000_0000_7000_8000_0000_0000_0001);
const STRANGER: Owner = owner(0x0190_0000_0000_7000_8000_0000_0000_0002);

const fn owner(account: u128) -> Owner {
    let company = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000);
    Owner { company: server::ids::CompanyId(company), account: server::ids::AccountId(Uuid::from_u128(account)) }
}

static RING: LazyLock<KeyRing> =
    LazyLock::new(|| KeyRing::parse(&SecretString::from(KEYS)).expect("the keys of the corpus"));
/// What stands in the corpus and opens.
static GENUINE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let inputs = corpus::load(TARGET.name).expect("the corpus can be read");
    inputs.into_iter().filter(|input| RING.open(OWNER, input).is_ok()).collect()
});

fn try_one(input: &[u8]) -> u64 {
    assert!(RING.open(STRANGER, input).is_err(), "it opens in another row");
    let opened = RING.open(OWNER, input);
    let is_genuine = GENUINE.iter().any(|genuine| genuine == input);
    assert_eq!(opened.is_ok(), is_genuine, "it opens although it is none of those that were sealed");
    let is_current = RING.is_current(input);
    kind((
        opened.map(|secret| secret.expose_secret().len()).map_err(|error| word(&error)),
        is_current,
        input.len().min(90) / 8,
    ))
}

fn word(error: &CryptoError) -> &'static str {
    match error {
        CryptoError::UnknownKey(_) => "unknown key",
        CryptoError::DoesNotOpen => "does not open",
        CryptoError::MalformedKeys(_) | CryptoError::MalformedHash => unreachable!("opening reads no keys and no hash"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without values that open the target could not fail.
    #[test]
    fn the_corpus_holds_values_that_open() {
        assert!(GENUINE.len() >= 3, "{} open", GENUINE.len());
        assert!(GENUINE.iter().any(|sealed| !RING.is_current(sealed)), "under an older key, too");
    }

    #[test]
    fn a_genuine_value_opens_under_its_own_keys_only() {
        let others = KeyRing::parse(&KeyRing::generate("k1")).expect("a new key");
        assert!(GENUINE.iter().all(|sealed| others.open(OWNER, sealed).is_err()));
    }
}
