//! What is in a message: the line that a person reads first, and the part of the JSON that belongs to the type.

use serde_json::{Map, Value};

use crate::processing::wire::{Node, card, error_title, reply};

/// What a person reads first; none where there are no words. A reaction taken back is an empty text.
pub(super) fn words(kind: &str, item: Node<'_>) -> Option<String> {
    let part = item.at(kind);
    match kind {
        "text" => part.at("body").or(part).text(),
        "image" | "video" | "audio" | "sticker" => part.at("caption").text(),
        "document" => part.at("caption").text().or_else(|| part.at("filename").text()),
        "location" => part.at("name").text().or_else(|| part.at("address").text()),
        "contacts" => names(part),
        "button" => part.at("text").text().or_else(|| part.at("payload").text()),
        "interactive" => reply::title(part),
        "reaction" => Some(part.at("emoji").id().unwrap_or_default()),
        "order" => part.at("text").text(),
        "system" => part.at("body").text(),
        "edit" => edited(part.at("message")),
        "revoke" => None,
        _ => error_title(item.at("errors")),
    }
}

/// The type's own member with the extras beside it, as one object; none if there is nothing to keep.
pub(super) fn content(kind: &str, item: Node<'_>) -> Option<Value> {
    let mut content: Map<String, Value> = [kind, "errors", "referral", "origin"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), item.at(key).value()?.clone())))
        .collect();
    if let Some(context) = context(item.at("context")) {
        content.insert("context".to_owned(), context);
    }
    Some(Value::Object(content)).filter(|content| content.as_object().is_some_and(|members| !members.is_empty()))
}

/// What a context says beyond the message it answers: forwarded, a product asked about …
fn context(context: Node<'_>) -> Option<Value> {
    let mut members = context.value()?.as_object()?.clone();
    members.retain(|key, value| !matches!(key.as_str(), "id" | "from") && !value.is_null());
    (!members.is_empty()).then_some(Value::Object(members))
}

/// The new words of an edited message: a text, or a caption.
fn edited(message: Node<'_>) -> Option<String> {
    let kinds = ["text", "image", "video", "document", "interactive"];
    let kind = message.at("type").id();
    let kind = kinds.into_iter().find(|known| match &kind {
        Some(kind) => kind == known,
        None => message.at(known).is_present(),
    })?;
    words(kind, message)
}

fn names(cards: Node<'_>) -> Option<String> {
    let names: Vec<String> = cards.list().filter_map(|one| card::name(one).or_else(|| card::phone(one))).collect();
    Some(names.join(", ")).filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_says_what_a_person_reads_first() {
        let table = [
            ("text", json!({"text": {"body": " hi "}}), Some(" hi ")),
            ("text", json!({"text": "hi"}), Some("hi")),
            ("text", json!({"text": {"body": 5}}), Some("5")),
            ("text", json!({"text": null}), None),
            ("image", json!({"image": {"id": "1", "caption": "Sea"}}), Some("Sea")),
            ("video", json!({"video": {"id": "1"}}), None),
            ("audio", json!({"audio": {"id": "1", "voice": true}}), None),
            ("sticker", json!({"sticker": {"id": "1", "animated": false}}), None),
            ("document", json!({"document": {"filename": "a.pdf"}}), Some("a.pdf")),
            ("document", json!({"document": {"filename": "a.pdf", "caption": "Bill"}}), Some("Bill")),
            ("location", json!({"location": {"latitude": 1, "name": "", "address": "Road 1"}}), Some("Road 1")),
            (
                "contacts",
                json!({"contacts": [{"name": {"formatted_name": "Ann"}}, {"phones": [{"phone": "+1 2"}]}]}),
                Some("Ann, +1 2"),
            ),
            ("button", json!({"button": {"payload": "P", "text": "Yes"}}), Some("Yes")),
            (
                "interactive",
                json!({"interactive": {"type": "button_reply", "button_reply": {"title": "Yes"}}}),
                Some("Yes"),
            ),
            ("reaction", json!({"reaction": {"message_id": "m", "emoji": "👍"}}), Some("👍")),
            ("reaction", json!({"reaction": {"message_id": "m", "emoji": ""}}), Some("")),
            ("reaction", json!({"reaction": {"message_id": "m"}}), Some("")),
            ("order", json!({"order": {"text": "Please", "product_items": []}}), Some("Please")),
            ("system", json!({"system": {"body": "Changed"}}), Some("Changed")),
            ("edit", json!({"edit": {"message": {"type": "text", "text": {"body": "new"}}}}), Some("new")),
            ("edit", json!({"edit": {"message": {"image": {"caption": "new"}}}}), Some("new")),
            ("edit", json!({"edit": {"message": {"type": "edit", "edit": {}}}}), None),
            ("revoke", json!({"revoke": {"original_message_id": "m"}}), None),
            ("unsupported", json!({"errors": [{"code": 131_051, "title": "Not supported"}]}), Some("Not supported")),
            ("unknown", json!({}), None),
            ("hologram", json!({"hologram": {"x": 1}}), None),
        ];
        for (kind, item, expected) in table {
            assert_eq!(words(kind, Node::of(&item)).as_deref(), expected, "{kind} {item}");
        }
    }

    #[test]
    fn content_is_the_part_of_the_type_with_its_extras_and_no_more() {
        let item = json!({
            "id": "m", "from": "1", "timestamp": "1", "type": "text", "text": {"body": "hi"},
            "referral": {"source_type": "ad"}, "errors": null,
            "context": {"id": "other", "from": "2", "forwarded": true},
        });
        let expected = json!({
            "text": {"body": "hi"}, "referral": {"source_type": "ad"}, "context": {"forwarded": true},
        });
        assert_eq!(content("text", Node::of(&item)), Some(expected));
    }

    #[test]
    fn where_there_is_nothing_to_keep_nothing_is_kept() {
        assert_eq!(content("unknown", Node::of(&json!({"id": "m", "context": {"id": "other"}}))), None);
        assert_eq!(content("unknown", Node::of(&json!("nonsense"))), None);
    }
}
