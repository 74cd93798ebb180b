//! Adding an account together with its webhook configuration.

use std::sync::Arc;

use futures::FutureExt;
use secrecy::SecretString;

use super::store::{self, NewAccount};
use crate::audit::{self, Actor, Entry};
use crate::crypto::KeyRing;
use crate::database::{Database, Tenant};
use crate::ids::{AccountId, CompanyId, Owner};
use crate::webhook_config::new_config::{self, Given, InvalidConfig, Prepared};
use crate::webhook_config::store as configs;

/// What was added; the token is shown once and kept nowhere.
pub struct Added {
    /// The account.
    pub owner: Owner,
    /// Path or full URL that Meta is to call.
    pub callback_path: String,
    /// For Meta's dashboard.
    pub verify_token: SecretString,
    /// As given or generated; the demo signs with it.
    pub app_secret: SecretString,
}

/// Why an account was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// A field of the configuration.
    #[error(transparent)]
    Config(#[from] InvalidConfig),
    /// The number is there already.
    #[error("The phone number id {0} already belongs to an account of this company.")]
    NumberTaken(String),
    /// A field of the account.
    #[error("{0}")]
    Field(&'static str),
    /// The database.
    #[error("The database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// Hashing was interrupted.
    #[error("The secrets could not be prepared.")]
    Interrupted,
}

/// Adds an account to the company of this name, which is founded if need be.
///
/// # Errors
/// See [`AddError`]; nothing but possibly the company is stored then.
pub async fn add(
    database: &Database,
    keys: Arc<KeyRing>,
    company: &str,
    account: NewAccount,
    given: Given,
) -> Result<Added, AddError> {
    check(company, &account)?;
    let company = store::company(&database.identity, company).await?;
    let owner = Owner { company, account: AccountId::new() };
    let prepared = tokio::task::spawn_blocking(move || new_config::prepare(owner, &given, &keys)).await;
    let Prepared { row, verify_token, app_secret } = prepared.map_err(|_| AddError::Interrupted)??;
    let callback_path = row.callback_path.clone();
    insert(&database.tenant(company), owner, account, row).await?;
    Ok(Added { owner, callback_path, verify_token, app_secret })
}

async fn insert(tenant: &Tenant, owner: Owner, account: NewAccount, row: configs::NewRow) -> Result<(), AddError> {
    let number = account.phone_number_id.clone();
    let inserted = tenant.transaction(move |connection| {
        async move {
            store::insert(connection, owner, &account).await?;
            configs::insert(connection, owner, &row, None).await?;
            let details = serde_json::json!({ "name": account.name, "callback_path": row.callback_path });
            let entry = Entry::done(Actor::CommandLine, "account.added", "account", Some(owner.account.0), details);
            audit::insert(connection, owner.company, entry).await
        }
        .boxed()
    });
    inserted.await.map_err(|error: sqlx::Error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some("whatsapp_accounts_company_id_phone_number_id_key") => AddError::NumberTaken(number),
        _ => error.into(),
    })
}

fn check(company: &str, account: &NewAccount) -> Result<(), AddError> {
    let named = |text: &str| (1..=120).contains(&text.chars().count());
    let meta_id = |text: &str| (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric());
    match () {
        () if !named(company) => Err(AddError::Field("The company must have a name of at most 120 characters.")),
        () if !named(&account.name) => Err(AddError::Field("The account must have a name of at most 120 characters.")),
        () if !meta_id(&account.waba_id) => Err(AddError::Field("The WABA id must be 1 to 64 letters and digits.")),
        () if !meta_id(&account.phone_number_id) => {
            Err(AddError::Field("The phone number id must be 1 to 64 letters and digits."))
        }
        () => Ok(()),
    }
}

/// The company of this name; see [`add`].
///
/// # Errors
/// Those of the database.
pub async fn company(database: &Database, name: &str) -> Result<CompanyId, sqlx::Error> {
    store::company(&database.identity, name).await
}
