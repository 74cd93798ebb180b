//! GET: Meta asks whether the callback is ours.

use std::sync::Arc;

use reqwest::Response;
use serde_json::json;
use server::accounts::add::add;
use server::accounts::store::NewAccount;
use server::clock::Clock;
use server::webhook_config::new_config::Given;
use time::macros::datetime;

use crate::app::{NewTestAccount, Options, SECRET, TestAccount, TestApp, text_message};

const NEW: NewTestAccount = NewTestAccount {
    company: "Acme Travel",
    name: "New line",
    phone_number_id: "2002",
    waba_id: "3003",
    app_secret: SECRET,
    callback_path: None,
    status: "unverified",
};

async fn ask(app: &TestApp, path: &str, query: &str) -> Response {
    app.client.get(format!("{}{path}?{query}", app.url)).send().await.unwrap()
}

/// Meta's question with this token and, already encoded, this challenge.
async fn challenge(app: &TestApp, account: &TestAccount, token: &str, challenge: &str) -> Response {
    let query = format!("hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}");
    ask(app, &account.callback_path, &query).await
}

async fn configuration(app: &TestApp, account: &TestAccount) -> serde_json::Value {
    let sql = "select status, last_verified_at from whatsapp_webhook_configs where account_id = ";
    app.rows(&format!("{sql}'{}'", account.owner.account)).await.remove(0)
}

