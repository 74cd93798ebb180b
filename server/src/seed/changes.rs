//! What the demo's people have done to the account: a new verify token, and an event processed again.

use std::sync::Arc;

use app::contract::{ConsoleError, EventQuery, EventRef, Role, RotateToken, SignIn};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::{SeedError, logins};
use crate::console::{events, webhook};
use crate::crypto::KeyRing;
use crate::database::Database;
use crate::ids::Owner;
use crate::users::session::Session;
use crate::users::sign_in::Doorman;

/// Makes the changes. The token's value is nobody's concern: Meta has asked already, and will not ask the demo again.
pub async fn make(
    database: &Database,
    keys: &Arc<KeyRing>,
    password: &SecretString,
    now: OffsetDateTime,
    owner: Owner,
) -> Result<(), SeedError> {
    let account = owner.account.to_string();
    let admin = session(database, password, Role::Admin, now).await?;
    let form = RotateToken { account: account.clone(), own: String::new() };
    webhook::rotate(&admin, keys, form, now).await?;
    admin.close().await?;

    let manager = session(database, password, Role::Manager, now).await?;
    let query = EventQuery { account: account.clone(), ..EventQuery::default() };
    let newest = events::list(&manager, query, now).await?.events.into_iter().next();
    if let Some(event) = newest {
        events::replay(&manager, EventRef { account, event: event.id }, now).await?;
    }
    manager.close().await?;
    Ok(())
}

/// A session of the person with this role.
async fn session(
    database: &Database,
    password: &SecretString,
    role: Role,
    now: OffsetDateTime,
) -> Result<Session, SeedError> {
    let email = logins().find(|login| login.role == role).map_or("", |login| login.email).to_owned();
    let form = SignIn { email, password: password.expose_secret().to_owned(), next: None };
    let token = Doorman::default().sign_in(database, form, None, now).await?;
    Ok(Session::find(database, &token.to_cookie(), true, now).await?.ok_or(ConsoleError::SignedOut)?)
}
