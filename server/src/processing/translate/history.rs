//! Messages inside a history chunk: both directions in one thread, told apart by who wrote them.

use super::message::{self, Way};
use super::{Event, Refusal, person};
use crate::processing::effect::{Effects, Person, Source, StatusRank};
use crate::processing::wire::Node;

/// A message of the past.
pub(super) fn message(event: &Event<'_>) -> Result<Effects, Refusal> {
    let outbound = is_outbound(event);
    let way = Way { source: Source::History, outbound, person: peer(event, outbound), status: status(event.item()) };
    message::message(event, way)
}

/// Whom the thread is with. A file that fills a placeholder comes without a thread.
fn peer(event: &Event<'_>, outbound: bool) -> Option<Person> {
    let item = event.item();
    let thread = event.around("thread");
    let (user_id, number) = if outbound { ("to_user_id", "to") } else { ("from_user_id", "from") };
    person::someone_with_phone(
        item.at(user_id),
        item.at(number).or(thread_id(thread)),
        event.contact().or(thread.at("context")),
    )
}

/// The company wrote it if `from` is its own number; or else if it went to the one whom the thread is with.
fn is_outbound(event: &Event<'_>) -> bool {
    let item = event.item();
    let (from, to) = (item.at("from").id(), item.at("to").id());
    if from.as_deref().is_some_and(|from| event.is_own(from)) {
        return true;
    }
    let peer = thread_id(event.around("thread")).id();
    match (to, peer) {
        (Some(to), Some(peer)) => person::same(&to, &peer) && !from.is_some_and(|from| person::same(&from, &peer)),
        (Some(to), None) => from.is_none() && !item.at("from_user_id").is_present() && !event.is_own(&to),
        (None, _) => false,
    }
}

/// The thread's `id`; the thread itself where it is nothing but that.
fn thread_id(thread: Node<'_>) -> Node<'_> {
    thread.at("id").or(thread)
}

/// `history_context.status`, in capitals there. `PENDING` has come nowhere yet.
fn status(item: Node<'_>) -> Option<StatusRank> {
    let word = item.at("history_context").at("status").id()?.to_lowercase();
    if word == "error" { Some(StatusRank::Failed) } else { StatusRank::parse(&word) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::processing::translate::testing::{SENT, translated};

    fn past(thread: &Value, item: &Value) -> (bool, Option<String>, Option<StatusRank>) {
        let mut item = item.clone();
        item["id"] = json!("wamid.1");
        item["timestamp"] = json!(SENT);
        let effects = translated(
            "history_message",
            json!({
                "thread": thread, "item": item, "metadata": {"display_phone_number": "15550783881"},
                "chunk": {"phase": 0, "chunk_order": 1},
            }),
        );
        let message = effects.message.expect("a message");
        assert_eq!(message.source, Source::History);
        (message.outbound, effects.person.and_then(|person| person.wa_id.or(person.bsuid)), message.status)
    }

    #[test]
    fn direction_and_person_come_from_who_wrote_it() {
        let ann = || Some("16505551234".to_owned());
        let thread = json!({"id": "16505551234"});
        let inbound = json!({"from": "16505551234", "history_context": {"status": "READ"}});
        assert_eq!(past(&thread, &inbound), (false, ann(), None));
        let outbound = json!({"from": "15550783881", "to": "16505551234", "history_context": {"status": "READ"}});
        assert_eq!(past(&thread, &outbound), (true, ann(), Some(StatusRank::Read)));
        assert_eq!(past(&json!(null), &outbound), (true, ann(), Some(StatusRank::Read)));
        assert_eq!(past(&thread, &json!({"from": "+1 555-078-3881"})), (true, ann(), None));
        assert_eq!(past(&json!("16505551234"), &json!({"from": "15550783881"})), (true, ann(), None));
        // The company's number in a spelling nobody knows: it is not the person's, and it went to the person.
        assert_eq!(past(&thread, &json!({"from": "5550783881", "to": "16505551234"})), (true, ann(), None));
        assert_eq!(past(&thread, &json!({"from": "16505551234", "to": "15550783881"})), (false, ann(), None));
        assert_eq!(past(&thread, &json!({})), (false, ann(), None));
    }

    #[test]
    fn somebody_without_a_number_is_known_by_bsuid() {
        let thread = json!({"id": "US.1", "context": {"user_id": "US.1", "username": "ann"}});
        assert_eq!(past(&thread, &json!({"from": "15550783881"})), (true, Some("US.1".into()), None));
        assert_eq!(past(&json!({}), &json!({"from_user_id": "US.1"})), (false, Some("US.1".into()), None));
        assert_eq!(past(&json!({}), &json!({"from_user_id": "US.1", "to": "9"})), (false, Some("US.1".into()), None));
    }

    #[test]
    fn what_went_out_brings_its_status_along() {
        let words = [
            ("SENT", Some(StatusRank::Sent)),
            ("DELIVERED", Some(StatusRank::Delivered)),
            ("PLAYED", Some(StatusRank::Played)),
            ("ERROR", Some(StatusRank::Failed)),
            ("PENDING", None),
            ("ODD", None),
        ];
        for (word, rank) in words {
            let item = json!({"from": "15550783881", "history_context": {"status": word}});
            assert_eq!(past(&json!({"id": "1650"}), &item).2, rank, "{word}");
        }
    }
}
