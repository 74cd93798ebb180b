//! Signing in: throttled per address and per e-mail, equally slow whether or not the address exists.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use app::contract::{ConsoleError, SignIn, validate};
use futures::FutureExt;
use secrecy::SecretString;
use time::{Duration, OffsetDateTime};

use super::session::{Session, Token};
use super::store::{self, Credentials};
use super::throttle::{Throttle, network};
use crate::crypto;
use crate::database::Database;
use crate::ids::{CompanyId, UserId};

/// Compared with when there is no such user, so that the answer takes as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| crypto::hash_password(&crypto::random_token("")).unwrap_or_default());

/// Somebody who knows the password.
pub struct Proven {
    /// Of the person.
    pub company: CompanyId,
    /// The person.
    pub user: UserId,
    /// The hash that the password has: what follows holds only while it stays.
    pub password_hash: String,
}

/// Tries, by whom and for whom.
#[derive(Clone, Debug)]
pub struct Doorman {
    addresses: Arc<Throttle<Option<IpAddr>>>,
    emails: Arc<Throttle<String>>,
}

impl Default for Doorman {
    fn default() -> Self {
        Self {
            addresses: Arc::new(Throttle::new(30, Duration::minutes(1))),
            emails: Arc::new(Throttle::new(10, Duration::minutes(5))),
        }
    }
}

impl Doorman {
    /// Opens a session for somebody who knows the password.
    ///
    /// # Errors
    /// `Throttled`, `WrongCredentials` (never saying which), or `Unavailable`.
    #[tracing::instrument(level = "debug", name = "sign_in", skip_all)]
    pub async fn sign_in(
        &self,
        database: &Database,
        form: SignIn,
        address: Option<IpAddr>,
        now: OffsetDateTime,
    ) -> Result<Token, ConsoleError> {
        let email = validate::email(&form.email).map_err(|_malformed| ConsoleError::WrongCredentials)?;
        let proven = self.prove(database, email, form.password.into(), address, now).await?;
        let (company, user) = (proven.company, proven.user);
        let token = Session::open(database, proven, now).await.map_err(unavailable)?;
        let token = token.ok_or(ConsoleError::WrongCredentials)?;
        tracing::info!(%company, %user, "signed in");
        Ok(token)
    }

    /// Has somebody prove to know a password. Each try counts, for the browser's address and for the person's.
    ///
    /// # Errors
    /// `Throttled`, `WrongCredentials` (never saying which), or `Unavailable`.
    pub async fn prove(
        &self,
        database: &Database,
        email: String,
        password: SecretString,
        address: Option<IpAddr>,
        now: OffsetDateTime,
    ) -> Result<Proven, ConsoleError> {
        self.addresses.count(network(address), now).map_err(throttled)?;
        self.emails.count(email.clone(), now).map_err(throttled)?;
        let proven = check(database, &email, password).await?;
        self.emails.forget(&email);
        Ok(proven)
    }
}

async fn check(database: &Database, email: &str, password: SecretString) -> Result<Proven, ConsoleError> {
    let login = store::find_login(&database.identity, email).await.map_err(unavailable)?;
    let credentials = match login {
        Some((company, user)) => credentials(database, company, user).await.map_err(unavailable)?,
        None => None,
    };
    let is_active = credentials.as_ref().is_some_and(|found| found.is_active);
    let checked = tokio::task::spawn_blocking(move || {
        let hash = credentials.map_or_else(|| NOBODY.clone(), |found| found.password_hash);
        crypto::verify_password(&password, &hash).map(|right| right.then_some(hash))
    });
    let right = checked.await.ok().and_then(Result::ok).ok_or(ConsoleError::Unavailable { request_id: None })?;
    let proven = login.zip(right).filter(|_| is_active);
    let proven = proven.map(|((company, user), password_hash)| Proven { company, user, password_hash });
    proven.ok_or(ConsoleError::WrongCredentials)
}

async fn credentials(
    database: &Database,
    company: CompanyId,
    user: UserId,
) -> Result<Option<Credentials>, sqlx::Error> {
    database
        .tenant(company)
        .transaction(move |connection| async move { store::credentials(connection, company, user).await }.boxed())
        .await
}

fn throttled(wait: Duration) -> ConsoleError {
    ConsoleError::Throttled { retry_after: u32::try_from(wait.whole_seconds()).unwrap_or(0) + 1 }
}

#[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
fn unavailable(error: sqlx::Error) -> ConsoleError {
    tracing::error!(%error, "signing in failed");
    ConsoleError::Unavailable { request_id: None }
}
