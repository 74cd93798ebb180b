//! The Webhook tab: what it shows, and what a person may change there.

use std::sync::Arc;

use app::contract::{
    ConsoleError, IssuedToken, Overlap, Pulse, RotateToken, SaveWebhook, SetEnabled, WebhookPage, validate,
};
use futures::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, UtcOffset};

use super::read::{find_account, owner};
use super::rights::{actor, permissions, require};
use super::{ReadError, tunnel, views};
use crate::audit::{self, Entry};
use crate::crypto::{self, KeyRing};
use crate::event_log::listing::store as log;
use crate::hashing;
use crate::ids::Owner;
use crate::tunnel::TunnelSupport;
use crate::users::session::Session;
use crate::webhook_config::local_path;
use crate::webhook_config::new_config::{self, Given, InvalidConfig};
use crate::webhook_config::store::{self as configs, Change, Changed, NewRow, Shown};

/// Everything on the tab but the event log.
pub async fn read(
    session: &Session,
    account: &str,
    public_url: &str,
    support: Option<&TunnelSupport>,
    now: OffsetDateTime,
) -> Result<WebhookPage, ReadError> {
    let owner = owner(session, account)?;
    let most = i64::from(Pulse::MOST) + 1;
    let (account, config, last, counts, rejections) = session
        .tenant
        .transaction(move |connection| {
            async move {
                let account = find_account(connection, owner).await?;
                let config = configs::shown(&mut *connection, owner).await?;
                let last = log::last(&mut *connection, owner).await?;
                let counts = log::pulse(&mut *connection, owner, now, most).await?;
                let path = config.as_ref().map_or("", |config| local_path(&config.callback_path));
                let rejections = log::rejections(connection, owner, path, now - Duration::DAY, most).await?;
                Ok::<_, ReadError>((account, config, last, counts, rejections))
            }
            .boxed()
        })
        .await?;
    let callback_path = config.as_ref().map(|config| config.callback_path.as_str());
    Ok(WebhookPage {
        tunnel: tunnel::help(support, session.viewer.role, callback_path),
        account: views::account(account),
        may: permissions(session.viewer.role),
        config: config.map(|config| views::webhook_config(config, public_url)),
        pulse: views::pulse(last.as_ref(), counts),
        rejections: rejections.into_iter().map(views::rejection).collect(),
        now: views::timestamp(now),
    })
}

/// Sets the webhook up, or changes it. At the first time the verify token, made here or given, is given
/// back, this once.
pub async fn save(
    session: &Session,
    keys: &Arc<KeyRing>,
    form: SaveWebhook,
    now: OffsetDateTime,
) -> Result<Option<IssuedToken>, ReadError> {
    require(permissions(session.viewer.role).configure)?;
    let owner = owner(session, &form.account)?;
    let path = filled(form.callback_path).filter(|_| !form.generated_path);
    let app_secret = filled(form.app_secret).map(SecretString::from);
    let verify_token = filled(form.verify_token).map(SecretString::from);
    match configured(session, owner).await? {
        None => {
            let missing = || ConsoleError::invalid("app_secret", validate::APP_SECRET_MISSING);
            let app_secret = Some(app_secret.ok_or_else(missing)?);
            let given = Given { app_secret, verify_token, callback_path: path, ..Given::default() };
            set_up(session, keys, owner, given).await.map(Some)
        }
        Some(config) if config.status == "disabled" => Err(switched_off().into()),
        Some(_) if verify_token.is_some() => {
            Err(ConsoleError::invalid("verify_token", validate::SET_UP_ALREADY).into())
        }
        Some(config) => {
            // A path made here is not made anew: the form was only sent twice.
            let back = form.generated_path && !new_config::is_generated(&config.callback_path);
            let path = if back { Some(new_config::callback_path(None)?) } else { path };
            change(session, keys, owner, path, app_secret, form.overlap, now).await.map(|()| None)
        }
    }
}

/// What stands in a field; nothing but blanks is nothing.
fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.trim().is_empty())
}

/// The configuration of an account that is there.
pub async fn configured(session: &Session, owner: Owner) -> Result<Option<Shown>, ReadError> {
    let shown = session.tenant.transaction(move |connection| {
        async move {
            find_account(connection, owner).await?;
            Ok::<_, ReadError>(configs::shown(connection, owner).await?)
        }
        .boxed()
    });
    shown.await
}

async fn set_up(session: &Session, keys: &Arc<KeyRing>, owner: Owner, given: Given) -> Result<IssuedToken, ReadError> {
    let keys = Arc::clone(keys);
    let prepared = blocking(move || new_config::prepare(owner, &given, &keys)).await??;
    let details = json!({ "after": { "callback_path": prepared.row.callback_path } });
    let entry = Entry::done(actor(session), "webhook.set_up", "account", Some(owner.account.0), details);
    let (row, by): (NewRow, _) = (prepared.row, session.user);
    session
        .tenant
        .transaction(move |connection| {
            async move {
                configs::insert(&mut *connection, owner, &row, Some(by)).await.map_err(set_up_meanwhile)?;
                Ok::<_, ReadError>(audit::insert(connection, owner.company, entry).await?)
            }
            .boxed()
        })
        .await?;
    Ok(IssuedToken { verify_token: prepared.verify_token.expose_secret().to_owned() })
}

