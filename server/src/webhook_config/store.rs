//! SQL of the webhook configurations.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::snapshot::Config;
use crate::crypto::KeyedDigest;
use crate::ids::{AccountId, CompanyId, Owner, UserId};

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
    digest: &KeyedDigest,
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
            set status = 'verified', last_verified_at = $4, verify_token_digest = $3, verify_token_key = $8,
                status_changed_at = case when before.status = 'verified' then c.status_changed_at else $4 end,
                status_changed_by = case when before.status = 'verified' then c.status_changed_by end
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
        digest.bytes.as_slice(),
        now,
        Uuid::now_v7(),
        proven.verify_token_hash,
        proven.callback_path,
        digest.key_id,
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
    pub verify_token_digest: KeyedDigest,
    /// The app secret, sealed for the account.
    pub app_secret_sealed: Vec<u8>,
    /// Path or full URL.
    pub callback_path: String,
    /// Set for demo data only: otherwise Meta verifies.
    pub verified_at: Option<OffsetDateTime>,
}

/// Stores an account's first configuration, set by a person or by the command line.
pub async fn insert(
    tenant: &mut PgConnection,
    owner: Owner,
    row: &NewRow,
    by: Option<UserId>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        insert into whatsapp_webhook_configs
            (company_id, account_id, verify_token_hash, verify_token_digest, app_secret_sealed, callback_path, status,
             last_verified_at, created_by, updated_by, status_changed_by, verify_token_set_by, app_secret_set_by,
             verify_token_key)
        values ($1, $2, $3, $4, $5, $6, case when $7::timestamptz is null then 'unverified' else 'verified' end, $7,
                $8, $8, $8, $8, $8, $9)
        "#,
        owner.company.0,
        owner.account.0,
        row.verify_token_hash,
        row.verify_token_digest.bytes.as_slice(),
        row.app_secret_sealed,
        row.callback_path,
        row.verified_at,
        by.map(|user| user.0),
        row.verify_token_digest.key_id,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// What an account has under the key ring, with its place.
#[derive(Clone, Debug)]
pub struct SealedRow {
    /// Whose it is.
    pub owner: Owner,
    /// The secret in force.
    pub current: Vec<u8>,
    /// The one before.
    pub previous: Option<Vec<u8>>,
    /// The one before is accepted no more.
    pub previous_is_over: bool,
    /// Not switched off: Meta may come.
    pub is_in_use: bool,
    /// Id of the key that its verify token is found under; none where that was never noted.
    pub token_key: Option<String>,
}

/// All sealed secrets of all companies.
pub async fn sealed(engine: &PgPool) -> Result<Vec<SealedRow>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select company_id, account_id, app_secret_sealed, previous_app_secret_sealed, verify_token_key,
               coalesce(previous_app_secret_expires_at <= now(), false) as "previous_is_over!",
               is_active and status <> 'disabled' as "is_in_use!"
        from whatsapp_webhook_configs
        order by account_id
        "#
    )
    .fetch_all(engine)
    .await?;
    let rows = rows.into_iter().map(|row| SealedRow {
        owner: Owner { company: row.company_id.into(), account: row.account_id.into() },
        current: row.app_secret_sealed,
        previous: row.previous_app_secret_sealed,
        previous_is_over: row.previous_is_over,
        is_in_use: row.is_in_use,
        token_key: row.verify_token_key,
    });
    Ok(rows.collect())
}

/// Replaces a sealed secret by the same secret sealed anew, unless somebody has changed it meanwhile. Without a
/// previous one, that one goes.
pub async fn reseal(
    engine: &PgPool,
    before: &SealedRow,
    current: &[u8],
    previous: Option<&[u8]>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        update whatsapp_webhook_configs
        set app_secret_sealed = $3, previous_app_secret_sealed = $4,
            previous_app_secret_expires_at = case when $4::bytea is not null then previous_app_secret_expires_at end
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

/// What it takes to sign as Meta would for an account.
pub struct Signing {
    /// Path or full URL.
    pub callback_path: String,
    /// `unverified`, `verified` or `disabled`.
    pub status: String,
    /// The app secret in force, sealed.
    pub app_secret_sealed: Vec<u8>,
}

/// An account's active configuration, for signing.
pub async fn signing(tenant: &mut PgConnection, owner: Owner) -> Result<Option<Signing>, sqlx::Error> {
    sqlx::query_as!(
        Signing,
        r#"
        select callback_path, status, app_secret_sealed from whatsapp_webhook_configs
        where company_id = $1 and account_id = $2 and is_active
        "#,
        owner.company.0,
        owner.account.0,
    )
    .fetch_optional(tenant)
    .await
}

/// A configuration as the console shows it: no secret, no hash.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Path or full URL.
    pub callback_path: String,
    /// `unverified`, `verified` or `disabled`.
    pub status: String,
    /// Since when.
    pub status_changed_at: OffsetDateTime,
    /// By whom.
    pub status_changed_by: Option<String>,
    /// The command line made the configuration, not a person.
    pub by_command_line: bool,
    /// Meta's last right challenge.
    pub last_verified_at: Option<OffsetDateTime>,
    /// When the verify token was made.
    pub verify_token_set_at: OffsetDateTime,
    /// By whom.
    pub verify_token_set_by: Option<String>,
    /// When the app secret was set.
    pub app_secret_set_at: OffsetDateTime,
    /// By whom.
    pub app_secret_set_by: Option<String>,
    /// The one before is accepted until then.
    pub previous_app_secret_expires_at: Option<OffsetDateTime>,
}

