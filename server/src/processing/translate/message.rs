//! `messages[]` in all their types, also on standby, and echoes of what the company sent by another way.

use super::{Event, Refusal, body, identity, person};
use crate::processing::effect::{Effects, NewMessage, Person, Source, StatusRank, Thread};
use crate::processing::wire::Node;

/// Longest wamid that `messages` takes, in characters.
const LONGEST_WAMID: usize = 400;

/// Longest type worth keeping, in characters.
const LONGEST_TYPE: usize = 64;

/// What differs between the ways a message comes.
pub(super) struct Way {
    /// How it came.
    pub source: Source,
    /// The company sent it.
    pub outbound: bool,
    /// Who sent it, or whom it went to.
    pub person: Option<Person>,
    /// How far it has come already.
    pub status: Option<StatusRank>,
}

/// A message that somebody sent to the company.
pub(super) fn received(event: &Event<'_>, source: Source) -> Result<Effects, Refusal> {
    let item = event.item();
    let change = identity::in_system_note(item);
    let sender = person::someone_with_phone(item.at("from_user_id"), item.at("from"), event.contact());
    let person =
        sender.or_else(|| change.as_ref().map(|change| change.old.clone())).or_else(|| identity::new_ids(item));
    let way = Way { source, outbound: false, person, status: None };
    Ok(Effects { identity_changes: change.into_iter().collect(), ..message(event, way)? })
}

/// A message that the company sent by another way, for instance from the phone.
pub(super) fn echoed(event: &Event<'_>) -> Result<Effects, Refusal> {
    let item = event.item();
    let to_person = !item.at("group_id").is_present();
    let person = person::someone_with_phone(item.at("to_user_id"), item.at("to"), event.contact());
    let way = Way { source: Source::Echo, outbound: true, person: person.filter(|_| to_person), status: None };
    message(event, way)
}

/// The row that any message becomes.
pub(super) fn message(event: &Event<'_>, way: Way) -> Result<Effects, Refusal> {
    let item = event.item();
    let wamid = wamid(item.at("id"), NO_ID)?;
    let thread = thread(item, way.person.as_ref())?;
    let kind = kind(item);
    let message = NewMessage {
        wamid,
        outbound: way.outbound,
        source: way.source,
        body: body::words(&kind, item),
        content: body::content(&kind, item),
        reply_to: item.at("context").any(&["id", "message_id"]).word(LONGEST_WAMID),
        about: about(&kind, item),
        sent_at: event.time(item.at("timestamp")),
        thread,
        // Only what went out has a status.
        status: way.status.filter(|_| way.outbound),
        message_type: kind,
    };
    Ok(Effects { person: way.person, message: Some(message), ..Effects::default() })
}

const NO_ID: Refusal = Refusal("The message has no id.");

/// The id of a message, a call or a group, if it is there and can be kept.
pub(super) fn wamid(id: Node<'_>, missing: Refusal) -> Result<String, Refusal> {
    let wamid = id.id().ok_or(missing)?;
    if wamid.chars().count() > LONGEST_WAMID {
        return Err(Refusal("The id is longer than 400 characters."));
    }
    Ok(wamid)
}

fn thread(item: Node<'_>, person: Option<&Person>) -> Result<Thread, Refusal> {
    match (item.at("group_id").id(), person) {
        (Some(_), _) => Ok(Thread::Group(wamid(item.at("group_id"), NO_ID)?)),
        (None, Some(_)) => Ok(Thread::Person),
        (None, None) => Err(Refusal("The message names neither a person nor a group.")),
    }
}

/// Meta's type. `awaited` is the word for a row that waits for its message, which no message may claim.
fn kind(item: Node<'_>) -> String {
    item.at("type").word(LONGEST_TYPE).filter(|kind| kind != "awaited").unwrap_or_else(|| "unknown".to_owned())
}

