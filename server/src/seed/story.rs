//! What was said in the demo, in Meta's own shapes: a handful of people, most kinds of message, each delivery status.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{PHONE_NUMBER_ID, WABA_ID};

/// The business' own number.
const BUSINESS: &str = "15550783881";

/// Someone who writes to the demo company.
struct Guest {
    wa_id: Option<&'static str>,
    bsuid: &'static str,
    name: &'static str,
    username: Option<&'static str>,
}

const LENA: Guest =
    Guest { wa_id: Some("4915123456789"), bsuid: "DE.4417760338812901", name: "Lena Ortiz", username: None };
const MARCO: Guest = Guest { wa_id: None, bsuid: "IT.9920471835561204", name: "", username: Some("marco.b") };
const JOANA: Guest = Guest {
    wa_id: Some("5511987654321"),
    bsuid: "BR.2203317745589016",
    name: "Joana Prado",
    username: Some("joprado"),
};
const QUIET: Guest = Guest { wa_id: Some("33612345678"), bsuid: "FR.7716520099438812", name: "", username: None };

/// The bodies that Meta would have posted, up to `now`.
pub fn bodies(now: OffsetDateTime) -> Vec<Vec<u8>> {
    let changes = [lena(now), joana(now), quiet(now), marco(now)].concat();
    let body = |change: Value| {
        let entry = json!([{ "id": WABA_ID, "changes": [change] }]);
        json!({ "object": "whatsapp_business_account", "entry": entry }).to_string().into_bytes()
    };
    changes.into_iter().map(body).collect()
}

fn lena(now: OffsetDateTime) -> Vec<Value> {
    let at = |minutes: i64| stamp(now, 64 - minutes);
    let asked = "wamid.demo.lena.2";
    vec![
        LENA.writes("wamid.demo.lena.1", &at(0), "text", json!({ "body": "Hi! I have a question about tomorrow." })),
        LENA.is_told(asked, &at(1), "Of course, what is it about?"),
        LENA.has(asked, "sent", &at(1)),
        LENA.has(asked, "read", &at(2)),
        LENA.has(asked, "delivered", &at(1)),
        LENA.writes("wamid.demo.lena.3", &at(2), "reaction", json!({ "message_id": asked, "emoji": "👍" })),
        LENA.writes(
            "wamid.demo.lena.4",
            &at(3),
            "document",
            json!({
                "id": "1003383421387256", "mime_type": "application/pdf", "filename": "itinerary.pdf",
                "sha256": "fSU3Nt5BQXyWvLpZ9qvPKGlnVbGb2yO1", "caption": "This one.",
            }),
        ),
        with(
            LENA.writes("wamid.demo.lena.5", &at(4), "text", json!({ "body": "Is the 14:30 to Lisbon on time?" })),
            "context",
            &json!({ "from": BUSINESS, "id": asked }),
        ),
        LENA.is_told("wamid.demo.lena.6", &at(5), "One moment, I am checking."),
        LENA.has("wamid.demo.lena.6", "sent", &at(5)),
    ]
}

fn joana(now: OffsetDateTime) -> Vec<Value> {
    let at = |minutes: i64| stamp(now, 190 - minutes);
    let (refund, offer) = ("wamid.demo.joana.3", "wamid.demo.joana.5");
    vec![
        JOANA.writes("wamid.demo.joana.1", &at(0), "text", json!({ "body": "My trip was cancelld, and now?" })),
        JOANA.writes(
            "wamid.demo.joana.2",
            &at(1),
            "edit",
            json!({
                "original_message_id": "wamid.demo.joana.1",
                "message": { "type": "text", "text": { "body": "My trip was cancelled, and now?" } },
            }),
        ),
        JOANA.is_told(refund, &at(9), "Your refund is on its way."),
        JOANA.has(refund, "delivered", &at(10)),
        JOANA.writes(
            "wamid.demo.joana.4",
            &at(11),
            "audio",
            json!({
                "id": "2087641351840193", "mime_type": "audio/ogg; codecs=opus", "voice": true,
                "sha256": "0a1mP2wQGxJ3n0zvJc0eX2y1kGv5s1dE",
            }),
        ),
        JOANA.is_told(offer, &at(30), "Would you like a voucher instead?"),
        JOANA.has(offer, "failed", &at(31)),
    ]
}

