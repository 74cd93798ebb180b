//! `calls[]`: a call is one row, its id in place of the wamid, its latest event in place of the text.

use serde_json::{Value, json};

use super::{Event, Refusal, message, person};
use crate::processing::effect::{Effects, NewMessage, Source, Thread};
use crate::processing::wire::Node;

/// Longest event word worth keeping, in characters.
const LONGEST_EVENT: usize = 64;

/// Members that have columns of their own, and the session, which is pages of network addresses.
const LEFT_OUT: [&str; 8] = ["id", "from", "to", "from_user_id", "to_user_id", "timestamp", "session", "connection"];

/// One event of a call.
pub(super) fn call(event: &Event<'_>) -> Result<Effects, Refusal> {
    let item = event.item();
    let wamid = message::wamid(item.at("id"), Refusal("The call has no id."))?;
    let outbound = is_outbound(event);
    let (user_id, number) = if outbound { ("to_user_id", "to") } else { ("from_user_id", "from") };
    let person = person::someone_with_phone(item.at(user_id), item.at(number), event.contact())
        .ok_or(Refusal("The call names nobody."))?;
    let message = NewMessage {
        wamid,
        outbound,
        source: Source::Call,
        message_type: "call".to_owned(),
        body: item.at("event").or(item.at("status").first()).word(LONGEST_EVENT),
        content: content(item),
        reply_to: None,
        about: None,
        sent_at: event.time(item.at("timestamp")),
        thread: Thread::Person,
        status: None,
    };
    Ok(Effects { person: Some(person), message: Some(message), ..Effects::default() })
}

fn is_outbound(event: &Event<'_>) -> bool {
    match event.item().at("direction").id() {
        Some(direction) => direction.eq_ignore_ascii_case("BUSINESS_INITIATED"),
        None => event.item().at("from").id().is_some_and(|from| event.is_own(&from)),
    }
}

fn content(item: Node<'_>) -> Option<Value> {
    let mut members = item.value()?.as_object()?.clone();
    members.retain(|key, value| !LEFT_OUT.contains(&key.as_str()) && !value.is_null());
    Some(json!({ "call": members }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processing::translate::testing::{SENT, refused, translated};

    fn call_of(direction: &str) -> Value {
        json!({
            "contact": {"profile": {"name": "Ann"}, "wa_id": "16505551234"},
            "item": {
                "id": "wacid.1", "from": "16505551234", "to": "16505551234", "event": "connect",
                "timestamp": SENT.to_string(), "direction": direction, "session": {"sdp": "v=0", "sdp_type": "offer"},
            },
        })
    }

    #[test]
    fn a_call_is_a_message_with_its_event_for_a_text() {
        let effects = translated("call", call_of("USER_INITIATED"));
        assert_eq!(effects.person.and_then(|person| person.profile_name).as_deref(), Some("Ann"));
        let call = effects.message.expect("a message");
        assert_eq!((call.wamid.as_str(), call.message_type.as_str()), ("wacid.1", "call"));
        assert_eq!((call.body.as_deref(), call.outbound, call.source), (Some("connect"), false, Source::Call));
        assert_eq!(call.content, Some(json!({"call": {"event": "connect", "direction": "USER_INITIATED"}})));
        assert_eq!(call.sent_at.unix_timestamp(), SENT);
    }

    #[test]
    fn who_began_decides_direction_and_person() {
        let mut payload = call_of("BUSINESS_INITIATED");
        payload["item"]["from"] = json!("15550783881");
        payload["contact"] = json!(null);
        let effects = translated("call", payload);
        assert_eq!(effects.person.and_then(|person| person.wa_id).as_deref(), Some("16505551234"));
        assert_eq!(effects.message.map(|message| message.outbound), Some(true));
    }

    #[test]
    fn without_a_direction_the_number_decides() {
        let item = json!({"id": "wacid.1", "from": "15550783881", "to": "16505551234", "event": "terminate"});
        assert_eq!(translated("call", json!({"item": item})).message.map(|message| message.outbound), Some(true));
    }

    #[test]
    fn a_call_by_nobody_or_without_an_id_is_refused() {
        assert_eq!(refused("call", json!({"item": {"id": "wacid.1"}})), "The call names nobody.");
        assert_eq!(refused("call", json!({"item": {"from": "1650"}})), "The call has no id.");
    }
}
