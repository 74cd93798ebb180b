//! From a row of `messages` to what a reader sees. Names and texts come out as plain text; escaping is the page's.
//!
//! Reactions, edits and revokes are folded into the message they are about before it comes here. One that is shown
//! all the same, like every type of a later day, is [`MessageBody::Unsupported`]: the raw event has all of it.

use app::contract::MessageBody;
use serde_json::Value;

use crate::processing::wire::{Node, card, error_title, reply};

/// Longest preview, in characters; the page cuts further.
const LONGEST_PREVIEW: usize = 200;

/// What is in a message, from its row's type, body and content.
pub fn message_body(message_type: &str, body: Option<&str>, content: Option<&Value>) -> MessageBody {
    let content = content.map_or(Node::ABSENT, Node::of);
    let part = content.at(message_type);
    let body = body.filter(|body| !body.is_empty()).map(ToOwned::to_owned);
    let known = match message_type {
        "text" => body.clone().map(|text| MessageBody::Text { text }),
        "image" | "video" | "audio" | "document" | "sticker" => Some(media(message_type, part, body.clone())),
        "location" => location(part),
        "contacts" => Some(MessageBody::Contacts { cards: part.list().filter_map(card_line).collect() }),
        "button" => body.clone().map(|title| MessageBody::Choice { title, detail: None }),
        "interactive" => interactive(part, body.clone()),
        "order" => Some(MessageBody::Order { text: body.clone(), lines: part.at("product_items").list().count() }),
        "system" => body.clone().map(|text| MessageBody::System { text }),
        "call" => Some(MessageBody::Call { event: body.clone().unwrap_or_else(|| "call".to_owned()) }),
        "awaited" => Some(MessageBody::Awaited),
        "erased" => Some(MessageBody::System { text: "This message was erased.".to_owned() }),
        _ => None,
    };
    known.unwrap_or_else(|| MessageBody::Unsupported {
        message_type: message_type.to_owned(),
        reason: error_title(content.at("errors")),
    })
}

/// The message in one line, for the list of conversations and for quotes.
pub fn preview(body: &MessageBody) -> String {
    let line = match body {
        MessageBody::Text { text } | MessageBody::System { text } => text.clone(),
        MessageBody::Media { media, caption, file_name, .. } => {
            labelled(media_name(media), caption.as_ref().or(file_name.as_ref()))
        }
        MessageBody::Location { name, address, .. } => labelled("Location", name.as_ref().or(address.as_ref())),
        MessageBody::Contacts { cards } => match cards.as_slice() {
            [] => "Contact".to_owned(),
            [only] => labelled("Contact", Some(only)),
            many => format!("{} contacts", many.len()),
        },
        MessageBody::Choice { title, .. } => title.clone(),
        MessageBody::Order { text, lines } => {
            let items = format!("{lines} {}", if *lines == 1 { "item" } else { "items" });
            labelled("Order", Some(text.as_ref().unwrap_or(&items)))
        }
        MessageBody::Call { event } => labelled("Call", Some(event).filter(|event| *event != "call")),
        MessageBody::Awaited => "Message not received yet".to_owned(),
        MessageBody::Unsupported { .. } => "Unsupported message".to_owned(),
    };
    one_line(&line)
}

/// A voice message is an audio that was recorded in the chat.
fn media(message_type: &str, part: Node<'_>, body: Option<String>) -> MessageBody {
    let is_voice = message_type == "audio" && part.at("voice").value().is_some_and(|voice| *voice == true);
    let file_name = part.at("filename").text();
    MessageBody::Media {
        media: if is_voice { "voice" } else { message_type }.to_owned(),
        mime_type: part.at("mime_type").text(),
        size: part.at("file_size").id().and_then(|bytes| bytes.parse().ok()).map(file_size),
        caption: part.at("caption").text().or_else(|| body.filter(|body| Some(body) != file_name.as_ref())),
        file_name,
    }
}

/// In the unit that people read, as file managers give it.
fn file_size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

fn location(part: Node<'_>) -> Option<MessageBody> {
    Some(MessageBody::Location {
        latitude: part.at("latitude").id()?,
        longitude: part.at("longitude").id()?,
        name: part.at("name").text(),
        address: part.at("address").text(),
    })
}

