//! `state_sync[]`: the address book of the business' phone.

use super::{Event, Refusal, person};
use crate::processing::effect::{Effects, Person};
use crate::processing::wire::Node;

/// An entry that was added, changed or removed. The phone number is all there is for an id.
pub(super) fn entry(event: &Event<'_>) -> Result<Effects, Refusal> {
    let item = event.item();
    if item.at("type").id().is_some_and(|kind| kind != "contact") {
        return Ok(Effects::default());
    }
    let contact = item.at("contact");
    let person =
        person::someone_with_phone(contact.at("user_id"), contact.any(&["phone_number", "wa_id"]), Node::ABSENT)
            .ok_or(Refusal("The address book entry names nobody."))?;
    let username = contact.at("username").id().or(person.username);
    Ok(Effects { person: Some(Person { address_book_name: name(item), username, ..person }), ..Effects::default() })
}

/// The name given, or the news that it was taken back; none if the action says neither.
#[expect(clippy::option_option, reason = "no news, a name, or none any more")]
fn name(item: Node<'_>) -> Option<Option<String>> {
    let action = item.at("action").id().map(|action| action.to_lowercase());
    let contact = item.at("contact");
    match action.as_deref() {
        Some("remove" | "delete") => Some(None),
        _ => contact.at("full_name").id().or_else(|| contact.at("first_name").id()).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::processing::translate::testing::{refused, translated};

    #[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
    fn synced(action: &str, contact: Value) -> Person {
        let item = json!({"type": "contact", "contact": contact, "action": action, "metadata": {"timestamp": 1}});
        translated("state_sync", json!({"item": item})).person.expect("a person")
    }

    #[test]
    fn an_added_name_is_what_the_business_calls_the_person() {
        let contact = json!({"full_name": "Ann Lee", "first_name": "Ann", "phone_number": "+1 650-555-1234"});
        let person = synced("add", contact);
        assert_eq!(person.wa_id.as_deref(), Some("16505551234"));
        assert_eq!(person.phone.as_deref(), Some("16505551234"));
        assert_eq!(person.address_book_name, Some(Some("Ann Lee".into())));
        assert_eq!(person.profile_name, None);
    }

    #[test]
    fn a_first_name_will_do_and_no_name_changes_none() {
        let first = synced("add", json!({"full_name": "", "first_name": "Ann", "user_id": "US.1"}));
        assert_eq!(first.address_book_name, Some(Some("Ann".into())));
        assert_eq!(first.bsuid.as_deref(), Some("US.1"));
        assert_eq!(synced("add", json!({"phone_number": "1650"})).address_book_name, None);
    }

    #[test]
    fn a_removed_entry_takes_the_name_back() {
        assert_eq!(synced("remove", json!({"phone_number": "16505551234"})).address_book_name, Some(None));
    }

    #[test]
    fn what_is_no_contact_changes_nothing_and_nobody_is_refused() {
        let other = translated("state_sync", json!({"item": {"type": "label"}}));
        assert_eq!(other, Effects::default());
        let nobody = refused("state_sync", json!({"item": {"type": "contact", "contact": {"full_name": "Ann"}}}));
        assert_eq!(nobody, "The address book entry names nobody.");
    }
}
