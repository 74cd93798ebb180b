//! Secrets at rest and in comparison.
//!
//! - An app secret is **sealed** with XChaCha20-Poly1305 under the first key of the ring and bound to its row
//!   (company and account are authenticated with it), so a sealed value moved to another row opens nowhere.
//! - A verify token is **hashed** with argon2id, and found by a **digest**: HMAC-SHA256 under the key ring. The digest
//!   alone is worth nothing without the key, and saves one argon2 run per account on a shared path.
//! - A session token is random, so its plain SHA-256 is enough to look it up.
//!
//! Each ring key is used for nothing itself; two keys are derived from it, one for each of the first two purposes.

use std::fmt;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};

use crate::ids::Owner;

const VERSION: u8 = 1;
const NONCE_LEN: usize = 24;

/// Why a secret could not be read. Says nothing about what is inside.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// `WAYPOST_ENCRYPTION_KEYS` is malformed.
    #[error("The encryption keys must be written as id:base64 of 32 bytes, separated by commas: {0}.")]
    MalformedKeys(&'static str),
    /// The value was sealed under a key that the ring does not have.
    #[error("The encryption key {0:?} is not in the key ring.")]
    UnknownKey(String),
    /// The value was changed, cut short, or belongs to another row.
    #[error("A sealed value does not open: it was changed or belongs to another row.")]
    DoesNotOpen,
    /// A stored password or token hash is malformed, or hashing failed.
    #[error("A stored hash is malformed.")]
    MalformedHash,
}

/// A keyed digest, and the id of the key that it was made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedDigest {
    /// HMAC-SHA256.
    pub bytes: [u8; 32],
    /// As in the ring.
    pub key_id: String,
}

struct RingKey {
    id: String,
    sealing: SecretBox<[u8; 32]>,
    digest: SecretBox<[u8; 32]>,
}

/// The keys that secrets are sealed under. The first one seals; all of them open.
pub struct KeyRing(Vec<RingKey>);

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl KeyRing {
    /// Reads `id:base64,id:base64,…`, the key that seals first. Line breaks serve as commas.
    ///
    /// # Errors
    /// `MalformedKeys`, with what is wrong but without the text.
    pub fn parse(text: &SecretString) -> Result<Self, CryptoError> {
        let entries = text.expose_secret().split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
        let mut keys: Vec<RingKey> = Vec::new();
        for entry in entries {
            let key = RingKey::parse(entry)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(CryptoError::MalformedKeys("an id comes twice"));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(CryptoError::MalformedKeys("there is none"));
        }
        Ok(Self(keys))
    }

    /// A new key as it is written in `WAYPOST_ENCRYPTION_KEYS`.
    pub fn generate(id: &str) -> SecretString {
        SecretString::from(format!("{id}:{}", BASE64.encode(rand::random::<[u8; 32]>())))
    }

    /// Seals a secret for one account.
    ///
    /// # Errors
    /// `DoesNotOpen` if the cipher refuses, which it does only beyond 256 GB.
    pub fn seal(&self, owner: Owner, secret: &SecretString) -> Result<Vec<u8>, CryptoError> {
        let key = &self.0[0];
        let nonce: [u8; NONCE_LEN] = rand::random();
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &binding(owner) };
        let ciphertext = cipher(key).encrypt(&XNonce::from(nonce), payload).map_err(|_| CryptoError::DoesNotOpen)?;
        let id_len = u8::try_from(key.id.len()).map_err(|_| CryptoError::MalformedKeys("an id is too long"))?;
        let mut sealed = vec![VERSION, id_len];
        sealed.extend_from_slice(key.id.as_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens what [`seal`](Self::seal) made for the same account.
    ///
    /// # Errors
    /// `UnknownKey` if the ring lacks the key, else `DoesNotOpen`.
    pub fn open(&self, owner: Owner, sealed: &[u8]) -> Result<SecretString, CryptoError> {
        let parts = Sealed::split(sealed).ok_or(CryptoError::DoesNotOpen)?;
        let key = self.0.iter().find(|key| key.id == parts.key_id);
        let key = key.ok_or_else(|| CryptoError::UnknownKey(parts.key_id.to_owned()))?;
        let payload = Payload { msg: parts.ciphertext, aad: &binding(owner) };
        let plain = cipher(key).decrypt(&XNonce::from(parts.nonce), payload).map_err(|_| CryptoError::DoesNotOpen)?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| CryptoError::DoesNotOpen)
    }

    /// The id of the key that a value is sealed under; none if it is no sealed value.
    pub fn key_of(sealed: &[u8]) -> Option<&str> {
        Sealed::split(sealed).map(|parts| parts.key_id)
    }

    /// Whether a value is sealed under the key that seals now.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        Sealed::split(sealed).is_some_and(|parts| parts.key_id == self.0[0].id)
    }

    /// The id of the key that seals now.
    pub fn first_id(&self) -> &str {
        &self.0[0].id
    }

    /// Whether the ring has a key of this id.
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// The digest under which a verify token is stored.
    pub fn digest(&self, token: &SecretString) -> KeyedDigest {
        let bytes = mac(self.0[0].digest.expose_secret(), token.expose_secret().as_bytes());
        KeyedDigest { bytes, key_id: self.0[0].id.clone() }
    }

    /// The digests under which a verify token may be stored: one for each key of the ring.
    pub fn digests(&self, token: &SecretString) -> Vec<[u8; 32]> {
        self.0.iter().map(|key| mac(key.digest.expose_secret(), token.expose_secret().as_bytes())).collect()
    }
}

