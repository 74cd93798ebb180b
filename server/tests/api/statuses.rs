//! What statuses do to a message, and what they do not. That their order does not matter is shown in
//! [`crate::soak::orders`].

use serde_json::{Value, json};

use crate::app::{TestApp, envelope, status, value};
use crate::updates::{echo, echoes, status_of, statuses};

#[tokio::test]
async fn a_status_without_its_message_waits_and_is_filled_when_the_message_comes() {
    let app = TestApp::start().await;
    app.take_in(status("wamid.1", "delivered")).await;
    let message =
        "select m.source, m.type, m.direction, m.body, m.status, c.wa_id, m.conversation_id is not null as stands
                   from messages m join contacts c on c.id = m.contact_id";
    let waiting = json!({
        "source": "status", "type": "awaited", "direction": "outbound", "body": null, "status": "delivered",
        "wa_id": "16505551234", "stands": true,
    });
    assert_eq!(app.rows(message).await, [waiting]);
    app.take_in(echoes(&[echo("wamid.1", "16505551234")])).await;
    let filled = json!({
        "source": "echo", "type": "text", "direction": "outbound", "body": "On its way", "status": "delivered",
        "wa_id": "16505551234", "stands": true,
    });
    assert_eq!(app.rows(message).await, [filled]);
    assert_eq!(app.count("select count(*) from conversations").await, 1);
}

#[tokio::test]
async fn an_unknown_word_is_kept_and_moves_nothing() {
    let app = TestApp::start().await;
    app.take_in(echoes(&[echo("wamid.1", "16505551234")])).await;
    app.take_in(status("wamid.1", "delivered")).await;
    for word in ["deleted", "warning", "held_for_review", "PLAYED_BACKWARDS"] {
        app.take_in(status("wamid.1", word)).await;
        app.take_in(status("wamid.2", word)).await;
    }
    assert_eq!(
        app.rows("select wamid, status from messages").await,
        [json!({"wamid": "wamid.1", "status": "delivered"})]
    );
    assert_eq!(app.count("select count(*) from message_statuses where wamid = 'wamid.1'").await, 5);
    assert_eq!(app.count("select count(*) from message_statuses where wamid = 'wamid.2'").await, 4);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs where state <> 'processed'").await, 0);
}

/// What came in has no status, even if somebody sends one with its wamid.
#[tokio::test]
async fn an_inbound_message_takes_no_status() {
    let app = TestApp::start().await;
    let inbound = crate::app::text_message("wamid.1", "16505551234", "Hello");
    app.take_in(status("wamid.1", "read")).await;
    app.take_in(inbound).await;
    app.take_in(status("wamid.1", "delivered")).await;
    let expected = json!({"direction": "inbound", "body": "Hello", "status": null, "status_at": null});
    assert_eq!(app.rows("select direction, body, status, status_at from messages").await, [expected]);
    assert_eq!(app.count("select count(*) from message_statuses").await, 2);
}

/// The time is that of the status that stands, not of the last one to arrive.
#[tokio::test]
async fn the_time_of_a_status_goes_with_it() {
    let app = TestApp::start().await;
    let later = |word: &str, second: i64| crate::updates::at(status_of("wamid.1", word, "16505551234"), second);
    app.take_in(statuses(&[later("read", 1_763_900_030)])).await;
    app.take_in(statuses(&[later("delivered", 1_763_900_040)])).await;
    let at = "select extract(epoch from status_at)::bigint from messages where status = 'read'";
    assert_eq!(app.count(at).await, 1_763_900_030);
}

/// A failure that names nobody has no conversation to stand in, and is kept all the same.
#[tokio::test]
async fn a_failure_may_name_nobody() {
    let app = TestApp::start().await;
    let nobody =
        json!({ "id": "wamid.1", "status": "failed", "timestamp": "1763900001", "errors": [{ "code": 131_026 }] });
    app.take_in(crate::app::body(&value(&json!({ "statuses": [nobody] })))).await;
    let stored = "select status, source, conversation_id from messages";
    let waiting = json!({ "status": "failed", "source": "status", "conversation_id": null });
    assert_eq!(app.rows(stored).await, [waiting]);
    app.take_in(echoes(&[echo("wamid.1", "16505551234")])).await;
    assert_eq!(
        app.count(
            "select count(*) from messages where status = 'failed' and source = 'echo' and conversation_id is not null"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn a_placeholder_with_a_status_is_filled_even_if_its_sender_is_spelt_otherwise() {
    let app = TestApp::start().await;
    let placeholder = json!({
        "from": "15550783881", "to": "16505551234", "id": "wamid.media", "timestamp": "1763900000",
        "type": "media_placeholder", "history_context": { "status": "READ" },
    });
    let chunk = json!({
        "metadata": { "phase": 0, "chunk_order": 1, "progress": 50 },
        "threads": [{ "id": "16505551234", "messages": [placeholder] }],
    });
    let history = |members: &Value| envelope(&[json!({ "field": "history", "value": value(members) })]);
    app.take_in(history(&json!({ "history": [chunk] }))).await;
    let image = json!({
        "from": "555 078 3881", "id": "wamid.media", "timestamp": "1763900000", "type": "image",
        "image": { "id": "1", "mime_type": "image/jpeg" },
    });
    app.take_in(history(&json!({ "messages": [image] }))).await;
    let rows = app.rows("select type, direction, status from messages").await;
    assert_eq!(rows, [json!({ "type": "image", "direction": "outbound", "status": "read" })]);
}
