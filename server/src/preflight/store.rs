//! SQL of what is asked before the start.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

/// The settings that keep what was committed, as far as they are off for whoever comes by this URL.
pub async fn settings_off(url: &SecretString) -> Result<Vec<String>, sqlx::Error> {
    let options = PgConnectOptions::from_str(url.expose_secret())?;
    let mut connection = PgConnection::connect_with(&options).await?;
    let off = sqlx::query_scalar!(
        r#"
        select name as "name!" from pg_settings
        where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'
        order by name
        "#
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    Ok(off)
}
