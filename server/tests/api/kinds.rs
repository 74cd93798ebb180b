//! Every kind of update that Meta is known to send, from the wire to the last table: one fixture, one snapshot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::app::{TestApp, fixture};

/// What is looked at after each fixture, without ids of our own.
const LOOKS: [(&str, &str); 6] = [
    (
        "events",
        "select event_type, event_subtype, object_id, state, unrouted_reason, last_error, attempts,
                case when event_ts = received_at then 'receipt'
                     else to_char(event_ts at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') end as event_ts
         from whatsapp_webhook_event_logs order by position",
    ),
    (
        "contacts",
        "select bsuid, wa_id, phone, profile_name, username, address_book_name, marketing_preference,
                merged_into is not null as merged,
                (select coalesce(array_agg(kind || ' ' || value order by kind, value), '{}')
                 from contact_identities i where i.company_id = c.company_id and i.contact_id = c.id) as identities
         from contacts c order by bsuid nulls last, wa_id, profile_name, merged_into nulls first",
    ),
    (
        "conversations",
        "select coalesce(p.bsuid, p.wa_id) as contact, c.group_id, c.state,
                to_char(c.opened_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as opened_at,
                to_char(c.last_message_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as last_message_at
         from conversations c left join contacts p on p.company_id = c.company_id and p.id = c.contact_id
         order by 1, 2",
    ),
    (
        "messages",
        "select m.wamid, m.direction, m.source, m.type, m.body, m.content, m.reply_to_wamid, m.about_wamid, m.status,
                coalesce(p.bsuid, p.wa_id) as contact, c.group_id,
                to_char(m.sent_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as sent_at,
                to_char(m.status_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as status_at
         from messages m left join contacts p on p.company_id = m.company_id and p.id = m.contact_id
         left join conversations c on c.company_id = m.company_id and c.id = m.conversation_id
         order by m.sent_at, m.wamid",
    ),
    (
        "statuses",
        "select wamid, status, recipient, errors,
                to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as occurred_at
         from message_statuses order by wamid, occurred_at, status, recipient",
    ),
    (
        "account",
        "select verified_name, quality_event, messaging_limit, review_status from whatsapp_accounts
         where meta_changed_at is not null",
    ),
];

/// What a fixture leaves behind; the account and its configuration stay.
const FORGET: [&str; 12] = [
    "delete from message_statuses",
    "delete from messages",
    "delete from conversations",
    "delete from contact_identities",
    "delete from contacts",
    "delete from event_attempts",
    "delete from event_queue",
    "delete from event_outcomes",
    "delete from whatsapp_webhook_events",
    "delete from whatsapp_webhook_deliveries",
    "delete from audit_log",
    "update whatsapp_accounts set verified_name = null, quality_event = null, messaging_limit = null,
                                  review_status = null, meta_changed_at = null",
];

fn names_in(folder: &Path, ending: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    files.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned())).collect()
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn fixtures() -> BTreeSet<String> {
    names_in(&tests().join("fixtures"), ".json")
}

async fn look(app: &TestApp) -> Value {
    let mut seen = Map::new();
    for (name, sql) in LOOKS {
        let rows = app.rows(sql).await;
        if !rows.is_empty() {
            seen.insert(name.to_owned(), rows.into_iter().map(without_nulls).collect());
        }
    }
    Value::Object(seen)
}

/// Columns without a value only make the snapshots longer.
fn without_nulls(row: Value) -> Value {
    let Value::Object(row) = row else { return row };
    row.into_iter().filter(|(_, column)| !column.is_null()).collect()
}

async fn forget(app: &TestApp) {
    for sql in FORGET {
        sqlx::query(sql).execute(&app.pool).await.unwrap();
    }
}

#[tokio::test]
async fn each_kind_comes_out_right() {
    let app = TestApp::start().await;
    for name in fixtures() {
        app.take_in(fixture(&name)).await;
        let seen = look(&app).await;
        insta::with_settings!({
            snapshot_path => "snapshots/kinds", prepend_module_to_snapshot => false, omit_expression => true,
            sort_maps => true,
        }, {
            insta::assert_json_snapshot!(name, seen);
        });
        forget(&app).await;
    }
}

#[test]
fn each_fixture_has_its_snapshot_and_each_snapshot_its_fixture() {
    assert!(fixtures().len() > 90);
    assert_eq!(names_in(&tests().join("api/snapshots/kinds"), ".snap"), fixtures());
}

/// Nothing waits, nothing is given up, and only what is broken on purpose is quarantined.
#[tokio::test]
async fn nothing_is_left_over_when_all_kinds_have_come() {
    let app = TestApp::start().await;
    for name in fixtures() {
        app.accept(fixture(&name)).await;
    }
    app.drain().await;
    let left = "select count(*) from whatsapp_webhook_event_logs where state in ('pending', 'dead')";
    assert_eq!(app.count(left).await, 0);
    let quarantined = app
        .rows(
            "select distinct position from whatsapp_webhook_event_logs
             where state = 'quarantined' and dedup_key not in (
                select e.dedup_key from whatsapp_webhook_event_logs e join whatsapp_webhook_deliveries d
                on d.id = e.delivery_id where convert_from(d.body, 'UTF8') like '%this is not how a value looks%')",
        )
        .await;
    assert!(quarantined.is_empty(), "{quarantined:?}");
    assert_eq!(app.count("select count(*) from event_attempts").await, 0);
}

/// Meta promises no order: the same messages and people are there whichever way round the bodies came.
#[tokio::test]
async fn the_order_of_arrival_does_not_matter() {
    // An awaited message has no time of sending yet.
    const MESSAGES: &str = "select wamid, direction, source, type, body, content, status, status_at,
                                   case when source <> 'status' then sent_at end as sent_at
                            from messages order by wamid";
    const PEOPLE: &str = "select (select array_agg(value order by value) from contact_identities i
                                  where i.contact_id = c.id) as ids,
                                 marketing_preference, username
                          from contacts c where merged_into is null order by 1";
    let app = TestApp::start().await;
    let mut outcomes = Vec::new();
    let forwards: Vec<String> = fixtures().into_iter().collect();
    let backwards: Vec<String> = fixtures().into_iter().rev().collect();
    for names in [forwards, backwards] {
        for name in names {
            app.take_in(fixture(&name)).await;
        }
        outcomes.push((app.rows(MESSAGES).await, app.rows(PEOPLE).await));
        forget(&app).await;
    }
    assert!(outcomes[0].0.len() > 50);
    assert_eq!(outcomes[0], outcomes[1]);
}

/// Meta says when each change was; what came last does not hide what another field said before.
#[tokio::test]
async fn a_late_change_of_the_account_is_not_lost() {
    let names = ["change_account_review", "change_phone_number_name", "change_phone_number_quality"];
    let expected = serde_json::json!({
        "verified_name": "Lucky Shrub", "quality_event": "UPGRADE", "messaging_limit": "TIER_10K",
        "review_status": "APPROVED",
    });
    let app = TestApp::start().await;
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        for which in order {
            app.take_in(fixture(names[which])).await;
        }
        let known = "select verified_name, quality_event, messaging_limit, review_status from whatsapp_accounts";
        assert_eq!(app.rows(known).await, std::slice::from_ref(&expected), "{order:?}");
        forget(&app).await;
    }
}
