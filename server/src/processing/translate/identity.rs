//! When somebody gets other ids: a system note in the conversation, or a `user_id_update`.
//!
//! A BSUID is made anew when a person changes phone. Whatever names both the old ids and the new ones joins them, so
//! that the history stays with the person.

use super::{Event, person};
use crate::processing::effect::{Effects, IdentityChange, Person};
use crate::processing::wire::Node;

/// Notes that give a person other ids; the last three are of older deployments.
const NOTES: [&str; 5] = [
    "user_changed_number",
    "user_changed_user_id",
    "customer_changed_number",
    "customer_identity_changed",
    "user_identity_changed",
];

/// The change that a message of type `system` tells of: `from` is who it was, `system` who it is.
pub(super) fn in_system_note(item: Node<'_>) -> Option<IdentityChange> {
    let system = note(item)?;
    let new = new_ids(item)?;
    let user_id = system.any(&["previous_user_id", "old_user_id"]).or(item.at("from_user_id"));
    let number = item.at("from").or(system.at("customer"));
    let old = person::someone_with_phone(user_id, number, Node::ABSENT).unwrap_or_default();
    change(with_ids_of_body(old, &new, system), new)
}

/// The ids that the person of a system note has from now on.
pub(super) fn new_ids(item: Node<'_>) -> Option<Person> {
    let system = note(item)?;
    person::someone(system.at("user_id"), system.any(&["wa_id", "new_wa_id"]), Node::ABSENT)
}

/// Whether a change is one of somebody's ids.
pub(super) fn is_update(event: &Event<'_>) -> bool {
    event.item().at("user_id_update").is_present() || event.is_field("user_id_update")
}

/// `user_id_update`: old BSUIDs and new ones. An entry without a new id says nothing that could be kept as a fact.
pub(super) fn update(event: &Event<'_>) -> Effects {
    let item = event.item();
    let entries: Vec<Node<'_>> = item.at("user_id_update").or(item).list().collect();
    let contact = event.contact().or(item.at("contacts").first());
    let mut effects = Effects::default();
    for entry in &entries {
        let contact = if entries.len() == 1 { contact } else { Node::ABSENT };
        let old = person::someone(before(*entry, "user_id"), before(*entry, "wa_id"), Node::ABSENT);
        let Some(new) = person::someone(after(*entry, "user_id"), after(*entry, "wa_id"), contact) else { continue };
        let new = with_name(new, person::someone(before(*entry, "user_id"), Node::ABSENT, contact));
        match old.and_then(|old| change(old, new.clone())) {
            Some(change) => effects.identity_changes.push(change),
            None => effects.person = effects.person.or(Some(new)),
        }
    }
    effects
}

/// The contact beside the update may still be the old one: whatever the id, the name is the person's.
fn with_name(new: Person, known: Option<Person>) -> Person {
    let known = known.unwrap_or_default();
    Person { profile_name: new.profile_name.or(known.profile_name), username: new.username.or(known.username), ..new }
}

