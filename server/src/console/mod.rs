//! The server's side of the console's port: what a page may read and do, bound to one person of one company.
//!
//! A [`RequestConsole`] is made for each request from its [`Session`]; without one, everything but signing in answers
//! `SignedOut`. It checks the role, asks the stores through the session's tenant, and lets [`views`] turn rows into
//! the contract. Errors of the database are logged here, once, with the request's id, which is all the browser gets.

mod accounts;
mod activity;
mod cookie;
mod erasure;
pub(crate) mod events;
mod people;
mod read;
mod rights;
mod test_event;
mod thread;
mod tunnel;
pub mod views;
pub(crate) mod webhook;
mod you;

use std::net::IpAddr;
use std::sync::Arc;

use app::console::Console;
use app::contract::{
    AccountList, ActivityPage, ActivityQuery, AddAccount, AddUser, ChangePassword, CheckTunnel, ConsoleError,
    ConversationPage, ConversationQuery, EraseContact, EventDetail, EventPage, EventQuery, EventRef, FirstPassword,
    IssuedToken, PeoplePage, RotateToken, SaveWebhook, SendTest, SetActive, SetEnabled, SignIn, TestSent, ThreadPage,
    ThreadQuery, TunnelCheck, Viewer, WebhookPage, YouPage,
};
use app::reply::Reply;
use app::ui::theme::Theme;
use async_trait::async_trait;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::clock::Clock;
use crate::crypto::KeyRing;
use crate::database::Database;
use crate::processing::wake::Wake;
use crate::settings::PublicUrl;
use crate::tunnel::TunnelSupport;
use crate::users::session::Session;
use crate::users::sign_in::Doorman;

pub use cookie::CookiePolicy;
pub use test_event::OwnDoor;

/// What every request's console is made from.
#[derive(Clone, Debug)]
pub struct ConsoleParts {
    /// The database.
    pub database: Database,
    /// Slows down guessing.
    pub doorman: Doorman,
    /// Seals app secrets.
    pub keys: Arc<KeyRing>,
    /// Wakes a worker for a replayed event.
    pub wake: Wake,
    /// How the world reaches the server.
    pub public_url: PublicUrl,
    /// Where test events go in.
    pub door: OwnDoor,
    /// Help with tunnels; none but on a developer's server.
    pub tunnel: Option<TunnelSupport>,
    /// How the session's cookie is set.
    pub cookies: CookiePolicy,
    /// The time.
    pub clock: Clock,
}

/// Who asks, as found out before the page is rendered.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Whoever is signed in.
    pub session: Option<Session>,
    /// The browser's address.
    pub address: Option<IpAddr>,
    /// In the log as well.
    pub request_id: Option<String>,
    /// The session could not be looked up: the database is away.
    pub unavailable: bool,
    /// It is a script that calls a server function, and not a page or a plain form: a refusal shows in the status.
    pub is_script: bool,
}

/// The console of one request.
pub struct RequestConsole {
    parts: ConsoleParts,
    caller: Caller,
    response: ResponseOptions,
}

impl RequestConsole {
    /// Binds the console to a caller.
    pub fn new(parts: ConsoleParts, caller: Caller, response: ResponseOptions) -> Self {
        Self { parts, caller, response }
    }

    /// The session, or why there is none.
    fn session(&self) -> Result<&Session, ConsoleError> {
        match &self.caller.session {
            Some(session) => Ok(session),
            None if self.caller.unavailable => Err(self.refused(self.unavailable())),
            None => Err(self.refused(ConsoleError::SignedOut)),
        }
    }

    /// Gives the answer to a script the status that the refusal stands for; Leptos would call each of them a 500. Pages
    /// set theirs themselves, and plain forms are sent back to their page.
    fn refused(&self, error: ConsoleError) -> ConsoleError {
        if self.caller.is_script {
            self.response.set_status(status_of(&error));
        }
        error
    }

    fn unavailable(&self) -> ConsoleError {
        ConsoleError::Unavailable { request_id: self.caller.request_id.clone() }
    }

