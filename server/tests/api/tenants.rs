//! Row-level security: the wall that stands even behind a statement that forgets the company.

use std::collections::BTreeSet;

use app::contract::Role;
use serde_json::Value;
use server::ids::CompanyId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::app::{NewTestAccount, TestAccount, TestApp, text_message};
use crate::browser::Browser;

/// Belong to no company: sqlx's own, and the number that says that a configuration has changed.
const NOBODYS: [&str; 2] = ["_sqlx_migrations", "whatsapp_webhook_config_generation"];
const ROLES: [&str; 3] = ["waypost_console", "waypost_engine", "waypost_identity"];

/// Views as well: through them nobody is to see more.
async fn tenant_tables(app: &TestApp) -> Vec<String> {
    let tables = app.tables().await.into_iter().filter(|table| !NOBODYS.contains(&table.as_str()));
    tables.chain(app.views().await).collect()
}

/// Two companies, each with rows in every table.
pub async fn two_companies() -> (TestApp, TestAccount, TestAccount) {
    let app = TestApp::start().await;
    let new = NewTestAccount { company: "Birch Hotels", phone_number_id: "2002", ..NewTestAccount::default() };
    let birch = app.add_account(new).await;
    let acme = app.account.clone();
    for (account, email) in [(&acme, "ann@acme.travel"), (&birch, "bo@birch.example")] {
        app.add_user(account.owner.company, email, Role::Admin).await;
        Browser::signed_in(&app, email).await;
        let number =
            |body: Vec<u8>| String::from_utf8(body).unwrap().replace(crate::app::NUMBER, &account.phone_number_id);
        let bodies = [text_message("wamid.1", "16505551234", "Hello"), crate::app::status("wamid.out", "sent")];
        for body in bodies {
            assert_eq!(app.post(account, number(body)).await.status(), 200);
        }
        assert_eq!(app.unsigned(&account.callback_path, "x").send().await.unwrap().status(), 403);
    }
    app.drain().await;
    app.wait_for_rejections(2).await;
    app.execute(
        "insert into event_attempts (company_id, event_id, attempt, failed_at, worker, error)
         select company_id, id, 1, now(), 'test', 'It failed.' from whatsapp_webhook_event_logs",
    )
    .await;
    app.execute(
        "insert into conversation_reads (company_id, user_id, conversation_id, newest_read)
         select company_id, u.id, c.id, gen_random_uuid() from conversations c join users u using (company_id)",
    )
    .await;
    // What waits leaves when it is done. This is never due.
    app.execute(
        "insert into event_queue (company_id, account_id, id, due_at, events)
         select company_id, id, gen_random_uuid(), '9999-12-31', array[gen_random_uuid()] from whatsapp_accounts",
    )
    .await;
    (app, acme, birch)
}

/// A connection as the console has it, for this company or for none.
pub async fn console(app: &TestApp, company: Option<CompanyId>) -> PgConnection {
    let mut connection = PgConnection::connect(&app.place.url).await.unwrap();
    sqlx::raw_sql("set role waypost_console").execute(&mut connection).await.unwrap();
    if let Some(company) = company {
        let set = sqlx::query("select set_config('app.company_id', $1, false)").bind(company.to_string());
        set.execute(&mut connection).await.unwrap();
    }
    connection
}

/// Whose rows a connection sees in a table.
async fn seen(connection: &mut PgConnection, table: &str) -> BTreeSet<uuid::Uuid> {
    let sql = format!("select company_id from {table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn the_console_sees_rows_of_its_company_only() {
    let (app, acme, birch) = two_companies().await;
    let (acme, birch) = (acme.owner.company, birch.owner.company);
    let mut as_owner = PgConnection::connect(&app.place.url).await.unwrap();
    let mut as_acme = console(&app, Some(acme)).await;
    let mut as_birch = console(&app, Some(birch)).await;
    for table in tenant_tables(&app).await {
        let all = seen(&mut as_owner, &table).await;
        assert!(all.contains(&acme.0) && all.contains(&birch.0), "{table} has no rows of both, and so proves nothing");
        assert_eq!(seen(&mut as_acme, &table).await, [acme.0].into(), "{table}");
        assert_eq!(seen(&mut as_birch, &table).await, [birch.0].into(), "{table}");
    }
}

#[tokio::test]
async fn without_a_company_the_console_sees_nothing() {
    let (app, ..) = two_companies().await;
    let mut never_set = console(&app, None).await;
    let mut emptied = console(&app, None).await;
    sqlx::raw_sql("set app.company_id = ''").execute(&mut emptied).await.unwrap();
    for table in tenant_tables(&app).await {
        assert_eq!(seen(&mut never_set, &table).await, BTreeSet::new(), "{table}");
        assert_eq!(seen(&mut emptied, &table).await, BTreeSet::new(), "{table}");
    }
}

/// Tables on which the console has a privilege, on all columns or some.
async fn console_may(app: &TestApp, privilege: &str) -> Vec<String> {
    let mut allowed = Vec::new();
    for table in tenant_tables(app).await {
        let check = if privilege == "delete" { "has_table_privilege" } else { "has_any_column_privilege" };
        let sql = format!("select {check}('waypost_console', '{table}', '{privilege}')");
        if sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&app.pool).await.unwrap() {
            allowed.push(table);
        }
    }
    allowed
}

