//! What holds for every event, whatever is in it.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::testing::{outcome, translated};
use super::*;
use crate::event_log::item::{Item, Payload};
use crate::ingest::envelope;

/// Every word of `event_type`, and one of a day to come.
const EVENT_TYPES: [&str; 16] = [
    "message",
    "status",
    "payment_status",
    "echo",
    "standby",
    "history",
    "history_message",
    "state_sync",
    "call",
    "preference",
    "automatic_event",
    "group",
    "error",
    "change",
    "raw",
    "telepathy",
];

/// Keys that mean something somewhere, so that random JSON gets far.
const KEYS: [&str; 62] = [
    "id",
    "from",
    "to",
    "from_user_id",
    "to_user_id",
    "timestamp",
    "type",
    "context",
    "group_id",
    "errors",
    "title",
    "message",
    "text",
    "body",
    "image",
    "caption",
    "document",
    "filename",
    "location",
    "name",
    "address",
    "contacts",
    "formatted_name",
    "vcard",
    "phones",
    "phone",
    "button",
    "payload",
    "interactive",
    "button_reply",
    "nfm_reply",
    "response_json",
    "reaction",
    "message_id",
    "emoji",
    "order",
    "system",
    "wa_id",
    "user_id",
    "edit",
    "revoke",
    "original_message_id",
    "status",
    "recipient_id",
    "recipient_type",
    "recipient_participant_id",
    "profile",
    "username",
    "history_context",
    "action",
    "contact",
    "full_name",
    "phone_number",
    "category",
    "value",
    "event",
    "direction",
    "user_id_update",
    "previous",
    "current",
    "display_phone_number",
    "decision",
];

/// Words that are values somewhere.
const WORDS: [&str; 24] = [
    "text",
    "image",
    "document",
    "location",
    "contacts",
    "button",
    "interactive",
    "reaction",
    "order",
    "system",
    "edit",
    "revoke",
    "unsupported",
    "awaited",
    "user_changed_number",
    "user_changed_user_id",
    "group",
    "stop",
    "remove",
    "BUSINESS_INITIATED",
    "US.1",
    "16505551234",
    "1739321024",
    "User A changed from US.1 to US.2",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => prop::sample::select(WORDS.to_vec()).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => "[A-Z ]{0,3}[.+]?[0-9]{0,400}".prop_map(Value::from),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(5, 64, 8, |inner| {
        let key = prop_oneof![9 => prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => prop::collection::vec((key, inner), 0..10)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A payload whose item has an id and a type often enough to be applied.
fn any_payload() -> impl Strategy<Value = Value> {
    let item = (any_json(), any_json(), prop::sample::select(WORDS.to_vec()), any::<bool>()).prop_map(
        |(mut item, part, kind, whole)| {
            if whole && item.is_object() {
                item["id"] = json!("wamid.1");
                item["from"] = json!("16505551234");
                item["type"] = json!(kind);
                item[kind] = part;
            }
            item
        },
    );
    let whole = (item, any_json(), any_json(), any_json(), any_json()).prop_map(
        |(item, contact, thread, metadata, field)| {
            json!({"item": item, "contact": contact, "thread": thread, "metadata": metadata, "field": field})
        },
    );
    prop_oneof![9 => whole, 1 => any_json()]
}

/// What the tables ask of a row.
fn assert_can_be_kept(effects: &Effects) {
    let people = [
        effects.person.as_ref(),
        effects.identity_changes.first().map(|change| &change.old),
        effects.identity_changes.first().map(|change| &change.new),
    ];
    for person in people.into_iter().flatten() {
        let ids: Vec<&String> = [&person.bsuid, &person.wa_id].into_iter().flatten().collect();
        assert!(!ids.is_empty(), "nobody");
        assert!(ids.iter().all(|id| (1..=200).contains(&id.chars().count())), "{ids:?}");
    }
    if let Some(message) = &effects.message {
        assert!((1..=400).contains(&message.wamid.chars().count()));
        assert!(!message.message_type.is_empty() && message.message_type != "awaited");
        assert!(message.outbound || message.status.is_none());
        assert!(message.about.as_deref() != Some(""));
        assert!(effects.person.is_some() || message.thread != super::super::effect::Thread::Person);
        assert!(message.content.as_ref().is_none_or(Value::is_object));
    }
    if let Some(status) = &effects.status {
        assert!((1..=64).contains(&status.status.chars().count()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_json_makes_it_panic_and_what_it_gives_can_be_kept(payload in any_payload()) {
        for event_type in EVENT_TYPES {
            if let Ok(effects) = outcome(event_type, &payload) {
                assert_can_be_kept(&effects);
            }
        }
    }
}

#[test]
fn what_changes_nothing_is_simply_kept() {
    let payload = json!({"item": {"id": "wamid.1", "from": "16505551234", "type": "text"}});
    for event_type in ["history", "automatic_event", "group", "error", "raw", "telepathy"] {
        assert_eq!(translated(event_type, payload.clone()), Effects::default(), "{event_type}");
    }
    for field in ["messaging_handovers", "account_alerts", "message_template_status_update", "field_of_tomorrow"] {
        assert_eq!(translated("change", json!({"field": field, "item": {"a": 1}})), Effects::default(), "{field}");
    }
}

#[test]
fn every_event_type_has_its_turn_in_these_tests() {
    assert!(EVENT_TYPES[..15].iter().all(|word| EventType::parse(word).is_some()));
    assert_eq!(EventType::parse(EVENT_TYPES[15]), None);
}

/// Every update in a file of `tests/fixtures`, as the door cuts it.
fn updates_in(path: &std::path::Path) -> Vec<Item> {
    let body = std::fs::read(path).expect("a file");
    envelope::cut(&body, &[7; 32], datetime!(2026-11-23 12:00 UTC))
}

#[test]
fn everything_that_meta_sends_can_be_applied() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let mut applied = 0;
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        for item in updates_in(&path) {
            let Payload::Json(json) = &item.payload else { continue };
            let payload: Value = serde_json::from_str(json).expect("JSON");
            let outcome = outcome(item.event_type.as_str(), &payload);
            assert_can_be_kept(&outcome.unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display())));
            applied += 1;
        }
    }
    assert!(applied > 50, "{applied}");
}
