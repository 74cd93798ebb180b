use leptos::prelude::*;

use crate::contract::WebhookStatus;

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
