//! `statuses[]`: how far a message that went out has come; calls and payments have theirs here too.

use super::{Event, Refusal, message, person};
use crate::processing::effect::{Effects, NewStatus, Person, StatusRank};
use crate::processing::wire::Node;

/// Longest status word and recipient worth keeping, in characters.
const LONGEST_WORD: usize = 64;
const LONGEST_RECIPIENT: usize = 400;

/// A status as it came. Those of calls and payments, and unknown words, are kept and move nothing.
pub(super) fn status(event: &Event<'_>) -> Result<Effects, Refusal> {
    let item = event.item();
    let wamid = message::wamid(item.at("id"), Refusal("The status has no message id."))?;
    let word = item.at("status").word(LONGEST_WORD).unwrap_or_else(|| "unknown".to_owned());
    let group = group(item);
    let status = NewStatus {
        wamid,
        rank: rank(event, &word),
        status: word,
        recipient: recipient(item).word(LONGEST_RECIPIENT),
        occurred_at: event.time(item.at("timestamp")),
        errors: item
            .at("errors")
            .value()
            .filter(|errors| errors.as_array().is_none_or(|list| !list.is_empty()))
            .cloned(),
        group,
    };
    Ok(Effects { person: to_whom(event, status.group.is_some()), status: Some(status), ..Effects::default() })
}

fn rank(event: &Event<'_>, word: &str) -> Option<StatusRank> {
    let item = event.item();
    let kind = item.at("type").id();
    let is_of_message = event.event_type == "status"
        && !item.at("payment").is_present()
        && !kind.is_some_and(|kind| ["payment", "call"].contains(&kind.to_lowercase().as_str()));
    if is_of_message { StatusRank::parse(&word.to_lowercase()) } else { None }
}

fn is_to_group(item: Node<'_>) -> bool {
    item.at("recipient_type").id().is_some_and(|kind| kind.eq_ignore_ascii_case("group"))
}

fn group(item: Node<'_>) -> Option<String> {
    let group = item.any(&["recipient_id", "group_id"]).id().filter(|_| is_to_group(item))?;
    (group.chars().count() <= LONGEST_RECIPIENT).then_some(group)
}

/// In a group the participant, as far as Meta says who it is.
fn recipient(item: Node<'_>) -> Node<'_> {
    item.any(&["recipient_participant_id", "recipient_participant_user_id", "recipient_id", "recipient_user_id"])
}

fn to_whom(event: &Event<'_>, to_group: bool) -> Option<Person> {
    let item = event.item();
    if to_group {
        let user_id = item.at("recipient_participant_user_id");
        person::someone(user_id, item.at("recipient_participant_id"), event.contact())
    } else {
        person::someone(item.at("recipient_user_id"), item.at("recipient_id"), event.contact())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::processing::translate::testing::{SENT, refused, translated};

    #[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
    fn status_of(event_type: &str, item: Value) -> NewStatus {
        let mut whole = json!({"id": "wamid.1", "timestamp": SENT.to_string(), "recipient_id": "16505551234"});
        for (key, value) in item.as_object().expect("an object") {
            whole[key] = value.clone();
        }
        translated(event_type, json!({"item": whole})).status.expect("a status")
    }

    #[test]
    fn a_status_is_kept_with_its_recipient_time_and_errors() {
        let errors = json!([{"code": 131_026, "title": "Message undeliverable"}]);
        let status = status_of("status", json!({"status": "failed", "errors": errors}));
        assert_eq!(
            status,
            NewStatus {
                wamid: "wamid.1".into(),
                status: "failed".into(),
                rank: Some(StatusRank::Failed),
                recipient: Some("16505551234".into()),
                group: None,
                occurred_at: time::OffsetDateTime::from_unix_timestamp(SENT).expect("a time"),
                errors: Some(errors),
            }
        );
        assert_eq!(status_of("status", json!({"status": "sent", "errors": []})).errors, None);
        assert_eq!(status_of("status", json!({"status": "sent", "errors": null})).errors, None);
    }

    #[test]
    fn known_words_move_the_message_and_others_are_only_kept() {
        let words = [
            ("sent", Some(StatusRank::Sent)),
            ("delivered", Some(StatusRank::Delivered)),
            ("read", Some(StatusRank::Read)),
            ("played", Some(StatusRank::Played)),
            ("READ", Some(StatusRank::Read)),
            ("deleted", None),
            ("warning", None),
            ("teleported", None),
        ];
        for (word, rank) in words {
            let status = status_of("status", json!({"status": word}));
            assert_eq!((status.status.as_str(), status.rank), (word, rank));
        }
        assert_eq!(status_of("status", json!({"status": null})).status, "unknown");
        assert_eq!(status_of("status", json!({"status": 7})).status, "7");
        assert_eq!(status_of("status", json!({"status": "ä".repeat(99)})).status.chars().count(), LONGEST_WORD);
    }

    #[test]
    fn statuses_of_calls_and_payments_move_no_message() {
        assert_eq!(status_of("status", json!({"status": "read", "type": "call"})).rank, None);
        assert_eq!(status_of("status", json!({"status": "RINGING", "type": "call"})).status, "RINGING");
        assert_eq!(status_of("status", json!({"status": "failed", "type": "payment"})).rank, None);
        for word in ["captured", "pending", "failed"] {
            let payment = status_of("payment_status", json!({"status": word, "payment": {"reference_id": "r"}}));
            assert_eq!((payment.status.as_str(), payment.rank), (word, None));
        }
    }

    #[test]
    fn a_status_tells_both_ids_of_its_recipient() {
        let effects = translated(
            "status",
            json!({
                "contact": {"wa_id": "16505551234", "user_id": "US.1", "profile": {"username": "ann"}},
                "item": {"id": "wamid.1", "status": "read", "recipient_id": "16505551234", "recipient_user_id": "US.1"},
            }),
        );
        let person = effects.person.expect("a person");
        assert_eq!((person.bsuid.as_deref(), person.wa_id.as_deref()), (Some("US.1"), Some("16505551234")));
        assert_eq!(person.username.as_deref(), Some("ann"));
    }

    #[test]
    fn a_failure_may_name_nobody() {
        let effects = translated("status", json!({"item": {"id": "wamid.1", "status": "failed"}}));
        assert_eq!((effects.person, effects.status.and_then(|status| status.recipient)), (None, None));
    }

    #[test]
    fn in_a_group_the_recipient_is_the_participant() {
        let item = json!({
            "status": "read", "recipient_type": "group", "recipient_id": "Group1",
            "recipient_participant_id": "16505551234",
        });
        let status = status_of("status", item.clone());
        assert_eq!(status.group.as_deref(), Some("Group1"));
        assert_eq!(status.recipient.as_deref(), Some("16505551234"));
        let mut whole = item;
        whole["id"] = json!("wamid.1");
        let person = translated("status", json!({"item": whole})).person;
        assert_eq!(person.and_then(|person| person.wa_id).as_deref(), Some("16505551234"));
    }

    #[test]
    fn a_status_of_no_message_is_refused() {
        assert_eq!(refused("status", json!({"item": {"status": "read"}})), "The status has no message id.");
    }
}
