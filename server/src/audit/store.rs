//! SQL of the audit log.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Actor, Entry};
use crate::ids::CompanyId;

/// Writes an entry into the caller's transaction.
///
/// # Errors
/// Those of the database.
pub async fn insert(tenant: &mut PgConnection, company: CompanyId, entry: Entry) -> Result<(), sqlx::Error> {
    let (kind, id, name) = match entry.actor {
        Actor::User(id, name) => ("user", Some(id.0), name),
        Actor::CommandLine => ("command_line", None, "command line".to_owned()),
    };
    sqlx::query!(
        r#"
        insert into audit_log
            (company_id, id, actor_kind, actor_id, actor_name, action, subject, subject_id, outcome, details)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 'done', $9)
        "#,
        company.0,
        Uuid::now_v7(),
        kind,
        id,
        name,
        entry.action,
        entry.subject,
        entry.subject_id.map(|id| id.to_string()),
        entry.details,
    )
    .execute(tenant)
    .await?;
    Ok(())
}
