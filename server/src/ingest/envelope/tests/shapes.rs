//! Levels whose shape is wrong: each is one row, and its neighbours are read.

use serde_json::json;

use super::{cut, cut_one, fixture, hash, is_quarantined, kinds, message, of_changes, of_value, payload, quarantined};
use crate::event_log::item::EventType::{Change, Error, History, HistoryMessage, Message, Raw, Status};
use crate::event_log::item::Item;

const GOOD: &str = r#"{"field":"messages","value":{"messages":[{"id":"wamid.A","type":"text"}]}}"#;

/// The one quarantined item, which must be a change, and how many good ones there are.
fn the_odd_one(body: &str) -> (Item, usize) {
    let (mut odd, good): (Vec<_>, Vec<_>) = cut(body).into_iter().partition(is_quarantined);
    assert_eq!(odd.len(), 1, "{body}");
    assert_eq!(odd[0].event_type, Change, "{body}");
    (odd.remove(0), good.len())
}

#[test]
fn entries_of_any_shape() {
    let good = format!(r#"{{"id":"1022","changes":[{GOOD}]}}"#);
    for odd in ["7", "null", "\"entry\"", "{}", "true"] {
        let body = format!(r#"{{"object":"whatsapp_business_account","entry":{odd},"entry":[{good}]}}"#);
        let (item, good) = the_odd_one(&body);
        assert_eq!(good, 1);
        assert_eq!(item.dedup_key, format!("ev:-:-:-:{}", hash(odd)));
        assert_eq!(&body[item.bytes], odd);
    }
    for odd in ["7", "null", "[]", "\"entry\""] {
        let body = format!(r#"{{"object":"whatsapp_business_account","entry":[{good},{odd},{good}]}}"#);
        assert_eq!(the_odd_one(&body).1, 2);
    }
}

#[test]
fn changes_of_any_shape() {
    for odd in ["7", "null", "{}", "\"changes\""] {
        let (item, _) = the_odd_one(&of_changes(odd));
        assert_eq!(item.dedup_key, format!("ev:1022:-:1762012800:{}", hash(odd)));
        assert_eq!(item.waba_id.as_deref(), Some("1022"));
        assert_eq!(quarantined(&item).1.unwrap()["entry"]["id"], "1022");
    }
    for odd in ["7", "null", "[]", "\"change\""] {
        assert_eq!(the_odd_one(&of_changes(&format!("[{GOOD},{odd},{GOOD}]"))).1, 2);
    }
}

#[test]
fn an_entry_without_changes_is_kept() {
    for entry in [r#"{"id":"1022"}"#, r#"{"id":"1022","changes":[]}"#] {
        let (item, _) = the_odd_one(&format!(r#"{{"object":"whatsapp_business_account","entry":[{entry}]}}"#));
        let (reason, json) = quarantined(&item);
        assert_eq!(reason, "The entry holds no changes.");
        assert_eq!(json.unwrap()["item"]["id"], "1022");
    }
}

#[test]
fn values_of_any_shape() {
    for odd in ["7", "null", "[]", "\"value\"", "1e400", "\"\\u0000\""] {
        let change = format!(r#"{{"field":"messages","value":{odd}}}"#);
        let (item, good) = the_odd_one(&of_changes(&format!("[{GOOD},{change},{GOOD}]")));
        assert_eq!(good, 2);
        assert_eq!(item.subtype.as_deref(), Some("messages"));
        assert_eq!(item.dedup_key, format!("ev:1022:messages:1762012800:{}", hash(odd)));
    }
    let (item, good) = the_odd_one(&of_changes(&format!(r#"[{GOOD},{{"field":"messages"}}]"#)));
    assert_eq!((quarantined(&item).0, good), ("The change has no value.", 1));
}

#[test]
fn lists_of_any_shape() {
    for key in ["messages", "statuses", "message_echoes", "history", "calls", "groups", "errors", "state_sync"] {
        for odd in ["7", "{}", "\"list\"", "false"] {
            let other = if key == "statuses" { "messages" } else { "statuses" };
            let body = of_value(&format!(r#""{key}":{odd},"{other}":[{{"id":"wamid.A","status":"read"}}]"#));
            let (item, good) = the_odd_one(&body);
            assert_eq!(good, 1, "{key} {odd}");
            assert_eq!(&body[item.bytes], odd);
        }
    }
}

#[test]
fn nulls_are_as_good_as_absent() {
    let items =
        cut(of_value(r#""messages":null,"errors":null,"contacts":null,"statuses":[{"id":"wamid.A","status":"read"}]"#));
    assert_eq!(kinds(&items), [Status]);
    let item = cut_one(of_value(r#""messages":null"#));
    assert_eq!(item.event_type, Change);
    assert!(!is_quarantined(&item));
}

#[test]
fn a_value_of_empty_lists_is_kept_as_a_change() {
    let item = cut_one(of_value(r#""messages":[],"statuses":[],"errors":[],"history":[]"#));
    assert_eq!((item.event_type, item.subtype.as_deref()), (Change, Some("messages")));
    assert_eq!(payload(&item)["item"]["messages"], json!([]));
}

#[test]
fn repeated_keys_of_the_envelope_are_all_read() {
    let one = |id| format!(r#"{{"messages":[{}],"messages":[{}]}}"#, message(id, ""), message(&format!("{id}2"), ""));
    let change = |id| format!(r#"{{"field":"messages","value":{},"value":{}}}"#, one(id), one("wamid.C"));
    let entry = |id| format!(r#"[{{"id":"1022","changes":[{}],"changes":[{}]}}]"#, change(id), change("wamid.D"));
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":{},"entry":{}}}"#,
        entry("wamid.A"),
        entry("wamid.B")
    );
    let items = cut(&body);
    assert_eq!(items.len(), 16);
    assert!(items.iter().all(|item| item.event_type == Message && !is_quarantined(item)));
}

#[test]
fn a_value_may_hold_several_kinds() {
    let items = cut(of_value(
        r#""statuses":[{"id":"wamid.S","status":"sent"}],"errors":[{"code":1}],"messages":[{"id":"wamid.M","type":"text"}]"#,
    ));
    assert_eq!(kinds(&items), [Status, Message, Error]);
    assert_eq!(payload(&items[2])["item"], json!({ "errors": [{ "code": 1 }] }));
}

#[test]
fn errors_on_their_own_are_told_with_their_value() {
    let item = cut_one(of_value(r#""errors":[{"code":130429}],"more":1"#));
    assert_eq!((item.event_type, item.subtype.as_deref()), (Error, Some("130429")));
    assert_eq!(payload(&item)["item"]["more"], 1);
    let twice = cut_one(of_value(r#""errors":[{"code":1}],"errors":[{"code":2}]"#));
    assert!(is_quarantined(&twice));
}

#[test]
fn the_keys_of_a_value_outrank_its_field() {
    for field in ["statuses", "account_update", "", "messages", "unheard_of"] {
        let body = of_changes(&format!(
            r#"[{{"field":"{field}","value":{{"statuses":[{{"id":"wamid.A","status":"read"}}]}}}}]"#
        ));
        assert_eq!(kinds(&cut(body)), [Status], "{field}");
    }
    let no_field = of_changes(r#"[{"value":{"messages":[{"id":"wamid.A"}]}}]"#);
    assert_eq!(payload(&cut_one(no_field)).get("field"), None);
}

#[test]
fn histories_of_any_shape() {
    let chunk = |threads: &str| of_value(&format!(r#""history":[{{"metadata":{{"phase":0}},"threads":{threads}}}]"#));
    assert_eq!(kinds(&cut(chunk("null"))), [History]);
    assert_eq!(kinds(&cut(chunk("[]"))), [History]);
    let thread = r#"{"id":"1650","messages":[{"id":"wamid.A"},7,{"id":"wamid.B"}]}"#;
    let items = cut(chunk(&format!(r#"[7,{thread},{{"messages":8}},{{"id":"1651"}}]"#)));
    assert_eq!(kinds(&items), [History, Change, HistoryMessage, HistoryMessage, HistoryMessage, Change]);
    let odd: Vec<_> = items.iter().map(is_quarantined).collect();
    assert_eq!(odd, [false, true, false, true, false, true]);
    assert!(is_quarantined(&cut(chunk("9"))[1]));
}

/// Whose a history message is, only its thread says.
#[test]
fn a_thread_that_cannot_be_kept_takes_its_messages_along() {
    let body = |name: &str| {
        let threads = format!(
            r#"{{"id":"1650","name":{name},"messages":[{{"id":"wamid.A"}}]}},{{"id":"1651","messages":[{{"id":"wamid.B"}}]}}"#
        );
        of_value(&format!(r#""history":[{{"metadata":{{"phase":0}},"threads":[{threads}]}}]"#))
    };
    let quarantined = |name: &str| cut(body(name)).iter().map(is_quarantined).collect::<Vec<_>>();
    assert_eq!(quarantined("\"\\u0000\""), [false, true, false]);
    assert_eq!(quarantined(&format!("\"{}\"", "x".repeat(10_000))), [false, true, false]);
    assert_eq!(quarantined("\"Sheena\""), [false, false, false]);
}

/// One bad message does not make its chunk unreadable.
#[test]
fn a_chunk_is_read_without_its_messages() {
    let items = cut(of_value(
        r#""history":[{"metadata":{"phase":0},"threads":[{"id":"1650","messages":[{"id":"\ud800"},{"id":"wamid.B"}]}],"note":"x"}]"#,
    ));
    assert_eq!(items.iter().map(is_quarantined).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(payload(&items[0])["item"], json!({ "note": "x" }));
}

#[test]
fn a_broken_change_among_good_ones() {
    let items = cut(fixture("broken_among_good"));
    assert_eq!(kinds(&items), [Message, Change, Change, Message, Message, Change]);
    assert_eq!(items.iter().map(is_quarantined).collect::<Vec<_>>(), [false, true, true, true, false, true]);
}

#[test]
fn an_empty_envelope_is_one_raw_item() {
    let item = cut_one(r#"{"object":"whatsapp_business_account","entry":[]}"#);
    assert_eq!((item.event_type, quarantined(&item).0), (Raw, "The envelope holds no entries."));
}
