//! A body, cut into its updates.

use serde_json::Value;
use server::event_log::item::{Item, Payload};
use server::ingest::envelope::{cut, cut_level_by_level};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::datetime;

use super::kind;
use crate::run::Target;

pub const TARGET: Target = Target {
    name: "envelope",
    words: &[
        b"\"object\":\"whatsapp_business_account\"",
        b"\"entry\":[",
        b"\"changes\":[",
        b"\"field\":\"messages\"",
        b"\"value\":{",
        b"\"messages\":[",
        b"\"statuses\":[",
        b"\"contacts\":[",
        b"\"history\":[",
        b"\"threads\":[",
        b"\"errors\":[",
        b"\"metadata\":{\"phone_number_id\":\"1\"}",
        b"\"id\":\"wamid.X\"",
        b"\"timestamp\":\"1762012800\"",
        b"\"type\":\"text\"",
        b"\\u0000",
        b"\\ud800",
        b"\\ud83d\\ude00",
        b"1e400",
        b"-0",
        b"null",
        b"[[[[[[[[[[[[[[[[",
        b"{\"a\":{\"a\":{\"a\":",
        b"]}",
        b"}]}]}",
        b"\"",
        b"\\",
        b",",
        &[0xff],
        &[0xed, 0xa0, 0x80],
    ],
    try_one,
};

const NOW: OffsetDateTime = datetime!(2026-11-23 17:00 UTC);

fn try_one(body: &[u8]) -> u64 {
    let sha256 = Sha256::digest(body).into();
    let items = cut(body, &sha256, NOW);
    assert!(!items.is_empty(), "a body without items is lost");
    assert_eq!(items, cut_level_by_level(body, &sha256, NOW), "the shape of the body decides over its items");
    for item in &items {
        check(item, body);
    }
    kind(items.iter().map(what).collect::<Vec<_>>())
}

/// What the writer relies on.
fn check(item: &Item, body: &[u8]) {
    assert!(item.bytes.start <= item.bytes.end && item.bytes.end <= body.len(), "{:?}", item.bytes);
    assert!(item.dedup_key.chars().count() <= 600 && !item.dedup_key.contains('\0'));
    let words = [(&item.subtype, 64), (&item.waba_id, 200), (&item.phone_number_id, 200), (&item.object_id, 400)];
    for (word, most) in words {
        let fits =
            word.as_ref().is_none_or(|word| !word.is_empty() && word.chars().count() <= most && !word.contains('\0'));
        assert!(fits, "{word:?}");
    }
    match &item.payload {
        Payload::Json(json) | Payload::Quarantined { json: Some(json), .. } => {
            let payload: Value = serde_json::from_str(json).expect("a payload that is no JSON");
            assert!(payload.get("item").is_some(), "a payload without its item");
            assert!(!holds_nul(&payload), "a payload that jsonb refuses");
        }
        Payload::Quarantined { json: None, reason } => assert!(reason.ends_with('.'), "{reason}"),
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, member)| name.contains('\0') || holds_nul(member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Kind, and how it is kept; the key as far as it says what kind of key it is.
fn what(item: &Item) -> (&'static str, String, bool, bool) {
    let kept = match &item.payload {
        Payload::Json(_) => String::new(),
        Payload::Quarantined { reason, .. } => reason.chars().filter(|letter| !letter.is_ascii_digit()).collect(),
    };
    (item.event_type.as_str(), kept, item.object_id.is_some(), item.event_ts.is_some())
}
