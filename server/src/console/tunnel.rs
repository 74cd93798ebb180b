//! The Webhook tab on a developer's machine: does the public URL of a tunnel lead here?

use app::contract::{CheckTunnel, ConsoleError, Role, TunnelCheck, TunnelHelp, validate};
use reqwest::Url;
use secrecy::ExposeSecret;
use time::OffsetDateTime;

use super::ReadError;
use super::read::owner;
use super::rights::{is_admin, require};
use super::webhook::configured;
use crate::tunnel::{TunnelSupport, probe};
use crate::users::session::Session;
use crate::webhook_config::local_path;

/// The card's content, for admins of a webhook that is set up.
pub fn help(support: Option<&TunnelSupport>, role: Role, callback_path: Option<&str>) -> Option<TunnelHelp> {
    let (support, callback_path) = (support.filter(|_| role == Role::Admin)?, callback_path?);
    Some(TunnelHelp { commands: support.commands(), callback_path: local_path(callback_path).to_owned() })
}

/// Asks the callback path's challenge through the URL.
pub async fn check(
    session: &Session,
    support: Option<&TunnelSupport>,
    form: CheckTunnel,
    now: OffsetDateTime,
) -> Result<TunnelCheck, ReadError> {
    require(is_admin(session))?;
    let owner = owner(session, &form.account)?;
    let shown = configured(session, owner).await?;
    let support = support.ok_or(ConsoleError::NotFound)?;
    let config = shown.ok_or_else(|| ConsoleError::invalid("account", validate::NO_PATH_YET))?;
    let path = local_path(&config.callback_path);
    let public_url =
        validate::public_url(&form.public_url).map_err(|rule| ConsoleError::invalid("public_url", rule))?;
    let proof = support.proofs.begin(path, now).ok_or(ConsoleError::Throttled { retry_after: 60 })?;
    let url = Url::parse_with_params(
        &format!("{public_url}{path}"),
        [
            ("hub.mode", "subscribe"),
            ("hub.challenge", proof.challenge.as_str()),
            ("hub.verify_token", proof.token.expose_secret()),
        ],
    );
    let url = url.map_err(|_malformed| {
        ConsoleError::invalid("public_url", validate::public_url("").err().unwrap_or_default())
    })?;
    Ok(probe::ask(&url).await.map_or_else(|nothing| nothing, |answer| answer.judge(&proof.challenge, proof.was_used())))
}
