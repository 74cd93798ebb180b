//! From updates to a body.

use super::json::{Json, object};
use super::update::{Kind, Update};

/// The number that the traffic is to and from.
#[derive(Clone, Debug)]
pub struct Target {
    /// `metadata.phone_number_id`.
    pub phone_number_id: String,
    /// `entry.id`.
    pub waba_id: String,
    /// `metadata.display_phone_number`; digits.
    pub display_phone_number: String,
}

/// One member of `changes[]` in the making: updates of one kind.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// What they all are.
    pub kind: Kind,
    /// In their order.
    pub updates: Vec<&'a Update>,
}

/// Writes a body of these entries.
pub fn body(target: &Target, entries: &[Vec<Change>]) -> Vec<u8> {
    envelope(entries.iter().map(|changes| entry(target, changes)))
}

/// Writes a body with one change of the account itself. Unlike the others, these say when they were sent, and name the
/// WABA alone.
pub(crate) fn account_change(waba_id: &str, second: i64, field: &str, value: Json) -> Vec<u8> {
    let change = object! { "value": value, "field": field };
    let entry = object! { "id": waba_id, "time": second, "changes": vec![change] };
    envelope(std::iter::once(entry.to_text()))
}

fn envelope(entries: impl Iterator<Item = String>) -> Vec<u8> {
    format!(r#"{{"object":"whatsapp_business_account","entry":[{}]}}"#, joined(entries)).into_bytes()
}

fn entry(target: &Target, changes: &[Change]) -> String {
    let changes = changes.iter().map(|change| self::change(target, change));
    format!(r#"{{"id":"{}","changes":[{}]}}"#, target.waba_id, joined(changes))
}

fn change(target: &Target, change: &Change) -> String {
    let metadata = object! {
        "display_phone_number": &*target.display_phone_number,
        "phone_number_id": &*target.phone_number_id,
    };
    let mut contacts: Vec<&str> = change.updates.iter().filter_map(|update| update.contact.as_deref()).collect();
    contacts.sort_unstable();
    contacts.dedup();
    let contacts = if contacts.is_empty() { String::new() } else { format!(r#","contacts":[{}]"#, contacts.join(",")) };
    format!(
        r#"{{"value":{{"messaging_product":"whatsapp","metadata":{}{contacts},"{}":[{}]}},"field":"{}"}}"#,
        metadata.to_text(),
        change.kind.list(),
        joined(change.updates.iter().map(|update| update.item.clone())),
        change.kind.field(),
    )
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}
