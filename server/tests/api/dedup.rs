//! Meta sends things more than once: the same body, the same update in another body, in any grouping, at the same
//! time. Each has its effect exactly once, and nothing that differs is taken for the same.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::app::{NewTestAccount, Options, SECRET, TestApp, envelope, fixture, text_message, value};
use crate::updates::{echo, echoes, failed, messages, raw_messages, status_of, statuses, text};

const EVENTS: &str = "select count(*) from whatsapp_webhook_event_logs";
const MESSAGES: &str = "select count(*) from messages";
const DELIVERIES: &str = "select count(*) from whatsapp_webhook_deliveries";

#[tokio::test]
async fn the_same_body_again_only_counts() {
    let app = TestApp::start().await;
    let body = text_message("wamid.1", "16505551234", "Hello");
    app.take_in(body.clone()).await;
    app.take_in(body).await;
    let seen =
        app.rows("select seen_count, last_seen_at > received_at as later from whatsapp_webhook_deliveries").await;
    assert_eq!(seen, [json!({ "seen_count": 2, "later": true })]);
    assert_eq!(app.count(EVENTS).await, 1);
    assert_eq!(app.count(MESSAGES).await, 1);
    assert_eq!(app.count("select attempts::bigint from whatsapp_webhook_event_logs").await, 1, "it was processed once");
}

/// The writer has one text for a lone update, and one for several.
#[tokio::test]
async fn what_is_new_and_in_order_waits_once_alone_and_among_others() {
    const TWICE: &str = r#"{"from":"1","id":"wamid.twice","type":"text","text":{"body":"x"},"text":{"body":"y"}}"#;
    const HALF: &str = r#"{"from":"1","id":"wamid.half","type":"text","text":{"body":"\ud83d"}}"#;
    let app = TestApp::start().await;
    let hello = |wamid: &str| text(wamid, "16505551234", "Hello");
    for body in [messages(&[hello("wamid.1")]), messages(&[hello("wamid.2"), hello("wamid.3")])] {
        let regrouped = [body.as_slice(), b" "].concat();
        for body in [&body, &body, &regrouped] {
            app.accept(body.clone()).await;
        }
    }
    app.accept(fixture("dashboard_test")).await;
    app.accept(raw_messages(&[TWICE])).await;
    app.accept(raw_messages(&[HALF, &hello("wamid.4").to_string()])).await;
    let faults = "select fault::text, count(*)::int from whatsapp_webhook_events group by 1 order by 1";
    let of = |fault: Option<&str>, count: i32| json!({ "fault": fault, "count": count });
    assert_eq!(app.rows(faults).await, [of(Some("quarantined"), 2), of(Some("unrouted"), 1), of(None, 4)]);
    let queue = "select q.due_at = min(e.received_at) as on_time, bool_and(q.account_id = e.account_id) as its_own,
                        cardinality(q.events) as events, count(e.fault)::int as faults
                 from event_queue q join whatsapp_webhook_events e on e.company_id = q.company_id and e.id = any(q.events)
                 group by q.id, q.due_at, q.events order by q.due_at";
    let row = |events: i32| json!({ "on_time": true, "its_own": true, "events": events, "faults": 0 });
    assert_eq!(app.rows(queue).await, [row(1), row(2), row(1)]);
}

#[tokio::test]
async fn the_same_update_twice_in_one_body_is_one() {
    let app = TestApp::start().await;
    let update = text("wamid.1", "16505551234", "Hello");
    app.take_in(messages(&[update.clone(), update.clone()])).await;
    let change = json!({ "field": "messages", "value": value(&json!({ "messages": [update] })) });
    app.take_in(envelope(&[change.clone(), change])).await;
    assert_eq!(app.count(EVENTS).await, 1);
    assert_eq!(app.count(MESSAGES).await, 1);
    assert_eq!(app.count(DELIVERIES).await, 2, "the bodies differ, and both are kept");
}

