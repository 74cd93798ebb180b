//! The Activity tab: what was done to an account, and by whom. Every role may read it.

use app::contract::{ActivityKind, ActivityPage, ActivityQuery};
use futures::FutureExt;
use time::OffsetDateTime;

use super::read::{cursor, find_account, owner};
use super::{ReadError, views};
use crate::audit::listing::store::{self, EntryRow, PersonRow};
use crate::audit::listing::{Filter, PAGE, words};
use crate::ids::Owner;
use crate::paging::{Cursor, cut};
use crate::users::session::Session;

/// One page, newest entry first.
pub async fn list(session: &Session, query: ActivityQuery, now: OffsetDateTime) -> Result<ActivityPage, ReadError> {
    let owner = owner(session, &query.account)?;
    let filter = Filter::parse(&query, cursor(query.cursor.as_deref())?)?;
    let action = filter.action.clone();
    let (mut rows, people) = match query.kind {
        ActivityKind::People => by_people(session, owner, filter).await?,
        ActivityKind::Processing => (by_workers(session, owner, filter).await?, Vec::new()),
    };
    let has_more = cut(&mut rows, PAGE);
    let last = rows.last().filter(|_| has_more).map(|row| Cursor { at: row.at, id: row.id });
    Ok(ActivityPage {
        entries: rows.iter().map(words::entry).collect(),
        people: words::people(&people),
        actions: words::actions(action.as_deref()),
        next: last.map(Cursor::encode),
        now: views::timestamp(now),
    })
}

async fn by_people(
    session: &Session,
    owner: Owner,
    filter: Filter,
) -> Result<(Vec<EntryRow>, Vec<PersonRow>), ReadError> {
    session
        .tenant
        .transaction(move |connection| {
            async move {
                find_account(connection, owner).await?;
                let rows = store::by_people(&mut *connection, owner, &filter).await?;
                Ok((rows, store::people(connection, owner.company).await?))
            }
            .boxed()
        })
        .await
}

async fn by_workers(session: &Session, owner: Owner, filter: Filter) -> Result<Vec<EntryRow>, ReadError> {
    session
        .tenant
        .transaction(move |connection| {
            async move {
                find_account(connection, owner).await?;
                Ok(store::by_workers(connection, owner, &filter).await?)
            }
            .boxed()
        })
        .await
}
