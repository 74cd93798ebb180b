//! What holds for every body whatsoever.

use proptest::prelude::*;
use serde_json::Value;

use super::{cut, cut_level_by_level, fixture, is_quarantined};
use crate::event_log::item::{Item, Payload};
use crate::ingest::envelope::usual::Usual;

/// Everything a writer relies on.
fn check(body: &[u8]) -> Result<Vec<Item>, TestCaseError> {
    let items = cut(body);
    prop_assert_eq!(&items, &cut_level_by_level(body), "a body of the usual shape is cut in another way");
    prop_assert!(!items.is_empty());
    for item in &items {
        prop_assert!(item.bytes.start <= item.bytes.end && item.bytes.end <= body.len());
        prop_assert!(item.dedup_key.chars().count() <= 600 && !item.dedup_key.contains('\0'));
        let words = [&item.subtype, &item.waba_id, &item.phone_number_id, &item.object_id];
        for (word, most) in words.into_iter().zip([64, 200, 200, 400]) {
            let word = word.as_deref().unwrap_or("x");
            prop_assert!(!word.is_empty() && word.chars().count() <= most && !word.contains('\0'));
        }
        match &item.payload {
            Payload::Json(json) | Payload::Quarantined { json: Some(json), .. } => {
                let payload: Value = serde_json::from_str(json).expect("a payload that is no JSON");
                prop_assert!(payload.get("item").is_some());
                prop_assert!(!payload.to_string().contains("\\u0000"));
            }
            Payload::Quarantined { json: None, reason } => prop_assert!(reason.ends_with('.')),
        }
    }
    Ok(items)
}

/// JSON out of the words that mean something in an envelope, in places right and wrong.
fn envelope_like() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "object",
        "entry",
        "id",
        "time",
        "changes",
        "field",
        "value",
        "metadata",
        "phone_number_id",
        "contacts",
        "wa_id",
        "user_id",
        "messages",
        "statuses",
        "history",
        "threads",
        "errors",
        "calls",
        "groups",
        "state_sync",
        "type",
        "status",
        "payment",
        "timestamp",
        "from",
        "whatsapp_business_account",
        "a\\u0000",
        "\\ud800",
        "",
    ]);
    let leaf = prop_oneof![
        word.clone().prop_map(|word| format!("\"{word}\"")),
        prop::sample::select(vec!["null", "true", "7", "1e400", "1762012800", "-0.0", "[]", "{}"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(10, 80, 5, move |inner| {
        let member = (word.clone(), inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&body)?;
    }

    #[test]
    fn any_json_at_any_level(json in envelope_like()) {
        let at = |before: &str, after: &str| check(format!("{before}{json}{after}").as_bytes());
        at("", "")?;
        at(r#"{"object":"whatsapp_business_account","entry":"#, "}")?;
        at(r#"{"object":"whatsapp_business_account","entry":["#, "]}")?;
        at(r#"{"object":"whatsapp_business_account","entry":[{"changes":["#, "]}]}")?;
        at(r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"value":"#, "}]}]}")?;
        for list in ["messages", "statuses", "history", "errors", "calls", "contacts", "metadata", "groups"] {
            let before = format!(r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"value":{{"{list}":"#);
            at(&format!("{before}["), "]}}]}]}")?;
            // The neighbours are there whatever it is.
            let items = at(&before, r#","messages":[{"id":"wamid.GOOD"}]}}]}]}"#)?;
            let good = items.iter().filter(|item| item.dedup_key.ends_with(":wamid.GOOD:unknown"));
            prop_assert_eq!(good.filter(|item| !is_quarantined(item)).count(), 1);
        }
    }

    /// A fixture with a byte changed is still cut, and as many updates or fewer come out whole.
    #[test]
    fn any_byte_changed(
        name in prop::sample::select(vec!["batch", "message_text_username", "status_read"]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut body = fixture(name);
        let at = at.index(body.len());
        body[at] = byte;
        check(&body)?;
    }

    /// The shape in which nearly every body comes, with something or other in each of its places.
    #[test]
    fn any_usual_body(parts in prop::collection::vec(envelope_like(), 6), list in "messages|statuses") {
        let words = ["\"1022\"", "\"messages\"", r#"{"phone_number_id":"1065"}"#, r#"{"wa_id":"1650"}"#,
            r#"{"from":"1650","id":"wamid.A","type":"text"}"#, "1762012800"];
        let body = |parts: &[&str]| {
            let [id, field, metadata, contact, item, time] = parts else { unreachable!("there are six") };
            format!(
                r#"{{"object":"whatsapp_business_account","entry":[{{"id":{id},"time":{time},"changes":[{{"field":{field},"value":{{"messaging_product":"whatsapp","metadata":{metadata},"contacts":[{contact}],"{list}":[{item}]}}}}]}}]}}"#
            )
        };
        prop_assert!(Usual::read(&body(&words)).is_some(), "otherwise this test proves nothing");
        check(body(&words).as_bytes())?;
        for place in 0..words.len() {
            let mut one_other = words;
            one_other[place] = &parts[place];
            check(body(&one_other).as_bytes())?;
        }
    }

    #[test]
    fn any_length(at in any::<prop::sample::Index>()) {
        let mut body = fixture("history_chunk");
        body.truncate(at.index(body.len()));
        check(&body)?;
    }
}
