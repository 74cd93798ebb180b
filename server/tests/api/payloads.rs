//! What an event says is kept once: by the body of its delivery where that is usual, and with the event otherwise.

use std::path::Path;

use serde_json::{Value, json};
use server::ingest::envelope::payload_of;

use crate::app::{TestApp, fixture, text_message};
use crate::updates::{messages, text};

struct Told {
    is_left_to_body: bool,
    by_view: Option<Value>,
    state: String,
    body: Vec<u8>,
}

/// Each event of the log.
async fn told(app: &TestApp) -> Vec<Told> {
    let rows: Vec<(bool, Option<Value>, String, Vec<u8>)> = sqlx::query_as(
        "select e.payload is null, l.payload, l.state::text, d.body from whatsapp_webhook_events e
         join whatsapp_webhook_event_logs l on l.company_id = e.company_id and l.id = e.id
         join whatsapp_webhook_deliveries d on d.company_id = e.company_id and d.id = e.delivery_id
         order by e.received_at, e.position",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    let told = |(is_left_to_body, by_view, state, body)| Told { is_left_to_body, by_view, state, body };
    rows.into_iter().map(told).collect()
}

/// What may stand in a usual body, the first eight, and what may not.
const VARIANTS: [(&str, &str); 10] = [
    ("\"changes\":", "\"time\":null,\"changes\":"),
    ("\"changes\":", "\"time\":1731705721,\"changes\":"),
    ("[{\"profile\":{\"name\":\"Lena Ortiz\"},\"wa_id\":\"16505551234\"}]", "null"),
    ("{\"name\":\"Lena Ortiz\"}", "null"),
    ("\"messages\":[", "\"statuses\":null,\"messages\":["),
    ("\"type\":", "\"no\\u0074e\":[null,{}, 1.50,12345678901234567890],\"type\":"),
    ("Hello", "\\ud83d\\ude00 Zo\u{eb}"),
    ("\"object\":", " \"object\" : "),
    ("\"type\":", "\"weight\":1e3,\"type\":"),
    ("\"type\":", "\"weight\":-0.0,\"type\":"),
];

#[tokio::test]
async fn the_database_tells_of_a_body_what_the_worker_reads_in_it() {
    let app = TestApp::start().await;
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        app.accept(fixture(name.trim_end_matches(".json"))).await;
    }
    for (number, (usual, other)) in VARIANTS.iter().enumerate() {
        let body = String::from_utf8(text_message(&format!("wamid.variant.{number}"), "16505551234", "Hello")).unwrap();
        assert!(body.contains(usual), "{usual} in {body}");
        app.accept(format!("\n {} ", body.replace(usual, other))).await;
    }
    let of_variants =
        "select count(*) from whatsapp_webhook_events where object_id like 'wamid.variant.%' and payload is null";
    assert_eq!(app.count(of_variants).await, 8);
    let (mut left, mut kept) = (0, 0);
    for event in told(&app).await {
        let body = String::from_utf8_lossy(&event.body);
        if event.is_left_to_body && event.state != "quarantined" {
            let by_worker = payload_of(&event.body).map(|text| serde_json::from_str(&text).unwrap());
            assert!(by_worker.is_some(), "{body}");
            assert_eq!(event.by_view, by_worker, "{body}");
            left += 1;
        } else {
            assert!(event.by_view.is_some() || event.state == "quarantined", "{body}");
            kept += 1;
        }
    }
    assert!(left > 30 && kept > 30, "{left} left to their bodies and {kept} kept prove little");
}

#[tokio::test]
async fn one_of_several_keeps_what_it_says_and_one_alone_does_not() {
    let app = TestApp::start().await;
    app.accept(text_message("wamid.alone", "16505551234", "Alone")).await;
    app.accept(messages(&[text("wamid.1", "16505551234", "One"), text("wamid.2", "16505551234", "Two")])).await;
    let told = told(&app).await;
    let said = |event: &Told| event.by_view.as_ref().unwrap()["item"]["text"]["body"].clone();
    assert_eq!(told.iter().map(said).collect::<Vec<_>>(), [json!("Alone"), json!("One"), json!("Two")]);
    assert_eq!(told.iter().map(|event| event.is_left_to_body).collect::<Vec<_>>(), [true, false, false]);
}

/// Nothing of ours does that. It must not hold up the neighbours, and it must be said.
#[tokio::test]
async fn a_body_that_does_not_say_any_more_what_it_said_is_a_failure_of_that_event_alone() {
    let app = TestApp::start().await;
    app.accept(text_message("wamid.lost", "16505551234", "Lost")).await;
    app.accept(text_message("wamid.found", "16505551234", "Found")).await;
    sqlx::query(
        "update whatsapp_webhook_deliveries set body = '{}' where position('wamid.lost' in encode(body, 'escape')) > 0",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    app.drain().await;
    let rows =
        app.rows("select object_id, state, last_error from whatsapp_webhook_event_logs order by object_id").await;
    let said = "The body of its delivery does not say what the update was.";
    assert_eq!(
        rows,
        [
            json!({ "object_id": "wamid.found", "state": "processed", "last_error": null }),
            json!({ "object_id": "wamid.lost", "state": "pending", "last_error": said }),
        ]
    );
}

/// Where a body came again in the very moment in which it left the log.
#[tokio::test]
async fn an_event_whose_delivery_is_gone_is_processed_if_it_can_be_and_said_to_be_lost_otherwise() {
    let app = TestApp::start().await;
    app.accept(messages(&[text("wamid.kept", "16505551234", "One"), text("wamid.2", "16505551234", "Two")])).await;
    app.accept(text_message("wamid.lost", "16505551234", "Lost")).await;
    app.execute("delete from whatsapp_webhook_deliveries").await;
    app.accept(text_message("wamid.whole", "16505551234", "Whole")).await;
    app.drain().await;
    let rows = app.rows("select object_id, state from whatsapp_webhook_event_logs order by object_id").await;
    let is = |id: &str, state: &str| json!({ "object_id": id, "state": state });
    assert_eq!(
        rows,
        [
            is("wamid.2", "processed"),
            is("wamid.kept", "processed"),
            is("wamid.lost", "pending"),
            is("wamid.whole", "processed"),
        ]
    );
    assert_eq!(app.count("select count(*) from event_attempts").await, 1);
    assert_eq!(app.count("select count(*) from event_queue").await, 1, "it is tried again, and dead in the end");
}
