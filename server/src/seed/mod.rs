//! Demo data: a company with three people, one for each role, and two accounts with conversations.
//!
//! The conversations are not inserted: they come in as signed bodies through the envelope, the writer and the worker,
//! as everything does, once, when the account is new. What its people have changed they changed in the console.

mod changes;
mod story;

use std::sync::Arc;

use app::contract::{ConsoleError, Role};
use axum::http::{HeaderMap, HeaderValue, header};
use futures::FutureExt;
use secrecy::{ExposeSecret, SecretString};

use crate::accounts::add::{self as accounts, AddError, Added};
use crate::accounts::store::NewAccount;
use crate::clock::Clock;
use crate::console::ReadError;
use crate::crypto::{self, KeyRing};
use crate::database::Database;
use crate::event_log;
use crate::event_log::batch::Batch;
use crate::event_log::rejections::Reason;
use crate::ids::CompanyId;
use crate::ingest::deliveries::{self, Post};
use crate::ingest::signature;
use crate::processing::worker::{Outcome, Worker, WorkerSettings};
use crate::users::add::{self as users, AddUserError};
use crate::users::store;
use crate::webhook_config::new_config::Given;
use crate::webhook_config::snapshot::Configs;

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
    /// The door did not take the story.
    #[error("The demo's messages were refused: {}.", .0.as_str())]
    Refused(Reason),
    /// The console did not let the demo's people do what they do.
    #[error("The demo's changes were refused: {0}")]
    Console(#[from] ConsoleError),
}

impl From<ReadError> for SeedError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Console(error) => Self::Console(error),
            ReadError::Database(error) => Self::Database(error),
        }
    }
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
    let support = seed_account(database, keys, clock, "Support line", PHONE_NUMBER_ID, "15550783881").await?;
    if let Some(added) = support {
        tell_story(database, keys, clock, &added).await?;
        process(database, clock).await?;
        changes::make(database, keys, &password, clock.now(), added.owner).await?;
        process(database, clock).await?;
    }
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
        Err(AddError::NumberTaken) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Lets the demo's messages come in as Meta would send them.
async fn tell_story(database: &Database, keys: &Arc<KeyRing>, clock: &Clock, added: &Added) -> Result<(), SeedError> {
    let engine = &database.engine;
    let configs = Configs::load(engine.clone(), Arc::clone(keys)).await?;
    let now = clock.now();
    let mut deliveries = Vec::new();
    for body in story::bodies(now) {
        let signature = signature::sign(added.app_secret.expose_secret().as_bytes(), &body);
        let (sha256, path) = (crypto::sha256(&body), added.callback_path.clone());
        let post = Post { body: body.into(), sha256, signature, path, headers: headers(), received_at: now };
        deliveries.extend(deliveries::of(&post, &configs.current().1).map_err(SeedError::Refused)?);
    }
    event_log::store::store(engine, &Batch::collapse(&deliveries)).await?;
    Ok(())
}

/// As Meta sends them.
fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::USER_AGENT, HeaderValue::from_static("facebookexternalua")),
    ])
}

async fn process(database: &Database, clock: &Clock) -> Result<(), SeedError> {
    let (engine, settings) = (database.engine.clone(), WorkerSettings::default());
    let worker = Worker { name: "seed".into(), engine, clock: clock.clone(), settings };
    while worker.run_once().await? != Outcome::Idle {}
    Ok(())
}
