//! SQL of conversations and messages, for reading.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ids::{CompanyId, ConversationId, MessageId, Owner, UserId};
use crate::paging::Cursor;
use crate::processing::wire::digits;

/// A conversation with its contact and its last message.
#[derive(Debug)]
pub struct ConversationRow {
    /// Its id.
    pub id: Uuid,
    /// Time of the last message.
    pub last_message_at: OffsetDateTime,
    /// Where it is with a group.
    pub group_id: Option<String>,
    /// What the business calls the person.
    pub address_book_name: Option<String>,
    /// What the person calls themselves.
    pub profile_name: Option<String>,
    /// Without the @.
    pub username: Option<String>,
    /// Digits.
    pub phone: Option<String>,
    /// Usually digits.
    pub wa_id: Option<String>,
    /// Business-scoped user id.
    pub bsuid: Option<String>,
    /// All of the above is gone.
    pub erased: Option<bool>,
    /// Of the last message.
    pub message_type: Option<String>,
    /// Of the last message.
    pub body: Option<String>,
    /// Of the last message.
    pub content: Option<Value>,
    /// Of the last message.
    pub direction: Option<String>,
    /// Of the last message.
    pub status: Option<String>,
    /// Messages that came in since the reader looked last, counted up to 100. One that came late is among them.
    pub unread: i64,
}

/// Which conversations to read.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Whose unread messages are counted.
    pub reader: UserId,
    /// Only this one.
    pub only: Option<ConversationId>,
    /// Part of a name, number, username or id; empty: all.
    pub search: String,
    /// After this place.
    pub after: Cursor,
    /// At most so many.
    pub limit: i64,
}

/// Conversations of an account, the newest message first.
///
/// What is unread is a range of `messages_by_arrival`, behind row-level security too: that takes the order, and a `case`,
/// since PostgreSQL lets no `coalesce` of a column go before the policy.
pub async fn list(
    tenant: &mut PgConnection,
    owner: Owner,
    filter: &Filter,
) -> Result<Vec<ConversationRow>, sqlx::Error> {
    sqlx::query_as!(
        ConversationRow,
        r#"
        select c.id, c.last_message_at, c.group_id, p.address_book_name as "address_book_name?",
               p.profile_name as "profile_name?", p.username as "username?", p.phone as "phone?", p.wa_id as "wa_id?",
               p.bsuid as "bsuid?", p.erased_at is not null as "erased?", m.type as "message_type?", m.body as "body?", m.content as "content?",
               m.direction as "direction?", m.status::text as "status?", u.unread as "unread!"
        from conversations c
        left join conversation_reads r
            on r.company_id = c.company_id and r.user_id = $8 and r.conversation_id = c.id
        left join contacts p on p.company_id = c.company_id and p.id = c.contact_id
        left join lateral (
            select type, body, content, direction, status from messages m
            where m.company_id = c.company_id and m.conversation_id = c.id and m.about_wamid is null
            order by m.sent_at desc, m.id desc limit 1
        ) m on true
        cross join lateral (
            select count(*) as unread from (
                select 1 from messages n
                where n.company_id = c.company_id and n.conversation_id = c.id and n.direction = 'inbound'
                  and n.about_wamid is null
                  and n.id > case when r.newest_read is null then '00000000-0000-0000-0000-000000000000'
                                  else r.newest_read end
                order by n.id
                limit 100
            ) n
        ) u
        where c.company_id = $1 and c.account_id = $2 and ($3::uuid is null or c.id = $3)
          and (c.last_message_at, c.id) < ($4, $5)
          and ($6 = '' or concat_ws(' ', p.address_book_name, p.profile_name, '@' || p.username, '+' || p.phone, p.wa_id,
                                    p.bsuid, c.group_id) ilike '%' || $6 || '%'
               or ($9 <> '' and concat_ws(' ', p.phone, p.wa_id) like '%' || $9 || '%'))
        order by c.last_message_at desc, c.id desc
        limit $7
        "#,
        owner.company.0,
        owner.account.0,
        filter.only.map(|conversation| conversation.0),
        filter.after.at,
        filter.after.id,
        literally(&filter.search),
        filter.limit,
        filter.reader.0,
        number(&filter.search),
    )
    .fetch_all(tenant)
    .await
}

/// Whether an account has a conversation.
pub async fn exists(
    tenant: &mut PgConnection,
    owner: Owner,
    conversation: ConversationId,
) -> Result<bool, sqlx::Error> {
    let exists = sqlx::query_scalar!(
        r#"
        select exists (select from conversations where company_id = $1 and account_id = $2 and id = $3) as "exists!"
        "#,
        owner.company.0,
        owner.account.0,
        conversation.0,
    );
    exists.fetch_one(tenant).await
}

