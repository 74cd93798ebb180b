//! What the envelope promises, on bodies as Meta sends them and on bodies that nobody should send.

mod fixtures;
mod names;
mod nasty;
mod properties;
mod shapes;
mod size;

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::event_log::item::{EventType, Item, Payload};

const NOW: OffsetDateTime = datetime!(2026-11-23 17:00 UTC);

fn cut(body: impl AsRef<[u8]>) -> Vec<Item> {
    let body = body.as_ref();
    super::cut(body, &Sha256::digest(body).into(), NOW)
}

/// Cuts it as if it were of no usual shape.
fn cut_level_by_level(body: &[u8]) -> Vec<Item> {
    super::cut_level_by_level(body, &Sha256::digest(body).into(), NOW)
}

/// Cuts a body that holds one item.
fn cut_one(body: impl AsRef<[u8]>) -> Item {
    let mut items = cut(body);
    assert_eq!(items.len(), 1, "{items:#?}");
    items.remove(0)
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name).with_extension("json")).unwrap()
}

/// An envelope of one entry with these changes.
fn of_changes(changes: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1022","time":1762012800,"changes":{changes}}}]}}"#
    )
}

/// An envelope of one change of field `messages` whose value has these members beside the metadata.
fn of_value(members: &str) -> String {
    of_field("messages", members)
}

fn of_field(field: &str, members: &str) -> String {
    let metadata = r#""metadata":{"phone_number_id":"1065"}"#;
    of_changes(&format!(r#"[{{"field":"{field}","value":{{{metadata},{members}}}}}]"#))
}

/// A text message with this id and these further members.
fn message(id: &str, more: &str) -> String {
    format!(r#"{{"from":"16505551234","id":"{id}","timestamp":"1762012800","type":"text"{more}}}"#)
}

fn of_messages(messages: &[String]) -> String {
    of_value(&format!(r#""messages":[{}]"#, messages.join(",")))
}

fn keys(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| &*item.dedup_key).collect()
}

fn kinds(items: &[Item]) -> Vec<EventType> {
    items.iter().map(|item| item.event_type).collect()
}

/// The payload of an item that can be processed.
fn payload(item: &Item) -> Value {
    let Payload::Json(json) = &item.payload else { panic!("quarantined: {item:#?}") };
    serde_json::from_str(json).unwrap()
}

/// Why an item is quarantined, and the payload that is kept all the same.
fn quarantined(item: &Item) -> (&str, Option<Value>) {
    let Payload::Quarantined { reason, json } = &item.payload else { panic!("not quarantined: {item:#?}") };
    (reason, json.as_ref().map(|json| serde_json::from_str(json).unwrap()))
}

fn is_quarantined(item: &Item) -> bool {
    matches!(item.payload, Payload::Quarantined { .. })
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[test]
fn a_payload_is_the_update_and_its_surroundings() {
    let item = cut_one(of_value(
        r#""contacts":[{"wa_id":"16505551234","profile":{"name":"Sheena"}}],"messages":[{"from":"16505551234","id":"wamid.A"}],"other":1"#,
    ));
    let expected = json!({
        "field": "messages",
        "entry": {"id": "1022", "time": 1_762_012_800},
        "metadata": {"phone_number_id": "1065"},
        "contact": {"wa_id": "16505551234", "profile": {"name": "Sheena"}},
        "item": {"from": "16505551234", "id": "wamid.A"},
    });
    assert_eq!(payload(&item), expected);
}

/// Raw slices: spaces, escapes, the order of keys and the writing of numbers stay.
#[test]
fn a_payload_is_not_written_anew() {
    let update = r#"{ "z":1.50, "id":"wamid.A" , "a":1E2,"text":{"body":"\u00e4\/"} }"#;
    let item = cut_one(of_value(&format!(r#""messages":[ {update} ]"#)));
    let Payload::Json(json) = item.payload else { panic!() };
    assert!(json.ends_with(&format!(r#","item":{update}}}"#)), "{json}");
}

#[test]
fn bytes_are_where_the_update_stands() {
    let body = of_messages(&[message("wamid.A", ""), message("wamid.B", r#","text":{"body":"ä"}"#)]);
    for (item, id) in cut(&body).iter().zip(["wamid.A", "wamid.B"]) {
        let update: Value = serde_json::from_str(&body[item.bytes.clone()]).unwrap();
        assert_eq!(update["id"], id);
    }
}
