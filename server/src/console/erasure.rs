//! Erasing a contact, for admins.

use app::contract::{ConsoleError, EraseContact, validate};
use futures::FutureExt;
use serde_json::json;
use time::OffsetDateTime;

use super::ReadError;
use super::read::{find_account, id, owner};
use super::rights::{actor, is_admin, require};
use crate::audit::{self, Entry};
use crate::conversations::store;
use crate::erasure::{self, Erased};
use crate::ids::{ConversationId, Owner};
use crate::retryable::{Kind, kind};
use crate::users::session::Session;

/// Tries when the database only asks to try again.
const TRIES: u32 = 5;

/// Erases the contact that a conversation is with, once that is confirmed. The audit log says which contact it was by
/// the id it has here, and how much there was.
pub async fn erase(session: &Session, form: EraseContact, now: OffsetDateTime) -> Result<(), ReadError> {
    require(is_admin(session))?;
    let (owner, conversation) = (owner(session, &form.account)?, id::<ConversationId>(&form.conversation)?);
    let is_confirmed = form.word.trim().eq_ignore_ascii_case(validate::ERASE);
    let mut tries = 1;
    loop {
        match attempt(session, owner, conversation, is_confirmed, now).await {
            Err(ReadError::Database(error)) if tries < TRIES && kind(&error) == Kind::TryAgain => tries += 1,
            ended => return ended,
        }
    }
}

async fn attempt(
    session: &Session,
    owner: Owner,
    conversation: ConversationId,
    is_confirmed: bool,
    now: OffsetDateTime,
) -> Result<(), ReadError> {
    let actor = actor(session);
    session
        .tenant
        .transaction(move |connection| {
            async move {
                find_account(&mut *connection, owner).await?;
                if !store::exists(&mut *connection, owner, conversation).await? {
                    return Err(ConsoleError::NotFound.into());
                }
                if !is_confirmed {
                    return Err(ConsoleError::invalid("word", validate::NOT_CONFIRMED).into());
                }
                let contact = erasure::contact_of(&mut *connection, owner, conversation).await?;
                let contact = contact.ok_or_else(|| ConsoleError::invalid("conversation", validate::A_GROUP))?;
                let erased = erasure::erase(&mut *connection, owner.company, contact, now).await?;
                let Erased { messages, events, bodies } = erased;
                let details = json!({ "messages": messages, "events": events, "bodies": bodies });
                let entry = Entry::done(actor, "contact.erased", "contact", Some(contact.0), details).of(owner.account);
                Ok::<_, ReadError>(audit::insert(connection, owner.company, entry).await?)
            }
            .boxed()
        })
        .await
}
