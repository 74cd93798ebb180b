use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::webhook::address::event_page;

/// The way to what Meta sent.
#[component]
pub fn RawEvent(
    /// The event's id; empty: it is not known.
    event: String,
    /// What the link says.
    #[prop(default = "raw event")]
    words: &'static str,
) -> impl IntoView {
    (!event.is_empty()).then(|| {
        view! {
            <a class="raw" href=address(&event)>
                {words}
            </a>
        }
    })
}

/// An event's page, on the account whose thread is open.
pub fn address(event: &str) -> String {
    event_page(&use_params_map().read_untracked().get("account").unwrap_or_default(), event)
}