#[tokio::test]
async fn the_right_token_gets_the_challenge_back_byte_for_byte() {
    let app = TestApp::start().await;
    let long = "7".repeat(1024);
    let challenges = [
        ("1158201444", "1158201444"),
        ("007", "007"),
        ("-1", "-1"),
        ("1e400", "1e400"),
        ("a+b%20c", "a b c"),
        ("%2B%26%3D%25%23%3F", "+&=%#?"),
        ("gr%C3%BC%C3%9Fe%F0%9F%91%8B", "gr\u{fc}\u{df}e\u{1f44b}"),
        ("%3Cscript%3Ealert(1)%3C%2Fscript%3E", "<script>alert(1)</script>"),
        ("%7B%22a%22%3A1%7D", "{\"a\":1}"),
        ("line%0D%0Aend%09", "line\r\nend\t"),
        ("%00", "\0"),
        ("%zz", "%zz"),
        ("%2525", "%25"),
        (&long, &long),
    ];
    for (encoded, expected) in challenges {
        let response = challenge(&app, &app.account, &app.account.verify_token, encoded).await;
        assert_eq!(response.status(), 200, "{encoded}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.bytes().await.unwrap(), expected.as_bytes(), "{encoded}");
    }
}

#[tokio::test]
async fn no_signature_is_asked_for_and_none_is_looked_at() {
    let app = TestApp::start().await;
    let query = format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={}", app.account.verify_token);
    let url = format!("{}{}?{query}", app.url, app.account.callback_path);
    let response = app.client.get(url).header("X-Hub-Signature-256", "sha256=nonsense").send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_right_token_verifies_and_the_next_post_is_accepted() {
    let now = datetime!(2026-11-20 10:00:00.123456 UTC);
    let app = TestApp::with(Options { clock: Clock::from_fn(move || now), ..Options::default() }).await;
    let account = app.add_account(NEW).await;
    let body = text_message("wamid.1", "16505551234", "Hello");
    assert_eq!(app.post(&account, body.clone()).await.status(), 403, "not before Meta has asked");

    assert_eq!(challenge(&app, &account, &account.verify_token, "1").await.status(), 200);
    assert_eq!(app.post(&account, body).await.status(), 200, "right after the answer, without a wait");

    let verified = json!({ "status": "verified", "last_verified_at": "2026-11-20T10:00:00.123456+00:00" });
    assert_eq!(configuration(&app, &account).await, verified);
}

#[tokio::test]
async fn each_right_challenge_leaves_an_entry_by_meta() {
    let app = TestApp::start().await;
    let account = app.add_account(NEW).await;
    for _ in 0..2 {
        assert_eq!(challenge(&app, &account, &account.verify_token, "1").await.status(), 200);
    }
    let entries = app
        .rows(
            "select company_id, actor_kind, actor_id, actor_name, subject, subject_id, outcome, details from audit_log
             where action = 'webhook.verified' order by id",
        )
        .await;
    let entry = |before: &str| {
        json!({
            "company_id": account.owner.company, "actor_kind": "meta", "actor_id": null, "actor_name": "Meta",
            "subject": "account", "subject_id": account.owner.account.to_string(), "outcome": "done",
            "details": { "before": before, "after": "verified" },
        })
    };
    assert_eq!(entries, [entry("unverified"), entry("verified")]);
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_verifies_nothing() {
    let app = TestApp::start().await;
    let account = app.add_account(NEW).await;
    let right = account.verify_token.clone();
    let wrong = [
        "wrong".to_owned(),
        right.to_uppercase(),
        format!("{right}+"),
        format!("%20{right}"),
        format!("{right}%00"),
        right[..right.len() - 1].to_owned(),
        format!("{right}{right}"),
        format!("%22{right}%22"),
        "%25".to_owned(),
        app.account.verify_token.clone(),
        account.app_secret.clone(),
    ];
    for token in &wrong {
        let response = challenge(&app, &account, token, "1158201444").await;
        assert_eq!(response.status(), 403, "{token}");
        assert_eq!(response.text().await.unwrap(), "Forbidden");
    }
    assert_eq!(configuration(&app, &account).await, json!({ "status": "unverified", "last_verified_at": null }));
    app.wait_for_rejections(i64::try_from(wrong.len()).unwrap()).await;
    assert!(app.reasons().await.iter().all(|reason| reason == "wrong_token"));
}

#[tokio::test]
async fn each_parameter_must_be_there_exactly_once_and_the_mode_known() {
    let app = TestApp::start().await;
    let account = app.add_account(NEW).await;
    let token = format!("hub.verify_token={}", account.verify_token);
    let long = format!("hub.challenge={}", "7".repeat(1025));
    let queries = [
        String::new(),
        format!("hub.challenge=1&{token}"),
        format!("hub.mode=subscribe&{token}"),
        "hub.mode=subscribe&hub.challenge=1".into(),
        format!("hub.mode=&hub.challenge=1&{token}"),
        format!("hub.mode=subscribe&hub.challenge=&{token}"),
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=".into(),
        format!("hub.mode=subscribe&hub.mode=subscribe&hub.challenge=1&{token}"),
        format!("hub.mode=subscribe&hub.challenge=1&hub.challenge=2&{token}"),
        format!("hub.mode=subscribe&hub.challenge=1&{token}&{token}"),
        format!("hub.mode=subscribe&hub.challenge=1&{token}&hub.verify_token=wrong"),
        format!("hub%2Emode=subscribe&hub.mode=subscribe&hub.challenge=1&{token}"),
        format!("hub.mode=unsubscribe&hub.challenge=1&{token}"),
        format!("hub.mode=Subscribe&hub.challenge=1&{token}"),
        format!("hub.mode=subscribe%20&hub.challenge=1&{token}"),
        format!("hub_mode=subscribe&hub_challenge=1&{}", token.replace('.', "_")),
        format!("hub.mode=subscribe&hub.challenge=%ff&{token}"),
        format!("hub.mode=subscribe&{long}&{token}"),
    ];
    for query in &queries {
        let response = ask(&app, &account.callback_path, query).await;
        assert_eq!(response.status(), 400, "{query}");
        assert_eq!(response.text().await.unwrap(), "Bad Request");
    }
    assert_eq!(configuration(&app, &account).await["status"], "unverified");
    app.wait_for_rejections(i64::try_from(queries.len()).unwrap()).await;
    assert!(app.reasons().await.iter().all(|reason| reason == "malformed_challenge"));
}

#[tokio::test]
async fn a_disabled_configuration_refuses_the_right_token_too() {
    let app = TestApp::start().await;
    let account = app.add_account(NewTestAccount { status: "disabled", ..NEW }).await;
    let before = configuration(&app, &account).await;
    let response = challenge(&app, &account, &account.verify_token, "1").await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (403, "Forbidden"));
    assert_eq!(configuration(&app, &account).await, before);
    app.wait_for_rejections(1).await;
    assert_eq!(app.reasons().await, ["disabled"]);
}

#[tokio::test]
async fn a_configuration_disabled_a_moment_ago_is_not_verified_by_an_old_snapshot() {
    let app = TestApp::start().await;
    app.execute("update whatsapp_webhook_configs set status = 'disabled'").await;
    assert_eq!(challenge(&app, &app.account, &app.account.verify_token, "1").await.status(), 403);
    assert_eq!(configuration(&app, &app.account).await["status"], "disabled");
}

#[tokio::test]
async fn a_path_that_is_nobodys_is_not_found_even_with_a_right_token() {
    let app = TestApp::start().await;
    let query = format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={}", app.account.verify_token);
    for path in ["/api/webhooks/whatsapp/nobody", "/api/webhooks/whatsapp", "/api/webhooks/whatsapp/nobody/at/all"] {
        assert_eq!(ask(&app, path, &query).await.status(), 404, "{path}");
    }
    app.wait_for_rejections(3).await;
    assert_eq!(app.reasons().await, ["unknown_path"; 3]);
}

#[tokio::test]
async fn a_refusal_is_kept_without_its_token() {
    let app = TestApp::start().await;
    let account = app.add_account(NEW).await;
    assert_eq!(challenge(&app, &account, "wrongcanary0123456789", "1").await.status(), 403);
    let right = &account.verify_token;
    assert_eq!(ask(&app, &account.callback_path, &format!("hub.verify_token={right}")).await.status(), 400);
    assert_eq!(challenge(&app, &account, right, "challengecanary").await.status(), 200);
    app.wait_for_rejections(2).await;
    let rows = app
        .rows(
            "select company_id, account_id, reason, method, callback_path, body_sha256, body_size, address
             from whatsapp_webhook_rejections order by reason",
        )
        .await;
    let row = |reason: &str| {
        json!({
            "company_id": account.owner.company, "account_id": account.owner.account, "reason": reason, "method": "GET",
            "callback_path": account.callback_path, "body_sha256": null, "body_size": null, "address": "127.0.0.1",
        })
    };
    assert_eq!(rows, [row("malformed_challenge"), row("wrong_token")]);
    for canary in ["wrongcanary0123456789", right.trim_start_matches("wp_vt_"), "challengecanary"] {
        assert_eq!(app.tables_holding(canary).await, Vec::<String>::new());
    }
    // The search can find something.
    let key = account.callback_path.rsplit('/').next().unwrap();
    let tables = app.tables_holding(key).await;
    assert!(tables.contains(&"whatsapp_webhook_rejections".to_owned()), "{tables:?}");
}

#[tokio::test]
async fn one_challenge_verifies_every_number_that_shares_path_and_token() {
    let app = TestApp::start().await;
    let path = "/api/webhooks/whatsapp/one-app";
    let mut accounts = Vec::new();
    for number in ["2002", "2003"] {
        let account = NewAccount {
            name: "New line".into(),
            waba_id: "3003".into(),
            phone_number_id: number.into(),
            display_phone_number: None,
        };
        let given = Given {
            app_secret: Some(SECRET.into()),
            verify_token: Some("one token for both".into()),
            callback_path: Some(path.into()),
            ..Given::default()
        };
        accounts.push(add(&app.database, Arc::clone(&app.keys), "Acme Travel", account, given).await.unwrap().owner);
    }
    app.wait_for_config().await;
    let query = "hub.mode=subscribe&hub.challenge=7&hub.verify_token=one+token+for+both";
    assert_eq!(ask(&app, path, query).await.status(), 200);
    for owner in accounts {
        let sql = "select count(*) from whatsapp_webhook_configs where status = 'verified' and account_id = ";
        assert_eq!(app.count(&format!("{sql}'{}'", owner.account)).await, 1);
    }
}

#[tokio::test]
async fn a_token_that_was_replaced_meanwhile_verifies_nothing() {
    let app = TestApp::start().await;
    let account = app.add_account(NEW).await;
    let sql = "update whatsapp_webhook_configs set verify_token_hash = 'another' where account_id = $1";
    sqlx::query(sql).bind(account.owner.account.0).execute(&app.pool).await.unwrap();
    // At once: the snapshot still has the old token, as it has while one is being replaced.
    let answer = challenge(&app, &account, &account.verify_token, "7").await;
    assert_ne!(answer.status(), 200);
    assert_eq!(configuration(&app, &account).await["status"], "unverified");
}