/// Name and first number, as far as there are any.
fn card_line(card: Node<'_>) -> Option<String> {
    match (card::name(card), card::phone(card)) {
        (Some(name), Some(phone)) => Some(format!("{name} · {phone}")),
        (name, phone) => name.or(phone),
    }
}

/// An answer is a choice; a question that went out is a text.
fn interactive(part: Node<'_>, body: Option<String>) -> Option<MessageBody> {
    if let Some(text) = reply::question(part) {
        return Some(MessageBody::Text { text });
    }
    let title = body.or_else(|| reply::title(part))?;
    Some(MessageBody::Choice { title, detail: reply::detail(part) })
}

fn media_name(media: &str) -> &'static str {
    match media {
        "image" => "Photo",
        "video" => "Video",
        "audio" => "Audio",
        "voice" => "Voice message",
        "document" => "Document",
        "sticker" => "Sticker",
        _ => "File",
    }
}

fn labelled(label: &str, words: Option<&String>) -> String {
    words.map_or_else(|| label.to_owned(), |words| format!("{label} · {words}"))
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST_PREVIEW {
        return line;
    }
    line.chars().take(LONGEST_PREVIEW).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn shown(message_type: &str, body: Option<&str>, content: &Value) -> MessageBody {
        message_body(message_type, body, Some(content))
    }

    fn unsupported(message_type: &str, reason: Option<&str>) -> MessageBody {
        MessageBody::Unsupported { message_type: message_type.into(), reason: reason.map(Into::into) }
    }

    fn line(message_type: &str, body: Option<&str>, content: &Value) -> String {
        preview(&shown(message_type, body, content))
    }

    #[test]
    fn words_come_out_as_they_went_in() {
        let text = shown("text", Some("<b>hi</b>\n"), &json!({"text": {"body": "<b>hi</b>\n"}}));
        assert_eq!(text, MessageBody::Text { text: "<b>hi</b>\n".into() });
        let system = message_body("system", Some("Ann changed"), None);
        assert_eq!(system, MessageBody::System { text: "Ann changed".into() });
    }

    #[test]
    fn media_say_what_they_are() {
        let content = json!({"document": {"mime_type": "application/pdf", "filename": "a.pdf"}});
        let document = shown("document", Some("a.pdf"), &content);
        let expected = MessageBody::Media {
            media: "document".into(),
            mime_type: Some("application/pdf".into()),
            file_name: Some("a.pdf".into()),
            size: None,
            caption: None,
        };
        assert_eq!(document, expected);
        assert_eq!(preview(&document), "Document · a.pdf");
        assert_eq!(line("image", Some("Sea"), &json!({"image": {"caption": "Sea"}})), "Photo · Sea");
        assert_eq!(line("audio", None, &json!({"audio": {"voice": true}})), "Voice message");
        assert_eq!(line("audio", None, &json!({"audio": {"voice": false}})), "Audio");
        assert_eq!(preview(&message_body("sticker", None, None)), "Sticker");
        assert_eq!(preview(&message_body("video", None, None)), "Video");
    }

    #[test]
    fn the_size_of_a_file_is_shown_where_meta_tells_it() {
        let told = |size: serde_json::Value| match shown("image", None, &json!({"image": {"file_size": size}})) {
            MessageBody::Media { size, .. } => size,
            other => panic!("{other:?}"),
        };
        assert_eq!(told(json!(1_260_000)).as_deref(), Some("1.2 MB"));
        assert_eq!(told(json!("45123")).as_deref(), Some("45 kB"));
        assert_eq!(told(json!(999)).as_deref(), Some("999 bytes"));
        assert_eq!(told(json!(-1)), None);
    }

    #[test]
    fn places_keep_every_digit() {
        let content = json!({"location": {"latitude": 37.483_872_1, "longitude": "-122.148900", "name": "HQ"}});
        let place = shown("location", Some("HQ"), &content);
        let expected = MessageBody::Location {
            latitude: "37.4838721".into(),
            longitude: "-122.148900".into(),
            name: Some("HQ".into()),
            address: None,
        };
        assert_eq!(place, expected);
        assert_eq!(preview(&place), "Location · HQ");
        assert_eq!(shown("location", None, &json!({"location": {}})), unsupported("location", None));
    }

    #[test]
    fn cards_show_name_and_number() {
        let ann = json!({"name": {"formatted_name": "Ann Lee"}, "phones": [{"phone": "+1 650"}, {"phone": "2"}]});
        let content = json!({"contacts": [ann, {"vcard": "FN:Bo"}, {}]});
        let cards = shown("contacts", None, &content);
        assert_eq!(cards, MessageBody::Contacts { cards: vec!["Ann Lee · +1 650".into(), "Bo".into()] });
        assert_eq!(preview(&cards), "2 contacts");
        assert_eq!(line("contacts", None, &json!({"contacts": [{"vcard": "FN:Bo"}]})), "Contact · Bo");
        assert_eq!(preview(&message_body("contacts", None, None)), "Contact");
    }

    #[test]
    fn answers_are_choices_and_questions_are_texts() {
        let row = json!({"interactive": {"type": "list_reply", "list_reply": {"title": "L", "description": "Four"}}});
        let choice = MessageBody::Choice { title: "L".into(), detail: Some("Four".into()) };
        assert_eq!(shown("interactive", Some("L"), &row), choice);
        assert_eq!(shown("interactive", None, &row), choice);
        let question = json!({"interactive": {"type": "button", "body": {"text": "Ready?"}}});
        assert_eq!(shown("interactive", Some("Ready?"), &question), MessageBody::Text { text: "Ready?".into() });
        assert_eq!(line("button", Some("Yes"), &json!({"button": {"payload": "P", "text": "Yes"}})), "Yes");
        assert_eq!(message_body("interactive", None, None), unsupported("interactive", None));
    }

    #[test]
    fn orders_and_calls_in_one_line() {
        let order = json!({"order": {"catalog_id": "1", "product_items": [{"quantity": 2}, {"quantity": 1}]}});
        assert_eq!(shown("order", None, &order), MessageBody::Order { text: None, lines: 2 });
        assert_eq!(line("order", None, &order), "Order · 2 items");
        assert_eq!(line("order", None, &json!({"order": {"product_items": [1]}})), "Order · 1 item");
        assert_eq!(line("order", Some("Please"), &order), "Order · Please");
        assert_eq!(line("call", Some("terminate"), &json!({})), "Call · terminate");
        assert_eq!(line("call", None, &json!({})), "Call");
    }

    #[test]
    fn what_cannot_be_shown_says_why() {
        let content = json!({"errors": [{"title": "Message type unknown"}]});
        let body = shown("unsupported", Some("Message type unknown"), &content);
        assert_eq!(body, unsupported("unsupported", Some("Message type unknown")));
        assert_eq!(preview(&body), "Unsupported message");
        for folded in ["reaction", "edit", "revoke"] {
            assert_eq!(message_body(folded, Some("x"), None), unsupported(folded, None));
        }
        assert_eq!(message_body("text", None, None), unsupported("text", None));
        assert_eq!(message_body("awaited", None, None), MessageBody::Awaited);
    }

    #[test]
    fn a_preview_is_one_line_and_not_endless() {
        assert_eq!(line("text", Some("a\n\n b\tc "), &json!({})), "a b c");
        let long = line("text", Some(&"ä".repeat(999)), &json!({}));
        assert_eq!(long.chars().count(), LONGEST_PREVIEW + 1);
    }

    fn any_content() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        let keys = vec![
            "contacts",
            "location",
            "latitude",
            "longitude",
            "order",
            "product_items",
            "interactive",
            "nfm_reply",
            "response_json",
            "audio",
            "voice",
            "name",
            "phones",
            "errors",
            "title",
            "vcard",
            "type",
        ];
        leaf.prop_recursive(5, 48, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::hash_map(prop::sample::select(keys.clone()).prop_map(str::to_owned), inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_row_can_be_shown(body in any::<Option<String>>(), content in any_content()) {
            let kinds = [
                "text", "image", "audio", "document", "location", "contacts", "button", "interactive", "reaction",
                "order", "system", "edit", "revoke", "unsupported", "unknown", "call", "awaited", "",
            ];
            for kind in kinds {
                let line = preview(&message_body(kind, body.as_deref(), Some(&content)));
                prop_assert!(!line.contains('\n'));
            }
        }
    }
}
