//! What an operator's tools see.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{Options, TestApp, signature, status, text_message};
use crate::program::Program;

#[tokio::test]
async fn the_process_says_that_it_lives_and_that_it_is_ready() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.client.get(format!("{}{path}", app.url)).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn without_a_database_it_lives_but_is_not_ready() {
    let app = TestApp::start().await;
    app.database.engine.close().await;
    let get = async |path: &str| app.client.get(format!("{}{path}", app.url)).send().await.unwrap().status().as_u16();
    assert_eq!((get("/healthz").await, get("/readyz").await), (200, 503));
}

#[tokio::test]
async fn on_its_way_down_it_is_not_ready_but_still_answers() {
    let app = TestApp::start().await;
    let (client, url) = (app.client.clone(), app.url.clone());
    let stopping = tokio::spawn(app.stop());
    let get = async |path: &str| Some(client.get(format!("{url}{path}")).send().await.ok()?.status().as_u16());
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!((get("/readyz").await, get("/healthz").await), (Some(503), Some(200)));
    stopping.await.unwrap();
    assert_eq!(get("/readyz").await, None, "it is gone");
}

/// The value of one line of the metrics; 0 if there is none.
fn number(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn the_metrics_count_what_happened() {
    let program = Program::start(&[("WAYPOST_WORKERS", "1")]).await;
    let app = &program.app;
    let hello = text_message("wamid.1", "16505551234", "Hello");
    app.accept(hello.clone()).await;
    app.accept(hello).await;
    app.accept(status("wamid.out", "sent")).await;
    app.accept("no JSON").await;
    let foreign = String::from_utf8(text_message("wamid.2", "16505551234", "x")).unwrap();
    app.accept(foreign.replace(crate::app::NUMBER, "777")).await;
    let path = &app.account.callback_path;
    for _ in 0..3 {
        assert_eq!(app.unsigned(path, "x").send().await.unwrap().status(), 403);
    }
    let forged = app.unsigned(path, "x").header("X-Hub-Signature-256", signature("wrong", b"x"));
    assert_eq!(forged.send().await.unwrap().status(), 403);
    assert_eq!(
        program.get(&format!("{path}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=x")).await.status(),
        403
    );
    assert_eq!(program.get("/api/webhooks/whatsapp/nobody").await.status(), 404);
    let pending = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    app.wait_until(pending, 0, Duration::from_secs(10)).await;

    // A worker counts right after its commit.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let answer = program.get("/metrics").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    let metrics = answer.text().await.unwrap();
    let expected = [
        ("waypost_received_total", 5.0),
        ("waypost_deliveries_duplicate_total", 1.0),
        ("waypost_events_total", 4.0),
        ("waypost_events_duplicate_total", 1.0),
        ("waypost_events_quarantined_total", 1.0),
        ("waypost_events_unrouted_total", 1.0),
        ("waypost_processed_total", 2.0),
        ("waypost_rejected_total{reason=\"missing_signature\"}", 3.0),
        ("waypost_rejected_total{reason=\"bad_signature\"}", 1.0),
        ("waypost_rejected_total{reason=\"wrong_token\"}", 1.0),
        ("waypost_rejected_total{reason=\"unknown_path\"}", 1.0),
        ("waypost_backlog_events", 0.0),
        ("waypost_backlog_dead", 0.0),
        ("waypost_ack_seconds_count", 5.0),
        ("waypost_ack_seconds_bucket{le=\"+Inf\"}", 5.0),
        ("waypost_processing_seconds_count", 2.0),
    ];
    for (name, value) in expected {
        assert!((number(&metrics, name) - value).abs() < f64::EPSILON, "{name} is not {value}:\n{metrics}");
    }
    for name in [
        "waypost_backlog_events",
        "waypost_backlog_dead",
        "waypost_backlog_oldest_seconds",
        "waypost_queue_waiting",
        "waypost_queue_kilobytes",
        "waypost_body_kilobytes",
        "waypost_connection_places_free",
        "waypost_live_streams",
        "waypost_flush_seconds",
        "waypost_store_batch_items",
        "waypost_process_batch_items",
    ] {
        assert!(metrics.contains(&format!("# TYPE {name} ")), "{name} is missing:\n{metrics}");
    }
}

#[tokio::test]
async fn the_backlog_is_what_waits_in_the_database() {
    let program = Program::start(&[("WAYPOST_WORKERS", "0")]).await;
    program.app.accept(text_message("wamid.1", "16505551234", "Hello")).await;
    program.app.accept(text_message("wamid.2", "16505551234", "Hello")).await;
    program.app.accept(text_message("wamid.3", "16505551234", "Hello")).await;
    program.app.give_up("object_id = 'wamid.3'", "x").await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let metrics = program.get("/metrics").await.text().await.unwrap();
    let backlog = (number(&metrics, "waypost_backlog_events"), number(&metrics, "waypost_backlog_dead"));
    assert_eq!(backlog, (2.0, 1.0), "{metrics}");
    assert!(number(&metrics, "waypost_backlog_oldest_seconds") >= 1.0, "{metrics}");
}

#[tokio::test]
async fn the_metrics_are_for_this_machine_or_for_who_has_the_token() {
    let program = Program::start(&[("METRICS_TOKEN", "metrics-token-for-tests")]).await;
    let get = async |headers: &[(&str, &str)]| {
        let request = program.app.client.get(format!("{}/metrics", program.app.url));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().status().as_u16()
    };
    let proxied = ("X-Forwarded-For", "127.0.0.1");
    assert_eq!(get(&[]).await, 200);
    assert_eq!(get(&[proxied]).await, 404);
    assert_eq!(get(&[("Forwarded", "for=127.0.0.1")]).await, 404);
    assert_eq!(get(&[proxied, ("Authorization", "Bearer metrics-token-for-tests")]).await, 200);
    for wrong in ["Bearer ", "Bearer wrong", "metrics-token-for-tests", "Basic metrics-token-for-tests"] {
        assert_eq!(get(&[proxied, ("Authorization", wrong)]).await, 404, "{wrong}");
    }
}

#[tokio::test]
async fn without_a_token_set_no_token_opens_the_metrics() {
    let app = TestApp::start().await;
    for token in ["", "Bearer ", "Bearer x"] {
        let request = app.client.get(format!("{}/metrics", app.url)).header("X-Forwarded-For", "203.0.113.7");
        assert_eq!(request.header("Authorization", token).send().await.unwrap().status(), 404, "{token:?}");
    }
}

#[tokio::test]
async fn every_answer_of_the_door_and_the_console_has_an_id_of_its_own() {
    let app = TestApp::start().await;
    let body = text_message("wamid.1", "16505551234", "Hello");
    let answers = [
        app.post(&app.account, body.clone()).await,
        app.post(&app.account, body).await,
        app.unsigned(&app.account.callback_path, "x").header("X-Request-Id", "mine").send().await.unwrap(),
        app.client.get(format!("{}/sign-in", app.url)).send().await.unwrap(),
        app.client.post(format!("{}/api/viewer", app.url)).send().await.unwrap(),
    ];
    let mut ids: Vec<_> = answers.iter().map(|answer| answer.headers()["x-request-id"].to_str().unwrap()).collect();
    assert!(ids.iter().all(|id| id.len() == 32), "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), answers.len());
}

#[tokio::test]
async fn what_one_instance_stored_another_processes() {
    let first = TestApp::start().await;
    first.accept(text_message("wamid.1", "16505551234", "Hello")).await;
    let (place, keys) = (first.place.clone(), Arc::clone(&first.keys));
    first.stop().await;
    let second = TestApp::on(place, keys, Options { workers: 1, ..Options::default() }).await;
    second.wait_until("select count(*) from messages where body = 'Hello'", 1, Duration::from_secs(10)).await;
    let by = second.texts("select processed_by from whatsapp_webhook_event_logs where state = 'processed'");
    assert_eq!(by.await.len(), 1);
}
