//! Every kind of update that Meta is known to send.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::{cut, fixture, is_quarantined, payload};
use crate::event_log::item::{EventType, Item};

fn names() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

fn line(item: &Item) -> String {
    let or_dash = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
    let state = if is_quarantined(item) { " QUARANTINED" } else { "" };
    let contact = if !is_quarantined(item) && payload(item).get("contact").is_some() { " +contact" } else { "" };
    format!(
        "{} {} waba={} number={} object={} at={}{state}{contact}\n    {}",
        item.event_type.as_str(),
        or_dash(&item.subtype),
        or_dash(&item.waba_id),
        or_dash(&item.phone_number_id),
        or_dash(&item.object_id),
        item.event_ts.map_or_else(|| "-".to_owned(), |time| time.to_string()),
        item.dedup_key,
    )
}

#[test]
fn each_fixture_gives_its_items() {
    let mut all = String::new();
    for name in names() {
        let _ = writeln!(all, "{name}");
        for item in cut(fixture(&name)) {
            let _ = writeln!(all, "  {}", line(&item));
        }
    }
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("fixtures", all);
    });
}

#[test]
fn payloads_of_the_chief_kinds() {
    let names = [
        "batch",
        "call_terminate",
        "change_template_status",
        "history_chunk",
        "history_declined",
        "history_media",
        "message_text_unicode",
        "message_text_username",
        "smb_message_echo",
        "status_failed",
        "value_errors",
    ];
    for name in names {
        let payloads: Vec<Value> = cut(fixture(name)).iter().map(payload).collect();
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!(format!("payload_{name}"), payloads);
        });
    }
}

/// The `item` of each payload is what stands at its bytes, but for the kinds that are put together.
#[test]
fn every_item_is_a_slice_of_its_body() {
    let mut compared = 0;
    for name in names() {
        let body = fixture(&name);
        let items = cut(&body);
        for item in items.iter().filter(|item| !is_quarantined(item) && item.event_type != EventType::History) {
            let slice: Value = serde_json::from_slice(&body[item.bytes.clone()]).unwrap();
            assert_eq!(payload(item)["item"], slice, "{name}");
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn fixtures_cover_every_kind() {
    let found: BTreeSet<_> =
        names().iter().flat_map(|name| cut(fixture(name))).map(|item| item.event_type.as_str()).collect();
    let all = [
        "automatic_event",
        "call",
        "change",
        "echo",
        "error",
        "group",
        "history",
        "history_message",
        "message",
        "payment_status",
        "preference",
        "standby",
        "state_sync",
        "status",
    ];
    assert_eq!(found, BTreeSet::from(all));
}

/// Two updates that differ have two keys, across all fixtures.
#[test]
fn no_two_updates_share_a_key() {
    let mut seen = std::collections::HashMap::new();
    for name in names() {
        for item in cut(fixture(&name)) {
            let other = seen.insert(item.dedup_key.clone(), name.clone());
            assert_eq!(other, None, "{name} has the key {}", item.dedup_key);
        }
    }
}
