//! The port through which pages get their data.
//!
//! The server implements [`Console`] and puts it into Leptos' context once per request, bound to the company and the
//! person of that request's session. It is bound to nobody for a request without a session (and while the server
//! lists its routes): everything but signing in then answers [`ConsoleError::SignedOut`].

use std::sync::Arc;

use async_trait::async_trait;
use leptos::prelude::use_context;

use crate::contract::{
    AccountList, ActivityPage, ActivityQuery, AddAccount, AddUser, ChangePassword, CheckTunnel, ConsoleError,
    ConversationPage, ConversationQuery, EraseContact, EventDetail, EventPage, EventQuery, EventRef, FirstPassword,
    IssuedToken, PeoplePage, RotateToken, SaveWebhook, SendTest, SetActive, SetEnabled, SignIn, TestSent, ThreadPage,
    ThreadQuery, TunnelCheck, Viewer, WebhookPage, YouPage,
};
use crate::ui::theme::Theme;

/// What a page may ask of the server, on behalf of one person of one company.
#[async_trait]
pub trait Console: Send + Sync {
    /// Who is looking.
    async fn viewer(&self) -> Result<Viewer, ConsoleError>;

    /// Opens a session under a new id and gives the browser its cookie.
    async fn sign_in(&self, credentials: SignIn) -> Result<(), ConsoleError>;

    /// Ends the session and takes the cookie back. Without a session nothing happens.
    async fn sign_out(&self) -> Result<(), ConsoleError>;

    /// Has the browser remember its colours. Nobody need be signed in.
    async fn choose_theme(&self, theme: Theme) -> Result<(), ConsoleError>;

    /// The company's accounts.
    async fn accounts(&self) -> Result<AccountList, ConsoleError>;

    /// One page of an account's conversations.
    async fn conversations(&self, query: ConversationQuery) -> Result<ConversationPage, ConsoleError>;

    /// One page of a conversation's messages.
    async fn thread(&self, query: ThreadQuery) -> Result<ThreadPage, ConsoleError>;

    /// Erases the personal data of the contact that a conversation is with. For admins.
    async fn erase_contact(&self, form: EraseContact) -> Result<(), ConsoleError>;

    /// The Webhook tab of an account, by its id.
    async fn webhook(&self, account: String) -> Result<WebhookPage, ConsoleError>;

    /// Sets an account's webhook up, or changes it. For admins. At the first time a verify token is made, or the
    /// person's own is taken: it is given back, this once.
    async fn save_webhook(&self, form: SaveWebhook) -> Result<Option<IssuedToken>, ConsoleError>;

    /// Makes a new verify token, or takes the person's own, and gives it back, this once. The webhook stays verified:
    /// Meta asks again only when the new token is saved on its side. For admins.
    async fn rotate_token(&self, form: RotateToken) -> Result<IssuedToken, ConsoleError>;

    /// Switches an account's webhook off or on. For admins and managers.
    async fn set_enabled(&self, form: SetEnabled) -> Result<(), ConsoleError>;

    /// One page of an account's event log.
    async fn events(&self, query: EventQuery) -> Result<EventPage, ConsoleError>;

    /// Everything about one event.
    async fn event(&self, event: EventRef) -> Result<EventDetail, ConsoleError>;

    /// Has a dead or processed event processed again. For admins and managers.
    async fn replay(&self, event: EventRef) -> Result<(), ConsoleError>;

    /// One page of what was done to an account.
    async fn activity(&self, query: ActivityQuery) -> Result<ActivityPage, ConsoleError>;

    /// Adds an account and gives back its id. For admins.
    async fn add_account(&self, form: AddAccount) -> Result<String, ConsoleError>;

    /// One page of the company's people: those whose name follows the person's with this id.
    async fn people(&self, after: Option<String>) -> Result<PeoplePage, ConsoleError>;

    /// Adds a person and gives back the first password, this once. For admins.
    async fn add_user(&self, form: AddUser) -> Result<FirstPassword, ConsoleError>;

    /// Lets somebody in no longer, which ends all their sessions, or again. For admins, and never for oneself.
    async fn set_active(&self, form: SetActive) -> Result<(), ConsoleError>;

    /// The person's own account.
    async fn you(&self) -> Result<YouPage, ConsoleError>;

    /// Changes the person's own password. All other sessions end; this one goes on under a new id.
    async fn change_password(&self, form: ChangePassword) -> Result<(), ConsoleError>;

    /// Ends all sessions of the person, this one too, and takes the cookie back.
    async fn sign_out_everywhere(&self) -> Result<(), ConsoleError>;

    /// Sends a signed test event for an account through the door. For admins and managers.
    async fn send_test(&self, form: SendTest) -> Result<TestSent, ConsoleError>;

    /// Asks whether a public URL leads to this server. For admins of a developer's server; elsewhere there is no such
    /// thing.
    async fn check_tunnel(&self, form: CheckTunnel) -> Result<TunnelCheck, ConsoleError>;
}

/// The console of this request.
///
/// To be read before the first `.await`, since the context is that of the running request.
///
/// # Errors
/// `Unavailable` when the server provided none, rather than a panic.
pub fn console() -> Result<Arc<dyn Console>, ConsoleError> {
    use_context::<Arc<dyn Console>>().ok_or(ConsoleError::Unavailable { request_id: None })
}
