//! SQL of users, logins and sessions.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::ids::{CompanyId, UserId};

/// Whom an e-mail address belongs to.
pub async fn find_login(identity: &PgPool, email: &str) -> Result<Option<(CompanyId, UserId)>, sqlx::Error> {
    let row = sqlx::query!("select company_id, user_id from logins where email = $1", email);
    let row = row.fetch_optional(identity).await?;
    Ok(row.map(|row| (row.company_id.into(), row.user_id.into())))
}

/// What signing in compares with.
pub struct Credentials {
    /// argon2id.
    pub password_hash: String,
    /// Whether the person may come in at all.
    pub is_active: bool,
}

/// The credentials of a user.
pub async fn credentials(
    tenant: &mut PgConnection,
    company: CompanyId,
    user: UserId,
) -> Result<Option<Credentials>, sqlx::Error> {
    sqlx::query_as!(
        Credentials,
        "select password_hash, is_active from users where company_id = $1 and id = $2",
        company.0,
        user.0
    )
    .fetch_optional(tenant)
    .await
}

/// A user to be stored.
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// How the person is called.
    pub name: String,
    /// Lower case.
    pub email: String,
    /// argon2id.
    pub password_hash: String,
    /// `admin`, `manager` or `viewer`.
    pub role: &'static str,
}

