//! An account's first configuration: what is generated, what is checked, what is made of the secrets.

use app::contract::validate;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::CALLBACK_PREFIX;
use super::store::NewRow;
use crate::crypto::{self, CryptoError, KeyRing};
use crate::ids::Owner;

/// What somebody gives when setting an account up; what is left out is generated.
#[derive(Debug, Default)]
pub struct Given {
    /// From Meta's app dashboard.
    pub app_secret: Option<SecretString>,
    /// What Meta is told to send in its challenge.
    pub verify_token: Option<SecretString>,
    /// A path of this site or a full https URL.
    pub callback_path: Option<String>,
    /// Demo data only: taken as verified.
    pub verified_at: Option<OffsetDateTime>,
}

/// Why a configuration is not accepted; each names its field.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConfig {
    /// A field of the form is wrong.
    #[error("{message}")]
    Field {
        /// Its name.
        field: &'static str,
        /// A sentence for the person.
        message: &'static str,
    },
    /// A secret could not be sealed or hashed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Names the field of a rule that was broken.
fn at<T>(field: &'static str, checked: Result<T, &'static str>) -> Result<T, InvalidConfig> {
    checked.map_err(|message| InvalidConfig::Field { field, message })
}

/// An app secret, trimmed.
///
/// # Errors
/// It is too short.
pub fn app_secret(given: &SecretString) -> Result<SecretString, InvalidConfig> {
    at("app_secret", validate::app_secret(given.expose_secret())).map(Into::into)
}

/// A verify token, trimmed; a new one if none is given.
///
/// # Errors
/// It is too short.
pub fn verify_token(given: Option<&SecretString>) -> Result<SecretString, InvalidConfig> {
    match given {
        Some(given) => at("verify_token", validate::verify_token(given.expose_secret())).map(Into::into),
        None => Ok(crypto::random_token("wp_vt_")),
    }
}

/// A callback path, trimmed; one of its own if none is given.
///
/// # Errors
/// It does not lead to the door.
pub fn callback_path(given: Option<&str>) -> Result<String, InvalidConfig> {
    match given {
        Some(given) => at("callback_path", validate::callback_path(given)).map(ToOwned::to_owned),
        None => Ok(format!("{CALLBACK_PREFIX}/{}", hex::encode(rand::random::<[u8; 16]>()))),
    }
}

/// Whether a path looks like one that is made here.
pub fn is_generated(callback_path: &str) -> bool {
    let key = callback_path.strip_prefix(CALLBACK_PREFIX).and_then(|rest| rest.strip_prefix('/'));
    key.is_some_and(|key| key.len() == 32 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// A configuration ready to be stored, and the token to be shown once.
pub struct Prepared {
    /// For the store.
    pub row: NewRow,
    /// To be shown once and kept nowhere.
    pub verify_token: SecretString,
    /// Generated or given; demo traffic is signed with it.
    pub app_secret: SecretString,
}

/// Checks what is given, generates the rest, hashes and seals. Slow (argon2): not for async threads.
///
/// # Errors
/// The first field that is wrong.
pub fn prepare(owner: Owner, given: &Given, keys: &KeyRing) -> Result<Prepared, InvalidConfig> {
    let app_secret = given.app_secret.as_ref().map_or_else(|| Ok(crypto::random_token("")), app_secret)?;
    let verify_token = verify_token(given.verify_token.as_ref())?;
    let row = NewRow {
        callback_path: callback_path(given.callback_path.as_deref())?,
        verify_token_hash: crypto::hash_password(&verify_token)?,
        verify_token_digest: keys.digest(&verify_token),
        app_secret_sealed: keys.seal(owner, &app_secret)?,
        verified_at: given.verified_at,
    };
    Ok(Prepared { row, verify_token, app_secret })
}

/// The URL to paste into Meta's dashboard.
pub fn callback_url(public_url: &str, callback_path: &str) -> String {
    if callback_path.starts_with("https://") {
        return callback_path.to_owned();
    }
    format!("{}{callback_path}", public_url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, CompanyId};

    fn prepare_with(given: &Given) -> Result<Prepared, InvalidConfig> {
        let owner = Owner { company: CompanyId::new(), account: AccountId::new() };
        prepare(owner, given, &KeyRing::parse(&KeyRing::generate("k1")).unwrap())
    }

    #[test]
    fn what_is_left_out_is_generated_and_good_enough() {
        let prepared = prepare_with(&Given::default()).unwrap();
        assert!(prepared.verify_token.expose_secret().starts_with("wp_vt_"));
        assert!(prepared.app_secret.expose_secret().len() >= 32);
        assert!(validate::callback_path(&prepared.row.callback_path).is_ok());
        assert!(is_generated(&prepared.row.callback_path));
        assert!(crypto::verify_password(&prepared.verify_token, &prepared.row.verify_token_hash).unwrap());
    }

    #[test]
    fn a_rule_that_is_broken_names_its_field() {
        for (field, given) in [
            ("verify_token", Given { verify_token: Some("short".into()), ..Given::default() }),
            ("app_secret", Given { app_secret: Some("short".into()), ..Given::default() }),
            ("callback_path", Given { callback_path: Some("/accounts".into()), ..Given::default() }),
        ] {
            let Err(InvalidConfig::Field { field: named, .. }) = prepare_with(&given) else { panic!("{field} passed") };
            assert_eq!(named, field);
        }
    }

    #[test]
    fn a_path_that_a_person_chose_is_told_from_one_made_here() {
        for own in
            ["/api/webhooks/whatsapp", "/api/webhooks/whatsapp/acme", "https://acme.travel/api/webhooks/whatsapp"]
        {
            assert!(!is_generated(own), "{own}");
        }
    }

    #[test]
    fn the_callback_url_joins_without_a_double_slash() {
        assert_eq!(callback_url("https://acme.travel/", "/api/x"), "https://acme.travel/api/x");
        assert_eq!(callback_url("https://acme.travel", "https://other.example/api/x"), "https://other.example/api/x");
    }
}
