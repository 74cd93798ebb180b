//! What the database holds of one run, for the comparison with what was sent.

use futures::TryStreamExt;
use sqlx::PgPool;

use crate::ids::{AccountId, CompanyId, Owner};

/// A row of the event log.
#[derive(Debug)]
pub(super) struct EventRow {
    pub(super) event_type: String,
    pub(super) wamid: String,
    pub(super) subtype: String,
    pub(super) state: String,
}

/// A row of `messages`.
#[derive(Debug)]
pub(super) struct MessageRow {
    pub(super) wamid: String,
    /// A row that only waits for its message.
    pub(super) awaited: bool,
    pub(super) status: Option<String>,
    /// It stands in no conversation, or in one that is not there: no foreign key looks after it.
    pub(super) is_adrift: bool,
}

/// How many events of the run wait for a worker.
pub(super) async fn count_pending(pool: &PgPool, owner: Owner, prefix: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from whatsapp_webhook_event_logs
           where company_id = $1 and account_id = $2 and state = 'pending' and starts_with(object_id, $3)"#,
        owner.company.0,
        owner.account.0,
        prefix,
    )
    .fetch_one(pool)
    .await
}

/// The run's events, whoever they were routed to.
pub(super) async fn events(pool: &PgPool, owner: Owner, prefix: &str) -> Result<Vec<EventRow>, sqlx::Error> {
    sqlx::query!(
        r#"select event_type as "event_type!", object_id as "wamid!", coalesce(event_subtype, '') as "subtype!", state::text as "state!"
           from whatsapp_webhook_event_logs
           where company_id = $1 and starts_with(object_id, $2)"#,
        owner.company.0,
        prefix,
    )
    .fetch(pool)
    .map_ok(|row| EventRow { event_type: row.event_type, wamid: row.wamid, subtype: row.subtype, state: row.state })
    .try_collect()
    .await
}

/// The run's messages.
pub(super) async fn messages(pool: &PgPool, owner: Owner, prefix: &str) -> Result<Vec<MessageRow>, sqlx::Error> {
    sqlx::query!(
        r#"select m.wamid, m.source = 'status' as "awaited!", m.status::text as status,
                  c.id is null and (m.conversation_id is not null or m.source <> 'status') as "is_adrift!"
           from messages m
           left join conversations c on c.company_id = m.company_id and c.id = m.conversation_id
           where m.company_id = $1 and m.account_id = $2 and starts_with(m.wamid, $3)"#,
        owner.company.0,
        owner.account.0,
        prefix,
    )
    .fetch(pool)
    .map_ok(|row| MessageRow { wamid: row.wamid, awaited: row.awaited, status: row.status, is_adrift: row.is_adrift })
    .try_collect()
    .await
}

/// The accounts with this phone number id, of whatever company.
pub(super) async fn owners(pool: &PgPool, phone_number_id: &str) -> Result<Vec<Owner>, sqlx::Error> {
    sqlx::query!("select company_id, id from whatsapp_accounts where phone_number_id = $1", phone_number_id)
        .fetch(pool)
        .map_ok(|row| Owner { company: CompanyId(row.company_id), account: AccountId(row.id) })
        .try_collect()
        .await
}