/// Why a statement failed, or nothing.
async fn refusal(connection: &mut PgConnection, sql: String) -> String {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn the_console_cannot_write_rows_of_another_company() {
    let (app, acme, birch) = two_companies().await;
    let (acme, birch) = (acme.owner.company, birch.owner.company);
    let mut as_acme = console(&app, Some(acme)).await;
    let insertable = console_may(&app, "insert").await;
    assert!(insertable.len() >= 6, "{insertable:?}");
    for table in insertable {
        let sql = format!("select to_jsonb(t) from {table} t where company_id = '{birch}' limit 1");
        let theirs: Value = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&app.pool).await.unwrap();
        let theirs = theirs.to_string().replace('\'', "''");
        let insert = format!("insert into {table} select (jsonb_populate_record(null::{table}, '{theirs}')).*");
        let refusal = refusal(&mut as_acme, insert).await;
        assert!(refusal.contains("violates row-level security policy"), "{table}: {refusal:?}");
    }
    // The way is open for rows of one's own, or the above would prove nothing.
    let mine = format!(
        "insert into audit_log (company_id, id, actor_kind, actor_name, action, subject, outcome)
         values ('{acme}', gen_random_uuid(), 'system', 'test', 'test', 'test', 'done')"
    );
    assert_eq!(refusal(&mut as_acme, mine).await, "");
}

#[tokio::test]
async fn the_console_cannot_change_or_delete_rows_of_another_company() {
    let (app, acme, birch) = two_companies().await;
    let (acme, birch) = (acme.owner.company, birch.owner.company);
    let mut as_acme = console(&app, Some(acme)).await;
    for table in console_may(&app, "update").await {
        let columns = format!(
            "select attname::text from pg_attribute where attrelid = '{table}'::regclass and attnum > 0
             and not attisdropped and has_column_privilege('waypost_console', attrelid, attnum, 'update')
             order by attnum"
        );
        let column = app.texts(&columns).await.remove(0);
        let update = format!("update {table} set {column} = {column} where company_id = '{birch}'");
        let changed = sqlx::raw_sql(AssertSqlSafe(update)).execute(&mut as_acme).await.unwrap();
        assert_eq!(changed.rows_affected(), 0, "{table}");
        if column == "company_id" {
            let give_away = refusal(&mut as_acme, format!("update {table} set company_id = '{birch}'")).await;
            assert!(give_away.contains("violates row-level security policy"), "{table}: {give_away:?}");
        }
    }
    assert_eq!(console_may(&app, "delete").await, ["contact_identities", "event_outcomes", "sessions"]);
    let deleted = sqlx::raw_sql("delete from sessions").execute(&mut as_acme).await.unwrap();
    assert_eq!(deleted.rows_affected(), 1, "one's own");
    assert_eq!(app.count("select count(*) from sessions").await, 1, "the other company's is still there");
}

#[tokio::test]
async fn the_roles_own_nothing_and_bypass_nothing() {
    let app = TestApp::start().await;
    let strong = app
        .texts(
            "select rolname::text from pg_roles where rolname = any('{waypost_console,waypost_engine,waypost_identity}')
             and not (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb or rolreplication)",
        )
        .await;
    assert_eq!(strong.into_iter().collect::<BTreeSet<_>>(), ROLES.map(str::to_owned).into());
    for role in ROLES {
        let owned = format!(
            "select (select count(*) from pg_class where relowner = r.oid)
                  + (select count(*) from pg_proc where proowner = r.oid)
                  + (select count(*) from pg_namespace where nspowner = r.oid)
                  + (select count(*) from pg_auth_members where member = r.oid)
             from pg_roles r where rolname = '{role}'"
        );
        assert_eq!(app.count(&owned).await, 0, "{role}");
        let creates = format!("select has_schema_privilege('{role}', 'public', 'create')::int::bigint");
        assert_eq!(app.count(&creates).await, 0, "{role}");
    }
}

