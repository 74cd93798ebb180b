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
    let asked = Filter::parse(&query)?;
    let read = session.tenant.transaction(move |connection| {
        async move {
            find_account(connection, owner).await?;
            // The mark first: what comes between the two is shown and told of, rather than neither.
            let mark = Mark::newest(&mut *connection, owner.company).await?;
            let found = find(&mut *connection, owner, &asked).await?;
            if asked.way == Way::Newer && found.go_on.is_none() && found.rows.len() < asked.size {
                // The newest page is the first one, and as long.
                let first = asked.first_page();
                let found = find(connection, owner, &first).await?;
                return Ok::<_, ReadError>((mark, first, found));
            }
            Ok((mark, asked, found))
        }
        .boxed()
    });
    let (mark, filter, Found { mut rows, go_on, is_partial }) = read.await?;
    // Wherever one can go to newer ones, one came from older ones.
    let back = |row: Option<&EventRow>| Some(row.map_or(filter.cursor, place));
    let (next, previous) = match filter.way {
        Way::Older if filter.is_first() => (go_on, None),
        Way::Older => (go_on, back(rows.first())),
        Way::Newer => (back(rows.first()), go_on),
    };
    if filter.way == Way::Newer {
        rows.reverse();
    }
    Ok(EventPage {
        is_partial: is_partial && filter.way == Way::Older,
        next: next.map(|cursor| link(Way::Older, cursor)),
        previous: previous.map(|cursor| link(Way::Newer, cursor)),
        mark: mark.encode(),
        events: rows.iter().map(views::event).collect(),
        now: views::timestamp(now),
    })
}

/// The rows of a page in the order of its way, and where to go on.
struct Found {
    rows: Vec<EventRow>,
    /// None: there is nothing behind.
    go_on: Option<Cursor>,
    /// It goes on behind all that was searched, rather than behind the last row.
    is_partial: bool,
}

async fn find(connection: &mut PgConnection, owner: Owner, filter: &Filter) -> Result<Found, sqlx::Error> {
    if !filter.search.is_empty() {
        return search(connection, owner, filter).await;
    }
    let mut rows = Vec::new();
    for part in filter.parts() {
        rows.extend(store::list(&mut *connection, owner, &part).await?);
    }
    rows.sort_by(|one, other| filter.order(place(one), place(other)));
    let has_more = cut(&mut rows, filter.size);
    Ok(Found { go_on: rows.last().map(place).filter(|_| has_more), rows, is_partial: false })
}

/// What was searched ends where its window does. Behind that lies at most what the text names as a whole, which is shown
/// at once, on the first page; what lies between is searched by going on.
async fn search(connection: &mut PgConnection, owner: Owner, filter: &Filter) -> Result<Found, sqlx::Error> {
    let ids = store::named(&mut *connection, owner, &filter.search).await?;
    let (mut rows, mut ends) = (Vec::new(), Vec::new());
    for part in filter.parts() {
        rows.extend(store::search(&mut *connection, owner, &part, &ids).await?);
        ends.extend(store::window_end(&mut *connection, owner, &part).await?);
    }
    let end = ends.into_iter().min_by(|one, other| filter.order(*one, *other));
    let is_within = |place| end.is_none_or(|end| filter.order(place, end).is_le());
    rows.retain(|row| is_within(place(row)) || (filter.is_first() && ids.contains(&row.id)));
    rows.sort_by(|one, other| filter.order(place(one), place(other)));
    let has_more = cut(&mut rows, filter.size);
    let last = rows.last().map(place).filter(|last| has_more && is_within(*last));
    Ok(Found { go_on: last.or(end), rows, is_partial: last.is_none() && end.is_some() })
}

fn place(row: &EventRow) -> Cursor {
    Cursor { at: row.event_ts, id: row.id }
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
