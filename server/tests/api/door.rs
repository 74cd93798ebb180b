//! POST: what is refused before and beside the signature, and the row that each refusal leaves.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{NewTestAccount, Options, TestApp, signature, text_message};

const LIMIT: usize = 4 * 1024 * 1024;

/// A text message with blanks after it, so long in all.
fn padded(length: usize) -> Vec<u8> {
    let mut body = text_message("wamid.1", "16505551234", "Hello");
    body.resize(length, b' ');
    body
}

/// Writes bytes to the server as they are and gives what it answers until it closes or `enough` is there.
async fn raw(app: &TestApp, head: &str, body: &[u8], hang_up: bool) -> String {
    let address = app.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    if hang_up {
        stream.shutdown().await.unwrap();
    }
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(std::time::Duration::from_secs(20), stream.read(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer[..read.unwrap_or(0)]).into_owned()
}

fn head(app: &TestApp, headers: &str) -> String {
    format!("POST {} HTTP/1.1\r\nHost: waypost\r\n{headers}\r\n\r\n", app.account.callback_path)
}

fn chunked(app: &TestApp, body: &[u8]) -> (String, Vec<u8>) {
    let signature = signature(&app.account.app_secret, body);
    let headers = format!("Transfer-Encoding: chunked\r\nX-Hub-Signature-256: {signature}");
    let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat();
    (head(app, &headers), chunk)
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_accepted_with_and_without_its_length() {
    let app = TestApp::start().await;
    assert_eq!(app.post(&app.account, padded(LIMIT)).await.status(), 200);
    let (head, body) = chunked(&app, &padded(LIMIT - 1));
    let answer = raw(&app, &head, &[&body[..], b"0\r\n\r\n"].concat(), false).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let sizes = app.rows("select body_size, length(body) from whatsapp_webhook_deliveries order by 1").await;
    let size = |bytes: usize| json!({ "body_size": bytes, "length": bytes });
    assert_eq!(sizes, [size(LIMIT - 1), size(LIMIT)]);
}

#[tokio::test]
async fn one_byte_more_is_too_large_and_its_length_is_believed() {
    let app = TestApp::start().await;
    // The body is never sent: its length alone is enough.
    let answer = raw(&app, &head(&app, &format!("Content-Length: {}", LIMIT + 1)), b"", false).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    app.wait_for_rejections(1).await;
    assert_eq!(app.reasons().await, ["too_large"]);
}

#[tokio::test]
async fn one_byte_more_in_chunks_is_too_large_as_well() {
    let app = TestApp::start().await;
    let (head, body) = chunked(&app, &padded(LIMIT + 1));
    let answer = raw(&app, &head, &body, false).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    app.wait_for_rejections(1).await;
    assert_eq!(app.reasons().await, ["too_large"]);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused_and_kept_nowhere() {
    let app = TestApp::start().await;
    let body = text_message("wamid.1", "16505551234", "Hello");
    let signature = signature(&app.account.app_secret, &body);
    let headers = format!("Content-Length: {}\r\nX-Hub-Signature-256: {signature}", body.len() + 1);
    raw(&app, &head(&app, &headers), &body, true).await;
    app.wait_for_rejections(1).await;
    assert_eq!(app.reasons().await, ["broken_body"]);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 0);
}

#[tokio::test]
async fn an_encoded_body_is_refused_even_if_signed() {
    let app = TestApp::start().await;
    let body = text_message("wamid.1", "16505551234", "Hello");
    for encoding in ["gzip", "deflate", "br", "gzip, br"] {
        let response =
            app.signed(&app.account, body.clone()).header("Content-Encoding", encoding).send().await.unwrap();
        assert_eq!(response.status(), 415, "{encoding}");
    }
    app.wait_for_rejections(4).await;
    assert_eq!(app.reasons().await, ["content_encoding"; 4]);
    app.accept(body).await;
}

#[tokio::test]
async fn any_content_type_is_taken() {
    let app = TestApp::start().await;
    for (number, content_type) in ["text/plain", "application/x-www-form-urlencoded", "nonsense"].iter().enumerate() {
        let body = text_message(&format!("wamid.{number}"), "16505551234", "Hello");
        let url = format!("{}{}", app.url, app.account.callback_path);
        let request = app.client.post(url).header("Content-Type", *content_type);
        let signature = signature(&app.account.app_secret, &body);
        let response = request.header("X-Hub-Signature-256", signature).body(body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{content_type}");
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed_even_if_signed() {
    let app = TestApp::start().await;
    let body = text_message("wamid.1", "16505551234", "Hello");
    let url = format!("{}{}", app.url, app.account.callback_path);
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
        let request = app.client.request(method.parse().unwrap(), &url).body(body.clone());
        let signature = signature(&app.account.app_secret, &body);
        let response = request.header("X-Hub-Signature-256", signature).send().await.unwrap();
        assert_eq!(response.status(), 405, "{method}");
    }
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 0);
}

#[tokio::test]
async fn before_meta_has_asked_and_after_a_person_has_switched_it_off_nobody_posts() {
    let app = TestApp::start().await;
    for (number, status) in [("2001", "unverified"), ("2002", "disabled")] {
        let new = NewTestAccount { phone_number_id: number, status, ..NewTestAccount::default() };
        let account = app.add_account(new).await;
        let response = app.post(&account, text_message("wamid.1", "16505551234", "Hello")).await;
        assert_eq!(response.status(), 403, "{status}");
        assert_eq!(response.text().await.unwrap(), "Forbidden");
    }
    app.wait_for_rejections(2).await;
    assert_eq!(app.reasons().await, ["disabled", "unverified"]);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 0);
}

#[tokio::test]
async fn an_inactive_configuration_is_as_if_there_were_none() {
    let app = TestApp::start().await;
    app.execute("update whatsapp_webhook_configs set is_active = false").await;
    app.wait_for_config().await;
    let response = app.post(&app.account, text_message("wamid.1", "16505551234", "Hello")).await;
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn the_address_is_what_the_trusted_proxies_say() {
    let forwarded = "198.51.100.1, 203.0.113.7, 192.0.2.9";
    for (trusted_hops, address) in [(0, "127.0.0.1"), (1, "192.0.2.9"), (2, "203.0.113.7"), (4, "127.0.0.1")] {
        let app = TestApp::with(Options { trusted_hops, ..Options::default() }).await;
        let request = app.unsigned(&app.account.callback_path, "x").header("X-Forwarded-For", forwarded);
        assert_eq!(request.send().await.unwrap().status(), 403);
        app.wait_for_rejections(1).await;
        assert_eq!(app.texts("select address from whatsapp_webhook_rejections").await, [address], "{trusted_hops}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_it_knows_and_never_the_body() {
    let app = TestApp::start().await;
    let query = "?hub.verify_token=querycanary";
    let body = b"bodycanary".to_vec();
    let path = format!("{}{query}", app.account.callback_path);
    assert_eq!(app.unsigned(&path, body.clone()).send().await.unwrap().status(), 403);
    app.wait_for_rejections(1).await;
    let rows = app
        .rows(
            "select company_id, account_id, method, callback_path, encode(body_sha256, 'hex') as sha256, body_size
             from whatsapp_webhook_rejections",
        )
        .await;
    let row = json!({
        "company_id": app.account.owner.company, "account_id": app.account.owner.account, "method": "POST",
        "callback_path": app.account.callback_path, "sha256": hex::encode(server::crypto::sha256(&body)),
        "body_size": body.len(),
    });
    assert_eq!(rows, [row]);
    for canary in ["querycanary", "bodycanary"] {
        assert_eq!(app.tables_holding(canary).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_path_that_is_nobodys_is_kept_for_nobody_and_cut() {
    let app = TestApp::start().await;
    let path = format!("/api/webhooks/whatsapp/{}", "x".repeat(400));
    let response = app.unsigned(&path, "x").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (404, "Not Found"));
    app.wait_for_rejections(1).await;
    let rows =
        app.rows("select company_id, account_id, reason, length(callback_path) from whatsapp_webhook_rejections").await;
    let nobody = "00000000-0000-0000-0000-000000000000";
    let row = json!({ "company_id": nobody, "account_id": null, "reason": "unknown_path", "length": 200 });
    assert_eq!(rows, [row]);
}
