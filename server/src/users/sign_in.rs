//! Signing in: throttled per address and per e-mail, equally slow whether or not the address exists.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use app::contract::{ConsoleError, SignIn, validate};
use futures::FutureExt;
use secrecy::SecretString;
use time::{Duration, OffsetDateTime};

use super::session::{Session, Token};
use super::store::{self, Credentials};
use super::throttle::Throttle;
use crate::crypto;
use crate::database::Database;
use crate::ids::{CompanyId, UserId};

/// Compared with when there is no such user, so that the answer takes as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| crypto::hash_password(&crypto::random_token("")).unwrap_or_default());

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
        self.addresses.count(address, now).map_err(throttled)?;
        self.emails.count(email.clone(), now).map_err(throttled)?;
        let (company, user) = check(database, &email, form.password.into()).await?;
        self.emails.forget(&email);
        let token = Session::open(database, company, user, now).await.map_err(unavailable)?;
        tracing::info!(%company, %user, "signed in");
        Ok(token)
    }
}

async fn check(database: &Database, email: &str, password: SecretString) -> Result<(CompanyId, UserId), ConsoleError> {
    let login = store::find_login(&database.identity, email).await.map_err(unavailable)?;
    let credentials = match login {
        Some((company, user)) => credentials(database, company, user).await.map_err(unavailable)?,
        None => None,
    };
    let is_active = credentials.as_ref().is_some_and(|found| found.is_active);
    let right = tokio::task::spawn_blocking(move || {
        let hash = credentials.map_or_else(|| NOBODY.clone(), |found| found.password_hash);
        crypto::verify_password(&password, &hash)
    });
    let right = right.await.ok().and_then(Result::ok).ok_or(ConsoleError::Unavailable { request_id: None })?;
    login.filter(|_| right && is_active).ok_or(ConsoleError::WrongCredentials)
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
