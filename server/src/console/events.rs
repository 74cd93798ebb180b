//! The event log of an account: the list, one event, and sending one through again.

use app::contract::{ConsoleError, EventDetail, EventPage, EventQuery, EventRef, validate};
use futures::FutureExt;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::read::{find_account, id, owner};
use super::rights::{actor, permissions, require};
use super::{ReadError, views};
use crate::audit::{self, Entry};
use crate::conversations::store as conversations;
use crate::event_log::listing::arrivals::Mark;
use crate::event_log::listing::page::{Filter, Way, link};
use crate::event_log::listing::store::{self, AttemptRow, DetailRow, EventRow, SiblingRow};
use crate::ids::{EventId, Owner};
use crate::paging::{Cursor, cut};
use crate::users::session::Session;

/// One page of the log, newest event first.
pub async fn list(session: &Session, query: EventQuery, now: OffsetDateTime) -> Result<EventPage, ReadError> {
    let owner = owner(session, &query.account)?;
    let filter = Filter::parse(&query)?;
    let asked = filter.clone();
    let rows = session.tenant.transaction(move |connection| {
        async move {
            find_account(connection, owner).await?;
            // The mark first: what comes between the two is shown and told of, rather than neither.
            let mark = Mark::newest(&mut *connection, owner.company).await?;
            let (rows, searched_to) = find(connection, owner, &asked).await?;
            Ok::<_, ReadError>((mark, rows, searched_to))
        }
        .boxed()
    });
    let (mark, mut rows, searched_to) = rows.await?;
    let has_more = cut(&mut rows, filter.size);
    if filter.way == Way::Newer {
        rows.reverse();
    }
    let is_first = query.cursor.as_deref().is_none_or(str::is_empty);
    let (older, newer) = match filter.way {
        Way::Older => (has_more, !is_first),
        // Wherever one can go to newer ones, one came from older ones.
        Way::Newer => (true, has_more),
    };
    let place = |row: Option<&EventRow>| row.map(|row| Cursor { at: row.event_ts, id: row.id });
    let searched_to = |way| searched_to.filter(|_| filter.way == way);
    let next = searched_to(Way::Older).or(place(rows.last()).filter(|_| older));
    let previous = searched_to(Way::Newer).or(place(rows.first()).filter(|_| newer));
    Ok(EventPage {
        is_partial: searched_to(Way::Older).is_some(),
        next: next.map(|cursor| link(Way::Older, cursor)),
        previous: previous.map(|cursor| link(Way::Newer, cursor)),
        mark: mark.encode(),
        events: rows.iter().map(views::event).collect(),
        now: views::timestamp(now),
    })
}

/// The rows of a page, and where a search stopped before the page was full.
async fn find(
    connection: &mut PgConnection,
    owner: Owner,
    filter: &Filter,
) -> Result<(Vec<EventRow>, Option<Cursor>), sqlx::Error> {
    if filter.search.is_empty() {
        return Ok((store::list(connection, owner, filter).await?, None));
    }
    let ids = store::named(&mut *connection, owner, &filter.search).await?;
    let rows = store::search(&mut *connection, owner, filter, &ids).await?;
    let is_full = rows.len() > filter.size;
    let end = if is_full { None } else { store::window_end(connection, owner, filter).await? };
    Ok((rows, end))
}

/// How many events have come into the log since the mark, counted up to [`MANY`](crate::event_log::listing::arrivals),
/// and the mark to go on from.
pub async fn arrived(session: &Session, query: &EventQuery, mark: Mark) -> Result<(usize, Mark), ReadError> {
    let owner = owner(session, &query.account)?;
    let filter = Filter::parse(query)?;
    let arrived = session.tenant.transaction(move |connection| {
        async move {
            find_account(connection, owner).await?;
            Ok::<_, ReadError>(mark.look(connection, owner, &filter).await?)
        }
        .boxed()
    });
    arrived.await
}

/// What one event's page is made from.
pub struct Detail {
    /// The event and its delivery.
    pub row: DetailRow,
    /// The other updates of the delivery.
    pub siblings: Vec<SiblingRow>,
    /// Failed tries.
    pub attempts: Vec<AttemptRow>,
    /// The message it became or is about, with its conversation.
    pub became: Option<conversations::BecameRow>,
}

/// Everything about one event.
pub async fn read(session: &Session, asked: EventRef, now: OffsetDateTime) -> Result<EventDetail, ReadError> {
    let (owner, event) = (owner(session, &asked.account)?, id::<EventId>(&asked.event)?);
    let detail = session.tenant.transaction(move |connection| load(connection, owner, event).boxed()).await?;
    Ok(views::event_detail(detail, permissions(session.viewer.role).replay, now))
}

/// An event's bytes as they came.
pub struct Raw {
    /// The event's id.
    pub event: Uuid,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The database could hold them as JSON.
    pub is_json: bool,
}

/// One event's bytes as they came: this update's alone, whatever else was in the POST.
pub async fn raw(session: &Session, asked: &EventRef) -> Result<Raw, ReadError> {
    let (owner, event) = (owner(session, &asked.account)?, id::<EventId>(&asked.event)?);
    let row = session.tenant.transaction(move |connection| store::find(connection, owner, event).boxed()).await?;
    let row = row.ok_or(ConsoleError::NotFound)?;
    Ok(Raw { event: row.event.id, bytes: row.raw, is_json: row.payload.is_some() })
}

async fn load(connection: &mut PgConnection, owner: Owner, event: EventId) -> Result<Detail, ReadError> {
    let row = store::find(&mut *connection, owner, event).await?.ok_or(ConsoleError::NotFound)?;
    let siblings = store::siblings(&mut *connection, owner, row.delivery.id, row.position).await?;
    let attempts = store::attempts(&mut *connection, owner.company, event).await?;
    let became = match &row.event.object_id {
        Some(wamid) => conversations::became(connection, owner, wamid).await?,
        None => None,
    };
    Ok(Detail { row, siblings, attempts, became })
}

/// Has a dead or processed event processed again: its effect is the same however often.
pub async fn replay(session: &Session, asked: EventRef, now: OffsetDateTime) -> Result<(), ReadError> {
    require(permissions(session.viewer.role).replay)?;
    let (owner, event) = (owner(session, &asked.account)?, id::<EventId>(&asked.event)?);
    let actor = actor(session);
    session
        .tenant
        .transaction(move |connection| {
            async move {
                store::find(&mut *connection, owner, event).await?.ok_or(ConsoleError::NotFound)?;
                let before = store::replay(&mut *connection, owner, event, now).await?;
                let before = before.ok_or_else(|| ConsoleError::invalid("event", validate::NOT_TO_REPLAY))?;
                let details = json!({ "before": before, "after": "pending" });
                let entry = Entry::done(actor, "event.replayed", "event", Some(event.0), details).of(owner.account);
                Ok::<_, ReadError>(audit::insert(connection, owner.company, entry).await?)
            }
            .boxed()
        })
        .await
}
