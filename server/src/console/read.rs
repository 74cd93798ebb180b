//! Reading accounts and conversations for one person of one company.

use app::contract::{AccountList, ConsoleError, ConversationPage, ConversationQuery};
use futures::FutureExt;
use time::OffsetDateTime;

use super::{ReadError, views};
use crate::accounts::store as accounts;
use crate::conversations::cursor::Cursor;
use crate::conversations::store::{self as conversations, Filter};
use crate::ids::Owner;
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
    let owner = Owner { company: session.tenant.company(), account: id(&query.account)? };
    let filter = Filter {
        reader: session.user,
        only: None,
        search: query.search.chars().take(LONGEST_SEARCH).collect(),
        after: cursor(query.cursor.as_deref())?,
        limit: i64::try_from(PAGE + 1).unwrap_or(i64::MAX),
    };
    let (account, mut rows) = session
        .tenant
        .transaction(move |connection| {
            async move {
                let account = accounts::list(&mut *connection, owner.company, Some(owner.account)).await?.pop();
                let account = account.ok_or(ConsoleError::NotFound)?;
                Ok::<_, ReadError>((account, conversations::list(connection, owner, &filter).await?))
            }
            .boxed()
        })
        .await?;
    let has_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let last = rows.last().filter(|_| has_more).map(|row| Cursor { at: row.last_message_at, id: row.id });
    Ok(ConversationPage {
        account: views::account(account),
        conversations: rows.iter().map(views::conversation).collect(),
        next: last.map(Cursor::encode),
        now: views::timestamp(now),
    })
}

/// An id from the URL; a malformed one leads nowhere, like a foreign one.
pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, ConsoleError> {
    text.parse().map_err(|_malformed| ConsoleError::NotFound)
}

/// A cursor from the URL.
pub fn cursor(text: Option<&str>) -> Result<Cursor, ConsoleError> {
    let invalid =
        || ConsoleError::Invalid { field: "cursor".into(), message: "This link leads to no page of the list.".into() };
    text.filter(|text| !text.is_empty()).map_or(Ok(Cursor::start()), |text| Cursor::parse(text).ok_or_else(invalid))
}
