//! An account's first configuration: what is generated, what is checked, what is made of the secrets.

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::store::NewRow;
use super::{CALLBACK_PREFIX, lookup_path};
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
    /// Shorter than any of Meta's.
    #[error("The app secret must have at least 32 characters.")]
    AppSecretTooShort,
    /// Guessable.
    #[error("The verify token must have at least 16 characters.")]
    VerifyTokenTooShort,
    /// Meta would not take it, or it would shadow one of the console's pages.
    #[error(
        "The callback path must be a full https URL or begin with {CALLBACK_PREFIX}/, have at most 200 characters, \
         and no blanks, query or fragment."
    )]
    CallbackPath,
    /// A secret could not be sealed or hashed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
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
pub fn prepare(owner: Owner, given: Given, keys: &KeyRing) -> Result<Prepared, InvalidConfig> {
    let app_secret = given.app_secret.map_or_else(|| crypto::random_token(""), |secret| trimmed(&secret));
    let verify_token = given.verify_token.map_or_else(|| crypto::random_token("wp_vt_"), |token| trimmed(&token));
    let callback_path = given.callback_path.unwrap_or_else(generated_path);
    if app_secret.expose_secret().len() < 32 {
        return Err(InvalidConfig::AppSecretTooShort);
    }
    if verify_token.expose_secret().len() < 16 {
        return Err(InvalidConfig::VerifyTokenTooShort);
    }
    if !is_callback_path(&callback_path) {
        return Err(InvalidConfig::CallbackPath);
    }
    let row = NewRow {
        verify_token_hash: crypto::hash_password(&verify_token)?,
        verify_token_digest: keys.digest(&verify_token),
        app_secret_sealed: keys.seal(owner, &app_secret)?,
        callback_path,
        verified_at: given.verified_at,
    };
    Ok(Prepared { row, verify_token, app_secret })
}

fn trimmed(secret: &SecretString) -> SecretString {
    secret.expose_secret().trim().into()
}

fn generated_path() -> String {
    let key = hex::encode(rand::random::<[u8; 16]>());
    format!("{CALLBACK_PREFIX}/{key}")
}

/// The URL to paste into Meta's dashboard.
pub fn callback_url(public_url: &str, callback_path: &str) -> String {
    if callback_path.starts_with("https://") {
        return callback_path.to_owned();
    }
    format!("{}{callback_path}", public_url.trim_end_matches('/'))
}

fn is_callback_path(path: &str) -> bool {
    let plain = path.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '"' | '<' | '>' | '\\'));
    let own = lookup_path(path) == CALLBACK_PREFIX
        || lookup_path(path).strip_prefix(CALLBACK_PREFIX).is_some_and(|rest| rest.starts_with('/'));
    path.len() <= 200 && plain && own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, CompanyId};

    fn prepare_with(given: Given) -> Result<Prepared, InvalidConfig> {
        let owner = Owner { company: CompanyId::new(), account: AccountId::new() };
        prepare(owner, given, &KeyRing::parse(&KeyRing::generate("k1")).unwrap())
    }

    #[test]
    fn what_is_left_out_is_generated_and_good_enough() {
        let prepared = prepare_with(Given::default()).unwrap();
        assert!(prepared.verify_token.expose_secret().starts_with("wp_vt_"));
        assert!(prepared.app_secret.expose_secret().len() >= 32);
        assert!(is_callback_path(&prepared.row.callback_path));
        assert!(crypto::verify_password(&prepared.verify_token, &prepared.row.verify_token_hash).unwrap());
    }

    #[test]
    fn given_secrets_are_trimmed_before_they_are_measured() {
        let short = Given { verify_token: Some(format!("  {}  ", "x".repeat(15)).into()), ..Given::default() };
        assert!(matches!(prepare_with(short), Err(InvalidConfig::VerifyTokenTooShort)));
        let short = Given { app_secret: Some(format!("  {}\n", "x".repeat(31)).into()), ..Given::default() };
        assert!(matches!(prepare_with(short), Err(InvalidConfig::AppSecretTooShort)));
        let good = Given { app_secret: Some(format!(" {}\n", "x".repeat(32)).into()), ..Given::default() };
        assert_eq!(prepare_with(good).unwrap().app_secret.expose_secret(), "x".repeat(32));
    }

    #[test]
    fn a_path_must_lead_to_the_door() {
        for good in
            ["/api/webhooks/whatsapp", "/api/webhooks/whatsapp/acme", "https://acme.travel/api/webhooks/whatsapp/1"]
        {
            assert!(is_callback_path(good), "{good} was refused");
        }
        let long = format!("{CALLBACK_PREFIX}/{}", "x".repeat(200));
        for wrong in [
            "",
            "/",
            "/accounts",
            "/api/webhooks/whatsappx",
            "http://acme.travel/api/webhooks/whatsapp/1",
            "/api/webhooks/whatsapp/a b",
            "/api/webhooks/whatsapp/a?x=1",
            long.as_str(),
        ] {
            assert!(!is_callback_path(wrong), "{wrong} passed");
        }
    }

    #[test]
    fn the_callback_url_joins_without_a_double_slash() {
        assert_eq!(callback_url("https://acme.travel/", "/api/x"), "https://acme.travel/api/x");
        assert_eq!(callback_url("https://acme.travel", "https://other.example/api/x"), "https://other.example/api/x");
    }
}
