//! How far an outgoing message came: ticks, a word, and on demand each status as Meta sent it.

use leptos::either::Either;
use leptos::prelude::*;

use super::raw_event::RawEvent;
use crate::contract::{DeliveryStatus, StatusEntry};
use crate::ui::time::Exact;

/// The sign, its class, and the word for it.
fn sign(status: DeliveryStatus) -> (&'static str, &'static str, &'static str) {
    match status {
        DeliveryStatus::Sent => ("✓", "tick", "sent"),
        DeliveryStatus::Failed => ("✕", "tick failed", "failed"),
        DeliveryStatus::Delivered => ("✓✓", "tick", "delivered"),
        DeliveryStatus::Read => ("✓✓", "tick read", "read"),
        DeliveryStatus::Played => ("▶", "tick read", "played"),
    }
}

/// The sign alone, with the word for screen readers.
#[component]
pub fn Ticks(
    /// How far it came.
    status: DeliveryStatus,
) -> impl IntoView {
    let (sign, class, word) = sign(status);
    view! {
        <span class=class aria-hidden="true">{sign}</span>
        <span class="sr-only">{word}</span>
    }
}

/// Sign and word; pressed, it discloses the statuses. A failure is disclosed from the start.
#[component]
pub fn Delivery(
    /// How far it came.
    status: DeliveryStatus,
    /// Each status as Meta sent it.
    timeline: Vec<StatusEntry>,
) -> impl IntoView {
    let (sign, class, word) = sign(status);
    let summary = view! {
        <span class=class aria-hidden="true">{sign}</span>
        " "
        {word}
    };
    if timeline.is_empty() {
        return Either::Left(view! { <span class="delivery">{summary}</span> });
    }
    Either::Right(view! {
        <details class="delivery" open=status == DeliveryStatus::Failed>
            <summary>{summary}</summary>
            <ol>{timeline.into_iter().map(|entry| view! { <Step entry /> }).collect_view()}</ol>
        </details>
    })
}

#[component]
fn Step(entry: StatusEntry) -> impl IntoView {
    view! {
        <li>
            <span>{entry.status}</span>
            " "
            <Exact at=entry.at />
            " "
            <RawEvent event=entry.event_id />
            {entry.error.map(|error| view! { <p class="why">{error}</p> })}
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_opened_is_coloured_as_read() {
        let read = |status| sign(status).1.contains("read");
        assert!(read(DeliveryStatus::Read) && read(DeliveryStatus::Played));
        assert!(!read(DeliveryStatus::Sent) && !read(DeliveryStatus::Delivered) && !read(DeliveryStatus::Failed));
    }
}
