//! What only Meta can do next: verify the callback, and post the first event. The tab shows it as soon as it is done.

use std::time::Duration;

use leptos::prelude::*;

use super::server_fns::load_webhook;
use crate::contract::{RejectionCount, WebhookPage, WebhookStatus};
use crate::ui::look::look_for;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(4);

/// Looks on while something is awaited from Meta, and has the tab read again when there is news.
pub fn look_for_meta(page: &WebhookPage, again: Callback<()>) {
    if !is_awaited(page) {
        return;
    }
    let known = news(page);
    let account = page.account.id.clone();
    let ask = move || load_webhook(account.clone());
    look_for(LOOK_EVERY, u32::MAX, ask, move |page: &WebhookPage| news(page) != known, again);
}

fn is_awaited(page: &WebhookPage) -> bool {
    match page.config.as_ref().map(|config| config.status) {
        Some(WebhookStatus::Unverified) => true,
        Some(WebhookStatus::Verified) => page.pulse.last_event.is_none(),
        _ => false,
    }
}

/// Meta's part of what the tab shows, refused tries included.
fn news(page: &WebhookPage) -> (Option<WebhookStatus>, bool, Vec<RejectionCount>) {
    (page.config.as_ref().map(|config| config.status), page.pulse.last_event.is_some(), page.rejections.clone())
}
