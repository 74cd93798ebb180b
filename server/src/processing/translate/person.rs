//! Who it is: contacts are known by BSUID first, then by WhatsApp id; either may be absent, and some senders put the
//! BSUID where the number belongs.

use crate::processing::effect::Person;
use crate::processing::wire::{Node, digits};

/// Longest id that `contact_identities` takes, in characters.
const LONGEST_ID: usize = 200;

/// The person whom an update names by BSUID (`from_user_id`, `to_user_id` …), by number (`from`, `to` …) and by the
/// entry of `contacts[]` that belongs to it; none if all of them are silent.
///
/// The entry's `wa_id` wins over the number: that is the id, while the number may be spelled another way (Brazil's
/// ninth digit). An entry with another BSUID than the update's is somebody else's and is left aside.
pub(super) fn someone(user_id: Node<'_>, number: Node<'_>, contact: Node<'_>) -> Option<Person> {
    let number = id(number);
    let bsuid = id(user_id).or_else(|| number.clone().filter(|id| is_bsuid(id)));
    let contact = if is_someone_else(contact, bsuid.as_deref()) { Node::ABSENT } else { contact };
    let entry_id = id(contact.at("wa_id"));
    let profile = contact.at("profile");
    known(Person {
        bsuid: bsuid.or_else(|| id(contact.at("user_id"))).or_else(|| entry_id.clone().filter(|id| is_bsuid(id))),
        wa_id: [entry_id, number].into_iter().flatten().find(|id| !is_bsuid(id)).map(|id| without_punctuation(&id)),
        profile_name: profile.at("name").id(),
        username: profile.at("username").or(contact.at("username")).id().map(|name| without_at(&name)),
        ..Person::default()
    })
}

/// As [`someone`], where the number is documented to be a phone number and not just an id.
pub(super) fn someone_with_phone(user_id: Node<'_>, number: Node<'_>, contact: Node<'_>) -> Option<Person> {
    let mut person = someone(user_id, number, contact)?;
    person.phone = id(number).and_then(|number| phone(&number));
    Some(person)
}

/// The person, if there is an id to know them by.
pub(super) fn known(person: Person) -> Option<Person> {
    Some(person).filter(|person| person.bsuid.is_some() || person.wa_id.is_some())
}

/// An id that can be kept: not empty, not endless.
pub(super) fn id(node: Node<'_>) -> Option<String> {
    node.id().filter(|id| id.chars().count() <= LONGEST_ID)
}

/// Two upper-case letters, a dot and letters or digits; a portfolio's parent id has `ENT.` in between.
pub(super) fn is_bsuid(id: &str) -> bool {
    let Some((country, rest)) = id.split_once('.') else { return false };
    let rest = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A number written for people, `+1 (650) 555-1234`, as WhatsApp writes its ids; any other id as it is.
pub fn without_punctuation(id: &str) -> String {
    if id.chars().all(|c| c.is_ascii_digit() || "+-(). ".contains(c)) && id.contains(|c: char| c.is_ascii_digit()) {
        digits(id)
    } else {
        id.to_owned()
    }
}

/// Whether it is one id, or one number in two spellings.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || (!is_bsuid(one) && !digits(one).is_empty() && digits(one) == digits(other))
}

/// The digits, if they can be a phone number: at most 15 (E.164).
fn phone(number: &str) -> Option<String> {
    let number = without_punctuation(number);
    let is_phone = (4..=15).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_phone.then_some(number)
}

fn is_someone_else(contact: Node<'_>, bsuid: Option<&str>) -> bool {
    match (id(contact.at("user_id")), bsuid) {
        (Some(theirs), Some(bsuid)) => theirs != bsuid,
        _ => false,
    }
}

fn without_at(username: &str) -> String {
    username.strip_prefix('@').unwrap_or(username).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// BSUID, `wa_id` and phone of whoever this is from.
    fn ids(item: &Value, contact: &Value) -> Option<(Option<String>, Option<String>, Option<String>)> {
        let (item, contact) = (Node::of(item), Node::of(contact));
        someone_with_phone(item.at("from_user_id"), item.at("from"), contact)
            .map(|person| (person.bsuid, person.wa_id, person.phone))
    }

    #[test]
    fn everybody_is_found_by_whatever_ids_there_are() {
        let some = |text: &str| Some(text.to_owned());
        let number = some("16505551234");
        let bsuid = some("US.13491208655302741918");
        let table = [
            (json!({"from": "16505551234"}), json!(null), Some((None, number.clone(), number.clone()))),
            (json!({"from": 16_505_551_234_u64}), json!({}), Some((None, number.clone(), number.clone()))),
            (json!({"from": " +1 650-555-1234 "}), json!({}), Some((None, number.clone(), number.clone()))),
            (json!({"from": "US.13491208655302741918"}), json!({}), Some((bsuid.clone(), None, None))),
            (
                json!({"from": "", "from_user_id": "US.13491208655302741918"}),
                json!({"wa_id": ""}),
                Some((bsuid.clone(), None, None)),
            ),
            (
                json!({"from": "16505551234", "from_user_id": "US.13491208655302741918"}),
                json!({"wa_id": "16505551234", "user_id": "US.13491208655302741918"}),
                Some((bsuid.clone(), number.clone(), number.clone())),
            ),
            (json!({}), json!({"user_id": "US.13491208655302741918"}), Some((bsuid.clone(), None, None))),
            (json!({}), json!({"wa_id": "US.13491208655302741918"}), Some((bsuid.clone(), None, None))),
            (json!({}), json!({"wa_id": "16505551234"}), Some((None, number.clone(), None))),
            // The ninth digit: the entry has the id, `from` the number.
            (
                json!({"from": "5511987654321"}),
                json!({"wa_id": "551187654321"}),
                Some((None, some("551187654321"), some("5511987654321"))),
            ),
            (json!({"from": "x".repeat(201)}), json!(null), None),
            (json!({"from": null, "from_user_id": " "}), json!({"wa_id": null}), None),
            (json!({"from": {"a": 1}}), json!([]), None),
        ];
        for (item, contact, expected) in table {
            assert_eq!(ids(&item, &contact), expected, "{item} {contact}");
        }
    }

    #[test]
    fn the_profile_comes_from_the_entry_that_belongs_to_the_update() {
        let contact = json!({"user_id": "US.1", "profile": {"name": " Ann ", "username": "@ann"}});
        let mine = someone(Node::of(&json!("US.1")), Node::ABSENT, Node::of(&contact)).expect("somebody");
        assert_eq!((mine.profile_name.as_deref(), mine.username.as_deref()), (Some("Ann"), Some("ann")));
        let other = someone(Node::of(&json!("US.2")), Node::ABSENT, Node::of(&contact)).expect("somebody");
        assert_eq!(other, Person { bsuid: Some("US.2".into()), ..Person::default() });
    }

    #[test]
    fn a_bsuid_is_told_from_a_number() {
        for id in ["US.13491208655302741918", "DE.a1B2", "US.ENT.11815799212886844830"] {
            assert!(is_bsuid(id), "{id}");
        }
        for id in ["16505551234", "us.1", "USA.1", "US.", "US.1-2", "US1", "", ".", "ÄÖ.1", "US.ENT."] {
            assert!(!is_bsuid(id), "{id}");
        }
    }
}
