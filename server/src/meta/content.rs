//! Messages of every type, in a mix one might see: mostly text, some media, now and then the odd ones.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::json::{Json, object};
use super::texts;

/// How often each type of inbound message comes, in hundredths.
const INBOUND: [(&str, u32); 16] = [
    ("text", 56),
    ("image", 9),
    ("audio", 6),
    ("reaction", 5),
    ("interactive", 5),
    ("button", 3),
    ("document", 3),
    ("sticker", 2),
    ("location", 2),
    ("video", 2),
    ("contacts", 1),
    ("order", 1),
    ("edit", 2),
    ("revoke", 1),
    ("unsupported", 1),
    ("system", 1),
];

/// How often each type of message is sent by the company.
const OUTBOUND: [(&str, u32); 4] = [("text", 80), ("image", 10), ("document", 5), ("audio", 5)];

/// What one message says.
#[derive(Debug)]
pub struct Content {
    /// Meta's `type`.
    pub(crate) kind: &'static str,
    /// The member of that name.
    pub(crate) body: Json,
    /// `errors[]`, for what Meta cannot pass on.
    pub(crate) errors: Option<Vec<Json>>,
}

/// Draws a type for a message from a person; `about` is an earlier message, without which some types make no sense.
pub(crate) fn inbound_kind(rng: &mut StdRng, about: Option<&str>) -> &'static str {
    match drawn(rng, &INBOUND) {
        "reaction" | "edit" | "revoke" if about.is_none() => "text",
        kind => kind,
    }
}

/// Draws a type for a message to a person.
pub(crate) fn outbound_kind(rng: &mut StdRng) -> &'static str {
    drawn(rng, &OUTBOUND)
}

fn drawn(rng: &mut StdRng, weighted: &[(&'static str, u32)]) -> &'static str {
    weighted.choose_weighted(rng, |(_, weight)| *weight).map_or("text", |(kind, _)| *kind)
}

impl Content {
    /// A message of this type, about an earlier one where the type asks for it.
    pub(crate) fn new(kind: &'static str, rng: &mut StdRng, unicode: f64, about: Option<&str>) -> Self {
        let beyond_ascii = rng.random_bool(unicode);
        let body = match kind {
            "image" | "video" | "audio" | "document" | "sticker" => media(kind, rng, beyond_ascii),
            "reaction" => object! { "message_id": about, "emoji": texts::REACTIONS.choose(rng).copied() },
            "edit" => object! { "original_message_id": about, "message": object! {
            "type": "text", "text": object! { "body": texts::text(rng, beyond_ascii) } } },
            "revoke" => object! { "original_message_id": about },
            "interactive" => interactive(rng),
            "button" => object! { "payload": "CONFIRM_APPOINTMENT", "text": "Confirm" },
            "location" => object! {
                "latitude": f64::from(rng.random_range(-85_000..85_000)) / 1000.0,
                "longitude": f64::from(rng.random_range(-179_000..179_000)) / 1000.0,
                "name": "Café \"Zur Post\"", "address": "Am Markt 1/2, Köln",
            },
            "contacts" => contacts(rng),
            "order" => order(rng),
            "system" => {
                object! { "body": "The customer changed the number.", "type": "user_changed_number", "wa_id": texts::digits(rng, 12) }
            }
            "unsupported" => object! { "type": "unknown" },
            _ => object! { "body": texts::text(rng, beyond_ascii) },
        };
        Self { kind, body, errors: (kind == "unsupported").then(unsupported_errors) }
    }

    /// A text of about this many bytes.
    pub fn long_text(rng: &mut StdRng, bytes: usize) -> Self {
        Self { kind: "text", body: object! { "body": texts::long_text(rng, bytes) }, errors: None }
    }
}

fn media(kind: &'static str, rng: &mut StdRng, beyond_ascii: bool) -> Json {
    let id = texts::digits(rng, 16);
    let mime_type = match kind {
        "image" => "image/jpeg",
        "video" => "video/mp4",
        "audio" => "audio/ogg; codecs=opus",
        "document" => "application/pdf",
        _ => "image/webp",
    };
    let captioned = matches!(kind, "image" | "video" | "document") && rng.random_bool(0.5);
    object! {
        "caption": captioned.then(|| texts::text(rng, beyond_ascii)),
        "filename": (kind == "document").then_some("Rechnung März/2026.pdf"),
        "mime_type": mime_type,
        "sha256": texts::checksum(rng),
        "id": id.as_str(),
        "url": texts::media_url(rng, &id),
        "voice": (kind == "audio").then_some(true),
        "animated": (kind == "sticker").then_some(false),
    }
}

fn interactive(rng: &mut StdRng) -> Json {
    if rng.random_bool(0.5) {
        return object! { "type": "button_reply", "button_reply": object! { "id": "yes", "title": "Yes, please" } };
    }
    object! { "type": "list_reply", "list_reply": object! {
    "id": texts::digits(rng, 4), "title": "Tomorrow morning", "description": "Between 8 and 12 o'clock" } }
}

fn contacts(rng: &mut StdRng) -> Json {
    let number = texts::digits(rng, 12);
    Json::List(vec![object! {
        "name": object! { "first_name": "Zoë", "last_name": "Ångström", "formatted_name": "Zoë Ångström" },
        "phones": vec![object! { "phone": format!("+{number}"), "wa_id": number, "type": "CELL" }],
    }])
}

fn order(rng: &mut StdRng) -> Json {
    object! {
        "catalog_id": texts::digits(rng, 15),
        "text": "Gift wrapping, please",
        "product_items": vec![object! {
            "product_retailer_id": texts::digits(rng, 6), "quantity": 2_i64, "item_price": 19.99, "currency": "EUR" }],
    }
}

fn unsupported_errors() -> Vec<Json> {
    vec![object! {
        "code": 131_051_i64, "title": "Message type unknown", "message": "Message type unknown",
        "error_data": object! { "details": "Message type is currently not supported." },
    }]
}
