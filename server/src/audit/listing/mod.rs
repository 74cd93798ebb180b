//! Reading the audit log, as the Activity tab of an account shows it.
//!
//! Two lists, since the one would bury the other: what people did in the console, with the command line and Meta; and
//! what the workers did, one entry for each batch, with what retention removed. Both are read by (at, id), newest first.
//!
//! An entry belongs to the account that is its subject, or that its details name ([`Entry::of`](super::Entry::of)). One
//! that names no account, such as a person added, concerns the whole company: it is shown with each account, marked so.
//!
//! What the browser gets are words ([`words`]), made here from the details.

pub mod store;
pub mod words;

use app::contract::{ActivityQuery, ConsoleError};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::paging::{Cursor, days};

/// Entries on a page.
pub const PAGE: usize = 30;

/// Which entries, in the database's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Only of this person.
    pub actor: Option<Uuid>,
    /// Only of this kind of actor.
    pub actor_kind: Option<&'static str>,
    /// Only this action.
    pub action: Option<String>,
    /// From this moment on.
    pub from: Option<OffsetDateTime>,
    /// Before this moment.
    pub until: Option<OffsetDateTime>,
    /// Where to go on.
    pub after: Cursor,
}

impl Filter {
    /// Reads what the URL asks for, from `after` on.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn parse(query: &ActivityQuery, after: Cursor) -> Result<Self, ConsoleError> {
        let (actor, actor_kind) = person(query.person.trim())?;
        let (from, until) = days(&query.from, &query.to)?;
        Ok(Self { actor, actor_kind, action: action(query.action.trim())?, from, until, after })
    }
}

fn person(text: &str) -> Result<(Option<Uuid>, Option<&'static str>), ConsoleError> {
    if text.is_empty() {
        return Ok((None, None));
    }
    if let Some((kind, _)) = words::OTHERS.into_iter().find(|(kind, _)| *kind == text) {
        return Ok((None, Some(kind)));
    }
    let id =
        text.parse().map_err(|_malformed| ConsoleError::invalid("person", "Please choose a person from the list."))?;
    Ok((Some(id), None))
}

fn action(text: &str) -> Result<Option<String>, ConsoleError> {
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
        return Err(ConsoleError::invalid("action", "Please choose an action from the list."));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}
