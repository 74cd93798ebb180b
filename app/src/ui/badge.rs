use leptos::prelude::*;

use crate::contract::{EventState, WebhookStatus};

/// Where an account's webhook stands, in one word and one colour.
#[component]
pub fn WebhookBadge(
    /// The state.
    status: WebhookStatus,
) -> impl IntoView {
    let (class, word) = match status {
        WebhookStatus::Verified => ("badge ok", "Verified"),
        WebhookStatus::Unverified => ("badge warn", "Not verified"),
        WebhookStatus::Disabled => ("badge bad", "Disabled"),
        WebhookStatus::Missing => ("badge", "Not set up"),
    };
    view! { <span class=class>{word}</span> }
}

/// What has become of an event.
#[component]
pub fn EventBadge(
    /// The state.
    state: EventState,
    /// Tries that have ended.
    attempts: u32,
) -> impl IntoView {
    let (class, word) = event_badge(state, attempts);
    view! { <span class=class>{word}</span> }
}

fn event_badge(state: EventState, attempts: u32) -> (&'static str, &'static str) {
    match state {
        EventState::Processed => ("badge ok", "Processed"),
        EventState::Pending if attempts > 0 => ("badge warn", "Retrying"),
        EventState::Pending => ("badge info", "Waiting"),
        EventState::Dead => ("badge bad", "Given up"),
        EventState::Quarantined => ("badge warn", "Quarantined"),
        EventState::Unrouted => ("badge", "Unrouted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_failed_once_is_no_longer_merely_waiting() {
        assert_eq!(event_badge(EventState::Pending, 0).1, "Waiting");
        assert_eq!(event_badge(EventState::Pending, 1).1, "Retrying");
    }
}