/// Stores a user with their login. A unique violation on `logins_pkey` or `users_company_id_email_key` means that the
/// address is taken.
pub async fn insert(tenant: &mut PgConnection, company: CompanyId, user: &NewUser) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users (company_id, id, name, email, password_hash, role) values ($1, $2, $3, $4, $5, $6)",
        company.0,
        user.id.0,
        user.name,
        user.email,
        user.password_hash,
        user.role,
    )
    .execute(&mut *tenant)
    .await?;
    sqlx::query!(
        "insert into logins (email, company_id, user_id) values ($1, $2, $3)",
        user.email,
        company.0,
        user.id.0
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// Replaces a password, by the e-mail address of a user of this company. False if there is none.
pub async fn set_password(
    tenant: &mut PgConnection,
    company: CompanyId,
    email: &str,
    password_hash: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update users set password_hash = $3 where company_id = $1 and email = $2",
        company.0,
        email,
        password_hash
    )
    .execute(tenant)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces a person's password if it is still the one that was proven, and the person may still come in. Locks the
/// person's row: who signs in meanwhile, with the password before, comes too late.
pub async fn replace_password(
    tenant: &mut PgConnection,
    company: CompanyId,
    user: UserId,
    proven_hash: &str,
    password_hash: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update users set password_hash = $4 where company_id = $1 and id = $2 and password_hash = $3 and is_active",
        company.0,
        user.0,
        proven_hash,
        password_hash
    )
    .execute(tenant)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a person comes in, if the password is still the one that was proven, and the person may still come in.
/// Locks the person's row: whoever deactivates the person meanwhile also ends the session that follows.
pub async fn note_sign_in(
    tenant: &mut PgConnection,
    company: CompanyId,
    user: UserId,
    proven_hash: &str,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update users set last_signed_in_at = $4 where company_id = $1 and id = $2 and password_hash = $3 and is_active",
        company.0,
        user.0,
        proven_hash,
        now
    )
    .execute(tenant)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A session to be stored.
pub struct NewSession {
    /// Digest of the token.
    pub token_sha256: [u8; 32],
    /// Whose it is.
    pub user: UserId,
    /// Now.
    pub created_at: OffsetDateTime,
    /// Its absolute end.
    pub expires_at: OffsetDateTime,
}

/// Opens a session, and clears away those of the same person that have ended.
pub async fn insert_session(
    tenant: &mut PgConnection,
    company: CompanyId,
    session: &NewSession,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from sessions where company_id = $1 and user_id = $2 and expires_at <= $3",
        company.0,
        session.user.0,
        session.created_at
    )
    .execute(&mut *tenant)
    .await?;
    sqlx::query!(
        r#"
        insert into sessions (company_id, token_sha256, user_id, created_at, last_seen_at, expires_at)
        values ($1, $2, $3, $4, $4, $5)
        "#,
        company.0,
        session.token_sha256.as_slice(),
        session.user.0,
        session.created_at,
        session.expires_at,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// A session with the person behind it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Whose it is.
    pub user_id: uuid::Uuid,
    /// How the person is called.
    pub name: String,
    /// What the person signed in with.
    pub email: String,
    /// `admin`, `manager` or `viewer`.
    pub role: String,
    /// The company's name.
    pub company: String,
    /// When it was last used, give or take the interval in which uses are noted.
    pub last_seen_at: OffsetDateTime,
}

/// The session under this digest, if it has not ended and the person may still come in.
pub async fn find_session(
    tenant: &mut PgConnection,
    company: CompanyId,
    token_sha256: &[u8; 32],
    now: OffsetDateTime,
    idle_since: OffsetDateTime,
) -> Result<Option<SessionRow>, sqlx::Error> {
    sqlx::query_as!(
        SessionRow,
        r#"
        select s.user_id, u.name, u.email, u.role, c.name as company, s.last_seen_at
        from sessions s
        join users u on u.company_id = s.company_id and u.id = s.user_id
        join companies c on c.company_id = s.company_id
        where s.company_id = $1 and s.token_sha256 = $2 and s.expires_at > $3 and s.last_seen_at > $4 and u.is_active
        "#,
        company.0,
        token_sha256.as_slice(),
        now,
        idle_since,
    )
    .fetch_optional(tenant)
    .await
}

/// Notes that a session was used.
pub async fn touch_session(
    tenant: &mut PgConnection,
    company: CompanyId,
    token_sha256: &[u8; 32],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set last_seen_at = $3 where company_id = $1 and token_sha256 = $2 and last_seen_at < $3",
        company.0,
        token_sha256.as_slice(),
        now,
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// Ends a session.
pub async fn delete_session(
    tenant: &mut PgConnection,
    company: CompanyId,
    token_sha256: &[u8; 32],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from sessions where company_id = $1 and token_sha256 = $2",
        company.0,
        token_sha256.as_slice()
    )
    .execute(tenant)
    .await?;
    Ok(())
}

/// A person's session, for the person.
#[derive(Debug)]
pub struct OpenSessionRow {
    /// Digest of its token.
    pub token_sha256: Vec<u8>,
    /// When the person signed in.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub last_seen_at: OffsetDateTime,
}

/// A person's sessions that have not ended, the last used first.
pub async fn open_sessions(
    tenant: &mut PgConnection,
    company: CompanyId,
    user: UserId,
    now: OffsetDateTime,
    idle_since: OffsetDateTime,
    limit: i64,
) -> Result<Vec<OpenSessionRow>, sqlx::Error> {
    sqlx::query_as!(
        OpenSessionRow,
        r#"
        select token_sha256, created_at, last_seen_at from sessions
        where company_id = $1 and user_id = $2 and expires_at > $3 and last_seen_at > $4
        order by last_seen_at desc, created_at desc, token_sha256
        limit $5
        "#,
        company.0,
        user.0,
        now,
        idle_since,
        limit,
    )
    .fetch_all(tenant)
    .await
}

/// Gives a session another token. False if it has ended.
pub async fn renew_session(
    tenant: &mut PgConnection,
    company: CompanyId,
    before: &[u8; 32],
    after: &[u8; 32],
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update sessions set token_sha256 = $3 where company_id = $1 and token_sha256 = $2",
        company.0,
        before.as_slice(),
        after.as_slice()
    )
    .execute(tenant)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all sessions of a person, but for one if so wished. Gives back how many there were.
pub async fn delete_sessions(
    tenant: &mut PgConnection,
    company: CompanyId,
    user: UserId,
    except: Option<&[u8; 32]>,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        delete from sessions
        where company_id = $1 and user_id = $2 and ($3::bytea is null or token_sha256 <> $3)
        "#,
        company.0,
        user.0,
        except.map(<[u8; 32]>::as_slice)
    )
    .execute(tenant)
    .await?;
    Ok(done.rows_affected())
}
