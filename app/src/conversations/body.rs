//! What is in a message, brought into one shape, so that every kind is drawn by the same few lines.

use leptos::either::Either;
use leptos::prelude::*;

use crate::contract::MessageBody;
use crate::ui::icon::{Glyph, Icon};

/// A message as it is drawn: a framed attachment, words, or both.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    attachment: Option<Attachment>,
    words: Option<String>,
}

/// A picture's place, a place's name, a chosen button.
#[derive(Debug, PartialEq, Eq)]
struct Attachment {
    glyph: Glyph,
    title: String,
    detail: Option<String>,
}

/// The content of a bubble.
#[component]
pub fn Body(
    /// What is in it.
    body: MessageBody,
) -> impl IntoView {
    let Shape { attachment, words } = shape(body);
    view! {
        {attachment.map(|attachment| view! { <Attached attachment /> })}
        {words.map(|words| view! { <p class="words" dir="auto">{words}</p> })}
    }
}

#[component]
fn Attached(attachment: Attachment) -> impl IntoView {
    let Attachment { glyph, title, detail } = attachment;
    view! {
        <div class="attached">
            <Icon glyph />
            <div>
                <span dir="auto">{title}</span>
                {match detail {
                    Some(detail) => Either::Left(view! { <small dir="auto">{detail}</small> }),
                    None => Either::Right(()),
                }}
            </div>
        </div>
    }
}

/// What WhatsApp or the telephone says, rather than somebody: it stands in the middle, not in a bubble.
pub fn note(body: &MessageBody) -> Option<String> {
    match body {
        MessageBody::System { text } => Some(text.clone()),
        MessageBody::Call { event } => Some(match event.as_str() {
            "connect" => "Call".into(),
            "terminate" => "Call ended".into(),
            other => format!("Call: {other}"),
        }),
        _ => None,
    }
}

fn shape(body: MessageBody) -> Shape {
    match body {
        MessageBody::Text { text } => Shape { attachment: None, words: Some(text) },
        MessageBody::Media { media, mime_type, file_name, size, caption } => {
            let detail = [mime_type, size].into_iter().flatten().collect::<Vec<_>>().join(" · ");
            media_shape(&media, Some(detail).filter(|detail| !detail.is_empty()), file_name, caption)
        }
        MessageBody::Location { latitude, longitude, name, address } => {
            let place = format!("{latitude}, {longitude}");
            let detail = address.map_or_else(|| place.clone(), |address| format!("{address} · {place}"));
            attached(Glyph::Pin, name.unwrap_or_else(|| "Location".into()), Some(detail), None)
        }
        MessageBody::Contacts { cards } => {
            let title = if cards.len() == 1 { "Contact".into() } else { format!("{} contacts", cards.len()) };
            attached(Glyph::Person, title, None, Some(cards.join("\n")))
        }
        MessageBody::Choice { title, detail } => attached(Glyph::Check, title, detail, None),
        MessageBody::Order { text, lines } => {
            let detail = if lines == 1 { "1 line".into() } else { format!("{lines} lines") };
            attached(Glyph::Basket, "Order".into(), Some(detail), text)
        }
        MessageBody::Awaited => {
            let detail = "Its statuses came, the message has not.".into();
            attached(Glyph::File, "Message not seen here".into(), Some(detail), None)
        }
        MessageBody::Unsupported { message_type, reason } => {
            attached(Glyph::File, format!("Not shown: {message_type}"), reason, None)
        }
        MessageBody::System { .. } | MessageBody::Call { .. } => Shape { attachment: None, words: note(&body) },
    }
}

fn attached(glyph: Glyph, title: String, detail: Option<String>, words: Option<String>) -> Shape {
    Shape { attachment: Some(Attachment { glyph, title, detail }), words }
}

fn media_shape(media: &str, detail: Option<String>, file_name: Option<String>, caption: Option<String>) -> Shape {
    let (glyph, word) = match media {
        "image" => (Glyph::Image, "Photo"),
        "sticker" => (Glyph::Image, "Sticker"),
        "video" => (Glyph::Play, "Video"),
        "audio" => (Glyph::Sound, "Audio"),
        "voice" => (Glyph::Sound, "Voice message"),
        "document" => (Glyph::File, "Document"),
        other => (Glyph::File, other),
    };
    attached(glyph, file_name.unwrap_or_else(|| word.to_owned()), detail, caption)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(body: MessageBody) -> Attachment {
        shape(body).attachment.expect("an attachment")
    }

    #[test]
    fn a_document_goes_by_its_file_name() {
        let body = MessageBody::Media {
            media: "document".into(),
            mime_type: Some("application/pdf".into()),
            file_name: Some("itinerary.pdf".into()),
            size: Some("1.2 MB".into()),
            caption: Some("This one.".into()),
        };
        let shape = shape(body);
        assert_eq!(shape.words.as_deref(), Some("This one."));
        let attachment = shape.attachment.expect("an attachment");
        assert_eq!(attachment.title, "itinerary.pdf");
        assert_eq!(attachment.detail.as_deref(), Some("application/pdf · 1.2 MB"));
    }

    #[test]
    fn an_unknown_medium_is_named_as_meta_names_it() {
        let body = MessageBody::Media {
            media: "hologram".into(),
            mime_type: None,
            file_name: None,
            size: None,
            caption: None,
        };
        assert_eq!(attachment(body).title, "hologram");
    }

    #[test]
    fn a_place_always_tells_where_it_is() {
        let body = MessageBody::Location {
            latitude: "38.7742".into(),
            longitude: "-9.1342".into(),
            name: None,
            address: Some("Gate B22".into()),
        };
        assert_eq!(attachment(body).detail.as_deref(), Some("Gate B22 · 38.7742, -9.1342"));
    }

    #[test]
    fn what_nobody_said_is_a_note() {
        assert_eq!(note(&MessageBody::Call { event: "terminate".into() }).as_deref(), Some("Call ended"));
        assert!(note(&MessageBody::Text { text: "Hi".into() }).is_none());
    }

    #[test]
    fn no_kind_is_drawn_as_nothing() {
        let kinds = [
            MessageBody::Awaited,
            MessageBody::Unsupported { message_type: "poll".into(), reason: None },
            MessageBody::Order { text: None, lines: 3 },
            MessageBody::System { text: "changed number".into() },
            MessageBody::Contacts { cards: vec!["Ana".into()] },
            MessageBody::Choice { title: "Yes".into(), detail: None },
        ];
        for body in kinds {
            assert_ne!(shape(body.clone()), Shape::default(), "{body:?}");
        }
    }
}