fn quiet(now: OffsetDateTime) -> Vec<Value> {
    let at = |minutes: i64| stamp(now, 300 - minutes);
    vec![
        QUIET.writes(
            "wamid.demo.quiet.1",
            &at(0),
            "location",
            json!({
                "latitude": 38.7756, "longitude": -9.1354, "name": "Gate B22", "address": "Lisbon Airport, Terminal 1",
            }),
        ),
        QUIET.writes(
            "wamid.demo.quiet.2",
            &at(1),
            "interactive",
            json!({
                "type": "button_reply", "button_reply": { "id": "call-me", "title": "Please call me" },
            }),
        ),
    ]
}

fn marco(now: OffsetDateTime) -> Vec<Value> {
    let at = |minutes: i64| stamp(now, 70 - minutes);
    vec![
        MARCO.writes("wamid.demo.marco.1", &at(0), "text", json!({ "body": "Good morning, my boarding pass:" })),
        MARCO.writes(
            "wamid.demo.marco.2",
            &at(1),
            "image",
            json!({
                "id": "1471962930442134", "mime_type": "image/jpeg", "caption": "boarding pass",
                "sha256": "q7X2v1kGv5s1dE0a1mP2wQGxJ3n0zvJc",
            }),
        ),
        MARCO.writes("wamid.demo.marco.3", &at(2), "text", json!({ "body": "Sent to the wrong person, sorry" })),
        MARCO.writes("wamid.demo.marco.4", &at(3), "revoke", json!({ "original_message_id": "wamid.demo.marco.3" })),
    ]
}

impl Guest {
    /// A message of theirs.
    fn writes(&self, wamid: &str, at: &str, message_type: &str, content: Value) -> Value {
        let mut message = json!({ "id": wamid, "timestamp": at, "type": message_type, "from_user_id": self.bsuid });
        message[message_type] = content;
        let mut contact = json!({ "user_id": self.bsuid, "profile": { "name": self.name } });
        if let Some(wa_id) = self.wa_id {
            message["from"] = wa_id.into();
            contact["wa_id"] = wa_id.into();
        }
        if let Some(username) = self.username {
            contact["profile"]["username"] = username.into();
        }
        change("messages", json!({ "contacts": [contact], "messages": [message] }))
    }

    /// A message to them, sent from the business' phone.
    fn is_told(&self, wamid: &str, at: &str, text: &str) -> Value {
        let echo = json!({
            "from": BUSINESS, "to": self.wa_id, "to_user_id": self.bsuid, "id": wamid, "timestamp": at,
            "type": "text", "text": { "body": text },
        });
        change("smb_message_echoes", json!({ "message_echoes": [echo] }))
    }

    /// A status of a message to them.
    fn has(&self, wamid: &str, status: &str, at: &str) -> Value {
        let mut item = json!({
            "id": wamid, "status": status, "timestamp": at, "recipient_id": self.wa_id,
            "recipient_user_id": self.bsuid,
        });
        if status == "failed" {
            item["errors"] = json!([{ "code": 131_047, "title": "Re-engagement message" }]);
        }
        change("messages", json!({ "statuses": [item] }))
    }
}

fn change(field: &str, mut value: Value) -> Value {
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({ "display_phone_number": BUSINESS, "phone_number_id": PHONE_NUMBER_ID });
    json!({ "field": field, "value": value })
}

/// The same change with one more member in its message.
fn with(mut change: Value, key: &str, member: &Value) -> Value {
    change["value"]["messages"][0][key] = member.clone();
    change
}

/// Meta's timestamp of a moment so many minutes ago.
fn stamp(now: OffsetDateTime, minutes_ago: i64) -> String {
    (now - Duration::minutes(minutes_ago)).unix_timestamp().to_string()
}