impl RingKey {
    fn parse(entry: &str) -> Result<Self, CryptoError> {
        let (id, encoded) = entry.split_once(':').ok_or(CryptoError::MalformedKeys("a key has no id"))?;
        if id.is_empty() || id.len() > 32 || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(CryptoError::MalformedKeys("an id is not 1 to 32 letters, digits or dashes"));
        }
        let bytes = BASE64.decode(encoded).map_err(|_| CryptoError::MalformedKeys("a key is not base64"))?;
        let bytes = SecretBox::new(Box::new(
            <[u8; 32]>::try_from(bytes).map_err(|_| CryptoError::MalformedKeys("a key does not have 32 bytes"))?,
        ));
        let derive = |purpose: &[u8]| SecretBox::new(Box::new(mac(bytes.expose_secret(), purpose)));
        Ok(Self { id: id.to_owned(), sealing: derive(b"waypost sealing v1"), digest: derive(b"waypost digest v1") })
    }
}

struct Sealed<'a> {
    key_id: &'a str,
    nonce: [u8; NONCE_LEN],
    ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn split(sealed: &'a [u8]) -> Option<Self> {
        let (&[version, id_len], rest) = sealed.split_first_chunk::<2>()?;
        let (key_id, rest) = rest.split_at_checked(id_len.into())?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>()?;
        let key_id = std::str::from_utf8(key_id).ok()?;
        (version == VERSION).then_some(Self { key_id, nonce: *nonce, ciphertext })
    }
}

fn cipher(key: &RingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.sealing.expose_secret().into())
}

fn binding(owner: Owner) -> Vec<u8> {
    let mut bound = b"waypost app secret v1".to_vec();
    bound.extend_from_slice(owner.company.0.as_bytes());
    bound.extend_from_slice(owner.account.0.as_bytes());
    bound
}

fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC pads its key with zeroes to the hash's block of 64 bytes; done here, no length can be wrong.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Hashes a password or verify token with argon2id. Takes tens of milliseconds of CPU: call it off the async threads.
///
/// # Errors
/// `MalformedHash` if the hash cannot be made.
pub fn hash_password(password: &SecretString) -> Result<String, CryptoError> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| CryptoError::MalformedHash)
}

/// Whether a password or verify token has this hash. As slow as [`hash_password`].
///
/// # Errors
/// `MalformedHash` if the stored text is none.
pub fn verify_password(password: &SecretString, hash: &str) -> Result<bool, CryptoError> {
    let hash = PasswordHash::new(hash).map_err(|_| CryptoError::MalformedHash)?;
    Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
}

/// A random token of 256 bits, in letters that need no escaping in a URL, a cookie or a form.
pub fn random_token(prefix: &str) -> SecretString {
    SecretString::from(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())))
}

