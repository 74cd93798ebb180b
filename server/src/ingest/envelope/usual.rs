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

use std::fmt;
use std::marker::PhantomData;

use memchr::memchr;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::holdable::quoted_length;
use super::place::object;

/// The longest body whose payload is put together, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// What stands in braces. Left to itself, serde takes a list of its members for a struct, too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    object: &'a str,
    #[serde(borrow)]
    entry: [Object<Entry<'a>>; 1],
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    id: &'a str,
    time: Option<u64>,
    #[serde(borrow)]
    changes: [Object<Change<'a>>; 1],
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Change<'a> {
    field: &'a str,
    #[serde(borrow)]
    value: Object<Value<'a>>,
}

#[derive(serde::Deserialize)]
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

/// What a body of the usual shape says.
pub(super) struct Usual<'a> {
    /// What kind of envelope it is.
    pub(super) object: &'a str,
    /// `entry.id`, which has no escapes.
    pub(super) entry_id: &'a str,
    /// `entry.time`.
    pub(super) time: Option<u64>,
    /// The change's field, which has no escapes.
    pub(super) field: &'a str,
    /// As it stands in the body, like all that follows.
    pub(super) metadata: &'a str,
    /// The one contact.
    pub(super) contact: Option<&'a str>,
    /// The list that holds the one update.
    pub(super) list: &'static str,
    /// The update.
    pub(super) item: &'a str,
}

impl<'a> Usual<'a> {
    /// None if the body is of another shape.
    pub(super) fn read(body: &'a str) -> Option<Self> {
        let Object(Envelope { object, entry: [Object(entry)] }) = serde_json::from_str(body).ok()?;
        let [Object(Change { field, value: Object(value) })] = entry.changes;
        let (list, item) = match (value.messages, value.statuses) {
            (Some([item]), None) => ("messages", item),
            (None, Some([item])) => ("statuses", item),
            _ => return None,
        };
        Some(Self {
            object,
            entry_id: entry.id,
            time: entry.time,
            field,
            metadata: value.metadata.get(),
            contact: value.contacts.map(|[contact]| contact.get()),
            list,
            item: item.get(),
        })
    }

    /// `{"id","time"}`.
    pub(super) fn entry(&self) -> String {
        let (id, time) = (quoted(self.entry_id), self.time.map(|time| time.to_string()));
        object(&[&[("id", Some(&id)), ("time", time.as_deref())]])
    }

    /// The payload of its update.
    pub(super) fn payload(&self) -> String {
        object(&[&[
            ("field", Some(&quoted(self.field))),
            ("entry", Some(&self.entry())),
            ("metadata", Some(self.metadata)),
            ("contact", self.contact),
            ("item", Some(self.item)),
        ]])
    }
}

/// Whether the payload of a body of the usual shape may be left to it: it is of moderate length, and without a number
/// that jsonb would write in another way, so that one reader would see what another does not.
pub(super) fn is_tellable(body: &str) -> bool {
    body.len() <= MAX_LENGTH && !has_odd_number(body.as_bytes())
}

/// The payload of a body of the usual shape; none of any other.
pub fn payload_of(body: &[u8]) -> Option<String> {
    Some(Usual::read(std::str::from_utf8(body).ok()?)?.payload())
}

/// Whether a number has an exponent, or may be a zero below zero. The text is known to be JSON.
fn has_odd_number(json: &[u8]) -> bool {
    let mut rest = json;
    while !rest.is_empty() {
        let (outside, text) = rest.split_at(memchr(b'"', rest).unwrap_or(rest.len()));
        let is_odd = |pair: &[u8]| match pair[1] {
            b'e' | b'E' => pair[0].is_ascii_digit(),
            second => second == b'0' && pair[0] == b'-',
        };
        if outside.windows(2).any(is_odd) {
            return true;
        }
        rest = text.get(quoted_length(text)..).unwrap_or_default();
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
    use crate::ingest::envelope::cut_and_tell;

    const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"2001","time":1731705721,"changes":[
        {"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"1001"},
        "contacts":[{"wa_id":"15550001"}], "messages":[{"id":"wamid.A", "from":"15550001"}]}}]}]}"#;

    /// That its payload need not be kept, and is what a reader will put together.
    fn is_usual(body: &str) -> bool {
        let (items, told) = cut_and_tell(body.as_bytes(), &[7; 32], datetime!(2026-11-23 12:00 UTC));
        assert!(told.is_none() || told == payload_of(body.as_bytes()), "{body}");
        told.is_some_and(|told| items.len() == 1 && items[0].payload == Payload::Json(told))
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
            BODY.replace(r#"{"object":"whatsapp_business_account","entry":"#, r#"["whatsapp_business_account","#)
                .replace("}]}}]}]}", "}]}}]}]]"),
            BODY.replace(r#"{"id":"2001","time":1731705721,"changes":"#, r#"["2001",1731705721,"#)
                .replace("}]}}]}]}", "}]}}]]]}"),
            BODY.replace(r#"{"field":"messages","value":"#, r#"["messages","#).replace("}]}}]}]}", "}]}]]}]}"),
            BODY.replace(r#"{"messaging_product":"whatsapp","metadata":"#, r#"["whatsapp","#)
                .replace("\"contacts\":", "")
                .replace("\"messages\":", "")
                .replace("}]}}]}]}", "}],null]}]}]}"),
        ];
        for body in unusual {
            assert_ne!(body, BODY);
            assert!(!is_usual(&body), "{body}");
        }
    }
}
