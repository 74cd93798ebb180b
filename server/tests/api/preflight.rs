//! What the server does not start without. Each refusal is one sentence, and ends the program before it listens.

use std::process::Stdio;

use server::crypto::KeyRing;
use server::database;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::process::Command;

use crate::own_cluster::OwnCluster;
use crate::process::{Program, stand};
use crate::test_database::TestDatabase;

/// What the program says before it ends without having served.
async fn refusal(mut command: Command) -> String {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let limit = std::time::Duration::from_secs(30);
    let ended = tokio::time::timeout(limit, child.wait_with_output()).await.expect("it serves").unwrap();
    assert!(!ended.status.success() && ended.stdout.is_empty(), "{ended:?}");
    let said = String::from_utf8(ended.stderr).unwrap();
    // The log may have said something before.
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("waypost: ") && last.ends_with('.') && said.matches("waypost: ").count() == 1, "{said}");
    last.to_owned()
}

/// As operators start it: without the flag.
fn strict(program: &Program) -> Command {
    let mut command = program.command(&["serve"]);
    command.env_remove("ALLOW_UNSAFE_DATABASE");
    command
}

async fn execute(url: &str, statements: &[&str]) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe((*statement).to_owned())).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_refuses_a_database_that_does_not_keep_its_word_unless_that_is_permitted() {
    let own = OwnCluster::start().await;
    let url = own.cluster.url();
    database::migrate(&url.clone().into()).await.unwrap();
    let program = Program::new(TestDatabase::elsewhere(url.clone()), KeyRing::generate("k1"));
    let reload = "select pg_reload_conf(), pg_sleep(0.2)";
    let name =
        "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$";
    let unname = "do $$ begin execute format('alter database %I reset synchronous_commit', current_database()); end $$";
    for (setting, off, on) in [
        ("fsync", ["alter system set fsync = off", reload], ["alter system reset fsync", reload]),
        (
            "full_page_writes",
            ["alter system set full_page_writes = off", reload],
            ["alter system reset full_page_writes", reload],
        ),
        ("synchronous_commit", [name, reload], [unname, reload]),
    ] {
        execute(&url, &off).await;
        let said = refusal(strict(&program)).await;
        assert!(
            said.contains(&format!("(switched off: {setting})")) && said.contains("--allow-unsafe-database"),
            "{said}"
        );
        execute(&url, &on).await;
    }
    execute(&url, &["alter system set fsync = off", "alter system set full_page_writes = off", reload]).await;
    assert!(refusal(strict(&program)).await.contains("(switched off: fsync, full_page_writes)"));
    // What is permitted by its name permits nothing else.
    let mut partly = strict(&program);
    partly.env("ALLOW_OFF", "full_page_writes,synchronous_commit");
    assert!(refusal(partly).await.contains("(switched off: fsync)"));
    program.serve_strictly(&[("ALLOW_OFF", "full_page_writes,fsync")]).await.kill().await;
    let said = program.said();
    assert!(said.contains("WARN") && said.contains("fsync, full_page_writes") && !said.contains("may lose"), "{said}");
    program.serve().await.kill().await;
    assert!(program.said().contains("may lose what it has confirmed"));

    // With all of it on nothing need be permitted, and nothing is warned of.
    execute(&url, &["alter system reset fsync", "alter system reset full_page_writes", reload]).await;
    let sound = Program::new(TestDatabase::elsewhere(url), program.keys());
    sound.serve_strictly(&[]).await.kill().await;
    let said = sound.said();
    assert!(!said.contains("may lose") && !said.contains("switched off"), "{said}");
}

