//! The company's people: who they are, who may come in, and whom an admin adds.
//!
//! An admin never shuts out themselves. So whoever shuts somebody out stays, and there is always an admin left: also
//! when two do it to each other at once, since each looks again, with the admins' rows locked, whether they still are one.

use app::contract::{AddUser, ConsoleError, FirstPassword, PeoplePage, Person, SetActive, validate};
use futures::FutureExt;
use secrecy::ExposeSecret;
use serde_json::json;
use time::OffsetDateTime;

use super::read::id;
use super::rights::{actor, is_admin, require};
use super::{ReadError, views};
use crate::audit::{self, Entry};
use crate::crypto;
use crate::ids::UserId;
use crate::paging::{cut, limit};
use crate::users::add::{self, AddUserError};
use crate::users::people::store::{self, PersonRow, Switched};
use crate::users::session::Session;
use crate::users::{parse_role, store as users};

/// People on one page.
const PAGE: usize = 50;

/// One page of them, for everybody.
pub async fn list(session: &Session, after: Option<String>, now: OffsetDateTime) -> Result<PeoplePage, ReadError> {
    let after = after.filter(|after| !after.is_empty()).map(|after| id::<UserId>(&after)).transpose()?;
    let company = session.tenant.company();
    let mut rows = session
        .tenant
        .transaction(move |connection| {
            async move { store::list(connection, company, after, limit(PAGE)).await }.boxed()
        })
        .await?;
    if after.is_some() && rows.is_empty() {
        // No page leads here: nobody is behind that person, or there is no such person.
        return Err(ConsoleError::NotFound.into());
    }
    let has_more = cut(&mut rows, PAGE);
    Ok(PeoplePage {
        next: rows.last().filter(|_| has_more).map(|row| row.id.to_string()),
        people: rows.into_iter().map(|row| person(row, session.user)).collect(),
        may_change: is_admin(session),
        now: views::timestamp(now),
    })
}

fn person(row: PersonRow, you: UserId) -> Person {
    Person {
        id: row.id.to_string(),
        name: row.name,
        email: row.email,
        role: parse_role(&row.role),
        is_you: row.id == you.0,
        is_active: row.is_active,
        deactivated_at: row.deactivated_at.map(views::timestamp),
        last_sign_in: row.last_signed_in_at.map(views::timestamp),
    }
}

/// Adds somebody, and gives back the first password, this once.
pub async fn add(session: &Session, form: AddUser) -> Result<FirstPassword, ReadError> {
    require(is_admin(session))?;
    let password = crypto::random_password();
    add::add_by(&session.tenant, actor(session), &form, password.clone()).await?;
    let (name, email) = (form.name.trim().to_owned(), form.email.trim().to_lowercase());
    Ok(FirstPassword { name, email, password: password.expose_secret().to_owned() })
}

/// Lets somebody in no longer, and ends all their sessions; or lets them in again. What is so already stays so.
pub async fn set_active(session: &Session, form: SetActive, now: OffsetDateTime) -> Result<(), ReadError> {
    require(is_admin(session))?;
    let (company, user, you, active) = (session.tenant.company(), id::<UserId>(&form.user)?, session.user, form.active);
    if user == you && !active {
        return Err(ConsoleError::invalid("user", validate::NOT_YOURSELF).into());
    }
    let actor = actor(session);
    session
        .tenant
        .transaction(move |connection| {
            async move {
                if !store::lock_admins(&mut *connection, company).await?.contains(&you) {
                    return Err(ConsoleError::SignedOut.into());
                }
                let switched = store::set_active(&mut *connection, company, user, active, now).await?;
                let Switched { email, changed } = switched.ok_or(ConsoleError::NotFound)?;
                if !changed {
                    return Ok(());
                }
                let (action, details) = if active {
                    ("user.reactivated", json!({ "email": email }))
                } else {
                    let ended = users::delete_sessions(&mut *connection, company, user, None).await?;
                    ("user.deactivated", json!({ "email": email, "sessions_ended": ended }))
                };
                let entry = Entry::done(actor, action, "user", Some(user.0), details);
                Ok::<_, ReadError>(audit::insert(connection, company, entry).await?)
            }
            .boxed()
        })
        .await
}

impl From<AddUserError> for ReadError {
    fn from(error: AddUserError) -> Self {
        match error {
            AddUserError::Field { field, message } => Self::Console(ConsoleError::invalid(field, message)),
            AddUserError::EmailTaken => Self::Console(ConsoleError::invalid("email", validate::EMAIL_TAKEN)),
            AddUserError::Database(error) => Self::Database(error),
            AddUserError::Hash => {
                tracing::error!("a password could not be hashed");
                Self::Console(ConsoleError::Unavailable { request_id: None })
            }
        }
    }
}