fn note(item: Node<'_>) -> Option<Node<'_>> {
    let system = item.at("system");
    let kind = system.at("type").id()?;
    NOTES.contains(&kind.as_str()).then_some(system)
}

/// Both sides, if both are known and the new one says something new.
fn change(old: Person, new: Person) -> Option<IdentityChange> {
    let old = person::known(old)?;
    let is_news = |new: &Option<String>, old: &Option<String>| new.is_some() && new != old;
    (is_news(&new.bsuid, &old.bsuid) || is_news(&new.wa_id, &old.wa_id)).then_some(IdentityChange { old, new })
}

/// Newer notes have no `from`: only their text, "User Ann changed from US.1 to US.2", tells the old id. A profile
/// name is free text and may itself read like that, so only the very end counts, and only if it ends in an id that
/// Meta gives beside it.
fn with_ids_of_body(mut old: Person, new: &Person, system: Node<'_>) -> Person {
    let Some((before, after)) = system.at("body").text().and_then(|body| last_words(&body)) else { return old };
    let tells = |old: &Option<String>, new: &Option<String>| {
        new.as_deref() == Some(after.as_str()) && (old.is_none() || old == new)
    };
    if person::is_bsuid(&before) && tells(&old.bsuid, &new.bsuid) {
        old.bsuid = Some(before);
    } else if before.bytes().all(|byte| byte.is_ascii_digit()) && tells(&old.wa_id, &new.wa_id) {
        old.wa_id = Some(before);
    }
    old
}

/// `from A to B` at the end of a sentence.
fn last_words(body: &str) -> Option<(String, String)> {
    let (_, end) = body.trim_end().trim_end_matches('.').rsplit_once(" changed from ")?;
    let (before, after) = end.split_once(" to ")?;
    let id = |id: &str| Some(person::without_punctuation(id.trim())).filter(|id| !id.is_empty());
    Some((id(before)?, id(after)?))
}

/// `user_id.previous`, or `previous_user_id`.
fn before<'a>(entry: Node<'a>, key: &str) -> Node<'a> {
    entry.at(key).any(&["previous", "old"]).or(entry.at(&format!("previous_{key}"))).or(entry.at(&format!("old_{key}")))
}