async fn change(
    session: &Session,
    keys: &Arc<KeyRing>,
    owner: Owner,
    callback_path: Option<String>,
    app_secret: Option<SecretString>,
    overlap: Overlap,
    now: OffsetDateTime,
) -> Result<(), ReadError> {
    let callback_path = callback_path.map(|path| new_config::callback_path(Some(&path))).transpose()?;
    let app_secret = match app_secret {
        Some(secret) => {
            let sealed = keys.seal(owner, &new_config::app_secret(&secret)?).map_err(InvalidConfig::from)?;
            Some((sealed, until(overlap, now)))
        }
        None => None,
    };
    let change = Change { callback_path, app_secret };
    let (actor, by) = (actor(session), session.user);
    session
        .tenant
        .transaction(move |connection| {
            async move {
                let changed = configs::change(&mut *connection, owner, &change, by, now).await?;
                let changed = changed.ok_or_else(switched_off)?;
                let details = changed_details(&changed, &change, overlap);
                let entry = Entry::done(actor, "webhook.changed", "account", Some(owner.account.0), details);
                Ok::<_, ReadError>(audit::insert(connection, owner.company, entry).await?)
            }
            .boxed()
        })
        .await
}

/// What the audit log keeps of a change. Of a new secret it is how long the old one counts beside it.
fn changed_details(changed: &Changed, change: &Change, overlap: Overlap) -> Value {
    let mut details = json!({
        "before": { "callback_path": changed.path_before, "status": changed.status_before },
        "after": { "callback_path": changed.path_after, "status": changed.status_after },
        "app_secret_replaced": change.app_secret.is_some(),
    });
    if let Some((_, until)) = &change.app_secret {
        details["overlap"] = json!(match overlap {
            Overlap::None => "none",
            Overlap::Hour => "1 hour",
            Overlap::Day => "24 hours",
        });
        details["old_one_counts_until"] = json!(until.map(minute));
    }
    details
}

/// As it stands in a sentence.
fn minute(at: OffsetDateTime) -> String {
    let (date, time) = (at.to_offset(UtcOffset::UTC).date(), at.to_offset(UtcOffset::UTC).time());
    format!("{date} {:02}:{:02} UTC", time.hour(), time.minute())
}

/// Puts another verify token in place, and gives it back, this once.
pub async fn rotate(
    session: &Session,
    keys: &Arc<KeyRing>,
    form: RotateToken,
    now: OffsetDateTime,
) -> Result<IssuedToken, ReadError> {
    require(permissions(session.viewer.role).rotate_token)?;
    let owner = owner(session, &form.account)?;
    let own = filled(form.own).map(SecretString::from);
    let token = new_config::verify_token(own.as_ref())?;
    let digest = keys.digest(&token);
    let hashed = token.clone();
    let hash = blocking(move || crypto::hash_password(&hashed)).await?.map_err(InvalidConfig::from)?;
    let (actor, by, chosen) = (actor(session), session.user, own.is_some());
    session
        .tenant
        .transaction(move |connection| {
            async move {
                find_account(connection, owner).await?;
                if !configs::set_token(&mut *connection, owner, &hash, &digest, by, now).await? {
                    return Err(switched_off().into());
                }
                let details = json!({ "chosen_by_hand": chosen });
                let entry = Entry::done(actor, "webhook.token_rotated", "account", Some(owner.account.0), details);
                Ok::<_, ReadError>(audit::insert(connection, owner.company, entry).await?)
            }
            .boxed()
        })
        .await?;
    Ok(IssuedToken { verify_token: token.expose_secret().to_owned() })
}

/// Switches the webhook off or on. What is so already stays so.
pub async fn set_enabled(session: &Session, form: SetEnabled, now: OffsetDateTime) -> Result<(), ReadError> {
    require(permissions(session.viewer.role).set_status)?;
    let owner = owner(session, &form.account)?;
    let (actor, by) = (actor(session), session.user);
    session
        .tenant
        .transaction(move |connection| {
            async move {
                find_account(connection, owner).await?;
                let changed = configs::set_enabled(&mut *connection, owner, form.enabled, by, now).await?;
                if let Some((before, after)) = changed {
                    let details = json!({ "before": before, "after": after });
                    let action = if form.enabled { "webhook.enabled" } else { "webhook.disabled" };
                    let entry = Entry::done(actor, action, "account", Some(owner.account.0), details);
                    audit::insert(connection, owner.company, entry).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
}

impl From<InvalidConfig> for ReadError {
    fn from(error: InvalidConfig) -> Self {
        match error {
            InvalidConfig::Field { field, message } => Self::Console(ConsoleError::invalid(field, message)),
            InvalidConfig::Crypto(error) => {
                tracing::error!(%error, "a secret could not be prepared");
                Self::Console(ConsoleError::Unavailable { request_id: None })
            }
        }
    }
}

/// Two at once: one was first, and was shown the token.
fn set_up_meanwhile(error: sqlx::Error) -> ReadError {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("whatsapp_webhook_configs_pkey") => ConsoleError::invalid("account", validate::SET_UP_MEANWHILE).into(),
        _ => error.into(),
    }
}

fn switched_off() -> ConsoleError {
    ConsoleError::invalid("account", validate::SWITCHED_OFF)
}

fn until(overlap: Overlap, now: OffsetDateTime) -> Option<OffsetDateTime> {
    match overlap {
        Overlap::None => None,
        Overlap::Hour => Some(now + Duration::HOUR),
        Overlap::Day => Some(now + Duration::DAY),
    }
}

/// Runs slow work (argon2) off the async threads, when there is a place for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ConsoleError> {
    hashing::TOKENS.run(work).await.map_err(|_not_hashed| ConsoleError::Unavailable { request_id: None })
}