#[tokio::test]
async fn the_same_update_regrouped_with_others_is_one() {
    let app = TestApp::start().await;
    let update = |n: usize| text(&format!("wamid.{n}"), "16505551234", &format!("No. {n}"));
    app.take_in(messages(&[update(1), update(2)])).await;
    app.take_in(messages(&[update(3), update(2), update(4)])).await;
    app.take_in(messages(&[update(4), update(1)])).await;
    assert_eq!(app.count(EVENTS).await, 4);
    assert_eq!(app.count(MESSAGES).await, 4);
    assert_eq!(app.count(DELIVERIES).await, 3);
}

/// Ten updates: eight messages of three people, an echo's status and a status that waits.
fn ten() -> Vec<Value> {
    let message = |n: usize| text(&format!("wamid.{n}"), &format!("1650555000{}", n % 3), &format!("No. {n}"));
    let mut ten: Vec<Value> = (0..8).map(message).collect();
    ten.push(status_of("wamid.out", "delivered", "16505550000"));
    ten.push(status_of("wamid.out", "read", "16505550000"));
    ten
}

/// The same ten in another order and grouping for every `n`.
fn regrouped(n: usize) -> Vec<u8> {
    const STRIDES: [usize; 4] = [1, 3, 7, 9];
    let ten = ten();
    let shuffled: Vec<Value> = (0..10).map(|k| ten[(n + k * STRIDES[n % 4]) % 10].clone()).collect();
    let changes: Vec<Value> = shuffled
        .chunks(1 + n % 5)
        .map(|group| {
            let (statuses, messages): (Vec<&Value>, Vec<&Value>) = group.iter().partition(|u| u["status"].is_string());
            json!({ "field": "messages", "value": value(&json!({ "messages": messages, "statuses": statuses })) })
        })
        .collect();
    envelope(&changes)
}

#[tokio::test]
async fn sixty_four_posts_at_once_of_the_same_ten_updates_are_ten() {
    let app = TestApp::with(Options { workers: 3, ..Options::default() }).await;
    let posts = (0..64).map(|n| app.post(&app.account, regrouped(n)));
    for response in join_all(posts).await {
        assert_eq!(response.status(), 200);
    }
    let waiting = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    app.wait_until(waiting, 0, Duration::from_secs(10)).await;
    assert_eq!(app.count(EVENTS).await, 10);
    assert_eq!(
        app.count("select count(distinct dedup_key) from whatsapp_webhook_event_logs where state = 'processed'").await,
        10
    );
    assert_eq!(app.count("select count(*) from event_attempts").await, 0);
    assert_eq!(app.count(MESSAGES).await, 9, "eight came in, one went out");
    assert_eq!(app.count("select count(*) from messages where status = 'read'").await, 1);
    assert_eq!(app.count("select count(*) from message_statuses").await, 2);
    assert_eq!(app.count("select count(*) from contacts").await, 3);
    assert_eq!(app.count("select count(*) from conversations where state = 'open'").await, 3);
    assert_eq!(app.count("select sum(seen_count)::bigint from whatsapp_webhook_deliveries").await, 64);
}

#[tokio::test]
async fn statuses_of_one_message_are_not_mistaken_for_each_other() {
    let app = TestApp::start().await;
    let of = |word: &str, to: &str| status_of("wamid.1", word, to);
    let all = [of("sent", "1"), of("delivered", "1"), of("read", "1"), of("sent", "2"), of("delivered", "2")];
    app.take_in(statuses(&all)).await;
    // The same again at another second is the same.
    app.take_in(statuses(&all.map(|status| crate::updates::at(status, 1_763_900_009)))).await;
    assert_eq!(app.count("select count(*) from message_statuses").await, 5);
    assert_eq!(app.count(MESSAGES).await, 1);
}

#[tokio::test]
async fn a_failure_with_another_code_is_another_failure() {
    let app = TestApp::start().await;
    for code in [131_026, 131_047, 131_026] {
        app.take_in(statuses(&[failed("wamid.1", code)])).await;
    }
    let codes = "select (errors -> 0 ->> 'code')::bigint as code from message_statuses order by 1";
    assert_eq!(app.rows(codes).await, [json!({ "code": 131_026 }), json!({ "code": 131_047 })]);
}

