//! SQL of accounts, and of the companies they belong to.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ids::{AccountId, CompanyId, Owner};

/// An account as the console shows it.
#[derive(Debug)]
pub struct AccountRow {
    /// Its id.
    pub id: Uuid,
    /// What the company calls it.
    pub name: String,
    /// For people only.
    pub display_phone_number: Option<String>,
    /// The WABA.
    pub waba_id: String,
    /// The number.
    pub phone_number_id: String,
    /// Of its configuration; none without one.
    pub webhook_status: Option<String>,
    /// When Meta last sent something for it.
    pub last_event_at: Option<OffsetDateTime>,
}

/// The company's accounts by name, or only one of them.
pub async fn list(
    tenant: &mut PgConnection,
    company: CompanyId,
    only: Option<AccountId>,
) -> Result<Vec<AccountRow>, sqlx::Error> {
    sqlx::query_as!(
        AccountRow,
        r#"
        select a.id, a.name, a.display_phone_number, a.waba_id, a.phone_number_id,
               c.status as "webhook_status?", e.received_at as "last_event_at?"
        from whatsapp_accounts a
        left join whatsapp_webhook_configs c
            on c.company_id = a.company_id and c.account_id = a.id and c.is_active
        left join lateral (
            select received_at from whatsapp_webhook_events e
            where e.company_id = a.company_id and e.account_id = a.id
            order by e.event_ts desc, e.id desc limit 1
        ) e on true
        where a.company_id = $1 and ($2::uuid is null or a.id = $2)
        order by lower(a.name), a.id
        "#,
        company.0,
        only.map(|account| account.0),
    )
    .fetch_all(tenant)
    .await
}

/// An account to be stored.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What the company calls it.
    pub name: String,
    /// The WABA.
    pub waba_id: String,
    /// The number.
    pub phone_number_id: String,
    /// For people only.
    pub display_phone_number: Option<String>,
}

/// Stores an account.
pub async fn insert(tenant: &mut PgConnection, owner: Owner, new: &NewAccount) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into whatsapp_accounts (company_id, id, name, waba_id, phone_number_id, display_phone_number)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        owner.company.0,
        owner.account.0,
        new.name,
        new.waba_id,
        new.phone_number_id,
        new.display_phone_number,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// The company of this name, founded if need be.
pub async fn company(identity: &PgPool, name: &str) -> Result<CompanyId, sqlx::Error> {
    let id = sqlx::query_scalar!(
        r#"
        with founded as (
            insert into companies (company_id, name) values ($1, $2) on conflict (name) do nothing returning company_id
        )
        select company_id as "company_id!" from founded
        union all
        select company_id from companies where name = $2
        limit 1
        "#,
        CompanyId::new().0,
        name,
    )
    .fetch_one(identity)
    .await?;
    Ok(id.into())
}
