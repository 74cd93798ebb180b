//! Address cards: `contacts[]` inside a message, or a contact-request answer that has only a `vcard`.

use super::Node;

/// What the card calls its person: the formatted name, the parts of one, the name in the `vcard`, or the company.
pub fn name(card: Node<'_>) -> Option<String> {
    let name = card.at("name");
    name.at("formatted_name")
        .id()
        .or_else(|| joined_name(name))
        .or_else(|| card.at("vcard").text().as_deref().and_then(vcard_name))
        .or_else(|| card.at("org").at("company").id())
}

/// The first number on the card, as it is written there.
pub fn phone(card: Node<'_>) -> Option<String> {
    card.at("phones").list().find_map(|phone| phone.any(&["phone", "wa_id"]).id())
}

fn joined_name(name: Node<'_>) -> Option<String> {
    let parts: Vec<String> =
        ["first_name", "middle_name", "last_name"].iter().filter_map(|part| name.at(part).id()).collect();
    Some(parts.join(" ")).filter(|name| !name.is_empty())
}

/// `FN:Ann Lee` or `FN;CHARSET=UTF-8:Ann Lee`.
fn vcard_name(vcard: &str) -> Option<String> {
    vcard
        .lines()
        .filter_map(|line| line.trim().split_once(':'))
        .find(|(property, _)| property.split(';').next().is_some_and(|name| name.eq_ignore_ascii_case("FN")))
        .map(|(_, name)| name.trim().to_owned())
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn name_of(card: &Value) -> Option<String> {
        name(Node::of(card))
    }

    #[test]
    fn a_card_is_called_by_the_best_name_on_it() {
        let full = json!({"name": {"formatted_name": "Ann Lee", "first_name": "Ann"}, "org": {"company": "Acme"}});
        assert_eq!(name_of(&full).as_deref(), Some("Ann Lee"));
        let parts = json!({"name": {"first_name": "Ann", "last_name": "Lee"}});
        assert_eq!(name_of(&parts).as_deref(), Some("Ann Lee"));
        let vcard =
            json!({"vcard": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lee;Ann;;;\r\nFN;CHARSET=UTF-8:Ann Lee\r\nEND:VCARD"});
        assert_eq!(name_of(&vcard).as_deref(), Some("Ann Lee"));
        assert_eq!(name_of(&json!({"org": {"company": "Acme"}})).as_deref(), Some("Acme"));
        assert_eq!(name_of(&json!({"name": {}, "vcard": "FN:"})), None);
        assert_eq!(name_of(&json!(7)), None);
    }

    #[test]
    fn the_first_number_that_is_there_counts() {
        let card = json!({"phones": [{"type": "CELL"}, {"phone": "+1 650-555-1234"}, {"phone": "2"}]});
        assert_eq!(phone(Node::of(&card)).as_deref(), Some("+1 650-555-1234"));
        assert_eq!(phone(Node::of(&json!({}))), None);
    }
}