/// Meta may send `unsupported` first and the real content later, under one wamid.
#[tokio::test]
async fn real_content_wins_over_unsupported_in_either_order() {
    let unsupported = json!({
        "from": "16505551234", "id": "wamid.1", "timestamp": "1763900000", "type": "unsupported",
        "errors": [{ "code": 131_051, "title": "Message type unknown" }],
    });
    let real = text("wamid.1", "16505551234", "Hello");
    for both in [[&unsupported, &real], [&real, &unsupported]] {
        for drained_between in [true, false] {
            let app = TestApp::start().await;
            for update in both {
                app.accept(messages(std::slice::from_ref(update))).await;
                if drained_between {
                    app.drain().await;
                }
            }
            app.drain().await;
            assert_eq!(app.count(EVENTS).await, 2);
            let message = "select m.type, body, e.event_subtype from messages m
                           join whatsapp_webhook_event_logs e on e.id = m.event_id";
            assert_eq!(app.rows(message).await, [json!({ "type": "text", "body": "Hello", "event_subtype": "text" })]);
        }
    }
}

/// The same wamid as a message of the company's and as an echo of it.
#[tokio::test]
async fn an_echo_and_its_repetition_by_another_field_are_one_message() {
    let app = TestApp::start().await;
    app.take_in(echoes(&[echo("wamid.1", "16505551234")])).await;
    let value = value(&json!({ "message_echoes": [echo("wamid.1", "16505551234")] }));
    app.take_in(envelope(&[json!({ "field": "smb_message_echoes", "value": value })])).await;
    assert_eq!(app.count(EVENTS).await, 1);
    assert_eq!(app.count(MESSAGES).await, 1);
}

const SHARED: &str = "/api/webhooks/whatsapp/shared-by-two";

#[tokio::test]
async fn two_companies_that_share_a_path_and_a_secret_each_count_their_own() {
    let app = TestApp::start().await;
    let new = |company, phone_number_id, waba_id| NewTestAccount {
        company,
        phone_number_id,
        waba_id,
        app_secret: SECRET,
        callback_path: Some(SHARED),
        ..NewTestAccount::default()
    };
    let first = app.add_account(new("Bakery", "777000001", "888000001")).await;
    let second = app.add_account(new("Florist", "777000002", "888000002")).await;
    let entry = |waba: &str, number: &str, words: &str| {
        let mut value = value(&json!({ "messages": [text("wamid.1", "16505551234", words)] }));
        value["metadata"]["phone_number_id"] = number.into();
        json!({ "id": waba, "changes": [{ "field": "messages", "value": value }] })
    };
    let entries = [entry("888000001", "777000001", "Bread"), entry("888000002", "777000002", "Roses")];
    let body = json!({ "object": "whatsapp_business_account", "entry": entries }).to_string();
    for _ in 0..2 {
        assert_eq!(app.post(&first, body.clone()).await.status(), 200);
    }
    app.drain().await;
    for (account, mine, theirs) in [(&first, "Bread", "Roses"), (&second, "Roses", "Bread")] {
        let company = account.owner.company.0;
        let seen = format!(
            "select d.seen_count, d.body_is_whole, convert_from(d.body, 'UTF8') like '%{mine}%' as mine,
                    convert_from(d.body, 'UTF8') like '%{theirs}%' as theirs, m.body
             from whatsapp_webhook_deliveries d
             join whatsapp_webhook_event_logs e on e.company_id = d.company_id and e.delivery_id = d.id
             join messages m on m.company_id = e.company_id and m.event_id = e.id
             where d.company_id = '{company}'"
        );
        let expected = json!({ "seen_count": 2, "body_is_whole": false, "mine": true, "theirs": false, "body": mine });
        assert_eq!(app.rows(&seen).await, [expected]);
    }
    assert_eq!(app.count("select count(*) from contacts").await, 2);
}