#[tokio::test]
async fn engine_and_identity_cannot_read_what_is_not_their_business() {
    let app = TestApp::start().await;
    let readable = async |role: &str| {
        let sql = format!(
            "select relname::text from pg_class
             where relkind in ('r', 'p', 'v', 'm') and relnamespace = 'public'::regnamespace
             and has_any_column_privilege('{role}', oid, 'select') order by 1"
        );
        app.texts(&sql).await
    };
    let engine = readable("waypost_engine").await;
    assert!(engine.contains(&"whatsapp_webhook_events".to_owned()), "{engine:?}");
    for table in ["users", "logins", "sessions"] {
        assert!(!engine.contains(&table.to_owned()), "the engine reads {table}");
    }
    assert_eq!(readable("waypost_identity").await, ["companies", "logins"]);
}

/// Unique indexes and foreign keys whose first column is not the company, as `table: key`.
async fn keys_that_cross_companies(app: &TestApp) -> BTreeSet<String> {
    app.texts(
        "select c.relname || ': ' || x.relname
         from pg_index i
         join pg_class c on c.oid = i.indrelid
         join pg_class x on x.oid = i.indexrelid
         left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
         where i.indisunique and c.relnamespace = 'public'::regnamespace and a.attname is distinct from 'company_id'
         union all
         select c.relname || ': ' || k.conname
         from pg_constraint k
         join pg_class c on c.oid = k.conrelid
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
         join pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
         where k.contype = 'f' and c.relnamespace = 'public'::regnamespace
           and ('company_id', 'company_id') <> (a.attname, f.attname)",
    )
    .await
    .into_iter()
    .collect()
}

#[tokio::test]
async fn every_key_begins_with_the_company() {
    let app = TestApp::start().await;
    let directories = [
        "_sqlx_migrations: _sqlx_migrations_pkey",
        "companies: companies_name_key",
        "logins: logins_pkey",
        "whatsapp_webhook_config_generation: whatsapp_webhook_config_generation_pkey",
    ];
    assert_eq!(keys_that_cross_companies(&app).await, directories.map(str::to_owned).into());
    // A stray table would be found, by its primary key and by a foreign key that leads across.
    app.execute(
        "create table stray (id uuid primary key, company_id uuid);
         create unique index on whatsapp_accounts (id);
         alter table stray add foreign key (id) references whatsapp_accounts (id)",
    )
    .await;
    let found = keys_that_cross_companies(&app).await;
    for key in ["stray: stray_pkey", "stray: stray_id_fkey", "whatsapp_accounts: whatsapp_accounts_id_idx"] {
        assert!(found.contains(key), "{key} was not found");
    }
}

#[tokio::test]
async fn every_table_of_a_company_forces_row_level_security() {
    let app = TestApp::start().await;
    let open =
        "select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
                and not (relrowsecurity and relforcerowsecurity) order by 1";
    assert_eq!(app.texts(open).await, NOBODYS);
    let around_it = "select relname::text from pg_class
         where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace
           and not coalesce(reloptions @> array['security_invoker=true'], false)";
    assert_eq!(app.texts(around_it).await, [""; 0]);
    app.execute("create view stray as select * from messages").await;
    assert_eq!(app.texts(around_it).await, ["stray"], "a view that shows what its owner sees is found");
    let without_company = "select c.relname::text from pg_class c
         where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and not exists
             (select from pg_attribute a where a.attrelid = c.oid and attname = 'company_id' and attnotnull)
         order by 1";
    assert_eq!(app.texts(without_company).await, NOBODYS);
    let without_policy = "select c.relname::text from pg_class c
         where relrowsecurity and not exists
             (select from pg_policy p where p.polrelid = c.oid and polroles = array['waypost_console'::regrole::oid]
              and polcmd = '*' and pg_get_expr(polqual, polrelid) like '%app.company_id%'
              and pg_get_expr(polwithcheck, polrelid) like '%app.company_id%')";
    assert_eq!(app.texts(without_policy).await, Vec::<String>::new());
}
