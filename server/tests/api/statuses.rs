//! The status of a message only moves up, whatever the order in which its statuses and the message itself arrive.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::app::{TestApp, envelope, status, value};
use crate::updates::{echo, echoes, failed, insist, status_of, statuses};

/// From the lowest to the highest.
const LADDER: [&str; 5] = ["sent", "failed", "delivered", "read", "played"];

/// One wamid, and what comes of it in which order; `message` stands for the message itself.
#[derive(Clone, Debug)]
struct Story {
    wamid: String,
    steps: Vec<&'static str>,
}

impl Story {
    fn highest(&self) -> &'static str {
        LADDER.into_iter().rev().find(|word| self.steps.contains(word)).unwrap()
    }

    fn words(&self) -> BTreeSet<&'static str> {
        self.steps.iter().copied().filter(|step| *step != "message").collect()
    }

    fn has_message(&self) -> bool {
        self.steps.contains(&"message")
    }
}

/// All sequences of up to `length` of these words.
fn sequences(words: &[&'static str], length: usize) -> Vec<Vec<&'static str>> {
    let mut all = vec![Vec::new()];
    let mut longest = all.clone();
    for _ in 0..length {
        longest = longest
            .iter()
            .flat_map(|known: &Vec<_>| words.iter().map(move |word| [known.as_slice(), &[*word]].concat()))
            .collect();
        all.extend(longest.iter().cloned());
    }
    all.retain(|sequence| !sequence.is_empty());
    all
}

/// Everything up to length four of the usual four, and up to length three with `played`, each also with the message
/// at every position.
fn stories() -> Vec<Story> {
    let mut all: BTreeSet<Vec<&'static str>> =
        sequences(&["sent", "delivered", "read", "failed"], 4).into_iter().collect();
    all.extend(sequences(&LADDER, 3));
    let with_message: Vec<Vec<&'static str>> = all
        .iter()
        .flat_map(|sequence| {
            (0..=sequence.len()).map(|place| {
                let mut steps = sequence.clone();
                steps.insert(place, "message");
                steps
            })
        })
        .collect();
    all.extend(with_message);
    let numbered = all.into_iter().enumerate();
    numbered.map(|(number, steps)| Story { wamid: format!("wamid.{number}"), steps }).collect()
}

/// Posts the step of that number of each story, in few bodies.
async fn post_step(app: &TestApp, stories: &[Story], number: usize) {
    let (mut reports, mut sent) = (Vec::new(), Vec::new());
    for story in stories {
        match story.steps.get(number) {
            Some(&"message") => sent.push(echo(&story.wamid, "16505551234")),
            Some(&"failed") => reports.push(failed(&story.wamid, 131_026)),
            Some(word) => reports.push(status_of(&story.wamid, word, "16505551234")),
            None => {}
        }
    }
    for part in reports.chunks(500) {
        insist(app, statuses(part)).await;
    }
    for part in sent.chunks(500) {
        insist(app, echoes(part)).await;
    }
}

async fn check(app: &TestApp, stories: &[Story]) {
    let found: BTreeMap<String, Value> = app
        .rows("select wamid, status, source, type from messages")
        .await
        .into_iter()
        .map(|row| (row["wamid"].as_str().unwrap().to_owned(), row))
        .collect();
    assert_eq!(found.len(), stories.len());
    for story in stories {
        let (source, kind) = if story.has_message() { ("echo", "text") } else { ("status", "awaited") };
        let expected = json!({ "wamid": story.wamid, "status": story.highest(), "source": source, "type": kind });
        assert_eq!(found[&story.wamid], expected, "{:?}", story.steps);
    }
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in app.rows("select wamid, status from message_statuses").await {
        let [wamid, status] = ["wamid", "status"].map(|key| row[key].as_str().unwrap().to_owned());
        kept.entry(wamid).or_default().push(status);
    }
    for story in stories {
        let mut words = kept[&story.wamid].clone();
        words.sort_unstable();
        assert_eq!(words, story.words().into_iter().collect::<Vec<_>>(), "{:?}", story.steps);
    }
}

#[tokio::test]
async fn the_highest_status_stands_when_each_step_is_processed_before_the_next() {
    let app = TestApp::start().await;
    let stories = stories();
    assert!(stories.len() > 1900, "{}", stories.len());
    for number in 0..5 {
        post_step(&app, &stories, number).await;
        app.drain().await;
    }
    check(&app, &stories).await;
    assert_eq!(app.count("select count(*) from conversations").await, 1);
}

#[tokio::test]
async fn the_highest_status_stands_when_all_is_processed_at_once() {
    let app = TestApp::start().await;
    let stories = stories();
    for number in 0..5 {
        post_step(&app, &stories, number).await;
    }
    app.drain().await;
    check(&app, &stories).await;
}

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
