//! SQL of the list of people, and of who may come in.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ids::{CompanyId, UserId};

/// A person as the console shows them.
#[derive(Debug)]
pub struct PersonRow {
    /// Whose row it is.
    pub id: Uuid,
    /// How the person is called.
    pub name: String,
    /// What the person signs in with.
    pub email: String,
    /// `admin`, `manager` or `viewer`.
    pub role: String,
    /// May come in.
    pub is_active: bool,
    /// Since when not.
    pub deactivated_at: Option<OffsetDateTime>,
    /// When the person came in last.
    pub last_signed_in_at: Option<OffsetDateTime>,
}

/// The company's people by name, from behind a person on.
pub async fn list(
    tenant: &mut PgConnection,
    company: CompanyId,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<PersonRow>, sqlx::Error> {
    sqlx::query_as!(
        PersonRow,
        r#"
        select id, name, email, role, is_active, deactivated_at, last_signed_in_at
        from users
        where company_id = $1
          and ($2::uuid is null
               or (lower(name), id) > (select lower(name), id from users where company_id = $1 and id = $2))
        order by lower(name), id
        limit $3
        "#,
        company.0,
        after.map(|user| user.0),
        limit,
    )
    .fetch_all(tenant)
    .await
}

/// The company's admins who may come in, locked until the transaction ends: two who deactivate each other take turns,
/// and the second one finds that they are out.
pub async fn lock_admins(tenant: &mut PgConnection, company: CompanyId) -> Result<Vec<UserId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        r#"
        select id from users where company_id = $1 and role = 'admin' and is_active
        order by id
        for no key update
        "#,
        company.0,
    )
    .fetch_all(tenant)
    .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// A person whom an admin wished to let in or not.
#[derive(Debug)]
pub struct Switched {
    /// What the person signs in with.
    pub email: String,
    /// It was not so already.
    pub changed: bool,
}

/// Lets somebody in no longer, or again. None if there is no such person in the company.
pub async fn set_active(
    tenant: &mut PgConnection,
    company: CompanyId,
    user: UserId,
    active: bool,
    now: OffsetDateTime,
) -> Result<Option<Switched>, sqlx::Error> {
    sqlx::query_as!(
        Switched,
        r#"
        with before as (
            select email, is_active from users where company_id = $1 and id = $2 for no key update
        ), changed as (
            update users set is_active = $3, deactivated_at = case when $3 then null else $4::timestamptz end
            from before
            where company_id = $1 and id = $2 and before.is_active <> $3
        )
        select email, is_active <> $3 as "changed!" from before
        "#,
        company.0,
        user.0,
        active,
        now,
    )
    .fetch_optional(tenant)
    .await
}
