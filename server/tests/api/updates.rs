//! Updates as Meta writes them, for bodies that a test puts together by itself.

use serde_json::{Value, json};

use crate::app::{NUMBER, TestApp, WABA, body, envelope, value};

/// Posts a large body as Meta does: a busy machine may answer 503 within its second, and is then asked again.
pub async fn insist(app: &TestApp, body: Vec<u8>) {
    for _ in 0..5 {
        let answer = app.post(&app.account, body.clone()).await.status();
        if answer == 200 {
            return;
        }
        assert_eq!(answer, 503);
    }
    panic!("503 five times");
}

/// A text message of somebody who is known by number.
pub fn text(wamid: &str, from: &str, words: &str) -> Value {
    json!({ "from": from, "id": wamid, "timestamp": "1763900000", "type": "text", "text": { "body": words } })
}

/// The same at another time, in seconds.
pub fn at(mut update: Value, timestamp: i64) -> Value {
    update["timestamp"] = json!(timestamp.to_string());
    update
}

/// A message that the company sent by another way.
pub fn echo(wamid: &str, to: &str) -> Value {
    json!({
        "from": "15550783881", "to": to, "id": wamid, "timestamp": "1763900000", "type": "text",
        "text": { "body": "On its way" },
    })
}

/// A status of a message to that number.
pub fn status_of(wamid: &str, status: &str, recipient: &str) -> Value {
    json!({ "id": wamid, "status": status, "timestamp": "1763900001", "recipient_id": recipient })
}

/// A failed status with this code.
pub fn failed(wamid: &str, code: i64) -> Value {
    let mut status = status_of(wamid, "failed", "16505551234");
    status["errors"] = json!([{ "code": code, "title": "Message undeliverable" }]);
    status
}

/// One body with these messages.
pub fn messages(updates: &[Value]) -> Vec<u8> {
    body(&value(&json!({ "messages": updates })))
}

/// One body with these statuses.
pub fn statuses(updates: &[Value]) -> Vec<u8> {
    body(&value(&json!({ "statuses": updates })))
}

/// One body with these echoes.
pub fn echoes(updates: &[Value]) -> Vec<u8> {
    let value = value(&json!({ "message_echoes": updates }));
    envelope(&[json!({ "field": "message_echoes", "value": value })])
}

/// One body with messages and the people they are from.
pub fn introduced(contacts: &Value, updates: &[Value]) -> Vec<u8> {
    body(&value(&json!({ "contacts": contacts, "messages": updates })))
}

/// A body with messages whose JSON no value can hold: written as text, between text.
pub fn raw_messages(updates: &[&str]) -> Vec<u8> {
    let updates = updates.join(",");
    let metadata = json!({ "phone_number_id": NUMBER });
    let value = format!(r#"{{"metadata":{metadata},"messages":[{updates}]}}"#);
    let change = format!(r#"{{"field":"messages","value":{value}}}"#);
    format!(r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{WABA}","changes":[{change}]}}]}}"#).into_bytes()
}
