//! What updates are called: dedup keys, objects, times, people.

use time::OffsetDateTime;

use super::{NOW, cut, cut_one, fixture, hash, keys, message, of_changes, of_field, of_messages, of_value, payload};
use crate::event_log::item::Item;

/// The key of the one update of this list.
fn key(list: &str, update: &str) -> String {
    cut_one(of_value(&format!(r#""{list}":[{update}]"#))).dedup_key
}

fn by_hash(update: &str) -> String {
    format!("ev:1022:messages:1762012800:{}", hash(update))
}

#[test]
fn keys_are_those_of_the_table() {
    let group = r#"{"group_id":"G","type":"group_create","request_id":"R","timestamp":"1"}"#;
    let failed_group = r#"{"type":"group_create","timestamp":"1"}"#;
    let refunds = r#"[{"id":"r1"}]"#;
    let paid = format!(
        r#"{{"id":"w","type":"payment","status":"captured","payment":{{"reference_id":"ref","transaction":{{"id":"t"}},"refunds":{refunds}}}}}"#
    );
    let cases = [
        ("messages", r#"{"id":"w","type":"text"}"#, "msg:1065:w:text".to_owned()),
        ("messages", r#"{"id":"w"}"#, "msg:1065:w:unknown".to_owned()),
        ("messages", r#"{"id":12345,"type":"text"}"#, "msg:1065:12345:text".to_owned()),
        ("messages", r#"{"id":"w\u00e4\/","type":"text"}"#, "msg:1065:w\u{e4}/:text".to_owned()),
        ("message_echoes", r#"{"id":"w","type":"text"}"#, "echo:1065:w:text".to_owned()),
        (
            "statuses",
            r#"{"id":"w","status":"read","timestamp":"7","recipient_id":"1650"}"#,
            "st:1065:w:read:1650".to_owned(),
        ),
        ("statuses", r#"{"id":"w","status":"read","recipient_user_id":"US.1"}"#, "st:1065:w:read:US.1".to_owned()),
        (
            "statuses",
            r#"{"id":"w","status":"read","recipient_id":"G","recipient_participant_id":"1650"}"#,
            "st:1065:w:read:1650".to_owned(),
        ),
        ("statuses", r#"{"id":"w","status":"read","recipient_id":""}"#, "st:1065:w:read:-".to_owned()),
        (
            "statuses",
            r#"{"id":"w","status":"failed","recipient_id":"1650","errors":[{"code":131026},{"code":1}]}"#,
            "st:1065:w:failed:1650:131026".to_owned(),
        ),
        ("statuses", r#"{"id":"w","status":"failed","recipient_id":"1650"}"#, "st:1065:w:failed:1650".to_owned()),
        ("statuses", r#"{"id":"w","status":"sent","errors":[{"code":1}]}"#, "st:1065:w:sent:-".to_owned()),
        ("statuses", &paid, format!("pay:1065:w:t:captured:{}", hash(refunds))),
        (
            "statuses",
            r#"{"id":"w","type":"payment","status":"pending","payment":{"reference_id":"ref"}}"#,
            "pay:1065:w:ref:pending:-".to_owned(),
        ),
        (
            "state_sync",
            r#"{"action":"add","contact":{"phone_number":"1650"},"metadata":{"timestamp":"7"}}"#,
            "ss:1065:1650:add:7".to_owned(),
        ),
        ("calls", r#"{"id":"c","event":"terminate","status":"COMPLETED"}"#, "call:1065:c:terminate".to_owned()),
        ("calls", r#"{"id":"c","status":"RINGING"}"#, "call:1065:c:RINGING".to_owned()),
        (
            "user_preferences",
            r#"{"wa_id":"1650","user_id":"US.1","category":"m","value":"stop","timestamp":7}"#,
            "pref:1065:US.1:m:stop:7".to_owned(),
        ),
        (
            "user_preferences",
            r#"{"wa_id":"1650","category":"m","value":"stop","timestamp":"7"}"#,
            "pref:1065:1650:m:stop:7".to_owned(),
        ),
        ("automatic_events", r#"{"id":"w","event_name":"Purchase"}"#, "auto:1065:w:Purchase".to_owned()),
        ("groups", group, format!("grp:1065:G:group_create:R:{}", &hash(group)[..16])),
        ("groups", failed_group, format!("grp:1065:-:group_create:1:{}", &hash(failed_group)[..16])),
    ];
    for (list, update, expected) in cases {
        assert_eq!(key(list, update), expected, "{update}");
    }
}

#[test]
fn what_lacks_a_part_of_its_key_goes_by_its_bytes() {
    let cases = [
        ("messages", r#"{"type":"text"}"#),
        ("messages", r#"{"id":"","type":"text"}"#),
        ("messages", r#"{"id":null,"type":"text"}"#),
        ("messages", r#"{"id":["w"],"type":"text"}"#),
        ("messages", "{}"),
        ("message_echoes", r#"{"type":"text"}"#),
        ("statuses", r#"{"status":"read"}"#),
        ("statuses", r#"{"id":"w"}"#),
        ("statuses", r#"{"id":"w","type":"payment"}"#),
        ("state_sync", r#"{"action":"add","contact":{"phone_number":"1650"}}"#),
        ("state_sync", r#"{"action":"add","metadata":{"timestamp":"7"}}"#),
        ("calls", r#"{"id":"c"}"#),
        ("user_preferences", r#"{"wa_id":"1650","category":"m","value":"stop"}"#),
        ("automatic_events", r#"{"id":"w"}"#),
    ];
    for (list, update) in cases {
        assert_eq!(key(list, update), by_hash(update), "{list} {update}");
    }
}

#[test]
fn the_field_tells_standby_and_history_apart() {
    let update = r#""messages":[{"id":"w","type":"text"}]"#;
    assert_eq!(keys(&cut(of_field("standby", update))), ["sby:1065:w:text"]);
    assert_eq!(keys(&cut(of_field("history", update))), ["hmsg:1065:w:text"]);
}

#[test]
fn histories_go_by_their_chunk() {
    let chunk = r#"{"metadata":{"phase":1,"chunk_order":3},"threads":[{"messages":[{"id":"w","type":"text"}]}]}"#;
    let declined = r#"{"errors":[{"code":2593109}]}"#;
    let items = cut(of_field("history", &format!(r#""history":[{chunk},{declined}]"#)));
    let expected = [
        format!("hist:1065:1:3:{}", hash(chunk)),
        "hmsg:1065:w:text".to_owned(),
        format!("hist:1065:-:-:{}", hash(declined)),
    ];
    assert_eq!(keys(&items), expected);
}

#[test]
fn changes_and_errors_go_by_their_value() {
    let value = r#"{"decision" : "APPROVED"}"#;
    let change = |time: &str| {
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"9"{time},"changes":[{{"field":"f","value":{value}}}]}}]}}"#
        );
        cut_one(body).dedup_key
    };
    assert_eq!(change(r#","time":7"#), format!("ev:9:f:7:{}", hash(value)));
    assert_eq!(change(r#","time":"7""#), format!("ev:9:f:7:{}", hash(value)));
    assert_eq!(change(""), format!("ev:9:f:-:{}", hash(value)));

    let value = r#"{"errors":[{"code":1}]}"#;
    let body = of_changes(&format!(r#"[{{"field":"messages","value":{value}}}]"#));
    assert_eq!(cut_one(&body).dedup_key, format!("err:1022:{}:{}", hash(value), hash(&body)));
}

#[test]
fn without_a_number_the_account_stands_in_and_then_nothing() {
    let body = |entry: &str| {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{{entry}"changes":[{{"value":{{"messages":[{{"id":"w"}}]}}}}]}}]}}"#
        )
    };
    assert_eq!(cut_one(body(r#""id":"1022","#)).dedup_key, "msg:1022:w:unknown");
    assert_eq!(cut_one(body(r#""id":1022,"#)).dedup_key, "msg:1022:w:unknown");
    assert_eq!(cut_one(body("")).dedup_key, "msg:-:w:unknown");
}

#[test]
fn long_keys_are_hashed_and_long_ids_are_none() {
    let long_type = "t".repeat(700);
    let item = cut_one(of_value(&format!(r#""messages":[{{"id":"w","type":"{long_type}"}}]"#)));
    assert_eq!(item.dedup_key, format!("msg:sha256:{}", hash(&format!("msg:1065:w:{long_type}"))));
    assert_eq!(item.subtype, Some("t".repeat(64)));

    let of_length = |length| message(&"w".repeat(length), "");
    let just = cut_one(of_messages(&[of_length(400)]));
    assert_eq!(just.object_id, Some("w".repeat(400)));
    let long = cut_one(of_messages(&[of_length(401)]));
    assert_eq!((long.object_id, long.dedup_key), (None, by_hash(&of_length(401))));
}

/// The key is bound to the update: not to the body, its neighbours, its place, or the writing of what stands around.
#[test]
fn the_same_update_in_another_body_has_the_same_key() {
    let [a, b, c] = ["wamid.A", "wamid.B", "wamid.C"].map(|id| message(id, r#","text":{"body":"\u00e4"}"#));
    let together = of_messages(&[a.clone(), b.clone(), c.clone()]);
    let mut expected = keys(&cut(&together)).iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let apart: Vec<_> = [&c, &a, &b].into_iter().flat_map(|one| cut(of_messages(std::slice::from_ref(one)))).collect();
    let mut found = keys(&apart);
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn the_writing_of_an_id_does_not_matter() {
    let escaped = r#"{"\u0069d":"w\u002fx","type":"te\u0078t"}"#;
    assert_eq!(key("messages", escaped), key("messages", r#"{"id":"w/x","type":"text"}"#));
    assert_eq!(key("messages", escaped), key("messages", r#"{ "type" : "text", "id":"w\/x" }"#));
}

#[test]
fn the_same_update_twice_in_a_body_is_two_items_of_one_key() {
    let items = cut(of_messages(&[message("wamid.A", ""), message("wamid.A", "")]));
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].dedup_key, items[1].dedup_key);
    assert_ne!(items[0].bytes, items[1].bytes);
}

#[test]
fn a_message_seen_first_as_unsupported_is_not_taken_for_itself() {
    let types = ["unsupported", "text"].map(|kind| key("messages", &format!(r#"{{"id":"w","type":"{kind}"}}"#)));
    assert_ne!(types[0], types[1]);
}

#[test]
fn times_are_those_of_the_update() {
    let time = |update: &str| {
        cut_one(of_value(&format!(r#""messages":[{update}]"#))).event_ts.map(OffsetDateTime::unix_timestamp)
    };
    assert_eq!(time(r#"{"id":"w","timestamp":"1762012801"}"#), Some(1_762_012_801));
    assert_eq!(time(r#"{"id":"w","timestamp":1762012801}"#), Some(1_762_012_801));
    assert_eq!(time(r#"{"id":"w","timestamp":"1762012801000"}"#), Some(1_762_012_801));
    for odd in ["\"\"", "\"soon\"", "null", "0", "-1", "1.5", "\"4102444800\"", "[]"] {
        assert_eq!(time(&format!(r#"{{"id":"w","timestamp":{odd}}}"#)), None, "{odd}");
    }
    assert_eq!(time(r#"{"id":"w"}"#), None, "entry.time is the time of sending");
    assert!(NOW.unix_timestamp() < 4_102_444_800);
}

#[test]
fn a_change_has_the_time_of_its_entry() {
    let time = |value: &str| {
        let item = cut_one(of_changes(&format!(r#"[{{"field":"f","value":{value}}}]"#)));
        item.event_ts.map(OffsetDateTime::unix_timestamp)
    };
    assert_eq!(time("{}"), Some(1_762_012_800));
    assert_eq!(time(r#"{"timestamp":"1762012805"}"#), Some(1_762_012_805));
    assert_eq!(time("7"), Some(1_762_012_800));
}

fn contact_of(item: &Item) -> Option<String> {
    payload(item).pointer("/contact/profile/name").map(|name| name.as_str().unwrap().to_owned())
}

/// The contacts of two updates of this kind among these people.
fn contacts(list: &str, updates: [&str; 2]) -> [Option<String>; 2] {
    let people = r#"{"wa_id":"1650","user_id":"US.1","profile":{"name":"A"}},{"wa_id":"","user_id":"US.2","profile":{"name":"B"}},7,{"wa_id":"1652","profile":{"name":"C"}}"#;
    let items = cut(of_value(&format!(r#""{list}":[{}],"contacts":[{people}]"#, updates.join(","))));
    [contact_of(&items[0]), contact_of(&items[1])]
}

#[test]
fn each_update_has_its_own_contact() {
    let [a, b, c] = ["A", "B", "C"].map(|name| Some(name.to_owned()));
    let both = contacts("messages", [r#"{"id":"1","from":"1652"}"#, r#"{"id":"2","from_user_id":"US.2"}"#]);
    assert_eq!(both, [c.clone(), b.clone()]);
    let both = contacts("messages", [r#"{"id":"1","from":"US.1"}"#, r#"{"id":"2","from":""}"#]);
    assert_eq!(both, [a.clone(), None]);
    let both = contacts("messages", [r#"{"id":"1","from":"9","from_user_id":"US.1"}"#, r#"{"id":"2","from":"1659"}"#]);
    assert_eq!(both, [a.clone(), None]);
    let both =
        contacts("statuses", [r#"{"id":"1","recipient_id":"1650"}"#, r#"{"id":"2","recipient_user_id":"US.2"}"#]);
    assert_eq!(both, [a.clone(), b]);
    let both = contacts(
        "message_echoes",
        [r#"{"id":"1","from":"1555","to":"1650"}"#, r#"{"id":"2","from":"1555","to":"1652"}"#],
    );
    assert_eq!(both, [a, c]);
}

#[test]
fn a_lone_contact_belongs_to_a_lone_update() {
    let body = |updates: &str| {
        of_value(&format!(r#""contacts":[{{"wa_id":"5511","profile":{{"name":"A"}}}}],"messages":[{updates}]"#))
    };
    let one = r#"{"id":"1","from":"55911"}"#;
    assert_eq!(contact_of(&cut_one(body(one))).as_deref(), Some("A"));
    for item in cut(body(&format!("{one},{one}"))) {
        assert_eq!(contact_of(&item), None);
    }
}

#[test]
fn made_up_ids_of_the_test_button_are_kept() {
    let item = cut_one(fixture("dashboard_test"));
    assert_eq!(item.waba_id.as_deref(), Some("0"));
    assert_eq!(item.phone_number_id.as_deref(), Some("123456123"));
    assert_eq!(item.dedup_key, "msg:123456123:ABGGFlA5Fpa:text");
}
