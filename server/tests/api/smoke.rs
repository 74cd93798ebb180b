//! The main job, end to end.

use serde_json::json;

use crate::app::{TestApp, text_message};

#[tokio::test]
async fn a_signed_message_becomes_a_conversation() {
    let app = TestApp::start().await;
    app.take_in(text_message("wamid.1", "16505551234", "Hello")).await;
    let rows = app
        .rows(
            "select c.profile_name, c.wa_id, m.body, m.direction, e.state, e.attempts
             from messages m join contacts c on c.id = m.contact_id
             join whatsapp_webhook_event_logs e on e.id = m.event_id",
        )
        .await;
    assert_eq!(
        rows,
        [json!({
            "profile_name": "Lena Ortiz", "wa_id": "16505551234", "body": "Hello", "direction": "inbound",
            "state": "processed", "attempts": 1,
        })]
    );
}
