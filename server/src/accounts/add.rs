//! Adding an account together with its webhook configuration.

use std::sync::Arc;

use app::contract::validate;
use futures::FutureExt;
use secrecy::SecretString;

use super::store::{self, NewAccount};
use crate::audit::{self, Actor, Entry};
use crate::crypto::KeyRing;
use crate::database::{Database, Tenant};
use crate::hashing;
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
    #[error("{}", validate::NUMBER_TAKEN)]
    NumberTaken,
    /// A field of the account, or the company's name.
    #[error("{message}")]
    Field {
        /// Its name.
        field: &'static str,
        /// A sentence for the person.
        message: &'static str,
    },
    /// The database.
    #[error("The database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// Hashing was interrupted, or there was no place for it.
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
    let account = checked(&account)?;
    let company = at("company", validate::name(company))?;
    let company = store::company(&database.identity, company).await?;
    let owner = Owner { company, account: AccountId::new() };
    let prepared = hashing::TOKENS.run(move || new_config::prepare(owner, &given, &keys)).await;
    let Prepared { row, verify_token, app_secret } = prepared.map_err(|_| AddError::Interrupted)??;
    let callback_path = row.callback_path.clone();
    insert(&database.tenant(company), owner, account, row).await?;
    Ok(Added { owner, callback_path, verify_token, app_secret })
}

async fn insert(tenant: &Tenant, owner: Owner, account: NewAccount, row: configs::NewRow) -> Result<(), AddError> {
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
    inserted.await.map_err(taken)
}

/// Adds an account to the tenant's company, without a webhook: that is set up afterwards.
///
/// # Errors
/// `NumberTaken`, `Field` or `Database`; nothing is stored then.
pub async fn add_bare(tenant: &Tenant, actor: Actor, account: &NewAccount) -> Result<AccountId, AddError> {
    let account = checked(account)?;
    let owner = Owner { company: tenant.company(), account: AccountId::new() };
    let inserted = tenant.transaction(move |connection| {
        async move {
            store::insert(connection, owner, &account).await?;
            let NewAccount { name, waba_id, phone_number_id, .. } = account;
            let details = serde_json::json!({ "name": name, "waba_id": waba_id, "phone_number_id": phone_number_id });
            let entry = Entry::done(actor, "account.added", "account", Some(owner.account.0), details);
            audit::insert(connection, owner.company, entry).await
        }
        .boxed()
    });
    inserted.await.map_err(taken)?;
    Ok(owner.account)
}

fn taken(error: sqlx::Error) -> AddError {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("whatsapp_accounts_company_id_phone_number_id_key") => AddError::NumberTaken,
        _ => error.into(),
    }
}

/// The account as it is stored, without blanks around it.
fn checked(account: &NewAccount) -> Result<NewAccount, AddError> {
    let display = account.display_phone_number.as_deref().unwrap_or_default();
    Ok(NewAccount {
        name: at("name", validate::name(&account.name))?.to_owned(),
        waba_id: at("waba_id", validate::waba_id(&account.waba_id))?.to_owned(),
        phone_number_id: at("phone_number_id", validate::phone_number_id(&account.phone_number_id))?.to_owned(),
        display_phone_number: at("display_phone_number", validate::display_phone_number(display))?
            .map(ToOwned::to_owned),
    })
}

/// Names the field of a rule that was broken.
fn at<T>(field: &'static str, checked: Result<T, &'static str>) -> Result<T, AddError> {
    checked.map_err(|message| AddError::Field { field, message })
}

/// The company of this name; see [`add`].
///
/// # Errors
/// Those of the database.
pub async fn company(database: &Database, name: &str) -> Result<CompanyId, sqlx::Error> {
    store::company(&database.identity, name).await
}