#[tokio::test]
async fn it_refuses_to_start_without_a_key_that_secrets_are_sealed_under() {
    let (_app, mut program) = stand().await;
    let right = program.keys();
    program.set_keys(KeyRing::generate("k2"));
    let said = refusal(program.command(&["serve"])).await;
    assert!(said.contains("\"k1\"") && said.contains("WAYPOST_ENCRYPTION_KEYS"), "{said}");
    program.set_keys(KeyRing::generate("k1"));
    let said = refusal(program.command(&["serve"])).await;
    assert!(said.contains("\"k1\"") && said.contains("the right one"), "{said}");
    program.set_keys(right);
    program.serve().await.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_warns_of_a_database_that_writes_values_into_its_own_log() {
    let own = OwnCluster::start().await;
    let url = own.cluster.url();
    database::migrate(&url.clone().into()).await.unwrap();
    let reload = "select pg_reload_conf(), pg_sleep(0.2)";
    // The private cluster's log is terse, and so holds no values until that is changed too.
    for (setting, warned) in [
        ("log_statement = 'all'", false),
        ("log_error_verbosity = 'default'", true),
        ("log_parameter_max_length = 0", false),
    ] {
        execute(&url, &[&format!("alter system set {setting}"), reload]).await;
        let program = Program::new(TestDatabase::elsewhere(url.clone()), KeyRing::generate("k1"));
        program.serve().await.kill().await;
        assert_eq!(program.said().contains("log_parameter_max_length = 0"), warned, "{setting}: {}", program.said());
    }
}

#[tokio::test]
async fn it_starts_without_the_key_of_a_secret_that_is_over_or_switched_off() {
    let (app, mut program) = stand().await;
    let new = KeyRing::generate("k2");
    program.set_keys(new.clone());
    app.execute("update whatsapp_webhook_configs set status = 'disabled'").await;
    program.serve().await.kill().await;
    let said = program.said();
    assert!(said.contains("WARN") && said.contains("out of use is lost") && said.contains("k1"), "{said}");
    app.execute("update whatsapp_webhook_configs set status = 'verified'").await;
    assert!(refusal(program.command(&["serve"])).await.contains("\"k1\""));

    // Another secret under the new key; the one before is still under the old key.
    let ring = KeyRing::parse(&new).unwrap();
    let sealed = ring.seal(app.account.owner, &"a-new-secret-of-thirty-two-chars".into()).unwrap();
    let change = "update whatsapp_webhook_configs set previous_app_secret_sealed = app_secret_sealed,
                  previous_app_secret_expires_at = now() + interval '1 hour', app_secret_sealed = $1";
    sqlx::query(change).bind(sealed).execute(&app.pool).await.unwrap();
    assert!(refusal(program.command(&["serve"])).await.contains("\"k1\""), "it is accepted for an hour yet");
    let rotated = program.run(&["keys", "rotate"], "").await;
    let said = String::from_utf8_lossy(&rotated.stdout);
    assert!(!rotated.status.success() && said.contains(&app.account.owner.account.to_string()), "{rotated:?}");
    app.execute("update whatsapp_webhook_configs set previous_app_secret_expires_at = now() - interval '1 hour'").await;
    program.serve().await.kill().await;
    // What is over and opens no more goes when keys are rotated.
    let rotated = program.run(&["keys", "rotate"], "").await;
    assert!(rotated.status.success() && rotated.stdout.starts_with(b"1 sealed anew"), "{rotated:?}");
    let kept = "select count(*) from whatsapp_webhook_configs where previous_app_secret_sealed is not null";
    assert_eq!(app.count(kept).await, 0);
}

#[tokio::test]
async fn it_refuses_a_schema_that_is_newer_and_leaves_it_as_it_is() {
    let (app, program) = stand().await;
    app.execute(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (29990101000000, 'from the future', true, '', 0)",
    )
    .await;
    let said = refusal(program.command(&["serve"])).await;
    assert!(said.contains("newer than this program") && said.contains("29990101000000"), "{said}");
    assert!(refusal(program.command(&["migrate"])).await.contains("newer than this program"));
    app.execute("delete from _sqlx_migrations where version = 29990101000000").await;
    program.serve().await.kill().await;
}