    /// Logs what went wrong and keeps it from the browser.
    fn failed(&self, error: ReadError) -> ConsoleError {
        self.refused(match error {
            ReadError::Console(error) => error,
            ReadError::Database(error) => {
                tracing::error!(%error, request_id = self.caller.request_id, "the console cannot read");
                self.unavailable()
            }
        })
    }

    fn set_cookie(&self, cookie: &str) -> Result<(), ConsoleError> {
        let cookie = HeaderValue::from_str(cookie).map_err(|_invalid| self.unavailable())?;
        self.response.append_header(header::SET_COOKIE, cookie);
        Ok(())
    }
}

/// What a refusal is over HTTP.
pub(crate) fn status_of(error: &ConsoleError) -> StatusCode {
    match error {
        ConsoleError::SignedOut | ConsoleError::WrongCredentials => StatusCode::UNAUTHORIZED,
        ConsoleError::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        ConsoleError::Forbidden => StatusCode::FORBIDDEN,
        ConsoleError::NotFound => StatusCode::NOT_FOUND,
        ConsoleError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        ConsoleError::Unavailable { .. } | ConsoleError::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Why a read did not succeed.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// To be said as it is.
    Console(ConsoleError),
    /// To be logged.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<ConsoleError> for ReadError {
    fn from(error: ConsoleError) -> Self {
        Self::Console(error)
    }
}

#[async_trait]
impl Console for RequestConsole {
    async fn viewer(&self) -> Result<Viewer, ConsoleError> {
        Ok(self.session()?.viewer.clone())
    }

    async fn sign_in(&self, credentials: SignIn) -> Result<(), ConsoleError> {
        let ConsoleParts { database, doorman, clock, cookies, .. } = &self.parts;
        let token = doorman.sign_in(database, credentials, self.caller.address, clock.now()).await;
        let token = token.map_err(|error| self.refused(error))?;
        // The session before, if any, ends: a browser has one.
        if let Some(before) = &self.caller.session {
            before.close().await.map_err(|error| self.failed(error.into()))?;
        }
        self.set_cookie(&cookies.set(&token))
    }

    async fn sign_out(&self) -> Result<(), ConsoleError> {
        if let Some(session) = &self.caller.session {
            session.close().await.map_err(|error| self.failed(error.into()))?;
        }
        self.set_cookie(&self.parts.cookies.clear())
    }

    async fn choose_theme(&self, theme: Theme) -> Result<(), ConsoleError> {
        self.set_cookie(&theme.cookie())
    }

    async fn accounts(&self) -> Result<AccountList, ConsoleError> {
        let session = self.session()?;
        read::accounts(session, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn conversations(&self, query: ConversationQuery) -> Result<ConversationPage, ConsoleError> {
        let session = self.session()?;
        read::conversations(session, query, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn thread(&self, query: ThreadQuery) -> Result<ThreadPage, ConsoleError> {
        let session = self.session()?;
        thread::read(session, query, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn erase_contact(&self, form: EraseContact) -> Result<(), ConsoleError> {
        let session = self.session()?;
        erasure::erase(session, form, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn webhook(&self, account: String) -> Result<WebhookPage, ConsoleError> {
        let (session, parts) = (self.session()?, &self.parts);
        let (url, tunnel) = (parts.public_url.as_str(), parts.tunnel.as_ref());
        webhook::read(session, &account, url, tunnel, parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn save_webhook(&self, form: SaveWebhook) -> Result<Option<IssuedToken>, ConsoleError> {
        let (session, keys) = (self.session()?, &self.parts.keys);
        webhook::save(session, keys, form, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn rotate_token(&self, form: RotateToken) -> Result<IssuedToken, ConsoleError> {
        let (session, keys) = (self.session()?, &self.parts.keys);
        webhook::rotate(session, keys, form, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn set_enabled(&self, form: SetEnabled) -> Result<(), ConsoleError> {
        let session = self.session()?;
        webhook::set_enabled(session, form, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn events(&self, query: EventQuery) -> Result<EventPage, ConsoleError> {
        let session = self.session()?;
        events::list(session, query, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn event(&self, event: EventRef) -> Result<EventDetail, ConsoleError> {
        let session = self.session()?;
        events::read(session, event, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn replay(&self, event: EventRef) -> Result<(), ConsoleError> {
        let session = self.session()?;
        events::replay(session, event, self.parts.clock.now()).await.map_err(|error| self.failed(error))?;
        self.parts.wake.now();
        Ok(())
    }

    async fn activity(&self, query: ActivityQuery) -> Result<ActivityPage, ConsoleError> {
        let session = self.session()?;
        activity::list(session, query, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn add_account(&self, form: AddAccount) -> Result<String, ConsoleError> {
        let session = self.session()?;
        accounts::add(session, form).await.map_err(|error| self.failed(error))
    }

    async fn people(&self, after: Option<String>) -> Result<PeoplePage, ConsoleError> {
        let session = self.session()?;
        people::list(session, after, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn add_user(&self, form: AddUser) -> Result<FirstPassword, ConsoleError> {
        let session = self.session()?;
        people::add(session, form).await.map_err(|error| self.failed(error))
    }

    async fn set_active(&self, form: SetActive) -> Result<(), ConsoleError> {
        let session = self.session()?;
        people::set_active(session, form, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn you(&self) -> Result<YouPage, ConsoleError> {
        let session = self.session()?;
        you::read(session, self.parts.clock.now()).await.map_err(|error| self.failed(error))
    }

    async fn change_password(&self, form: ChangePassword) -> Result<(), ConsoleError> {
        let (session, parts) = (self.session()?, &self.parts);
        let token = you::change_password(session, parts, form, self.caller.address).await;
        self.set_cookie(&parts.cookies.set(&token.map_err(|error| self.failed(error))?))
    }

    async fn sign_out_everywhere(&self) -> Result<(), ConsoleError> {
        you::sign_out_everywhere(self.session()?).await.map_err(|error| self.failed(error))?;
        self.set_cookie(&self.parts.cookies.clear())
    }

    async fn send_test(&self, form: SendTest) -> Result<TestSent, ConsoleError> {
        let (session, ConsoleParts { door, keys, clock, .. }) = (self.session()?, &self.parts);
        let rng = StdRng::from_seed(rand::random());
        let sent = test_event::send(session, door, keys, form, clock.now(), rng).await;
        sent.map_err(|error| self.failed(error))
    }

    async fn check_tunnel(&self, form: CheckTunnel) -> Result<TunnelCheck, ConsoleError> {
        let (session, parts) = (self.session()?, &self.parts);
        let check = tunnel::check(session, parts.tunnel.as_ref(), form, parts.clock.now()).await;
        check.map_err(|error| self.failed(error))
    }
}

/// What a page may do to its response.
#[derive(Clone)]
pub struct LeptosReply(pub ResponseOptions);

impl Reply for LeptosReply {
    fn status(&self, code: u16) {
        if let Ok(code) = StatusCode::from_u16(code) {
            self.0.set_status(code);
        }
    }

    fn redirect(&self, path: &str) {
        leptos_axum::redirect(path);
    }

    fn asked_from(&self) -> Option<String> {
        let page = use_context::<Parts>()?.headers.get(header::REFERER)?.to_str().ok()?.parse::<Uri>().ok()?;
        page.path_and_query().map(ToString::to_string)
    }

    /// A plain form asks for HTML; a hydrated page does not.
    fn land(&self, path: &str) {
        let accept = use_context::<Parts>().and_then(|parts| parts.headers.get(header::ACCEPT).cloned());
        if accept.is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html"))) {
            leptos_axum::redirect(path);
        }
    }
}

/// As the context wants it.
pub fn shared(console: RequestConsole) -> Arc<dyn Console> {
    Arc::new(console)
}
