//! Looking at the database from outside, as its owner.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::app::TestApp;

impl TestApp {
    /// Changes something behind the server's back.
    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.unwrap();
    }

    /// Waits for the rows of refusals, which are written behind the door.
    pub async fn wait_for_rejections(&self, count: i64) {
        let sql = "select count(*) from whatsapp_webhook_rejections";
        self.wait_until(sql, count, Duration::from_secs(10)).await;
    }

    /// Waits until somebody waits for somebody else's lock.
    pub async fn wait_for_lock(&self) {
        let sql =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        self.wait_until(sql, 1, Duration::from_secs(10)).await;
    }

    /// The reasons of all refusals so far, in the order of the alphabet.
    pub async fn reasons(&self) -> Vec<String> {
        let sql = "select reason from whatsapp_webhook_rejections order by reason collate \"C\"";
        sqlx::query_scalar(sql).fetch_all(&self.pool).await.unwrap()
    }

    /// The first column of a query.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&self.pool).await.unwrap()
    }

    /// Every table, by name.
    pub async fn tables(&self) -> Vec<String> {
        self.texts(
            "select relname::text from pg_class
             where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace order by 1",
        )
        .await
    }

    /// The tables in which a text of letters and digits stands somewhere: in a text, in JSON, or as bytes.
    pub async fn tables_holding(&self, text: &str) -> Vec<String> {
        let mut holding = Vec::new();
        for table in self.tables().await {
            let sql = format!(
                "select exists (select from {table} t where t::text like '%{text}%' or t::text like '%{}%')",
                hex::encode(text)
            );
            if sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.pool).await.unwrap() {
                holding.push(table);
            }
        }
        holding
    }
}
