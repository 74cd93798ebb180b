//! Large bodies: all of it is read, in time and space that grow with the body.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{cut, is_quarantined, message, of_changes, of_messages, of_value, payload, quarantined};
use crate::event_log::item::{EventType, Item, Payload};

/// Cuts a body in less than anyone would call quadratic, however busy the machine and unoptimised the build.
fn cut_in_time(body: &str) -> Vec<Item> {
    let start = Instant::now();
    let items = cut(body);
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(5), "{taken:?} for {} bytes", body.len());
    items
}

fn thousand_of_each() -> String {
    let mut contacts = String::new();
    let mut messages = String::new();
    for n in 0..1000 {
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(contacts, r#"{comma}{{"profile":{{"name":"Person {n}"}},"wa_id":"1650{n:07}"}}"#);
        let _ = write!(
            messages,
            r#"{comma}{{"from":"1650{n:07}","id":"wamid.{n}","timestamp":"1762012800","type":"text","text":{{"body":"Gr\u00fc\u00dfe {n}"}}}}"#
        );
    }
    of_value(&format!(r#""contacts":[{contacts}],"messages":[{messages}]"#))
}

#[test]
fn a_thousand_updates_are_a_thousand_items_each_with_its_person() {
    let items = cut_in_time(&thousand_of_each());
    let keys: HashSet<_> = items.iter().map(|item| &item.dedup_key).collect();
    assert_eq!((items.len(), keys.len()), (1000, 1000));
    for (n, item) in items.iter().enumerate() {
        assert_eq!(payload(item)["contact"]["profile"]["name"], format!("Person {n}"));
    }
}

#[test]
fn a_body_of_three_megabytes_is_read_to_its_end() {
    let messages: Vec<_> = (0..14_000)
        .map(|n| message(&format!("wamid.{n}"), &format!(r#","text":{{"body":"{}"}}"#, "x".repeat(150))))
        .collect();
    let body = of_messages(&messages);
    assert!(body.len() > 3_000_000);
    let items = cut_in_time(&body);
    assert_eq!(items.len(), 14_000);
    assert!(!items.iter().any(is_quarantined));
}

#[test]
fn one_update_may_be_three_megabytes() {
    let body = of_messages(&[message("wamid.A", &format!(r#","text":{{"body":"{}"}}"#, "\\u00e4".repeat(500_000)))]);
    let items = cut_in_time(&body);
    assert_eq!(payload(&items[0])["item"]["text"]["body"].as_str().map(|body| body.chars().count()), Some(500_000));
}

fn kept(items: &[Item]) -> usize {
    items
        .iter()
        .map(|item| match &item.payload {
            Payload::Json(json) | Payload::Quarantined { json: Some(json), .. } => json.len(),
            Payload::Quarantined { json: None, .. } => 0,
        })
        .sum()
}

/// A tenant who knows the secret can sign what he likes; it must not fill the memory of all the others.
#[test]
fn bodies_made_to_grow_do_not() {
    let filler = "x".repeat(400_000);
    let many = |one: &str, times: usize| vec![one; times].join(",");
    let small = r#"{"id":"w"}"#;
    let bodies = [
        of_value(&format!(r#""metadata":{{"x":"{filler}"}},"messages":[{}]"#, many(small, 20_000))),
        of_value(&format!(
            r#""contacts":[{{"wa_id":"1","x":"{filler}"}}],"messages":[{}]"#,
            many(r#"{"id":"w","from":"1"}"#, 10_000)
        )),
        of_value(&format!(
            r#""history":[{{"metadata":{{"x":"{filler}"}},"threads":[{{"messages":[{}]}}]}}]"#,
            many(small, 20_000)
        )),
        of_value(&format!(r#""history":[{{"threads":[{{"x":"{filler}","messages":[{}]}}]}}]"#, many(small, 20_000))),
        of_value(&format!(r#""messages":[{}]"#, many("0", 200_000))),
        of_value(&format!(r#""errors":[{}]"#, many("0", 200_000))),
        of_value(&format!(r#""messages":[0],{}"#, many(r#""errors":[0]"#, 50_000))),
        of_value(&many(r#""messages":0"#, 50_000)),
        of_changes(&format!("[{}]", many("{}", 200_000))),
        of_changes(&format!("[{{{}}}]", many(r#""value":{}"#, 50_000))),
        of_changes(&format!("[{{{}}}]", many(r#""value":{"errors":[0]}"#, 25_000))),
        format!(r#"{{"object":"whatsapp_business_account",{}}}"#, many(r#""entry":[{}]"#, 50_000)),
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{}","changes":[{}]}}]}}"#,
            "7".repeat(8_000),
            many("{}", 200_000)
        ),
    ];
    for body in bodies {
        let items = cut_in_time(&body);
        let size = kept(&items);
        assert!(size < 64 * 1024 * 1024, "{size} of {body:.120}");
    }
}

#[test]
fn what_is_too_much_is_said_and_not_dropped() {
    let body = of_value(&format!(r#""messages":[{}]"#, vec!["0"; 200_000].join(",")));
    let items = cut_in_time(&body);
    let (last, others) = items.split_last().unwrap();
    assert_eq!(last.event_type, EventType::Raw);
    assert!(quarantined(last).0.contains("more updates than are kept apart"));
    assert_eq!(last.bytes, others.last().unwrap().bytes.end + 1..body.len());
    assert!(others.len() > 20_000);
}
