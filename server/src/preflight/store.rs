//! SQL of what is asked before the start.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

/// How the database is set, for whoever comes by this URL.
pub struct Settings {
    /// What keeps that which was committed, as far as it is off.
    pub off: Vec<String>,
    /// Whether its own log names the values of statements that succeed.
    pub logs_values: bool,
}

/// Asks for [`Settings`].
pub async fn settings(url: &SecretString) -> Result<Settings, sqlx::Error> {
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
    // Terse lines have no details, and values are details.
    let logs_values = sqlx::query_scalar!(
        r#"
        select (current_setting('log_statement') in ('mod', 'all')
                or current_setting('log_min_duration_statement') <> '-1'
                or current_setting('log_min_duration_sample') <> '-1'
                or current_setting('log_transaction_sample_rate')::float8 > 0)
               and current_setting('log_parameter_max_length') <> '0'
               and current_setting('log_error_verbosity') <> 'terse' as "logs_values!"
        "#
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    Ok(Settings { off, logs_values })
}
