//! What an update is called: its kind, subtype, object and dedup key.
//!
//! A wamid is shared by all the statuses of a message, and `entry.time` is the second of sending, so that no one rule
//! makes a key for all kinds. Where unsure, two rows that lead to one effect beat one lost event: an update that lacks
//! a part of its key gets none here, and is known by the hash of its bytes instead ([`by_hash`]).

use sha2::{Digest, Sha256};

use super::members::{Members, elements};
use super::place::Place;
use crate::event_log::item::EventType;

/// Letters of a dedup key; `whatsapp_webhook_event_logs` has the same bound.
const MAX_KEY: usize = 600;
/// Letters of a wamid, call id … Longer ones are no ids of Meta's.
const MAX_OBJECT_ID: usize = 400;
/// Letters of a subtype.
const MAX_SUBTYPE: usize = 64;

/// What an update is called.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// See [`crate::event_log::item::Item::subtype`].
    pub(super) subtype: Option<String>,
    /// See [`crate::event_log::item::Item::object_id`].
    pub(super) object_id: Option<String>,
    /// The dedup key, unless a part of it is missing.
    pub(super) key: Option<String>,
    /// The digits of its timestamp.
    pub(super) timestamp: Option<String>,
}

/// A status of a payment goes by other rules than that of a message.
pub(super) fn refine(kind: EventType, update: &Members) -> EventType {
    let is_payment = update.text("type").is_some_and(|word| word == "payment");
    if kind == EventType::Status && is_payment { EventType::PaymentStatus } else { kind }
}

/// Names an element of one of the lists in `value`; `json` is its text.
pub(super) fn name(kind: EventType, place: &Place, update: &Members, json: &str) -> Name {
    let owner = place.phone_number_id.as_deref().or(place.waba_id.as_deref()).unwrap_or("-");
    let name = match kind {
        EventType::Message => message("msg", owner, update),
        EventType::Echo => message("echo", owner, update),
        EventType::Standby => message("sby", owner, update),
        EventType::HistoryMessage => message("hmsg", owner, update),
        EventType::Status => status(owner, update),
        EventType::PaymentStatus => payment_status(owner, update),
        EventType::History => history(owner, update, json),
        EventType::StateSync => state_sync(owner, update),
        EventType::Call => call(owner, update),
        EventType::Preference => preference(owner, update),
        EventType::AutomaticEvent => automatic_event(owner, update),
        EventType::Group => group(owner, update, json),
        EventType::Error | EventType::Change | EventType::Raw => Name::default(),
    };
    let timestamp = name.timestamp.or_else(|| word(update, "timestamp"));
    Name { subtype: name.subtype.map(|subtype| shortened(&subtype)), timestamp, ..name }
}

fn message(prefix: &str, owner: &str, update: &Members) -> Name {
    let kind = word(update, "type").unwrap_or_else(|| "unknown".to_owned());
    let id = object_id(update, &["id"]);
    let key = id.as_ref().map(|id| format!("{prefix}:{owner}:{id}:{kind}"));
    Name { subtype: Some(kind), object_id: id, key, ..Name::default() }
}

fn status(owner: &str, update: &Members) -> Name {
    let id = object_id(update, &["id"]);
    let status = word(update, "status");
    let recipient = update.first_text(&[
        "recipient_participant_id",
        "recipient_participant_user_id",
        "recipient_id",
        "recipient_user_id",
    ]);
    let key = id.as_ref().zip(status.as_ref()).map(|(id, status)| {
        let code = update.get("errors").filter(|_| status == "failed").and_then(first_code);
        let code = code.map(|code| format!(":{code}")).unwrap_or_default();
        format!("st:{owner}:{id}:{status}:{}{code}", recipient.as_deref().unwrap_or("-"))
    });
    Name { subtype: status, object_id: id, key, ..Name::default() }
}

/// The code of the first of a list of errors.
pub(super) fn first_code(errors: &str) -> Option<String> {
    word(&Members::read(elements(errors)?.first()?)?, "code")
}

fn payment_status(owner: &str, update: &Members) -> Name {
    let id = object_id(update, &["id"]);
    let status = word(update, "status");
    let payment = update.object("payment");
    let transaction = payment.as_ref().and_then(|payment| payment.object("transaction"));
    let reference = transaction
        .and_then(|transaction| word(&transaction, "id"))
        .or_else(|| payment.as_ref().and_then(|payment| word(payment, "reference_id")));
    let refunds = payment.as_ref().and_then(|payment| payment.get("refunds")).map(sha256);
    let key = id.as_ref().zip(status.as_ref()).map(|(id, status)| {
        format!("pay:{owner}:{id}:{}:{status}:{}", or_dash(reference.as_ref()), or_dash(refunds.as_ref()))
    });
    Name { subtype: status, object_id: id, key, ..Name::default() }
}

