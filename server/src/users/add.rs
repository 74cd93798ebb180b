//! Adding a person to a company.

use app::contract::{AddUser, Role, validate};
use futures::FutureExt;
use secrecy::{ExposeSecret, SecretString};

use super::store::{self, NewUser};
use crate::audit::{self, Actor, Entry};
use crate::crypto;
use crate::database::{Database, Tenant};
use crate::hashing;
use crate::ids::{CompanyId, UserId};

/// Why a user was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddUserError {
    /// A field is wrong.
    #[error("{message}")]
    Field {
        /// Its name.
        field: &'static str,
        /// A sentence for the person.
        message: &'static str,
    },
    /// The address belongs to somebody, of this company or another.
    #[error("{}", validate::EMAIL_TAKEN)]
    EmailTaken,
    /// Hashing failed, or there was no place for it.
    #[error("The password could not be hashed.")]
    Hash,
    /// The database.
    #[error("The database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// Adds a user, for whoever has a shell on the server.
///
/// # Errors
/// See [`AddUserError`]; nothing is stored then.
pub async fn add(
    database: &Database,
    company: CompanyId,
    name: &str,
    email: &str,
    role: Role,
    password: SecretString,
) -> Result<UserId, AddUserError> {
    let form = AddUser { name: name.to_owned(), email: email.to_owned(), role };
    add_by(&database.tenant(company), Actor::CommandLine, &form, password).await
}

/// Adds a user to the tenant's company.
///
/// # Errors
/// See [`AddUserError`]; nothing is stored then.
pub async fn add_by(
    tenant: &Tenant,
    actor: Actor,
    form: &AddUser,
    password: SecretString,
) -> Result<UserId, AddUserError> {
    let name = at("name", validate::name(&form.name))?.to_owned();
    let email = at("email", validate::email(&form.email))?;
    let password_hash = hash(password).await?;
    let (company, id) = (tenant.company(), UserId::new());
    let user = NewUser { id, name, email, password_hash, role: form.role.as_str() };
    let inserted = tenant.transaction(move |connection| {
        async move {
            store::insert(connection, company, &user).await?;
            let details = serde_json::json!({ "email": user.email, "role": user.role });
            let entry = Entry::done(actor, "user.added", "user", Some(id.0), details);
            audit::insert(connection, company, entry).await
        }
        .boxed()
    });
    inserted.await.map_err(|error: sqlx::Error| match error.as_database_error().and_then(|e| e.constraint()) {
        Some("logins_pkey" | "users_company_id_email_key") => AddUserError::EmailTaken,
        _ => error.into(),
    })?;
    Ok(id)
}

/// Names the field of a rule that was broken.
fn at<T>(field: &'static str, checked: Result<T, &'static str>) -> Result<T, AddUserError> {
    checked.map_err(|message| AddUserError::Field { field, message })
}

/// Hashes a password that is long enough, off the async threads.
///
/// # Errors
/// `Field` or `Hash`.
pub async fn hash(password: SecretString) -> Result<String, AddUserError> {
    at("password", validate::password(password.expose_secret()))?;
    let hashed = hashing::PASSWORDS.run(move || crypto::hash_password(&password)).await;
    hashed.ok().and_then(Result::ok).ok_or(AddUserError::Hash)
}
