//! Signing in: throttled per address and per person, equally slow whether or not the person exists.
//!
//! An address has [`PER_ADDRESS`] tries a minute. Somebody with many addresses is slowed down by the person: after
//! [`PER_PERSON`] wrong passwords for one e-mail, from wherever, an address that has been wrong for it once is heard no
//! more until the [`PERSON_WINDOW`] ends. So a guesser has one try for each address, and cannot lock the person out,
//! who comes with the right password from an address of their own.

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
use crate::hashing;
use crate::ids::{CompanyId, UserId};

/// Tries of one address.
const PER_ADDRESS: u32 = 30;
const ADDRESS_WINDOW: Duration = Duration::minutes(1);
/// Wrong passwords for one e-mail.
const PER_PERSON: u32 = 10;
const PERSON_WINDOW: Duration = Duration::minutes(5);

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
    wrong_there: Arc<Throttle<(String, Option<IpAddr>)>>,
}

impl Default for Doorman {
    fn default() -> Self {
        Self {
            addresses: Arc::new(Throttle::new(PER_ADDRESS, ADDRESS_WINDOW)),
            emails: Arc::new(Throttle::new(PER_PERSON, PERSON_WINDOW)),
            wrong_there: Arc::new(Throttle::new(1, PERSON_WINDOW)),
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

    /// Has somebody prove to know a password. Each try counts for the address; for the person only wrong ones do.
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
        let here = (email, network(address));
        self.addresses.count(here.1, now).map_err(throttled)?;
        self.count(&here, now).map_err(throttled)?;
        let proven = check(database, &here.0, password).await;
        match &proven {
            Ok(_) => self.emails.take_back(&here.0, self.wrong_there.forget(&here)),
            Err(ConsoleError::WrongCredentials) => {}
            Err(_not_looked_at) => {
                self.emails.take_back(&here.0, 1);
                self.wrong_there.take_back(&here, 1);
            }
        }
        proven
    }

    /// Counts a try as a wrong one before it is looked at, so that of many at once none slips through.
    fn count(&self, here: &(String, Option<IpAddr>), now: OffsetDateTime) -> Result<(), Duration> {
        let (person, from_here) = (self.emails.count(here.0.clone(), now), self.wrong_there.count(here.clone(), now));
        person.or(from_here)
    }
}

async fn check(database: &Database, email: &str, password: SecretString) -> Result<Proven, ConsoleError> {
    let login = store::find_login(&database.identity, email).await.map_err(unavailable)?;
    let credentials = match login {
        Some((company, user)) => credentials(database, company, user).await.map_err(unavailable)?,
        None => None,
    };
    let is_active = credentials.as_ref().is_some_and(|found| found.is_active);
    let checked = hashing::PASSWORDS.run(move || {
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
