//! The same updates from 64 connections at once, ten times each, shuffled and regrouped every time: each is one row, one
//! message, and each person has one open conversation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Soak;
use crate::app::{Options, TestApp, envelope, signature, value};
use crate::updates::{echo, status_of, text};

const CONNECTIONS: usize = 64;
const TIMES: usize = 10;
const PEOPLE: usize = 3;
/// Each writes so often, and is written to once; that message gets two statuses.
const MESSAGES: usize = 3;
/// What one round leads to.
const UPDATES: usize = PEOPLE * (MESSAGES + 3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crowd_sends_at_once_is_there_once() {
    let soak = Soak::begin("crowd", 1, 30);
    let mut chance = soak.chance();
    let app = TestApp::with(Options { workers: 3, ..Options::default() }).await;
    let mut posts = 0;
    for round in 1..=soak.cycles() {
        posts += send_round(&app, round, TIMES, &mut chance).await;
        settle(&app).await;
        assert_eq!(found(&app).await, promised(round), "after round {round}");
    }
    eprintln!("{posts} posts of {} updates", UPDATES * soak.cycles());
}

/// What is in the database, by what it is called.
type Found = BTreeMap<&'static str, i64>;

fn promised(rounds: usize) -> Found {
    let times = |each: usize| i64::try_from(each * rounds).unwrap();
    BTreeMap::from([
        ("rows of the event log", times(UPDATES)),
        ("rows processed at the first try", times(UPDATES)),
        ("events in the audit log", times(UPDATES)),
        ("messages", times(PEOPLE * (MESSAGES + 1))),
        ("messages read", times(PEOPLE)),
        ("statuses", times(PEOPLE * 2)),
        ("contacts", times(PEOPLE)),
        ("open conversations", times(PEOPLE)),
        ("contacts with an open conversation", times(PEOPLE)),
    ])
}

async fn found(app: &TestApp) -> Found {
    let mut found = BTreeMap::new();
    for (what, sql) in [
        ("rows of the event log", "select count(*) from whatsapp_webhook_event_logs"),
        (
            "rows processed at the first try",
            "select count(*) from whatsapp_webhook_event_logs where processed and attempts = 1",
        ),
        (
            "events in the audit log",
            "select coalesce(sum((details->>'count')::bigint), 0)::bigint from audit_log where actor_kind = 'system'",
        ),
        ("messages", "select count(*) from messages"),
        ("messages read", "select count(*) from messages where status = 'read'"),
        ("statuses", "select count(*) from message_statuses"),
        ("contacts", "select count(*) from contacts"),
        ("open conversations", "select count(*) from conversations where state = 'open'"),
        (
            "contacts with an open conversation",
            "select count(distinct contact_id) from conversations where state = 'open'",
        ),
    ] {
        found.insert(what, app.count(sql).await);
    }
    found
}

/// Until nothing waits for a worker.
async fn settle(app: &TestApp) {
    let waiting = "select count(*) from whatsapp_webhook_event_logs where state = 'pending'";
    app.wait_until(waiting, 0, Duration::from_secs(30)).await;
}

/// The updates of a round, which no other round has.
fn updates(round: usize) -> Vec<Value> {
    let mut updates = Vec::new();
    for person in 0..PEOPLE {
        let number = format!("1650{round:04}{person:03}");
        for message in 0..MESSAGES {
            updates.push(text(&format!("wamid.in.{round}.{person}.{message}"), &number, "Hello"));
        }
        let out = format!("wamid.out.{round}.{person}");
        updates.extend([echo(&out, &number), status_of(&out, "delivered", &number), status_of(&out, "read", &number)]);
    }
    updates
}

/// Everybody sends everything so many times. How many posts that were.
async fn send_round(app: &TestApp, round: usize, times: usize, chance: &mut StdRng) -> usize {
    let updates = Arc::new(updates(round));
    let url: Arc<str> = format!("{}{}", app.url, app.account.callback_path).into();
    let mut crowd = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let secret = app.account.app_secret.clone();
        let chance = StdRng::seed_from_u64(chance.random());
        crowd.spawn(send_all(Arc::clone(&url), secret, Arc::clone(&updates), times, chance));
    }
    crowd.join_all().await.into_iter().sum()
}

async fn send_all(url: Arc<str>, secret: String, updates: Arc<Vec<Value>>, times: usize, mut chance: StdRng) -> usize {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut posts = 0;
    for _ in 0..times {
        let mut shuffled: Vec<&Value> = updates.iter().collect();
        shuffled.shuffle(&mut chance);
        let mut rest = &shuffled[..];
        while !rest.is_empty() {
            let (group, later) = rest.split_at(chance.random_range(1..=rest.len()));
            rest = later;
            insist(&client, &url, &secret, body(group)).await;
            posts += 1;
        }
    }
    posts
}

/// One body, with a change for each kind of update.
fn body(group: &[&Value]) -> Vec<u8> {
    let change = |field: &str, member: &str, of: &dyn Fn(&Value) -> bool| {
        let updates: Vec<&Value> = group.iter().copied().filter(|update| of(update)).collect();
        (!updates.is_empty()).then(|| json!({ "field": field, "value": value(&json!({ member: updates })) }))
    };
    let is_status = |update: &Value| update["status"].is_string();
    let is_echo = |update: &Value| update["to"].is_string();
    let changes = [
        change("messages", "statuses", &is_status),
        change("message_echoes", "message_echoes", &is_echo),
        change("messages", "messages", &|update| !is_status(update) && !is_echo(update)),
    ];
    envelope(&changes.into_iter().flatten().collect::<Vec<_>>())
}

/// Until it is accepted: a busy machine may be asked again.
async fn insist(client: &Client, url: &str, secret: &str, body: Vec<u8>) {
    for _ in 0..20 {
        let post = client.post(url).header("X-Hub-Signature-256", signature(secret, &body)).body(body.clone());
        let status = post.send().await.unwrap().status();
        if status == StatusCode::OK {
            return;
        }
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }
    panic!("503 twenty times");
}

/// The negative control: a database that first looks whether a row is there and then inserts it, instead of leaving
/// both to one unique index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_before_the_insert_is_found_out() {
    let soak = Soak::begin("crowd before a look and an insert", 1, 1);
    let app = TestApp::with(Options { workers: 3, ..Options::default() }).await;
    app.execute(
        "create function look_and_insert() returns trigger language plpgsql as $$
         begin
             if exists (select from whatsapp_webhook_events known
                        where known.company_id = new.company_id
                          and starts_with(known.dedup_key, new.dedup_key || '#')) then
                 return null;
             end if;
             perform pg_sleep(0.02);
             new.dedup_key := new.dedup_key || '#' || new.id;
             return new;
         end $$",
    )
    .await;
    app.execute(
        "create trigger look_and_insert before insert on whatsapp_webhook_events
         for each row execute function look_and_insert()",
    )
    .await;
    send_round(&app, 1, 1, &mut soak.chance()).await;
    settle(&app).await;
    let (found, promised) = (found(&app).await, promised(1));
    assert!(found["rows of the event log"] > promised["rows of the event log"], "nothing was doubled: {found:?}");
    eprintln!("{} rows instead of {}", found["rows of the event log"], promised["rows of the event log"]);
}