/// An account's configuration, for showing.
pub async fn shown(tenant: &mut PgConnection, owner: Owner) -> Result<Option<Shown>, sqlx::Error> {
    sqlx::query_as!(
        Shown,
        r#"
        select c.callback_path, c.status, c.status_changed_at, s.name as "status_changed_by?",
               c.created_by is null as "by_command_line!", c.last_verified_at,
               c.verify_token_set_at, t.name as "verify_token_set_by?", c.app_secret_set_at,
               a.name as "app_secret_set_by?", c.previous_app_secret_expires_at
        from whatsapp_webhook_configs c
        left join users s on s.company_id = c.company_id and s.id = c.status_changed_by
        left join users t on t.company_id = c.company_id and t.id = c.verify_token_set_by
        left join users a on a.company_id = c.company_id and a.id = c.app_secret_set_by
        where c.company_id = $1 and c.account_id = $2 and c.is_active
        "#,
        owner.company.0,
        owner.account.0,
    )
    .fetch_optional(tenant)
    .await
}

/// A change of an account's configuration by a person.
#[derive(Clone, Debug)]
pub struct Change {
    /// A new path or full URL: Meta has to verify it.
    pub callback_path: Option<String>,
    /// A new app secret, sealed, and until when the one before stays valid beside it.
    pub app_secret: Option<(Vec<u8>, Option<OffsetDateTime>)>,
}

/// What a change may change beside the secret.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The path or URL that it had.
    pub path_before: String,
    /// The one it has.
    pub path_after: String,
    /// The status that it had.
    pub status_before: String,
    /// The one it has: another path is to be verified.
    pub status_after: String,
}

/// Changes an active configuration that is not disabled; gives back what it was and is. None if there is none.
pub async fn change(
    tenant: &mut PgConnection,
    owner: Owner,
    change: &Change,
    by: UserId,
    now: OffsetDateTime,
) -> Result<Option<Changed>, sqlx::Error> {
    let (secret, overlap) = change.app_secret.as_ref().map_or((None, None), |(s, until)| (Some(s.as_slice()), *until));
    sqlx::query_as!(
        Changed,
        r#"
        with before as (
            select * from whatsapp_webhook_configs
            where company_id = $1 and account_id = $2 and is_active and status <> 'disabled'
            for update
        )
        update whatsapp_webhook_configs c
        set callback_path = coalesce($3, c.callback_path),
            status = case when $3 <> before.callback_path then 'unverified' else c.status end,
            status_changed_at = case when $3 <> before.callback_path then $7 else c.status_changed_at end,
            status_changed_by = case when $3 <> before.callback_path then $6 else c.status_changed_by end,
            last_verified_at = case when $3 <> before.callback_path then null else c.last_verified_at end,
            app_secret_sealed = coalesce($4, c.app_secret_sealed),
            app_secret_set_at = case when $4::bytea is null then c.app_secret_set_at else $7 end,
            app_secret_set_by = case when $4::bytea is null then c.app_secret_set_by else $6 end,
            previous_app_secret_sealed = case
                when $4::bytea is null then c.previous_app_secret_sealed
                when $5::timestamptz is not null then before.app_secret_sealed end,
            previous_app_secret_expires_at = case
                when $4::bytea is null then c.previous_app_secret_expires_at else $5 end,
            updated_at = $7, updated_by = $6
        from before
        where c.company_id = $1 and c.account_id = $2
        returning before.callback_path as path_before, c.callback_path as path_after, before.status as status_before,
                  c.status as status_after
        "#,
        owner.company.0,
        owner.account.0,
        change.callback_path,
        secret,
        overlap,
        by.0,
        now,
    )
    .fetch_optional(tenant)
    .await
}

/// Puts another verify token in place. False if there is no active configuration that is not disabled.
pub async fn set_token(
    tenant: &mut PgConnection,
    owner: Owner,
    hash: &str,
    digest: &KeyedDigest,
    by: UserId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        update whatsapp_webhook_configs
        set verify_token_hash = $3, verify_token_digest = $4, verify_token_key = $7, verify_token_set_at = $6,
            verify_token_set_by = $5, updated_at = $6, updated_by = $5
        where company_id = $1 and account_id = $2 and is_active and status <> 'disabled'
        "#,
        owner.company.0,
        owner.account.0,
        hash,
        digest.bytes.as_slice(),
        by.0,
        now,
        digest.key_id,
    )
    .execute(tenant)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Switches off, or on to what was proven; gives back the status before and after. None if there is no configuration,
/// or nothing to change.
pub async fn set_enabled(
    tenant: &mut PgConnection,
    owner: Owner,
    enabled: bool,
    by: UserId,
    now: OffsetDateTime,
) -> Result<Option<(String, String)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        with before as (
            select status, last_verified_at from whatsapp_webhook_configs
            where company_id = $1 and account_id = $2 and is_active and (status = 'disabled') = $3
            for update
        )
        update whatsapp_webhook_configs c
        set status = case when not $3 then 'disabled'
                          when before.last_verified_at is null then 'unverified' else 'verified' end,
            status_changed_at = $5, status_changed_by = $4, updated_at = $5, updated_by = $4
        from before
        where c.company_id = $1 and c.account_id = $2
        returning before.status as before, c.status as after
        "#,
        owner.company.0,
        owner.account.0,
        enabled,
        by.0,
        now,
    )
    .fetch_optional(tenant)
    .await?;
    Ok(row.map(|row| (row.before, row.after)))
}
