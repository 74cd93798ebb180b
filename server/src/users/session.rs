//! Sessions: what a cookie is worth.
//!
//! The cookie holds the company's id and a random token of 256 bits; the database holds the token's digest only. With
//! the company in the cookie the look-up stays inside that company, behind row-level security like everything else: a
//! cookie with another company's id finds nothing there. A session ends after [`IDLE`] without use, and after
//! [`ABSOLUTE`] in any case; each sign-in makes a new one.
//!
//! A session is opened in the transaction that finds password and person as they were proven, and locks the person's row.
//! What ends all sessions of a person (a new password, being deactivated) changes that row first. So no session slips
//! through between the two.
//!
//! A small module of our own, since the usual session stores are tied to an older sqlx.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::sign_in::Proven;
use super::store::{self, NewSession, OpenSessionRow};
use crate::crypto;
use crate::database::{Database, Tenant};
use crate::ids::{CompanyId, UserId};

/// Without use a session ends after this.
pub const IDLE: Duration = Duration::hours(24);
/// A session ends after this in any case.
pub const ABSOLUTE: Duration = Duration::days(7);
/// Uses are noted at most this often, so that reading a page does not write.
const NOTED_EVERY: Duration = Duration::minutes(5);

/// What a browser holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    company: CompanyId,
    secret: [u8; 32],
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("company", &self.company).finish_non_exhaustive()
    }
}

impl Token {
    /// A new one.
    pub fn new(company: CompanyId) -> Self {
        Self { company, secret: rand::random() }
    }

    /// Reads a cookie's value.
    pub fn parse(value: &str) -> Option<Self> {
        let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(value).ok()?.try_into().ok()?;
        let (company, secret) = bytes.split_at(16);
        Some(Self { company: Uuid::from_slice(company).ok()?.into(), secret: secret.try_into().ok()? })
    }

    /// The cookie's value.
    pub fn to_cookie(&self) -> String {
        let mut bytes = self.company.0.as_bytes().to_vec();
        bytes.extend_from_slice(&self.secret);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Under which it is stored.
    pub fn sha256(&self) -> [u8; 32] {
        crypto::sha256(&self.secret)
    }
}

/// Somebody who is signed in: the one way to a company's data in the console.
#[derive(Clone, Debug)]
pub struct Session {
    /// The company's data, and nobody else's.
    pub tenant: Tenant,
    /// Who it is.
    pub user: UserId,
    /// Who it is, as the console shows it.
    pub viewer: app::contract::Viewer,
    token: Token,
}

impl Session {
    /// The session that a cookie stands for, if it has not ended. What a page does by itself is no use of it: a tab
    /// that was left open does not keep its session.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find(
        database: &Database,
        cookie: &str,
        is_use: bool,
        now: OffsetDateTime,
    ) -> Result<Option<Self>, sqlx::Error> {
        let Some(token) = Token::parse(cookie) else { return Ok(None) };
        let tenant = database.tenant(token.company);
        let (company, digest) = (token.company, token.sha256());
        let row = tenant.transaction(move |connection| {
            async move {
                let row = store::find_session(connection, company, &digest, now, now - IDLE).await?;
                if is_use && row.as_ref().is_some_and(|row| now - row.last_seen_at > NOTED_EVERY) {
                    store::touch_session(connection, company, &digest, now).await?;
                }
                Ok::<_, sqlx::Error>(row)
            }
            .boxed()
        });
        Ok(row.await?.map(|row| Self {
            tenant,
            user: row.user_id.into(),
            viewer: app::contract::Viewer {
                name: row.name,
                email: row.email,
                role: super::parse_role(&row.role),
                company: row.company,
            },
            token,
        }))
    }

    /// Opens a session for somebody whose password was right. None if the password, or the person's being let in, has
    /// changed since it was proven.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(database: &Database, proven: Proven, now: OffsetDateTime) -> Result<Option<Token>, sqlx::Error> {
        let Proven { company, user, password_hash } = proven;
        let token = Token::new(company);
        let row = NewSession { token_sha256: token.sha256(), user, created_at: now, expires_at: now + ABSOLUTE };
        let opened = database.tenant(company).transaction(move |connection| {
            async move {
                let as_proven = store::note_sign_in(&mut *connection, company, user, &password_hash, now).await?;
                if as_proven {
                    store::insert_session(connection, company, &row).await?;
                }
                Ok::<_, sqlx::Error>(as_proven)
            }
            .boxed()
        });
        Ok(opened.await?.then_some(token))
    }

    /// The person's sessions, the last used first; at most `limit`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all(&self, now: OffsetDateTime, limit: i64) -> Result<Vec<OpenSessionRow>, sqlx::Error> {
        let (company, user) = (self.token.company, self.user);
        self.tenant
            .transaction(move |connection| {
                async move { store::open_sessions(connection, company, user, now, now - IDLE, limit).await }.boxed()
            })
            .await
    }

    /// Under which this one is stored.
    pub fn token_sha256(&self) -> [u8; 32] {
        self.token.sha256()
    }

    /// Ends it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn close(&self) -> Result<(), sqlx::Error> {
        let (company, digest) = (self.token.company, self.token.sha256());
        self.tenant
            .transaction(move |connection| {
                async move { store::delete_session(connection, company, &digest).await }.boxed()
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_cookie_and_nothing_else_is_one() {
        let token = Token::new(CompanyId::new());
        assert_eq!(Token::parse(&token.to_cookie()), Some(token.clone()));
        for wrong in ["", "x", &token.to_cookie()[1..], &format!("{}A", token.to_cookie()), "ä"] {
            assert_eq!(Token::parse(wrong), None, "{wrong:?} passed");
        }
    }

    #[test]
    fn debug_does_not_show_the_secret() {
        let token = Token::new(CompanyId::new());
        assert!(!format!("{token:?}").contains(&format!("{:?}", token.secret)));
    }
}
