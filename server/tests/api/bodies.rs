//! Bodies that other receivers choke on: large, broken, strange. Every signed one is kept and answered with 200, and
//! what is broken in it never hides its neighbours.

use std::time::Instant;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{NUMBER, TestApp, WABA, body, envelope, fixture, signature, text_message, value};
use crate::updates::{failed, insist, introduced, messages, raw_messages, status_of, statuses, text};

const STATES: &str = "select state, count(*) as n from whatsapp_webhook_event_logs group by state order by state";
/// The limit of the door.
const FOUR_MEGABYTES: usize = 4 * 1024 * 1024;

/// The bytes of the quarantined updates, cut out of their deliveries by the places the rows name.
async fn quarantined_bytes(app: &TestApp) -> Vec<String> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(
        "select substring(d.body from e.body_offset + 1 for e.body_length)
         from whatsapp_webhook_event_logs e
         join whatsapp_webhook_deliveries d on d.company_id = e.company_id and d.id = e.delivery_id
         where e.state = 'quarantined' order by e.received_at, e.position",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    rows.into_iter().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

async fn states(app: &TestApp) -> Value {
    let rows = app.rows(STATES).await;
    rows.into_iter().map(|row| (row["state"].as_str().unwrap().to_owned(), row["n"].clone())).collect()
}

async fn texts(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("select body from messages where type = 'text' order by wamid")
        .fetch_all(&app.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn several_statuses_in_one_body_are_all_kept() {
    let app = TestApp::start().await;
    let to = "16505551234";
    let report = [status_of("wamid.1", "read", to), status_of("wamid.1", "sent", to), failed("wamid.2", 131_026)];
    app.take_in(statuses(&report)).await;
    assert_eq!(states(&app).await, json!({ "processed": 3 }));
    let rows = app.rows("select wamid, status from messages order by wamid").await;
    assert_eq!(rows, [json!({"wamid": "wamid.1", "status": "read"}), json!({"wamid": "wamid.2", "status": "failed"})]);
}

#[tokio::test]
async fn a_thousand_updates_in_one_body_are_all_there_after_one_200() {
    let app = TestApp::start().await;
    let person = |n: usize| format!("1650555{:04}", n % 50);
    let updates: Vec<Value> =
        (0..1000).map(|n| text(&format!("wamid.{n:04}"), &person(n), &format!("No. {n}"))).collect();
    let body = messages(&updates);
    let started = Instant::now();
    insist(&app, body.clone()).await;
    let answered = started.elapsed();
    assert_eq!(states(&app).await, json!({ "pending": 1000 }));
    app.drain().await;
    println!(
        "1000 updates ({} bytes): answered after {answered:?}, processed after {:?}",
        body.len(),
        started.elapsed()
    );
    assert_eq!(states(&app).await, json!({ "processed": 1000 }));
    assert_eq!(app.count("select count(distinct body) from messages").await, 1000);
    assert_eq!(app.count("select count(*) from conversations").await, 50);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 1);
}

/// A body of exactly that many bytes: one message, and a key nobody knows that fills the rest.
fn padded(wamid: &str, size: usize) -> Vec<u8> {
    let with = |filler: &str| {
        let mut message = text(wamid, "16505551234", wamid);
        message["filler"] = filler.into();
        messages(&[message])
    };
    let rest = size - with("").len();
    with(&"x".repeat(rest))
}

#[tokio::test]
async fn bodies_up_to_four_megabytes_are_taken_and_no_larger_ones() {
    let app = TestApp::start().await;
    for (wamid, size) in [("wamid.1", 3_000_000), ("wamid.2", FOUR_MEGABYTES)] {
        let body = padded(wamid, size);
        assert_eq!(body.len(), size);
        insist(&app, body).await;
        app.drain().await;
    }
    let response = app.post(&app.account, padded("wamid.3", FOUR_MEGABYTES + 1)).await;
    assert_eq!(response.status(), 413);
    assert_eq!(texts(&app).await, ["wamid.1", "wamid.2"]);
    let sizes = app.rows("select body_size, length(body) as kept from whatsapp_webhook_deliveries order by 1").await;
    let whole = |size: usize| json!({ "body_size": size, "kept": size });
    assert_eq!(sizes, [whole(3_000_000), whole(FOUR_MEGABYTES)]);
}

/// As many updates as Meta puts into one body, and as many bytes.
#[tokio::test]
async fn three_megabytes_of_long_messages_are_all_processed() {
    let app = TestApp::start().await;
    let long = "Waypost ".repeat(370);
    let updates: Vec<Value> = (0..1000).map(|n| text(&format!("wamid.{n}"), "16505551234", &long)).collect();
    let body = messages(&updates);
    assert!((3_000_000..FOUR_MEGABYTES).contains(&body.len()), "{}", body.len());
    insist(&app, body).await;
    app.drain().await;
    assert_eq!(states(&app).await, json!({ "processed": 1000 }));
    assert_eq!(app.count("select count(*) from messages where length(body) > 2900").await, 1000);
}

/// Valid JSON, all of it, that `jsonb` or a reader refuses.
#[tokio::test]
async fn what_no_json_column_can_hold_is_quarantined_and_its_neighbours_go_through() {
    let deep = format!(r#"{{"id":"wamid.deep","type":"text","x":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    let nasty = [
        r#"{"from":"1","id":"wamid.nul","type":"text","text":{"body":"a\u0000b"}}"#,
        r#"{"from":"1","id":"wamid.half","type":"text","text":{"body":"\ud83d"}}"#,
        r#"{"from":"1","id":"wamid.other_half","type":"text","text":{"body":"\ude00 \ud83d"}}"#,
        r#"{"from":"1","id":"wamid.number","type":"text","size":1e400,"text":{"body":"x"}}"#,
        r#"{"from":"1","id":"wamid.twice","type":"text","text":{"body":"x"},"text":{"body":"y"}}"#,
        deep.as_str(),
    ];
    let app = TestApp::start().await;
    let mut expected = Vec::new();
    for (n, update) in nasty.into_iter().enumerate() {
        let good = |side: &str| text(&format!("wamid.{n}.{side}"), "16505551234", &format!("{n} {side}")).to_string();
        app.take_in(raw_messages(&[&good("before"), update, &good("after")])).await;
        assert_eq!(quarantined_bytes(&app).await.last().map(String::as_str), Some(update));
        expected.extend([format!("{n} after"), format!("{n} before")]);
    }
    assert_eq!(states(&app).await, json!({ "processed": 12, "quarantined": 6 }));
    assert_eq!(texts(&app).await, expected);
    let silent =
        "select count(*) from whatsapp_webhook_event_logs where state = 'quarantined' and last_error !~ '\\.$'";
    assert_eq!(app.count(silent).await, 0, "each says why, in a sentence");
}

#[tokio::test]
async fn bytes_that_are_no_utf8_hide_nothing() {
    let app = TestApp::start().await;
    let (before, after) = (text("wamid.1", "16505551234", "Before"), text("wamid.3", "16505551234", "After"));
    let broken = r#"{"from":"1","id":"wamid.2","type":"text","text":{"body":"X"}}"#;
    let mut body = raw_messages(&[&before.to_string(), broken, &after.to_string()]);
    let place = body.windows(3).position(|bytes| bytes == b"\"X\"").unwrap() + 1;
    body[place] = 0xff;
    app.take_in(body).await;
    assert_eq!(states(&app).await, json!({ "processed": 2, "quarantined": 1 }));
    assert_eq!(texts(&app).await, ["Before", "After"]);
    let kept =
        "select count(*) from whatsapp_webhook_event_logs e join whatsapp_webhook_deliveries d on d.id = e.delivery_id
                where e.state = 'quarantined'
                  and position('\\xff'::bytea in substring(d.body from e.body_offset + 1 for e.body_length)) > 0";
    assert_eq!(app.count(kept).await, 1, "the very byte is there");
}

/// Meta signs the escaped form. One and the same update in both spellings is one message.
#[tokio::test]
async fn escaped_and_plain_letters_are_the_same_message() {
    let app = TestApp::start().await;
    let plain = text_message("wamid.1", "16505551234", "Grüße 😀");
    let escaped = String::from_utf8(plain.clone()).unwrap().replace('ü', r"\u00fc").replace('ß', r"\u00df");
    let escaped = escaped.replace('😀', r"\ud83d\ude00").into_bytes();
    assert_ne!(plain, escaped);
    app.take_in(escaped.clone()).await;
    app.take_in(plain.clone()).await;
    // Something on the way took the escapes out; the signature is still that of what Meta sent.
    let elsewhere = text_message("wamid.2", "16505551234", "Köln");
    let as_signed = String::from_utf8(elsewhere.clone()).unwrap().replace('ö', r"\u00f6");
    let request = app.unsigned(&app.account.callback_path, elsewhere);
    let signature = signature(&app.account.app_secret, as_signed.as_bytes());
    let response = request.header("X-Hub-Signature-256", signature).send().await.unwrap();
    assert_eq!(response.status(), 200);
    app.drain().await;
    assert_eq!(texts(&app).await, ["Grüße 😀", "Köln"]);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs").await, 2);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 3);
}

#[tokio::test]
async fn a_broken_change_hides_no_good_one() {
    let app = TestApp::start().await;
    app.take_in(fixture("broken_among_good")).await;
    assert_eq!(texts(&app).await, ["Good, before.", "Good, after."]);
    let broken = quarantined_bytes(&app).await;
    for part in ["this is not how a value looks", "7"] {
        assert!(broken.iter().any(|bytes| bytes.contains(part)), "{part} is not in {broken:?}");
    }
}

#[tokio::test]
async fn what_is_no_envelope_is_kept_whole() {
    let app = TestApp::start().await;
    let strange: [&[u8]; 9] =
        [b"", b"[]", b"{}", b"null", b"hello", b"{\"entry\":", b"\"entry\"", b"\xff\xfe\x00", br#"{"entry":{"id":1}}"#];
    for body in strange {
        app.accept(body).await;
    }
    app.drain().await;
    assert_eq!(states(&app).await, json!({ "quarantined": strange.len() }));
    let rows: Vec<(String, Vec<u8>, String)> = sqlx::query_as(
        "select e.dedup_key, d.body, coalesce(e.last_error, '') from whatsapp_webhook_event_logs e
         join whatsapp_webhook_deliveries d on d.id = e.delivery_id order by d.received_at",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    for ((key, kept, error), body) in rows.into_iter().zip(strange) {
        assert_eq!(kept, body);
        assert_eq!(key, format!("raw:{}", hex::encode(Sha256::digest(body))));
        assert!(error.ends_with('.'), "{error}");
    }
}

#[tokio::test]
async fn a_field_without_metadata_finds_its_account_by_the_waba() {
    let app = TestApp::start().await;
    let change =
        json!({ "field": "phone_number_quality_update", "value": { "event": "UPGRADE", "current_limit": "TIER_10K" } });
    app.take_in(envelope(&[change])).await;
    assert_eq!(states(&app).await, json!({ "processed": 1 }));
    assert_eq!(app.count("select count(*) from whatsapp_accounts where messaging_limit = 'TIER_10K'").await, 1);
}

#[tokio::test]
async fn an_unknown_field_is_kept_and_processed() {
    let app = TestApp::start().await;
    let news = json!({ "weather": "rain", "list": [1, 2] });
    app.take_in(envelope(&[json!({ "field": "weather_update", "value": news })])).await;
    let rows = app
        .rows("select event_type, event_subtype, state, payload -> 'item' as item from whatsapp_webhook_event_logs")
        .await;
    assert_eq!(
        rows,
        [json!({ "event_type": "change", "event_subtype": "weather_update", "state": "processed", "item": news })]
    );
}

#[tokio::test]
async fn people_without_a_number_are_known_by_their_user_id() {
    let app = TestApp::start().await;
    let contacts = json!([{ "profile": { "name": "Lena", "username": "lena" }, "wa_id": "", "user_id": "US.1" }]);
    let mut empty = text("wamid.1", "", "Empty");
    empty["from_user_id"] = "US.1".into();
    let mut absent = empty.clone();
    absent["id"] = "wamid.2".into();
    absent.as_object_mut().unwrap().remove("from");
    let misplaced = text("wamid.3", "US.1", "In the wrong place");
    app.take_in(introduced(&contacts, &[empty, absent, misplaced])).await;
    assert_eq!(states(&app).await, json!({ "processed": 3 }));
    let rows = app.rows("select bsuid, wa_id, phone, profile_name, username from contacts").await;
    let lena = json!({ "bsuid": "US.1", "wa_id": null, "phone": null, "profile_name": "Lena", "username": "lena" });
    assert_eq!(rows, [lena]);
    assert_eq!(app.count("select count(*) from messages m join conversations c on c.id = m.conversation_id").await, 3);
}

#[tokio::test]
async fn the_test_button_is_answered_and_kept_as_unrouted() {
    let app = TestApp::start().await;
    for name in ["dashboard_test", "dashboard_test_template"] {
        app.take_in(fixture(name)).await;
    }
    assert_eq!(states(&app).await, json!({ "unrouted": 2 }));
    let reasons = "select count(*) from whatsapp_webhook_event_logs
                   where unrouted_reason = 'unknown_number' and account_id is null";
    assert_eq!(app.count(reasons).await, 2);
    assert_eq!(app.count("select count(*) from messages").await, 0);
}

/// They have no id at all: only the delivery tells two of them apart.
#[tokio::test]
async fn errors_that_stand_alone_are_kept_each_time() {
    let app = TestApp::start().await;
    let errors = |time: i64| {
        let value = value(&json!({ "errors": [{ "code": 130_429, "title": "Rate limit hit" }] }));
        let entry = json!({ "id": WABA, "time": time, "changes": [{ "field": "messages", "value": value }] });
        json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string()
    };
    for time in [1_763_900_000, 1_763_900_001, 1_763_900_001] {
        app.take_in(errors(time)).await;
    }
    let kept = "select count(*) from whatsapp_webhook_event_logs where event_type = 'error' and state = 'processed'";
    assert_eq!(app.count(kept).await, 2);
}

#[tokio::test]
async fn a_delivery_is_kept_byte_for_byte() {
    let app = TestApp::start().await;
    // Blanks, order of keys, escapes and numbers as no serialiser would write them.
    let message = r#"{ "type":"text",  "id":"wamid.1","from":"16505551234","n":1.0e+2, "text":{"body":"\u00e4\/"}}"#;
    let sent = raw_messages(&[message]);
    let request = app.signed(&app.account, sent.clone()).header("User-Agent", "facebookexternalua");
    assert_eq!(request.send().await.unwrap().status(), 200);
    let (body, sha256): (Vec<u8>, Vec<u8>) =
        sqlx::query_as("select body, body_sha256 from whatsapp_webhook_deliveries").fetch_one(&app.pool).await.unwrap();
    assert_eq!(body, sent);
    assert_eq!(sha256, Sha256::digest(&sent).to_vec());
    let rows = app
        .rows(
            "select signature, signed_with, body_is_whole, body_size, callback_path, headers, seen_count,
                    signed_by_account from whatsapp_webhook_deliveries",
        )
        .await;
    assert_eq!(
        rows,
        [json!({
            "signature": signature(&app.account.app_secret, &sent), "signed_with": "current", "body_is_whole": true,
            "body_size": sent.len(), "callback_path": app.account.callback_path, "seen_count": 1,
            "headers": { "content-type": "application/json", "user-agent": "facebookexternalua" },
            "signed_by_account": app.account.owner.account.0,
        })]
    );
    let cut = "select convert_from(substring(d.body from e.body_offset + 1 for e.body_length), 'UTF8') as bytes
               from whatsapp_webhook_event_logs e join whatsapp_webhook_deliveries d on d.id = e.delivery_id";
    assert_eq!(app.rows(cut).await, [json!({ "bytes": message })]);
}

/// The number decides, whatever the entry says.
#[tokio::test]
async fn a_message_with_a_strange_waba_still_finds_its_number() {
    let app = TestApp::start().await;
    let mut whole: Value =
        serde_json::from_slice(&body(&value(&json!({ "messages": [text("wamid.1", "16505551234", "Hi")] })))).unwrap();
    whole["entry"][0]["id"] = "999".into();
    assert_eq!(whole["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"], NUMBER);
    app.take_in(whole.to_string()).await;
    assert_eq!(texts(&app).await, ["Hi"]);
}
