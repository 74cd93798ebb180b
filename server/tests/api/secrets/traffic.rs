//! What people and Meta send, with a canary in every place that holds something secret or personal, and everything that
//! can go wrong with it.

use serde_json::json;

use super::{Answers, NAME, NUMBER, PERSONAL, TEXT, WRONG_TOKEN};
use crate::app::{TestApp, body, signature, text_message, value};
use crate::browser::Browser;

/// Messages of every kind that carries something personal.
fn personal(serial: usize) -> Vec<u8> {
    let [bsuid, username, caption, file, place, card, button, profile] = PERSONAL;
    let message = |kind: &str, content: serde_json::Value| {
        let id = format!("wamid.{serial}.{kind}");
        let mut message = json!({ "from": NUMBER, "from_user_id": bsuid, "id": id, "timestamp": "1763900000" });
        message["type"] = kind.into();
        message[kind] = content;
        message
    };
    body(&value(&json!({
        "contacts": [{ "profile": { "name": profile, "username": username }, "wa_id": NUMBER, "user_id": bsuid }],
        "messages": [
            message("image", json!({ "id": "1", "mime_type": "image/jpeg", "sha256": "x", "caption": caption })),
            message("document", json!({ "id": "2", "filename": file, "caption": caption })),
            message("location", json!({ "latitude": 1.5, "longitude": 2.5, "name": place, "address": place })),
            message("contacts", json!([{ "name": { "formatted_name": card }, "phones": [{ "phone": card }] }])),
            message("button", json!({ "text": button, "payload": button })),
        ],
    })))
}

/// Everything that can go wrong at the door, once. How many requests that were.
pub async fn knock(app: &TestApp, serial: usize, answers: &mut Answers) -> usize {
    let path = &app.account.callback_path;
    let right = &app.account.verify_token;
    let text = text_message(&format!("wamid.{serial}"), NUMBER, TEXT);
    let get = |query: String| app.client.get(format!("{}{path}?{query}", app.url));
    let nul = text_message(&format!("wamid.{serial}.nul"), NUMBER, &format!("{TEXT}\0"));
    let no_json = format!("{TEXT} {NUMBER} {NAME} is no JSON, {serial}");
    let requests = [
        get(format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={right}")),
        get(format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={WRONG_TOKEN}")),
        get(format!("hub.mode=subscribe&hub.verify_token={right}")),
        get(format!("hub.mode={right}&hub.challenge=1&hub.verify_token={right}")),
        app.unsigned(path, text.clone()),
        app.unsigned(path, text.clone()).header("X-Hub-Signature-256", &app.account.app_secret),
        app.unsigned(path, text.clone()).header("X-Hub-Signature-256", signature("x", &text)),
        app.unsigned(&format!("{path}?{TEXT}={right}"), text.clone()),
        app.unsigned("/api/webhooks/whatsapp/nobody", text.clone()),
        app.signed(&app.account, text.clone()).header("Content-Encoding", "gzip"),
        app.client.put(format!("{}{path}?hub.verify_token={right}", app.url)).body(text.clone()),
        app.signed(&app.account, text),
        app.signed(&app.account, personal(serial)),
        app.signed(&app.account, no_json),
        app.signed(&app.account, nul),
    ];
    let count = requests.len();
    for request in requests {
        answers.keep(request).await;
    }
    count
}

/// What somebody who is signed in may ask wrongly. How many requests that were.
pub async fn ask_wrongly(app: &TestApp, browser: &Browser, password: &str, answers: &mut Answers) -> usize {
    let account = app.account.owner.account.to_string();
    let malformed = [("query[account]", account.as_str()), ("query[cursor]", "x")];
    let all = [
        browser.call("conversations", &malformed).await,
        browser.call("conversations", &[("nonsense", password)]).await,
        browser.call_with("sign_out", &[], &[("Sec-Fetch-Site", "cross-site")]).await,
        browser.open("/nowhere").await,
        browser.open(&format!("/?password={password}")).await,
    ];
    for answer in &all {
        answers.add(answer);
    }
    // It shows what is looked for, rightly: only that it is not logged matters.
    browser.open(&format!("/accounts/{account}/conversations?q={NUMBER}")).await;
    all.len() + 1
}