/// `user_id.current`, or `current_user_id`, or plainly `user_id`.
fn after<'a>(entry: Node<'a>, key: &str) -> Node<'a> {
    entry
        .at(key)
        .any(&["current", "new"])
        .or(entry.at(&format!("current_{key}")))
        .or(entry.at(&format!("new_{key}")))
        .or(entry.at(key))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::processing::translate::testing::translated;

    fn ids(person: &Person) -> (Option<&str>, Option<&str>) {
        (person.bsuid.as_deref(), person.wa_id.as_deref())
    }

    fn note_of(mut item: Value) -> Effects {
        item["id"] = json!("wamid.1");
        item["type"] = json!("system");
        translated("message", json!({"item": item}))
    }

    #[test]
    fn a_changed_number_joins_the_old_and_the_new_and_leaves_a_note() {
        let effects = note_of(json!({"from": "16505551234", "system": {
            "body": "User Ann changed from 16505551234 to 12195555358", "wa_id": "12195555358",
            "type": "user_changed_number",
        }}));
        let change = effects.identity_changes[0].clone();
        assert_eq!((ids(&change.old), ids(&change.new)), ((None, Some("16505551234")), (None, Some("12195555358"))));
        assert_eq!(effects.person.as_ref().map(ids), Some((None, Some("16505551234"))));
        let message = effects.message.expect("a message");
        assert_eq!(message.body.as_deref(), Some("User Ann changed from 16505551234 to 12195555358"));
    }

    #[test]
    fn a_new_bsuid_joins_even_if_only_the_text_tells_the_old_one() {
        let effects = note_of(json!({"system": {
            "body": "User Ann changed from US.1 to US.2", "user_id": "US.2", "wa_id": "16505551234",
            "type": "user_changed_user_id",
        }}));
        let change = effects.identity_changes[0].clone();
        assert_eq!((ids(&change.old), ids(&change.new)), ((Some("US.1"), None), (Some("US.2"), Some("16505551234"))));
        assert_eq!(effects.person.as_ref().map(ids), Some((Some("US.1"), None)));
    }

    #[test]
    fn a_note_that_already_comes_from_the_new_id_still_joins_the_old_one() {
        let effects = note_of(json!({"from_user_id": "US.2", "system": {
            "body": "User Ann changed from US.1 to US.2", "user_id": "US.2", "type": "user_changed_user_id",
        }}));
        assert_eq!(effects.identity_changes.first().map(|change| change.old.bsuid.clone()), Some(Some("US.1".into())));
        let effects = note_of(json!({"from_user_id": "US.2", "system": {
            "previous_user_id": "US.1", "user_id": "US.2", "type": "user_changed_user_id",
        }}));
        assert_eq!(effects.identity_changes.first().map(|change| change.old.bsuid.clone()), Some(Some("US.1".into())));
    }

    #[test]
    fn a_name_that_reads_like_a_change_joins_nobody() {
        let effects = note_of(json!({"system": {
            "body": "User changed from US.666 to US.2 changed from US.1 to US.2", "user_id": "US.2",
            "type": "user_changed_user_id",
        }}));
        assert_eq!(effects.identity_changes.first().map(|change| change.old.bsuid.clone()), Some(Some("US.1".into())));
        let effects = note_of(json!({"system": {
            "body": "User Eve changed from US.666 to US.7 moved", "user_id": "US.2", "type": "user_changed_user_id",
        }}));
        assert_eq!(effects.identity_changes, []);
        assert_eq!(effects.person.as_ref().map(ids), Some((Some("US.2"), None)));
    }

    #[test]
    fn an_identity_change_without_new_ids_is_only_a_note() {
        let effects = note_of(json!({"from": "16505551234", "system": {
            "body": "Identity changed", "identity": "hash", "customer": "16505551234", "wa_id": "16505551234",
            "type": "customer_identity_changed",
        }}));
        assert_eq!(effects.identity_changes, []);
        assert!(effects.message.is_some());
        let other = note_of(json!({"from": "1", "system": {"type": "group_joined", "wa_id": "2"}}));
        assert_eq!(other.identity_changes, []);
    }

    #[test]
    fn a_user_id_update_joins_the_ids_whichever_way_it_is_written() {
        let entries = [
            json!({"wa_id": "16505551234", "user_id": {"previous": "US.1", "current": "US.2"}}),
            json!({"wa_id": "16505551234", "previous_user_id": "US.1", "current_user_id": "US.2"}),
            json!({"wa_id": "16505551234", "old_user_id": "US.1", "user_id": "US.2"}),
        ];
        for entry in entries {
            for item in [json!({"user_id_update": [entry]}), json!({"user_id_update": entry}), entry.clone()] {
                let effects = translated("change", json!({"field": "user_id_update", "item": item}));
                let change = effects.identity_changes[0].clone();
                assert_eq!(ids(&change.old), (Some("US.1"), None), "{item}");
                assert_eq!(ids(&change.new), (Some("US.2"), Some("16505551234")), "{item}");
            }
        }
    }

    #[test]
    fn an_update_is_known_by_its_key_whatever_the_field_says() {
        let item = json!({"user_id_update": [{"user_id": {"previous": "US.1", "current": "US.2"}}]});
        let effects = translated("change", json!({"field": "messages", "item": item}));
        assert!(!effects.identity_changes.is_empty());
    }

    #[test]
    fn an_update_without_an_old_id_still_tells_who_it_is() {
        let item = json!({"user_id_update": [{"user_id": "US.2", "wa_id": "1650"}]});
        let effects = translated("change", json!({"field": "user_id_update", "item": item}));
        assert_eq!(effects.person.as_ref().map(ids), Some((Some("US.2"), Some("1650"))));
    }

    #[test]
    fn an_update_about_several_people_joins_each_of_them() {
        let entry = |old: &str, new: &str| json!({"user_id": {"previous": old, "current": new}});
        let item = json!({"user_id_update": [entry("US.1", "US.2"), entry("US.3", "US.4")]});
        let effects = translated("change", json!({"field": "user_id_update", "item": item}));
        let joined: Vec<_> =
            effects.identity_changes.iter().map(|change| (ids(&change.old).0, ids(&change.new).0)).collect();
        assert_eq!(joined, [(Some("US.1"), Some("US.2")), (Some("US.3"), Some("US.4"))]);
    }

    #[test]
    fn an_update_about_nobody_is_only_kept() {
        for entries in [json!([]), json!([{}]), json!(null), json!("x")] {
            let payload = json!({"field": "user_id_update", "item": {"user_id_update": entries}});
            assert_eq!(translated("change", payload), Effects::default(), "{entries}");
        }
    }
}