/// A password that nobody chose: 16 letters of 64, so 96 bits.
pub fn random_password() -> SecretString {
    SecretString::from(&random_token("").expose_secret()[..16])
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::{AccountId, CompanyId};

    fn owner() -> Owner {
        Owner { company: CompanyId::new(), account: AccountId::new() }
    }

    fn ring(ids: &[&str]) -> (KeyRing, Vec<SecretString>) {
        let keys: Vec<_> = ids.iter().map(|id| KeyRing::generate(id)).collect();
        (join(&keys), keys)
    }

    fn join(keys: &[SecretString]) -> KeyRing {
        let text: Vec<_> = keys.iter().map(ExposeSecret::expose_secret).collect();
        KeyRing::parse(&text.join(",").into()).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_in_its_own_row_only() {
        let (ring, _) = ring(&["k1"]);
        let (mine, theirs) = (owner(), owner());
        let sealed = ring.seal(mine, &"app secret".into()).unwrap();
        assert_eq!(ring.open(mine, &sealed).unwrap().expose_secret(), "app secret");
        assert_eq!(ring.open(theirs, &sealed).unwrap_err(), CryptoError::DoesNotOpen);
        let other_account = Owner { company: mine.company, account: AccountId::new() };
        assert_eq!(ring.open(other_account, &sealed).unwrap_err(), CryptoError::DoesNotOpen);
    }

    #[test]
    fn every_flipped_bit_of_a_sealed_value_is_refused() {
        let (ring, _) = ring(&["k1"]);
        let mine = owner();
        let sealed = ring.seal(mine, &"app secret".into()).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(ring.open(mine, &changed).is_err(), "bit {bit} made no difference");
        }
        for len in 0..sealed.len() {
            assert!(ring.open(mine, &sealed[..len]).is_err(), "cut to {len} bytes it still opens");
        }
    }

    proptest! {
        #[test]
        fn any_secret_comes_back_in_its_row_and_opens_in_no_other(secret in ".{0,80}", account in any::<u128>()) {
            let (ring, _) = ring(&["k1", "k2"]);
            let mine = owner();
            let sealed = ring.seal(mine, &secret.as_str().into()).unwrap();
            let opened = ring.open(mine, &sealed).unwrap();
            prop_assert_eq!(opened.expose_secret(), secret.as_str());
            let elsewhere = Owner { account: uuid::Uuid::from_u128(account).into(), ..mine };
            prop_assert_eq!(ring.open(elsewhere, &sealed).unwrap_err(), CryptoError::DoesNotOpen);
        }

        #[test]
        fn any_change_is_refused(at in any::<prop::sample::Index>(), byte in 1..=255_u8, more in prop::collection::vec(any::<u8>(), 1..20)) {
            let (ring, _) = ring(&["k1"]);
            let mine = owner();
            let sealed = ring.seal(mine, &"app secret".into()).unwrap();
            let mut changed = sealed.clone();
            changed[at.index(sealed.len())] ^= byte;
            prop_assert!(ring.open(mine, &changed).is_err());
            prop_assert!(ring.open(mine, &[&sealed[..], &more].concat()).is_err(), "more behind it");
            prop_assert!(ring.open(mine, &[&more[..], &sealed].concat()).is_err(), "more before it");
        }

        #[test]
        fn no_bytes_are_too_strange_to_be_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), header in any::<bool>()) {
            let (ring, _) = ring(&["k1"]);
            let bytes = if header { [&[1, 2, b'k', b'1'], &bytes[..]].concat() } else { bytes };
            prop_assert!(ring.open(owner(), &bytes).is_err());
        }
    }

    #[test]
    fn an_old_key_still_opens_and_the_new_one_seals() {
        let (old, keys) = ring(&["old"]);
        let mine = owner();
        let sealed = old.seal(mine, &"app secret".into()).unwrap();
        let both = join(&[KeyRing::generate("new"), keys[0].clone()]);
        assert_eq!(both.open(mine, &sealed).unwrap().expose_secret(), "app secret");
        assert!(!both.is_current(&sealed));
        assert!(both.is_current(&both.seal(mine, &"app secret".into()).unwrap()));
        assert_eq!(
            old.open(mine, &both.seal(mine, &"x".into()).unwrap()).unwrap_err(),
            CryptoError::UnknownKey("new".into())
        );
    }

    #[test]
    fn a_token_is_found_under_each_key_of_the_ring() {
        let (old, keys) = ring(&["old"]);
        let both = join(&[KeyRing::generate("new"), keys[0].clone()]);
        let token = SecretString::from("a verify token");
        assert!(both.digests(&token).contains(&old.digest(&token).bytes));
        assert_eq!(both.digests(&token)[0], both.digest(&token).bytes);
        assert_eq!((both.digest(&token).key_id.as_str(), both.first_id()), ("new", "new"));
        assert!(both.has("new") && both.has("old") && !old.has("new"));
        assert_ne!(both.digest(&token), both.digest(&"another token".into()));
    }

    #[test]
    fn malformed_keys_are_named_but_not_repeated() {
        for wrong in ["", "k1", "k1:", "k1:AAAA", ":AAAA", "k 1:AAAA", "k1:???"] {
            assert!(matches!(KeyRing::parse(&wrong.into()), Err(CryptoError::MalformedKeys(_))), "{wrong:?} passed");
        }
        let twice = KeyRing::generate("k1");
        let text = format!("{0},{0}", twice.expose_secret());
        assert_eq!(KeyRing::parse(&text.into()).unwrap_err(), CryptoError::MalformedKeys("an id comes twice"));
    }

    #[test]
    fn a_password_is_known_by_its_hash() {
        let hash = hash_password(&"correct horse".into()).unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password(&"correct horse".into(), &hash).unwrap());
        assert!(!verify_password(&"wrong horse".into(), &hash).unwrap());
        assert_eq!(verify_password(&"x".into(), "plain").unwrap_err(), CryptoError::MalformedHash);
    }

    #[test]
    fn debug_shows_key_ids_only() {
        let (ring, keys) = ring(&["k1", "k2"]);
        let shown = format!("{ring:?}");
        assert_eq!(shown, r#"["k1", "k2"]"#);
        assert!(!shown.contains(keys[0].expose_secret().split(':').next_back().unwrap()));
    }
}
