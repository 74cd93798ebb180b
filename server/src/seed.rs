//! Demo data: a company with three people, one for each role, and two accounts with conversations.
//!
//! The conversations are not inserted: they come in as signed bodies through the envelope, the writer and the worker,
//! as everything does. Seeding twice changes nothing.

use std::sync::Arc;

use app::contract::Role;
use futures::FutureExt;
use secrecy::{ExposeSecret, SecretString};

use crate::accounts::add::{self as accounts, AddError, Added};
use crate::accounts::store::NewAccount;
use crate::clock::Clock;
use crate::crypto::KeyRing;
use crate::database::Database;
use crate::ids::CompanyId;
use crate::users::add::{self as users, AddUserError};
use crate::users::store;
use crate::webhook_config::new_config::Given;

/// The demo company's name.
pub const COMPANY: &str = "Acme Travel";
/// The demo account that `simulate` sends to.
pub const PHONE_NUMBER_ID: &str = "106540352242922";
/// Its WABA.
pub const WABA_ID: &str = "102290129340398";

/// Someone who can sign in to the demo.
#[derive(Debug)]
pub struct Login {
    /// What they may do.
    pub role: Role,
    /// What they sign in with.
    pub email: &'static str,
}

/// The three people of the demo, with their names.
const PEOPLE: [(&str, Login); 3] = [
    ("Ana Ribeiro", Login { role: Role::Admin, email: "admin@demo.waypost" }),
    ("Marco Bianchi", Login { role: Role::Manager, email: "manager@demo.waypost" }),
    ("Vera Lindqvist", Login { role: Role::Viewer, email: "viewer@demo.waypost" }),
];

/// The logins of the demo.
pub fn logins() -> impl Iterator<Item = &'static Login> {
    static LOGINS: [(&str, Login); 3] = PEOPLE;
    LOGINS.iter().map(|(_, login)| login)
}

/// Why the demo could not be seeded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A person.
    #[error(transparent)]
    User(#[from] AddUserError),
    /// An account.
    #[error(transparent)]
    Account(#[from] AddError),
    /// The database.
    #[error("The database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// Seeds what is missing. The password is that of all three people, and replaces an earlier one.
///
/// # Errors
/// See [`SeedError`]; what was seeded before it stays.
pub async fn seed(
    database: &Database,
    keys: &Arc<KeyRing>,
    clock: &Clock,
    password: SecretString,
) -> Result<CompanyId, SeedError> {
    let company = accounts::company(database, COMPANY).await?;
    for (name, login) in &PEOPLE {
        seed_person(database, company, name, login, password.clone()).await?;
    }
    seed_account(database, keys, clock, "Support line", PHONE_NUMBER_ID, "15550783881").await?;
    seed_account(database, keys, clock, "Booking desk", "106540352242923", "15550783882").await?;
    Ok(company)
}

async fn seed_person(
    database: &Database,
    company: CompanyId,
    name: &str,
    login: &Login,
    password: SecretString,
) -> Result<(), SeedError> {
    match users::add(database, company, name, login.email, login.role, password.clone()).await {
        Err(AddUserError::EmailTaken) => {
            let (hash, email) = (users::hash(password).await?, login.email);
            let changed = database.tenant(company).transaction(move |connection| {
                async move { store::set_password(connection, company, email, &hash).await }.boxed()
            });
            if changed.await? { Ok(()) } else { Err(AddUserError::EmailTaken.into()) }
        }
        other => Ok(other.map(drop)?),
    }
}

async fn seed_account(
    database: &Database,
    keys: &Arc<KeyRing>,
    clock: &Clock,
    name: &str,
    phone_number_id: &str,
    digits: &str,
) -> Result<Option<Added>, SeedError> {
    let account = NewAccount {
        name: name.to_owned(),
        waba_id: WABA_ID.to_owned(),
        phone_number_id: phone_number_id.to_owned(),
        display_phone_number: Some(format!("+{} {} {} {}", &digits[..1], &digits[1..4], &digits[4..7], &digits[7..])),
    };
    let given = Given { verified_at: Some(clock.now()), ..Given::default() };
    match accounts::add(database, Arc::clone(keys), COMPANY, account, given).await {
        Ok(added) => Ok(Some(added)),
        Err(AddError::NumberTaken(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A password that nobody chose.
pub fn random_password() -> SecretString {
    crate::crypto::random_token("").expose_secret()[..16].to_owned().into()
}