/// The message that came into a conversation last, whatever time it names.
pub async fn newest_arrival(
    tenant: &mut PgConnection,
    company: CompanyId,
    conversation: ConversationId,
) -> Result<Option<MessageId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        select id as "id: MessageId" from messages
        where company_id = $1 and conversation_id = $2 and direction = 'inbound' and about_wamid is null
        order by id desc limit 1
        "#,
        company.0,
        conversation.0,
    )
    .fetch_optional(tenant)
    .await
}

/// Notes that somebody has read all that had come into a conversation when this message was the last. It never goes
/// back.
pub async fn note_read(
    tenant: &mut PgConnection,
    company: CompanyId,
    reader: UserId,
    conversation: ConversationId,
    newest: MessageId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into conversation_reads as r (company_id, user_id, conversation_id, newest_read) values ($1, $2, $3, $4)
        on conflict (company_id, user_id, conversation_id)
        do update set newest_read = greatest(r.newest_read, excluded.newest_read)
        "#,
        company.0,
        reader.0,
        conversation.0,
        newest.0,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// A search text whose `%` and `_` mean themselves.
pub fn literally(search: &str) -> String {
    search.trim().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The digits of a search that looks like a number, however it is written; empty if it does not look like one.
fn number(search: &str) -> String {
    let in_numbers = |letter: char| letter.is_ascii_digit() || letter.is_whitespace() || "+-./()".contains(letter);
    if search.chars().all(in_numbers) { digits(search) } else { String::new() }
}

/// A message.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Its id.
    pub id: Uuid,
    /// Meta's id.
    pub wamid: String,
    /// Who sent it, where known.
    pub contact_id: Option<Uuid>,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Meta's type.
    pub message_type: String,
    /// What a person reads first.
    pub body: Option<String>,
    /// The part of the JSON that belongs to the type.
    pub content: Option<Value>,
    /// The message it answers.
    pub reply_to_wamid: Option<String>,
    /// The message it is about.
    pub about_wamid: Option<String>,
    /// By Meta's clock.
    pub sent_at: OffsetDateTime,
    /// How far it came.
    pub status: Option<String>,
    /// The event it was made from.
    pub event_id: Uuid,
}

/// Messages of a conversation, the newest first. Reactions, edits and revokes are left to [`about`], unless the message
/// they are about is not known here: then they stand for themselves.
pub async fn messages(
    tenant: &mut PgConnection,
    owner: Owner,
    conversation: ConversationId,
    after: Cursor,
    limit: i64,
) -> Result<Vec<MessageRow>, sqlx::Error> {
    sqlx::query_as!(
        MessageRow,
        r#"
        select m.id, m.wamid, m.contact_id, m.direction, m.type as message_type, m.body, m.content, m.reply_to_wamid,
               m.about_wamid, m.sent_at, m.status::text as status, m.event_id
        from messages m
        where m.company_id = $1 and m.account_id = $2 and m.conversation_id = $3 and (m.sent_at, m.id) < ($4, $5)
          and (m.about_wamid is null or not exists (
                select from messages t
                where t.company_id = m.company_id and t.account_id = m.account_id and t.wamid = m.about_wamid))
        order by m.sent_at desc, m.id desc
        limit $6
        "#,
        owner.company.0,
        owner.account.0,
        conversation.0,
        after.at,
        after.id,
        limit,
    )
    .fetch_all(tenant)
    .await
}

/// The place of a message in its conversation.
pub async fn place(
    tenant: &mut PgConnection,
    owner: Owner,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Cursor>, sqlx::Error> {
    sqlx::query_as!(
        Cursor,
        r#"
        select sent_at as at, id from messages
        where company_id = $1 and account_id = $2 and conversation_id = $3 and id = $4
        "#,
        owner.company.0,
        owner.account.0,
        conversation.0,
        message.0,
    )
    .fetch_optional(tenant)
    .await
}

/// The places of the messages that [`messages`] shows after this one, oldest first.
pub async fn places_after(
    tenant: &mut PgConnection,
    owner: Owner,
    conversation: ConversationId,
    place: Cursor,
    limit: i64,
) -> Result<Vec<Cursor>, sqlx::Error> {
    sqlx::query_as!(
        Cursor,
        r#"
        select m.sent_at as at, m.id
        from messages m
        where m.company_id = $1 and m.account_id = $2 and m.conversation_id = $3 and (m.sent_at, m.id) > ($4, $5)
          and (m.about_wamid is null or not exists (
                select from messages t
                where t.company_id = m.company_id and t.account_id = m.account_id and t.wamid = m.about_wamid))
        order by m.sent_at, m.id
        limit $6
        "#,
        owner.company.0,
        owner.account.0,
        conversation.0,
        place.at,
        place.id,
        limit,
    )
    .fetch_all(tenant)
    .await
}

/// Reactions, edits and revokes of these messages, oldest first.
pub async fn about(tenant: &mut PgConnection, owner: Owner, wamids: &[String]) -> Result<Vec<MessageRow>, sqlx::Error> {
    sqlx::query_as!(
        MessageRow,
        r#"
        select m.id, m.wamid, m.contact_id, m.direction, m.type as message_type, m.body, m.content, m.reply_to_wamid,
               m.about_wamid, m.sent_at, m.status::text as status, m.event_id
        from messages m
        where m.company_id = $1 and m.account_id = $2 and m.about_wamid = any($3)
        order by m.sent_at, m.id
        "#,
        owner.company.0,
        owner.account.0,
        wamids,
    )
    .fetch_all(tenant)
    .await
}

/// Messages by their wamids, for quoting.
pub async fn by_wamid(
    tenant: &mut PgConnection,
    owner: Owner,
    wamids: &[String],
) -> Result<Vec<MessageRow>, sqlx::Error> {
    sqlx::query_as!(
        MessageRow,
        r#"
        select m.id, m.wamid, m.contact_id, m.direction, m.type as message_type, m.body, m.content, m.reply_to_wamid,
               m.about_wamid, m.sent_at, m.status::text as status, m.event_id
        from messages m
        where m.company_id = $1 and m.account_id = $2 and m.wamid = any($3)
        "#,
        owner.company.0,
        owner.account.0,
        wamids,
    )
    .fetch_all(tenant)
    .await
}

/// A message with its conversation and contact.
#[derive(Clone, Debug)]
pub struct BecameRow {
    /// Where it stands.
    pub conversation_id: Option<Uuid>,
    /// The message that it is about and folded into, else its own id.
    pub shown_id: Uuid,
    /// What [`list`] finds the contact or the group by; none if by nothing.
    pub search: Option<String>,
    /// With a group.
    pub group_id: Option<String>,
    /// What the business calls the person, else what they call themselves, else an id.
    pub contact: Option<String>,
    /// Meta's type.
    pub message_type: String,
    /// What a person reads first.
    pub body: Option<String>,
    /// The part of the JSON that belongs to the type.
    pub content: Option<Value>,
}

/// The message of a wamid.
pub async fn became(tenant: &mut PgConnection, owner: Owner, wamid: &str) -> Result<Option<BecameRow>, sqlx::Error> {
    sqlx::query_as!(
        BecameRow,
        r#"
        select coalesce(t.conversation_id, m.conversation_id) as conversation_id,
               coalesce(t.id, m.id) as "shown_id!", c.group_id as "group_id?",
               coalesce(c.group_id, p.wa_id, p.phone, p.username, p.bsuid, p.address_book_name, p.profile_name) as "search?",
               coalesce(p.address_book_name, p.profile_name, '@' || p.username, '+' || p.phone, p.wa_id, p.bsuid)
                   as "contact?",
               m.type as message_type, m.body, m.content
        from messages m
        left join messages t
            on t.company_id = m.company_id and t.account_id = m.account_id and t.wamid = m.about_wamid
        left join conversations c
            on c.company_id = m.company_id and c.id = coalesce(t.conversation_id, m.conversation_id)
        left join contacts p on p.company_id = m.company_id and p.id = m.contact_id
        where m.company_id = $1 and m.account_id = $2 and m.wamid = $3
        "#,
        owner.company.0,
        owner.account.0,
        wamid,
    )
    .fetch_optional(tenant)
    .await
}

/// A status as it came.
#[derive(Clone, Debug)]
pub struct StatusRow {
    /// Of which message.
    pub wamid: String,
    /// Meta's word.
    pub status: String,
    /// By Meta's clock.
    pub occurred_at: OffsetDateTime,
    /// `errors[]` as it came.
    pub errors: Option<Value>,
    /// The event it came in.
    pub event_id: Uuid,
}

/// All statuses of these messages, oldest first.
pub async fn statuses(
    tenant: &mut PgConnection,
    owner: Owner,
    wamids: &[String],
) -> Result<Vec<StatusRow>, sqlx::Error> {
    sqlx::query_as!(
        StatusRow,
        r#"
        select wamid, status, occurred_at, errors, event_id from message_statuses
        where company_id = $1 and account_id = $2 and wamid = any($3)
        order by occurred_at, event_id
        "#,
        owner.company.0,
        owner.account.0,
        wamids,
    )
    .fetch_all(tenant)
    .await
}

#[cfg(test)]
mod tests {
    use super::{literally, number};

    #[test]
    fn wildcards_are_searched_for_as_they_are() {
        assert_eq!(literally(" 100%_\\ "), "100\\%\\_\\\\");
    }

    #[test]
    fn a_number_is_its_digits_and_a_name_is_none() {
        assert_eq!(number(" +33 (6) 12.34-56/78 "), "33612345678");
        for other in ["Ana", "@marco.b", "4711 Ana", "US.100", "", " + "] {
            assert_eq!(number(other), "", "{other}");
        }
    }
}
