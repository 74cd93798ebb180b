//! SQL of reading the audit log.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Filter, PAGE};
use crate::ids::{CompanyId, Owner};
use crate::paging::limit;

/// An entry as it was written.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// `user`, `system`, `meta` or `command_line`.
    pub actor_kind: String,
    /// Who, by the name of that time.
    pub actor_name: String,
    /// What, like `account.added`.
    pub action: String,
    /// To what kind of thing.
    pub subject: String,
    /// To which one.
    pub subject_id: Option<String>,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// Before and after, counts.
    pub details: Value,
    /// It names no account.
    pub company_wide: bool,
}

/// One page, and one entry more, of what people, the command line and Meta did: to the account, to what it has, or to
/// the company. These are few, so that those of other accounts can be passed over.
pub async fn by_people(tenant: &mut PgConnection, owner: Owner, filter: &Filter) -> Result<Vec<EntryRow>, sqlx::Error> {
    sqlx::query_as!(
        EntryRow,
        r#"
        select id, at, actor_kind, actor_name, action, subject, subject_id, outcome, details, of_account is null as "company_wide!"
        from audit_log
        cross join lateral (
            select case when subject = 'account' then subject_id else details->>'account' end as of_account
        ) whose
        where company_id = $1 and actor_kind <> 'system' and (at, id) < ($3, $4)
          and (of_account is null or of_account = $2::uuid::text)
          and ($5::uuid is null or actor_id = $5) and ($6::text is null or actor_kind = $6)
          and ($7::text is null or action = $7)
          and ($8::timestamptz is null or at >= $8) and ($9::timestamptz is null or at < $9)
        order by at desc, id desc
        limit $10
        "#,
        owner.company.0,
        owner.account.0,
        filter.after.at,
        filter.after.id,
        filter.actor,
        filter.actor_kind,
        filter.action,
        filter.from,
        filter.until,
        limit(PAGE),
    )
    .fetch_all(tenant)
    .await
}

/// One page, and one entry more, of what the workers did for the account, and the system for the whole company. The
/// index serves the one or the other in order, so each is asked for by itself.
pub async fn by_workers(
    tenant: &mut PgConnection,
    owner: Owner,
    filter: &Filter,
) -> Result<Vec<EntryRow>, sqlx::Error> {
    sqlx::query_as!(
        EntryRow,
        r#"
        select id as "id!", at as "at!", actor_kind as "actor_kind!", actor_name as "actor_name!", action as "action!",
               subject as "subject!", subject_id, outcome as "outcome!", details as "details!",
               subject_id is null as "company_wide!"
        from (
            (select * from audit_log
             where company_id = $1 and actor_kind = 'system' and subject_id = $2::uuid::text and (at, id) < ($3, $4)
               and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
             order by at desc, id desc
             limit $7)
            union all
            (select * from audit_log
             where company_id = $1 and actor_kind = 'system' and subject_id is null and (at, id) < ($3, $4)
               and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
             order by at desc, id desc
             limit $7)
        ) of_both
        order by at desc, id desc
        limit $7
        "#,
        owner.company.0,
        owner.account.0,
        filter.after.at,
        filter.after.id,
        filter.from,
        filter.until,
        limit(PAGE),
    )
    .fetch_all(tenant)
    .await
}

/// Somebody of the company.
#[derive(Clone, Debug)]
pub struct PersonRow {
    /// Their id.
    pub id: Uuid,
    /// How the person is called.
    pub name: String,
    /// Tells apart who is called the same.
    pub email: String,
}

/// Everybody of the company, by name.
pub async fn people(tenant: &mut PgConnection, company: CompanyId) -> Result<Vec<PersonRow>, sqlx::Error> {
    sqlx::query_as!(
        PersonRow,
        "select id, name, email from users where company_id = $1 order by lower(name), email",
        company.0
    )
    .fetch_all(tenant)
    .await
}
