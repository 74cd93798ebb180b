//! Looking at the database from outside, as its owner.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::app::TestApp;

impl TestApp {
    /// Changes something behind the server's back.
    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.unwrap();
    }

    /// Makes events dead behind the server's back, with this error: those of which `which` is true.
    pub async fn give_up(&self, which: &str, error: &str) {
        let events = self.take_out(which).await;
        let dead = format!("fault = 'dead', last_error = '{error}'");
        self.execute(&format!("update whatsapp_webhook_events set {dead} where id = any({events})")).await;
    }

    /// Makes events wait behind the server's back until this is due, each in a row of its own, as after a replay.
    pub async fn let_wait(&self, which: &str, due: &str) {
        let events = self.take_out(which).await;
        self.execute(&format!(
            "update whatsapp_webhook_events set fault = null where id = any({events});
             insert into event_queue (company_id, account_id, id, due_at, events)
             select company_id, account_id, gen_random_uuid(), {due}, array[id]
             from whatsapp_webhook_events where id = any({events})"
        ))
        .await;
    }

    /// Makes events processed behind the server's back, by this worker. What waited stays in the queue: whoever holds
    /// it does not know.
    pub async fn call_processed(&self, which: &str, by: &str) {
        let events = self.events(which).await;
        self.execute(&format!(
            "update whatsapp_webhook_events set fault = null where id = any({events});
             insert into event_outcomes (company_id, event_id, processed_at, attempts, processed_by)
             select company_id, id, now(), attempts + 1, '{by}' from whatsapp_webhook_events where id = any({events})"
        ))
        .await;
    }

    /// Takes events out of the queue, and out of what is done: their ids, for a statement.
    async fn take_out(&self, which: &str) -> String {
        let events = self.events(which).await;
        self.execute(&format!(
            "delete from event_outcomes where event_id = any({events});
             delete from event_queue where events && {events} and events <@ {events};
             update event_queue
             set events = array(select event from unnest(events) as waiting (event) where event <> all ({events}))
             where events && {events}"
        ))
        .await;
        events
    }

    async fn events(&self, which: &str) -> String {
        let ids = self.texts(&format!("select id::text from whatsapp_webhook_events where {which}")).await;
        assert!(!ids.is_empty(), "no event is {which}");
        format!("'{{{}}}'::uuid[]", ids.join(","))
    }

    /// How many rows of the queue a worker holds.
    pub async fn leased(&self) -> i64 {
        self.count("select count(*) from event_queue where lease_token is not null").await
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

    /// Every view, by name.
    pub async fn views(&self) -> Vec<String> {
        self.texts(
            "select relname::text from pg_class
             where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace order by 1",
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
