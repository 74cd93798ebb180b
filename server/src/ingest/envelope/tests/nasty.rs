//! Updates that nobody can parse, among good neighbours.

use serde_json::{Value, json};

use super::{cut, cut_one, fixture, hash, is_quarantined, message, of_messages, of_value, payload, quarantined};
use crate::event_log::item::{EventType, Item};

/// Cuts one odd message between two good ones, sees that those are well, and gives the odd one.
fn among_good(odd: &str) -> Item {
    let mut items = cut(of_messages(&[message("wamid.A", ""), odd.to_owned(), message("wamid.B", "")]));
    assert_eq!(items.len(), 3, "{odd:.200}");
    assert_eq!(payload(&items[0])["item"]["id"], "wamid.A");
    assert_eq!(payload(&items[2])["item"]["id"], "wamid.B");
    items.remove(1)
}

#[test]
fn what_cannot_be_kept_is_a_quarantined_row_of_its_own() {
    let deep = format!(r#","x":{}{}"#, "[".repeat(1000), "]".repeat(1000));
    let odd = [
        (r#","text":{"body":"a\u0000b"}"#, "\\u0000"),
        (r#","text":{"body":"\ud83d"}"#, "surrogate"),
        (r#","text":{"\udc00":1}"#, "surrogate"),
        (r#","n":1e400"#, "out of the range"),
        (r#","n":1e-99999"#, "out of the range"),
        (r#","type":"text""#, "same key twice"),
        (r#","text":{"body":"a","body":"b"}"#, "same key twice"),
        (&deep, "too deep"),
    ];
    for (more, reason) in odd {
        let update = message("wamid.X", more);
        let item = among_good(&update);
        let (said, json) = quarantined(&item);
        assert!(said.contains(reason), "{more:.80}: {said}");
        assert_eq!(json, None, "{more:.80}");
        assert_eq!(item.event_type, EventType::Message);
        assert_eq!(item.object_id.as_deref(), Some("wamid.X"));
        assert_eq!(item.dedup_key, format!("ev:1022:messages:1762012800:{}", hash(&update)));
    }
    let good = among_good(&message("wamid.X", r#","text":{"body":"a\\u0000b\ud83d\ude00"},"n":1e40"#));
    assert_eq!(good.dedup_key, "msg:1065:wamid.X:text");
}

/// The readable form may come later, and must not be taken for the quarantined one.
#[test]
fn a_quarantined_row_does_not_take_the_key_of_a_good_one() {
    let bad = among_good(&message("wamid.X", r#","n":1e400"#));
    let good = among_good(&message("wamid.X", ""));
    assert_ne!(bad.dedup_key, good.dedup_key);
}

#[test]
fn an_update_that_is_no_object_is_kept() {
    for odd in ["7", "null", "\"text\"", "[]", "true", "1e400", "\"\\ud800\""] {
        let item = among_good(odd);
        assert!(is_quarantined(&item), "{odd}");
        assert_eq!(item.dedup_key, format!("ev:1022:messages:1762012800:{}", hash(odd)));
    }
    assert_eq!(quarantined(&among_good("7")).1.unwrap()["item"], json!(7));
}

#[test]
fn bytes_that_are_not_utf8_touch_only_their_update() {
    let good =
        of_messages(&[message("wamid.A", ""), message("wamid.X", r#","t":"~""#), message("wamid.B", r#","t":"ä""#)]);
    let bad: Vec<u8> = good.bytes().map(|byte| if byte == b'~' { 0xff } else { byte }).collect();
    let items = cut(&bad);
    assert_eq!(items.len(), 3);
    assert_eq!(payload(&items[0])["item"]["id"], "wamid.A");
    assert_eq!(payload(&items[2])["item"]["t"], "ä");
    assert_eq!(quarantined(&items[1]), ("It holds bytes that are not UTF-8.", None));
    let bytes = &bad[items[1].bytes.clone()];
    assert!(bytes.starts_with(b"{\"from\"") && bytes.contains(&0xff) && bytes.ends_with(b"}"));
    assert!(!cut(&good).iter().any(is_quarantined));
}

#[test]
fn bytes_that_are_not_utf8_in_a_contact_only_cost_the_contact() {
    let good =
        of_value(r#""contacts":[{"wa_id":"16505551234","n":"~"}],"messages":[{"from":"16505551234","id":"wamid.A"}]"#);
    let bad: Vec<u8> = good.bytes().map(|byte| if byte == b'~' { 0xff } else { byte }).collect();
    assert_eq!(payload(&cut_one(&good))["contact"]["n"], "~");
    assert_eq!(payload(&cut_one(&bad)).get("contact"), None);
}

#[test]
fn surroundings_that_cannot_be_kept_are_left_out() {
    let item = cut_one(of_value(
        r#""contacts":[{"wa_id":"16505551234","profile":{"name":"\u0000"}}],"metadata":{"phone_number_id":"1066","x":"\ud800"},"messages":[{"from":"16505551234","id":"wamid.A"}]"#,
    ));
    let said = payload(&item);
    assert_eq!((said.get("contact"), said.get("metadata")), (None, None));
    assert_eq!(item.phone_number_id.as_deref(), Some("1066"));
}

#[test]
fn a_body_that_is_no_json_is_one_raw_item() {
    let valid = String::from_utf8(fixture("message_text")).unwrap();
    let cases = [
        String::new(),
        " ".to_owned(),
        "hello".to_owned(),
        "{".to_owned(),
        "{\"object\":\"whatsapp_business_account\"".to_owned(),
        format!("\u{feff}{valid}"),
        format!("{valid}x"),
        format!("{valid}{valid}"),
        valid.replace("\"type\": \"text\",", "\"type\": \"text\",,"),
        format!("callback({valid})"),
        "\0".to_owned(),
    ];
    for body in cases {
        let item = cut_one(&body);
        assert_eq!(item.event_type, EventType::Raw);
        assert_eq!(item.dedup_key, format!("raw:{}", hash(&body)));
        assert_eq!(quarantined(&item), ("The body is not JSON.", None));
        assert_eq!(item.bytes, 0..body.len());
    }
    assert_eq!(cut_one(&valid).event_type, EventType::Message);
    assert_eq!(cut_one(b"\xff\xfe\x00{").event_type, EventType::Raw);
}

#[test]
fn json_that_is_no_envelope_is_one_raw_item_that_can_be_looked_at() {
    let cases = [
        "[]",
        "null",
        "7",
        "\"text\"",
        "{}",
        r#" {"object":"page","entry":[{"id":"1"}]} "#,
        r#"{"object":null,"entry":[]}"#,
        r#"{"Object":"whatsapp_business_account"}"#,
        r#"{"entry":[{"id":"1","changes":[]}]}"#,
        r#"[{"object":"whatsapp_business_account","entry":[]}]"#,
        r#"{"object":"whatsapp_business_account"}"#,
        r#"{"object":"whatsapp_business_account","entry":[]}"#,
    ];
    for body in cases {
        let item = cut_one(body);
        assert_eq!(item.event_type, EventType::Raw, "{body}");
        assert_eq!(item.dedup_key, format!("raw:{}", hash(body)));
        let whole: Value = serde_json::from_str(body).unwrap();
        assert_eq!(quarantined(&item).1, Some(json!({ "item": whole })), "{body}");
    }
    let unholdable = cut_one(r#"{"a":1,"a":"\u0000"}"#);
    assert_eq!(quarantined(&unholdable).1, None);
}

#[test]
fn a_body_nested_without_end_is_one_raw_item() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{\"object\":", "}")] {
        let body = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let item = cut_one(&body);
        assert_eq!(item.event_type, EventType::Raw);
        assert_eq!(quarantined(&item).1, None);
    }
}

#[test]
fn words_that_no_column_takes_are_as_good_as_absent() {
    let item = cut_one(
        r#"{"object":"whatsapp_business_account","entry":[{"id":"\u0000","changes":[{"field":"a\u0000","value":{"metadata":{"phone_number_id":"\u0000"},"messages":[{"id":"w\u0000"}]}}]}]}"#,
    );
    assert_eq!((&item.waba_id, &item.phone_number_id, &item.object_id), (&None, &None, &None));
    assert!(item.dedup_key.starts_with("ev:-:-:-:"), "{}", item.dedup_key);
    assert!(is_quarantined(&item));
}
