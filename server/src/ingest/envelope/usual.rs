//! The shape in which nearly every body comes: one entry, one change, one message or status of at most one contact, and
//! nothing beside it.
//!
//! The payload of such a body is the body over again, and to keep both was a third of what an event costs. It is put
//! together when somebody asks for it: here for the worker, and in SQL for whoever looks at the log
//! (`whatsapp_webhook_payload`, which a test holds against this). What is unusual in any way has its payload kept with
//! the event, and so has what is longer than a page of the database.
//!
//! The shape is a type: a member that it does not name, one that is missing, a key that comes twice and an escape in a
//! word are all unusual. It is the form of what is stored, too: it may learn to read more, and must not forget any.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::place::object;

/// The longest body whose payload is put together, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[expect(dead_code, reason = "has to be there, whatever it says")]
    object: &'a str,
    #[serde(borrow)]
    entry: [Entry<'a>; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    id: &'a str,
    time: Option<u64>,
    #[serde(borrow)]
    changes: [Change<'a>; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change<'a> {
    field: &'a str,
    #[serde(borrow)]
    value: Value<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Value<'a> {
    #[expect(dead_code, reason = "has to be there, whatever it says")]
    messaging_product: &'a str,
    #[serde(borrow)]
    metadata: &'a RawValue,
    contacts: Option<[&'a RawValue; 1]>,
    messages: Option<[&'a RawValue; 1]>,
    statuses: Option<[&'a RawValue; 1]>,
}

/// The payload of a body that will do to tell it: of the usual shape, of moderate length, and without a number that jsonb
/// would write in another way, so that one reader would see what another does not.
///
/// What [`cut`](super::cut) makes of the body decides: only where both say the same need the payload not be kept.
pub fn tellable(body: &[u8]) -> Option<String> {
    if body.len() > MAX_LENGTH || has_odd_number(body) {
        return None;
    }
    payload_of(body)
}

/// The payload of a body of the usual shape; none of any other.
pub fn payload_of(body: &[u8]) -> Option<String> {
    let Envelope { entry: [entry], .. } = serde_json::from_slice(body).ok()?;
    let [Change { field, value }] = entry.changes;
    let ((Some([item]), None) | (None, Some([item]))) = (value.messages, value.statuses) else { return None };
    let (id, time) = (quoted(entry.id), entry.time.map(|time| time.to_string()));
    let entry = object(&[&[("id", Some(&id)), ("time", time.as_deref())]]);
    Some(object(&[&[
        ("field", Some(&quoted(field))),
        ("entry", Some(&entry)),
        ("metadata", Some(value.metadata.get())),
        ("contact", value.contacts.map(|[contact]| contact.get())),
        ("item", Some(item.get())),
    ]]))
}

/// Whether a number has an exponent, or may be a zero below zero.
fn has_odd_number(json: &[u8]) -> bool {
    let (mut is_text, mut is_escaped, mut before) = (false, false, 0_u8);
    for &byte in json {
        match byte {
            b'"' if !is_escaped => is_text = !is_text,
            b'e' | b'E' if !is_text && before.is_ascii_digit() => return true,
            b'0' if !is_text && before == b'-' => return true,
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
        before = byte;
    }
    false
}

/// A word without escapes, as it stood in the body.
fn quoted(word: &str) -> String {
    ["\"", word, "\""].concat()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::event_log::item::Payload;
    use crate::ingest::envelope::cut;

    const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"2001","time":1731705721,"changes":[
        {"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"1001"},
        "contacts":[{"wa_id":"15550001"}], "messages":[{"id":"wamid.A", "from":"15550001"}]}}]}]}"#;

    fn cut_payloads(body: &str) -> Vec<Payload> {
        let items = cut(body.as_bytes(), &[7; 32], datetime!(2026-11-23 12:00 UTC));
        items.into_iter().map(|item| item.payload).collect()
    }

    fn is_usual(body: &str) -> bool {
        tellable(body.as_bytes()).is_some_and(|payload| cut_payloads(body) == [Payload::Json(payload)])
    }

    #[test]
    fn the_payload_of_a_usual_body_is_what_the_cutter_makes_of_it() {
        assert!(is_usual(BODY));
        let usual = [
            BODY.replace(r#""time":1731705721,"#, ""),
            BODY.replace(r#""contacts":[{"wa_id":"15550001"}],"#, ""),
            BODY.replace("messages\":[", "statuses\":["),
            BODY.replace("\"from\"", "\"\\u0066rom\""),
            BODY.replace("\"from\":", "\"weight\":-1.05,\"note\":\"-0 \\\"1e5\\\" 2E5\",\"from\":"),
            BODY.replace("15550001", "Zoë 👋"),
        ];
        for body in usual {
            assert_ne!(body, BODY);
            assert!(is_usual(&body), "{body}");
        }
    }

    #[test]
    fn whatever_is_beside_the_shape_makes_a_body_unusual() {
        let item = r#"{"id":"wamid.A", "from":"15550001"}"#;
        let long = BODY.replace("wamid.A", &"A".repeat(MAX_LENGTH));
        let unusual = [
            BODY.replace("\"object\":", "\"version\":1,\"object\":"),
            BODY.replace("\"changes\":", "\"changes\":[],\"changes\":"),
            BODY.replace("\"2001\"", "2001"),
            BODY.replace("\"2001\"", "\"\\u0032001\""),
            BODY.replace("1731705721", "1731705721.0"),
            BODY.replace("\"field\":\"messages\"", "\"field\":null"),
            BODY.replace(r#"{"phone_number_id":"1001"}"#, "null"),
            BODY.replace(r#"[{"wa_id":"15550001"}]"#, "[null]"),
            BODY.replace(r#"[{"wa_id":"15550001"}]"#, r#"[{"wa_id":"15550001","wa_id":"15550001"}]"#),
            BODY.replace(r#"[{"wa_id":"15550001"}]"#, r#"[{"wa_id":"15550001"},{"wa_id":"15550002"}]"#),
            BODY.replace(item, &format!("{item},{item}")),
            BODY.replace(item, r#""wamid.A""#),
            BODY.replace("wamid.A", "wamid.\\u0000"),
            BODY.replace("\"from\":", "\"weight\":1.7E9,\"from\":"),
            BODY.replace("\"from\":", "\"weight\":-0,\"from\":"),
            BODY.replace("\"messages\":[", "\"statuses\":[{\"id\":\"wamid.B\"}],\"messages\":["),
            BODY.replace("\"messages\":[", "\"errors\":[{\"code\":1}],\"messages\":["),
            long,
            BODY.replace(BODY, "[]"),
        ];
        for body in unusual {
            assert_ne!(body, BODY);
            assert!(!is_usual(&body), "{body}");
        }
    }
}