/// The message that this one changes or reacts to.
fn about(kind: &str, item: Node<'_>) -> Option<String> {
    let id = match kind {
        "reaction" => item.at(kind).at("message_id"),
        "edit" | "revoke" => item.at(kind).at("original_message_id"),
        _ => Node::ABSENT,
    };
    id.word(LONGEST_WAMID)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::processing::translate::testing::{SENT, refused, translated};

    fn text() -> Value {
        json!({
            "contact": {"profile": {"name": "Ann", "username": "ann"}, "wa_id": "16505551234", "user_id": "US.1"},
            "item": {
                "from": "16505551234", "from_user_id": "US.1", "id": "wamid.1", "timestamp": SENT.to_string(),
                "type": "text", "text": {"body": "Hello"}, "context": {"from": "15550783881", "id": "wamid.0"},
            },
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
    fn from_ann(item: Value) -> NewMessage {
        let mut whole = json!({"from": "16505551234", "id": "wamid.1", "timestamp": SENT});
        for (key, value) in item.as_object().expect("an object") {
            whole[key] = value.clone();
        }
        translated("message", json!({"item": whole})).message.expect("a message")
    }

    #[test]
    fn a_text_becomes_a_message_from_its_sender() {
        let effects = translated("message", text());
        let person = effects.person.expect("a person");
        assert_eq!(person.bsuid.as_deref(), Some("US.1"));
        assert_eq!(person.wa_id.as_deref(), Some("16505551234"));
        assert_eq!(person.phone.as_deref(), Some("16505551234"));
        assert_eq!(person.profile_name.as_deref(), Some("Ann"));
        assert_eq!(person.username.as_deref(), Some("ann"));
        let message = effects.message.expect("a message");
        assert_eq!(message.wamid, "wamid.1");
        assert_eq!((message.outbound, message.source), (false, Source::Message));
        assert_eq!((message.message_type.as_str(), message.body.as_deref()), ("text", Some("Hello")));
        assert_eq!(message.content, Some(json!({"text": {"body": "Hello"}})));
        assert_eq!(message.reply_to.as_deref(), Some("wamid.0"));
        assert_eq!(message.sent_at.unix_timestamp(), SENT);
        assert_eq!(message.thread, Thread::Person);
        assert_eq!((effects.identity_changes, effects.status, effects.account), (vec![], None, None));
    }

    #[test]
    fn standby_is_the_same_under_its_own_name() {
        assert_eq!(translated("standby", text()).message.map(|message| message.source), Some(Source::Standby));
    }

    #[test]
    fn reactions_edits_and_revokes_name_the_message_they_are_about() {
        let reaction = from_ann(json!({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}));
        assert_eq!((reaction.about.as_deref(), reaction.body.as_deref()), (Some("wamid.0"), Some("👍")));
        let edit = from_ann(json!({
            "type": "edit",
            "edit": {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "better"}}},
        }));
        assert_eq!((edit.about.as_deref(), edit.body.as_deref()), (Some("wamid.0"), Some("better")));
        let revoke = from_ann(json!({"type": "revoke", "revoke": {"original_message_id": "wamid.0"}}));
        assert_eq!((revoke.about.as_deref(), revoke.body), (Some("wamid.0"), None));
        assert_eq!(from_ann(json!({"type": "reaction", "reaction": {"message_id": ""}})).about, None);
    }

    #[test]
    fn unsupported_and_typeless_messages_are_kept_with_their_errors() {
        let errors = json!([{"code": 131_051, "title": "Message type unknown"}]);
        let unsupported = from_ann(json!({"type": "unsupported", "errors": errors, "unsupported": {"type": "poll"}}));
        assert_eq!(unsupported.body.as_deref(), Some("Message type unknown"));
        assert_eq!(unsupported.content, Some(json!({"errors": errors, "unsupported": {"type": "poll"}})));
        assert_eq!(from_ann(json!({"errors": errors})).message_type, "unknown");
        assert_eq!(from_ann(json!({"type": null})).message_type, "unknown");
        assert_eq!(from_ann(json!({"type": "hologram"})).message_type, "hologram");
    }

    #[test]
    fn no_message_can_claim_to_be_awaited() {
        assert_eq!(from_ann(json!({"type": "awaited"})).message_type, "unknown");
        assert_eq!(from_ann(json!({"type": "x".repeat(99)})).message_type.len(), LONGEST_TYPE);
    }

    #[test]
    fn a_group_message_belongs_to_the_group_and_knows_its_sender() {
        let mut payload = text();
        payload["item"]["group_id"] = json!("Group1");
        let effects = translated("message", payload);
        assert_eq!(effects.message.map(|message| message.thread), Some(Thread::Group("Group1".into())));
        assert_eq!(effects.person.and_then(|person| person.bsuid).as_deref(), Some("US.1"));
        let nobody = translated("message", json!({"item": {"id": "wamid.1", "group_id": "Group1"}}));
        assert_eq!(nobody.person, None);
    }

    #[test]
    fn an_echo_went_out_to_its_recipient() {
        let effects = translated(
            "echo",
            json!({"item": {
                "from": "15550783881", "to": "16505551234", "to_user_id": "US.1", "id": "wamid.1",
                "timestamp": SENT, "type": "text", "text": {"body": "Hello"},
            }}),
        );
        let person = effects.person.expect("a person");
        assert_eq!((person.bsuid.as_deref(), person.wa_id.as_deref()), (Some("US.1"), Some("16505551234")));
        let message = effects.message.expect("a message");
        assert_eq!((message.outbound, message.source, message.status), (true, Source::Echo, None));
    }

    #[test]
    fn an_echo_into_a_group_is_to_nobody_in_particular() {
        let item = json!({"from": "15550783881", "to": "Group1", "group_id": "Group1", "id": "wamid.1"});
        let effects = translated("echo", json!({"item": item}));
        assert_eq!(effects.person, None);
        assert_eq!(effects.message.map(|message| message.thread), Some(Thread::Group("Group1".into())));
    }

    #[test]
    fn a_time_nobody_can_believe_gives_way_to_the_time_of_the_event() {
        for timestamp in [json!(null), json!("soon"), json!(0), json!("1000000000"), json!(SENT + 90_000), json!({})] {
            let message = from_ann(json!({"timestamp": timestamp}));
            assert_eq!(message.sent_at.unix_timestamp(), SENT, "{timestamp}");
        }
        let earlier = from_ann(json!({"timestamp": "1700000000"}));
        assert_eq!(earlier.sent_at.unix_timestamp(), 1_700_000_000);
    }

    #[test]
    fn what_can_never_be_applied_is_refused_with_a_sentence() {
        let no_id = refused("message", json!({"item": {"from": "16505551234"}}));
        assert_eq!(no_id, "The message has no id.");
        let nobody = refused("message", json!({"item": {"id": "wamid.1", "from": ""}, "contact": {"wa_id": null}}));
        assert_eq!(nobody, "The message names neither a person nor a group.");
        let endless = refused("message", json!({"item": {"id": "x".repeat(401), "from": "16505551234"}}));
        assert_eq!(endless, "The id is longer than 400 characters.");
        assert_eq!(refused("message", json!(null)), "The message has no id.");
        assert_eq!(refused("echo", json!({"item": []})), "The message has no id.");
    }
}
