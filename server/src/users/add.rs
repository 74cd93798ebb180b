//! Adding a person to a company.

use app::contract::{Role, validate};
use futures::FutureExt;
use secrecy::{ExposeSecret, SecretString};

use super::store::{self, NewUser};
use crate::audit::{self, Actor, Entry};
use crate::crypto;
use crate::database::Database;
use crate::ids::{CompanyId, UserId};

/// Why a user was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddUserError {
    /// The address is malformed.
    #[error("{0}")]
    Email(&'static str),
    /// It belongs to somebody, of this company or another.
    #[error("The e-mail address is already in use.")]
    EmailTaken,
    /// Too long or empty.
    #[error("The name must have 1 to 120 characters.")]
    Name,
    /// Guessable.
    #[error("The password must have at least 12 characters.")]
    PasswordTooShort,
    /// Hashing failed.
    #[error("The password could not be hashed.")]
    Hash,
    /// The database.
    #[error("The database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// Adds a user.
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
    let email = validate::email(email).map_err(AddUserError::Email)?;
    if !(1..=120).contains(&name.chars().count()) {
        return Err(AddUserError::Name);
    }
    let password_hash = hash(password).await?;
    let user = NewUser { id: UserId::new(), name: name.to_owned(), email, password_hash, role: role.as_str() };
    let id = user.id;
    let inserted = database.tenant(company).transaction(move |connection| {
        async move {
            store::insert(connection, company, &user).await?;
            let details = serde_json::json!({ "email": user.email, "role": user.role });
            let entry = Entry::done(Actor::CommandLine, "user.added", "user", Some(id.0), details);
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

/// Hashes a password that is long enough, off the async threads.
///
/// # Errors
/// `PasswordTooShort` or `Hash`.
pub async fn hash(password: SecretString) -> Result<String, AddUserError> {
    if password.expose_secret().chars().count() < 12 {
        return Err(AddUserError::PasswordTooShort);
    }
    let hashed = tokio::task::spawn_blocking(move || crypto::hash_password(&password)).await;
    hashed.ok().and_then(Result::ok).ok_or(AddUserError::Hash)
}
