//! Reading accounts and conversations for one person of one company.

use app::contract::{AccountList, ConsoleError, ConversationPage, ConversationQuery};
use futures::FutureExt;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{ReadError, views};
use crate::accounts::store::{self as accounts, AccountRow};
use crate::conversations::store::{self as conversations, Filter};
use crate::ids::{AccountId, Owner};
use crate::paging::{Cursor, cut, limit};
use crate::users::session::Session;

/// Conversations on one page.
const PAGE: usize = 30;
/// Longest search text, in characters.
const LONGEST_SEARCH: usize = 100;

pub async fn accounts(session: &Session, now: OffsetDateTime) -> Result<AccountList, ReadError> {
    let company = session.tenant.company();
    let rows = session
        .tenant
        .transaction(move |connection| async move { accounts::list(connection, company, None).await }.boxed())
        .await?;
    Ok(AccountList { accounts: rows.into_iter().map(views::account).collect(), now: views::timestamp(now) })
}

pub async fn conversations(
    session: &Session,
    query: ConversationQuery,
    now: OffsetDateTime,
) -> Result<ConversationPage, ReadError> {
    let owner = owner(session, &query.account)?;
    let filter = Filter {
        reader: session.user,
        only: None,
        search: query.search.chars().filter(|letter| !letter.is_control()).take(LONGEST_SEARCH).collect(),
        after: cursor(query.cursor.as_deref())?,
        limit: limit(PAGE),
    };
    let (account, mut rows) = session
        .tenant
        .transaction(move |connection| {
            async move {
                let account = find_account(&mut *connection, owner).await?;
                Ok::<_, ReadError>((account, conversations::list(connection, owner, &filter).await?))
            }
            .boxed()
        })
        .await?;
    let has_more = cut(&mut rows, PAGE);
    let last = rows.last().filter(|_| has_more).map(|row| Cursor { at: row.last_message_at, id: row.id });
    Ok(ConversationPage {
        account: views::account(account),
        conversations: rows.iter().map(views::conversation).collect(),
        next: last.map(Cursor::encode),
        now: views::timestamp(now),
    })
}

/// The account that an id from the browser names, within the person's company.
pub fn owner(session: &Session, account: &str) -> Result<Owner, ConsoleError> {
    Ok(Owner { company: session.tenant.company(), account: id::<AccountId>(account)? })
}

/// The account's row, or `NotFound`: a foreign id gets the same answer.
pub async fn find_account(connection: &mut PgConnection, owner: Owner) -> Result<AccountRow, ReadError> {
    let found = accounts::list(connection, owner.company, Some(owner.account)).await?.pop();
    Ok(found.ok_or(ConsoleError::NotFound)?)
}

/// An id from the URL; a malformed one leads nowhere, like a foreign one.
pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, ConsoleError> {
    text.parse().map_err(|_malformed| ConsoleError::NotFound)
}

/// A cursor from the URL.
pub fn cursor(text: Option<&str>) -> Result<Cursor, ConsoleError> {
    let invalid = || ConsoleError::invalid("cursor", "This link leads to no page of the list.");
    text.filter(|text| !text.is_empty()).map_or(Ok(Cursor::start()), |text| Cursor::parse(text).ok_or_else(invalid))
}
