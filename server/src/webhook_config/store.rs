//! SQL of the webhook configurations.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::snapshot::Config;
use crate::ids::{AccountId, CompanyId, Owner};

/// A configuration with its account, as the snapshot loads it.
pub struct Row {
    /// Whose it is.
    pub company_id: CompanyId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The account's WABA.
    pub waba_id: String,
    /// The account's number.
    pub phone_number_id: String,
    /// None where the account has no active configuration.
    pub config: Option<ConfigRow>,
}

/// The part of [`Row`] that may be missing.
pub struct ConfigRow {
    /// Digest of the verify token under the key ring.
    pub verify_token_digest: Vec<u8>,
    /// argon2id hash of the verify token.
    pub verify_token_hash: String,
    /// The app secret, sealed.
    pub app_secret_sealed: Vec<u8>,
    /// The one before and until when it is accepted.
    pub previous: Option<(Vec<u8>, OffsetDateTime)>,
    /// Path or full URL.
    pub callback_path: String,
    /// `unverified`, `verified` or `disabled`.
    pub status: String,
}

/// The number that grows with every change of an account or a configuration.
pub async fn generation(engine: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("select generation from whatsapp_webhook_config_generation").fetch_one(engine).await
}

/// All accounts of all companies with their configurations.
pub async fn load_all(engine: &PgPool) -> Result<Vec<Row>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select a.company_id, a.id as account_id, a.waba_id, a.phone_number_id,
               c.verify_token_digest as "verify_token_digest?", c.verify_token_hash as "verify_token_hash?",
               c.app_secret_sealed as "app_secret_sealed?", c.previous_app_secret_sealed,
               c.previous_app_secret_expires_at, c.callback_path as "callback_path?", c.status as "status?"
        from whatsapp_accounts a
        left join whatsapp_webhook_configs c
            on c.company_id = a.company_id and c.account_id = a.id and c.is_active
        order by a.id
        "#
    )
    .fetch_all(engine)
    .await?;
    let rows = rows.into_iter().map(|row| Row {
        company_id: row.company_id.into(),
        account_id: row.account_id.into(),
        waba_id: row.waba_id,
        phone_number_id: row.phone_number_id,
        config: (|| {
            Some(ConfigRow {
                verify_token_digest: row.verify_token_digest?,
                verify_token_hash: row.verify_token_hash?,
                app_secret_sealed: row.app_secret_sealed?,
                previous: row.previous_app_secret_sealed.zip(row.previous_app_secret_expires_at),
                callback_path: row.callback_path?,
                status: row.status?,
            })
        })(),
    });
    Ok(rows.collect())
}

/// Notes a right challenge: `unverified` becomes `verified`, `verified` stays, and the time is kept. One statement,
/// the audit entry included. False if the configuration is disabled or gone by now, or has another token or path.
pub async fn mark_verified(
    engine: &PgPool,
    proven: &Config,
    digest: &[u8; 32],
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        r#"
        with before as (
            select status from whatsapp_webhook_configs
            where company_id = $1 and account_id = $2 and is_active and status <> 'disabled'
              and verify_token_hash = $6 and callback_path = $7
            for update
        ), marked as (
            update whatsapp_webhook_configs c
            set status = 'verified', last_verified_at = $4, verify_token_digest = $3
            from before
            where c.company_id = $1 and c.account_id = $2
            returning 1
        )
        insert into audit_log (company_id, id, at, actor_kind, actor_name, action, subject, subject_id, outcome, details)
        select $1, $5, $4, 'meta', 'Meta', 'webhook.verified', 'account', $2::uuid::text, 'done',
               jsonb_build_object('before', before.status, 'after', 'verified')
        from before, marked
        "#,
        proven.owner.company.0,
        proven.owner.account.0,
        digest.as_slice(),
        now,
        Uuid::now_v7(),
        proven.verify_token_hash,
        proven.callback_path,
    )
    .execute(engine)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// A configuration to be stored; hashes and seals are made before, outside any transaction.
pub struct NewRow {
    /// argon2id hash of the verify token.
    pub verify_token_hash: String,
    /// Digest of the verify token under the key ring.
    pub verify_token_digest: [u8; 32],
    /// The app secret, sealed for the account.
    pub app_secret_sealed: Vec<u8>,
    /// Path or full URL.
    pub callback_path: String,
    /// Set for demo data only: otherwise Meta verifies.
    pub verified_at: Option<OffsetDateTime>,
}

/// Stores an account's first configuration.
pub async fn insert(tenant: &mut PgConnection, owner: Owner, row: &NewRow) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into whatsapp_webhook_configs
            (company_id, account_id, verify_token_hash, verify_token_digest, app_secret_sealed, callback_path, status,
             last_verified_at)
        values ($1, $2, $3, $4, $5, $6, case when $7::timestamptz is null then 'unverified' else 'verified' end, $7)
        "#,
        owner.company.0,
        owner.account.0,
        row.verify_token_hash,
        row.verify_token_digest.as_slice(),
        row.app_secret_sealed,
        row.callback_path,
        row.verified_at,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// A sealed secret with its place, for re-sealing.
pub struct SealedRow {
    /// Whose it is.
    pub owner: Owner,
    /// The secret in force.
    pub current: Vec<u8>,
    /// The one before.
    pub previous: Option<Vec<u8>>,
}

/// All sealed secrets of all companies.
pub async fn sealed(engine: &PgPool) -> Result<Vec<SealedRow>, sqlx::Error> {
    let rows = sqlx::query!(
        "select company_id, account_id, app_secret_sealed, previous_app_secret_sealed from whatsapp_webhook_configs"
    )
    .fetch_all(engine)
    .await?;
    let rows = rows.into_iter().map(|row| SealedRow {
        owner: Owner { company: row.company_id.into(), account: row.account_id.into() },
        current: row.app_secret_sealed,
        previous: row.previous_app_secret_sealed,
    });
    Ok(rows.collect())
}

/// Replaces a sealed secret by the same secret sealed anew, unless somebody has changed it meanwhile.
pub async fn reseal(
    engine: &PgPool,
    before: &SealedRow,
    current: &[u8],
    previous: Option<&[u8]>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        update whatsapp_webhook_configs set app_secret_sealed = $3, previous_app_secret_sealed = $4
        where company_id = $1 and account_id = $2
          and app_secret_sealed = $5 and previous_app_secret_sealed is not distinct from $6
        "#,
        before.owner.company.0,
        before.owner.account.0,
        current,
        previous,
        before.current,
        before.previous.as_deref(),
    )
    .execute(engine)
    .await?;
    Ok(done.rows_affected() == 1)
}
