//! One's own account: where one is signed in, another password, and out everywhere.

use std::net::IpAddr;

use app::contract::{ChangePassword, ConsoleError, OpenSession, YouPage, validate};
use futures::FutureExt;
use serde_json::json;
use time::OffsetDateTime;

use super::rights::actor;
use super::{ConsoleParts, ReadError, views};
use crate::audit::{self, Entry};
use crate::paging::{cut, limit};
use crate::users::session::{Session, Token};
use crate::users::store::OpenSessionRow;
use crate::users::{add, store};

/// Sessions on the page.
const MOST: usize = 20;

/// Who one is, and where one is signed in.
pub async fn read(session: &Session, now: OffsetDateTime) -> Result<YouPage, ReadError> {
    let mut rows = session.all(now, limit(MOST)).await?;
    let has_more = cut(&mut rows, MOST);
    let own = session.token_sha256();
    let open = |row: OpenSessionRow| OpenSession {
        since: views::timestamp(row.created_at),
        last_seen: views::timestamp(row.last_seen_at),
        is_this: row.token_sha256 == own,
    };
    Ok(YouPage {
        viewer: session.viewer.clone(),
        sessions: rows.into_iter().map(open).collect(),
        has_more,
        now: views::timestamp(now),
    })
}

/// Changes the password of whoever knows the one so far. All other sessions end in the same transaction; this one goes
/// on under the token that is given back.
pub async fn change_password(
    session: &Session,
    parts: &ConsoleParts,
    form: ChangePassword,
    address: Option<IpAddr>,
) -> Result<Token, ReadError> {
    check(&form)?;
    let (now, email) = (parts.clock.now(), session.viewer.email.clone());
    let proven = parts.doorman.prove(&parts.database, email, form.current.into(), address, now).await;
    let proven = proven.map_err(|error| match error {
        ConsoleError::WrongCredentials => wrong(),
        other => other,
    })?;
    let hash = add::hash(form.new.into()).await?;
    let (company, user, actor) = (session.tenant.company(), session.user, actor(session));
    let (before, token) = (session.token_sha256(), Token::new(company));
    let after = token.sha256();
    session
        .tenant
        .transaction(move |connection| {
            async move {
                // Changed meanwhile, in another window: what was typed is no longer the current one.
                if !store::replace_password(&mut *connection, company, user, &proven.password_hash, &hash).await? {
                    return Err(wrong().into());
                }
                if !store::renew_session(&mut *connection, company, &before, &after).await? {
                    return Err(ConsoleError::SignedOut.into());
                }
                let ended = store::delete_sessions(&mut *connection, company, user, Some(&after)).await?;
                let details = json!({ "sessions_ended": ended });
                let entry = Entry::done(actor, "user.password_changed", "user", Some(user.0), details);
                Ok::<_, ReadError>(audit::insert(connection, company, entry).await?)
            }
            .boxed()
        })
        .await?;
    Ok(token)
}

/// What can be said before anything is looked up.
fn check(form: &ChangePassword) -> Result<(), ConsoleError> {
    validate::password(&form.new).map_err(|message| ConsoleError::invalid("new", message))?;
    match () {
        () if form.new == form.current => Err(ConsoleError::invalid("new", validate::PASSWORD_UNCHANGED)),
        () if form.new != form.again => Err(ConsoleError::invalid("again", validate::PASSWORDS_DIFFER)),
        () => Ok(()),
    }
}

fn wrong() -> ConsoleError {
    ConsoleError::invalid("current", validate::CURRENT_PASSWORD_WRONG)
}

/// Ends all sessions of the person, this one too.
pub async fn sign_out_everywhere(session: &Session) -> Result<(), ReadError> {
    let (company, user, actor) = (session.tenant.company(), session.user, actor(session));
    session
        .tenant
        .transaction(move |connection| {
            async move {
                let ended = store::delete_sessions(&mut *connection, company, user, None).await?;
                let details = json!({ "sessions_ended": ended });
                let entry = Entry::done(actor, "user.signed_out_everywhere", "user", Some(user.0), details);
                Ok(audit::insert(connection, company, entry).await?)
            }
            .boxed()
        })
        .await
}
