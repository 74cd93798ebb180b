//! From rows to the contract.

use app::contract::{
    Account, Attempt, Became, Changed, Conversation, DeliveryStatus, DeliveryView, Direction, EventDetail, EventState,
    Pulse, RejectionCount, Sibling, StatusEntry, Timestamp, WebhookConfig, WebhookStatus, event_title,
};
use time::OffsetDateTime;

use super::events::Detail;
use crate::accounts::store::AccountRow;
use crate::conversations::render;
use crate::conversations::store::{BecameRow, ConversationRow, StatusRow};
use crate::event_log::listing::store::{
    AttemptRow, DeliveryRow, EventRow, LastRow, PulseRow, RejectionRow, SiblingRow,
};
use crate::processing::wire::{Node, error_title};
use crate::webhook_config::new_config::{callback_url, is_generated};
use crate::webhook_config::parse_status;
use crate::webhook_config::reach::unfit;
use crate::webhook_config::store::Shown;

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
        title: names.next().unwrap_or_else(|| nameless(row).into()),
        subtitle: names.next(),
        last_message_at: timestamp(row.last_message_at),
        preview: body.as_ref().map(render::preview).unwrap_or_default(),
        last_direction: row.direction.as_deref().map_or(Direction::Inbound, direction),
        last_status: row.status.as_deref().and_then(delivery_status),
        unread: u32::try_from(row.unread).unwrap_or(0),
    }
}

fn nameless(row: &ConversationRow) -> &'static str {
    if row.erased == Some(true) { "Erased contact" } else { "Unknown" }
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

/// A configuration, with the URL that Meta is to call.
pub fn webhook_config(row: Shown, public_url: &str) -> WebhookConfig {
    let operator = row.by_command_line.then_some("the command line");
    let changed = |at, by: Option<String>| Changed { at: timestamp(at), by: by.or_else(|| operator.map(Into::into)) };
    let status = parse_status(&row.status);
    // Nobody but Meta verifies; a person who enables a verified webhook is named.
    let by = row.status_changed_by.or_else(|| (status == WebhookStatus::Verified).then(|| "Meta".to_owned()));
    let callback_url = callback_url(public_url, &row.callback_path);
    WebhookConfig {
        status,
        status_since: changed(row.status_changed_at, by),
        last_verified_at: row.last_verified_at.map(timestamp),
        unfit: unfit(&callback_url),
        callback_url,
        own_path: !is_generated(&row.callback_path),
        callback_path: row.callback_path,
        verify_token_set: changed(row.verify_token_set_at, row.verify_token_set_by),
        app_secret_set: changed(row.app_secret_set_at, row.app_secret_set_by),
        previous_secret_until: row.previous_app_secret_expires_at.map(timestamp),
    }
}

/// How an account's log is doing.
pub fn pulse(last: Option<&LastRow>, counts: PulseRow) -> Pulse {
    Pulse {
        last_event: last
            .map(|row| (timestamp(row.received_at), event_title(&row.event_type, row.event_subtype.as_deref()))),
        last_hour: unsigned(counts.last_hour),
        last_day: unsigned(counts.last_day),
        waiting: unsigned(counts.waiting),
        dead: unsigned(counts.dead),
    }
}

/// What was refused for one reason.
pub fn rejection(row: RejectionRow) -> RejectionCount {
    RejectionCount { reason: row.reason, count: unsigned(row.count), last_at: timestamp(row.last_at) }
}

/// A line of the event log.
pub fn event(row: &EventRow) -> app::contract::EventRow {
    app::contract::EventRow {
        id: row.id.to_string(),
        received_at: timestamp(row.received_at),
        event_at: timestamp(row.event_ts),
        event_type: row.event_type.clone(),
        subtype: row.event_subtype.clone(),
        object_id: row.object_id.clone(),
        dedup_key: row.dedup_key.clone(),
        state: event_state(&row.state),
        attempts: u32::try_from(row.attempts).unwrap_or(0),
    }
}

/// Everything about one event.
pub fn event_detail(detail: Detail, may_replay: bool, now: OffsetDateTime) -> EventDetail {
    let Detail { row, siblings, attempts, became } = detail;
    let event = event(&row.event);
    let others = siblings.iter().filter(|sibling| sibling.id != row.event.id);
    EventDetail {
        payload: row.payload.as_ref().map(ToString::to_string),
        raw: String::from_utf8_lossy(&row.raw).into_owned(),
        problem: row.last_error.or_else(|| row.unrouted_reason.as_deref().map(unrouted)),
        processed: row.processed_at.map(timestamp).zip(row.processed_by),
        next_attempt_at: row.next_attempt_at.map(timestamp),
        delivery: delivery(row.delivery),
        siblings: others.map(sibling).collect(),
        attempts: attempts.into_iter().map(attempt).collect(),
        became: became.map(became_view),
        may_replay: may_replay && matches!(event.state, EventState::Dead | EventState::Processed),
        now: timestamp(now),
        event,
    }
}

fn delivery(row: DeliveryRow) -> DeliveryView {
    let headers = row.headers.as_object().cloned().unwrap_or_default();
    DeliveryView {
        id: row.id.to_string(),
        received_at: timestamp(row.received_at),
        seen_count: u32::try_from(row.seen_count).unwrap_or(0),
        last_seen_at: timestamp(row.last_seen_at),
        size: u32::try_from(row.body_size).unwrap_or(0),
        sha256: hex::encode(row.body_sha256),
        signature: row.signature,
        signed_with: row.signed_with,
        headers: headers
            .into_iter()
            .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
            .collect(),
    }
}

fn sibling(row: &SiblingRow) -> Sibling {
    Sibling {
        id: row.id.to_string(),
        place: u32::try_from(row.position).unwrap_or(0) + 1,
        title: event_title(&row.event_type, row.event_subtype.as_deref()),
        state: event_state(&row.state),
    }
}

fn attempt(row: AttemptRow) -> Attempt {
    Attempt {
        number: u32::try_from(row.attempt).unwrap_or(0),
        at: timestamp(row.failed_at),
        worker: row.worker,
        error: row.error,
    }
}

fn became_view(row: BecameRow) -> Became {
    let body = render::message_body(&row.message_type, row.body.as_deref(), row.content.as_ref());
    let group = row.group_id.map(|group| format!("Group {group}"));
    Became {
        conversation: row.conversation_id.map(|id| id.to_string()),
        message_id: row.shown_id.to_string(),
        search: row.search,
        contact: group.or(row.contact).unwrap_or_else(|| "Unknown".into()),
        message: render::preview(&body),
    }
}

fn event_state(word: &str) -> EventState {
    // The database's type has these five and no other.
    EventState::parse(word).unwrap_or(EventState::Pending)
}

fn unrouted(reason: &str) -> String {
    match reason {
        "foreign_number" => "The number belongs to a company whose app secret did not sign this.",
        "account_disabled" => "The account is switched off.",
        _ => "No account has this number or WABA.",
    }
    .to_owned()
}

fn unsigned(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
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
        event_id: row.event_id.to_string(),
    }
}