/// The hash is that of the chunk, not of the whole `value`: the same chunk beside others is still the same, and two
/// nameless ones (errors have no phase) are still two.
fn history(owner: &str, update: &Members, json: &str) -> Name {
    let chunk = update.object("metadata");
    let word = |key| chunk.as_ref().and_then(|chunk| word(chunk, key));
    let (phase, order) = (word("phase"), word("chunk_order"));
    let key = format!("hist:{owner}:{}:{}:{}", or_dash(phase.as_ref()), or_dash(order.as_ref()), sha256(json));
    let subtype = update.get("errors").map(|_| "errors".to_owned());
    Name { subtype, key: Some(key), ..Name::default() }
}

fn state_sync(owner: &str, update: &Members) -> Name {
    let contact = update.object("contact");
    let phone = contact.and_then(|contact| object_id(&contact, &["phone_number", "user_id", "wa_id"]));
    let action = word(update, "action");
    let timestamp = update.object("metadata").and_then(|metadata| word(&metadata, "timestamp"));
    let key = (|| Some(format!("ss:{owner}:{}:{}:{}", phone.as_ref()?, action.as_ref()?, timestamp.as_ref()?)))();
    Name { subtype: action, object_id: phone, key, timestamp }
}

fn call(owner: &str, update: &Members) -> Name {
    let id = object_id(update, &["id"]);
    let event = word(update, "event").or_else(|| word(update, "status"));
    let key = id.as_ref().zip(event.as_ref()).map(|(id, event)| format!("call:{owner}:{id}:{event}"));
    Name { subtype: event, object_id: id, key, ..Name::default() }
}

fn preference(owner: &str, update: &Members) -> Name {
    let person = object_id(update, &["user_id", "wa_id"]);
    let [category, value, timestamp] = ["category", "value", "timestamp"].map(|key| word(update, key));
    let key = (|| {
        let (person, category, value) = (person.as_ref()?, category.as_ref()?, value.as_ref()?);
        Some(format!("pref:{owner}:{person}:{category}:{value}:{}", timestamp.as_ref()?))
    })();
    Name { subtype: value, object_id: person, key, timestamp }
}

fn automatic_event(owner: &str, update: &Members) -> Name {
    let id = object_id(update, &["id"]);
    let event = word(update, "event_name");
    let key = id.as_ref().zip(event.as_ref()).map(|(id, event)| format!("auto:{owner}:{id}:{event}"));
    Name { subtype: event, object_id: id, key, ..Name::default() }
}

/// A group that could not be made has no id; the hash tells it apart all the same.
fn group(owner: &str, update: &Members, json: &str) -> Name {
    let id = object_id(update, &["group_id"]);
    let kind = word(update, "type");
    let request = word(update, "request_id").or_else(|| word(update, "timestamp"));
    let [group, shown, request] = [&id, &kind, &request].map(|part| or_dash(part.as_ref()));
    let key = format!("grp:{owner}:{group}:{shown}:{request}:{}", &sha256(json)[..16]);
    Name { subtype: kind, object_id: id, key: Some(key), ..Name::default() }
}

/// The key of what has no name of its own: where it stood, and the hash of its bytes.
pub(super) fn by_hash(place: &Place, bytes: &[u8]) -> String {
    let [waba, field, time] = [&place.waba_id, &place.field, &place.time].map(|part| or_dash(part.as_ref()));
    bounded(format!("ev:{waba}:{field}:{time}:{}", sha256(bytes)))
}

/// The key of `value.errors`; it has no ids at all, so that the delivery has to tell two of them apart.
pub(super) fn of_errors(place: &Place, value: &[u8], delivery: &str) -> String {
    let owner = place.phone_number_id.as_ref().or(place.waba_id.as_ref());
    bounded(format!("err:{}:{}:{delivery}", or_dash(owner), sha256(value)))
}

/// What a change is about, where it says so.
pub(super) fn subject_of_change(value: &Members) -> Option<String> {
    object_id(value, &["message_template_id", "flow_id", "solution_id"])
}

/// The key as it is, or its prefix and hash where it would be too long.
pub(super) fn bounded(key: String) -> String {
    if key.chars().count() <= MAX_KEY {
        return key;
    }
    let prefix = key.split(':').next().unwrap_or_default();
    format!("{prefix}:sha256:{}", sha256(&key))
}

/// At most as many letters as a subtype may have.
pub(super) fn shortened(word: &str) -> String {
    word.chars().take(MAX_SUBTYPE).collect()
}

/// Lower-case hex.
pub(super) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn object_id(holder: &Members, keys: &[&str]) -> Option<String> {
    let id = holder.first_text(keys)?;
    (id.chars().count() <= MAX_OBJECT_ID).then(|| id.into_owned())
}

fn word(holder: &Members, key: &str) -> Option<String> {
    holder.text(key).map(Into::into)
}

fn or_dash(part: Option<&String>) -> &str {
    part.map_or("-", String::as_str)
}
