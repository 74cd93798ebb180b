//! From rows to the contract.

use app::contract::{Account, Conversation, DeliveryStatus, Direction, StatusEntry, Timestamp, WebhookStatus};
use time::OffsetDateTime;

use crate::accounts::store::AccountRow;
use crate::conversations::render;
use crate::conversations::store::{ConversationRow, StatusRow};
use crate::processing::wire::{Node, error_title};
use crate::webhook_config::parse_status;

/// A moment in milliseconds.
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    Timestamp(i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default())
}

/// An account.
pub fn account(row: AccountRow) -> Account {
    Account {
        id: row.id.to_string(),
        name: row.name,
        display_phone_number: row.display_phone_number,
        waba_id: row.waba_id,
        phone_number_id: row.phone_number_id,
        webhook: row.webhook_status.as_deref().map_or(WebhookStatus::Missing, parse_status),
        last_event_at: row.last_event_at.map(timestamp),
    }
}

/// A conversation, under the best name known.
pub fn conversation(row: &ConversationRow) -> Conversation {
    let mut names = names(row).into_iter();
    let body = row
        .message_type
        .as_deref()
        .map(|message_type| render::message_body(message_type, row.body.as_deref(), row.content.as_ref()));
    Conversation {
        id: row.id.to_string(),
        title: names.next().unwrap_or_else(|| "Unknown".into()),
        subtitle: names.next(),
        last_message_at: timestamp(row.last_message_at),
        preview: body.as_ref().map(render::preview).unwrap_or_default(),
        last_direction: row.direction.as_deref().map_or(Direction::Inbound, direction),
        last_status: row.status.as_deref().and_then(delivery_status),
    }
}

/// All that somebody is called, the best first.
fn names(row: &ConversationRow) -> Vec<String> {
    let number = row.phone.as_ref().or(row.wa_id.as_ref());
    let number = number
        .map(|number| if number.chars().all(|c| c.is_ascii_digit()) { format!("+{number}") } else { number.clone() });
    let name = row.address_book_name.clone().or_else(|| row.profile_name.clone());
    let username = row.username.as_ref().map(|name| format!("@{name}"));
    let group = row.group_id.as_ref().map(|group| format!("Group {group}"));
    let all = [group, name, username, number, row.bsuid.clone()];
    all.into_iter().flatten().filter(|name| !name.trim().is_empty()).collect()
}

/// `inbound` or `outbound`.
pub fn direction(word: &str) -> Direction {
    if word == "outbound" { Direction::Outbound } else { Direction::Inbound }
}

/// Reads `messages.status`.
pub fn delivery_status(word: &str) -> Option<DeliveryStatus> {
    match word {
        "sent" => Some(DeliveryStatus::Sent),
        "failed" => Some(DeliveryStatus::Failed),
        "delivered" => Some(DeliveryStatus::Delivered),
        "read" => Some(DeliveryStatus::Read),
        "played" => Some(DeliveryStatus::Played),
        _ => None,
    }
}

/// A status as it came.
pub fn status_entry(row: &StatusRow) -> StatusEntry {
    StatusEntry {
        status: row.status.clone(),
        at: timestamp(row.occurred_at),
        error: row.errors.as_ref().and_then(|errors| error_title(Node::of(errors))),
    }
}
