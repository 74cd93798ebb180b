//! What narrows the event log: states as links, the rest as a GET form, so that all of it is in the URL.

use leptos::prelude::*;

use super::address;
use crate::contract::{EventQuery, EventState};
use crate::ui::choice::Choice;
use crate::ui::get_form::{Day, Filled, go_to};
use crate::ui::icon::{Glyph, Icon};

/// The types that the log knows.
const TYPES: [&str; 15] = [
    "message",
    "status",
    "payment_status",
    "echo",
    "standby",
    "history",
    "history_message",
    "state_sync",
    "call",
    "preference",
    "automatic_event",
    "group",
    "error",
    "change",
    "raw",
];

/// The bar above the log.
#[component]
pub fn EventFilters(
    /// What is shown now.
    query: Memo<EventQuery>,
) -> impl IntoView {
    view! {
        <div class="bar">
            <States query />
            <FilterForm query />
        </div>
    }
}

#[component]
fn States(query: Memo<EventQuery>) -> impl IntoView {
    let link = move |state: Option<EventState>| {
        let is_shown = move || query.read().state == state && !query.read().unprocessed;
        view! {
            <a
                href=move || address::list_of(&query.read(), state)
                data-noscroll
                aria-current=move || is_shown().then_some("true")
            >
                {word(state)}
            </a>
        }
    };
    view! {
        <nav class="seg" aria-label="State">
            {link(None)}
            <a
                href=move || address::list_unprocessed(&query.read())
                data-noscroll
                aria-current=move || query.read().unprocessed.then_some("true")
            >
                "Not processed"
            </a>
            {EventState::ALL.map(|state| link(Some(state))).collect_view()}
        </nav>
    }
}

fn word(state: Option<EventState>) -> &'static str {
    match state {
        // What is unrouted is no number's: it is listed with the one that signed it.
        None => "All of this number",
        Some(EventState::Pending) => "Waiting",
        Some(EventState::Processed) => "Processed",
        Some(EventState::Dead) => "Failed",
        Some(EventState::Quarantined) => "Quarantined",
        Some(EventState::Unrouted) => "Unrouted",
    }
}

#[component]
fn FilterForm(query: Memo<EventQuery>) -> impl IntoView {
    let tab = move || address::tab(&query.read().account);
    let chosen = Signal::derive(move || query.read().event_type.clone());
    let search = move || query.read().search.clone();
    let state = move || query.read().state.map_or("", EventState::as_str);
    let processed = move || if query.read().unprocessed { address::NOT_PROCESSED } else { "" };
    let submit = go_to(move |filled| address::list(&wanted(&filled, &query.read_untracked())));
    view! {
        <div class="filters" role="search" aria-label="Events">
            <form method="get" action=tab on:submit=submit>
                <input type="hidden" name="state" value=state prop:value=state />
                <input type="hidden" name="processed" value=processed prop:value=processed />
                <input type="hidden" name="size" value=move || query.read().size prop:value=move || query.read().size />
                <input
                    class="input search"
                    type="search"
                    name="q"
                    value=search
                    prop:value=search
                    maxlength="200"
                    placeholder="Search ids and keys"
                    aria-label="Search ids and keys"
                />
                <Choice name="type" label="Type" all="All types" options=types(&chosen.read_untracked()) chosen />
                <Day name="from" label="From day" value=Signal::derive(move || query.read().from.clone()) />
                <Day name="to" label="To day" value=Signal::derive(move || query.read().to.clone()) />
                <button class="btn" type="submit">
                    <Icon glyph=Glyph::Search />
                    "Apply"
                </button>
                <a
                    class="btn quiet"
                    href=tab
                    data-noscroll
                    hidden=move || !address::is_filtered(&query.read())
                >
                    "Clear"
                </a>
            </form>
        </div>
    }
}

/// What the form asks for, from the first page on.
fn wanted(filled: &Filled, now: &EventQuery) -> EventQuery {
    EventQuery {
        event_type: filled.text("type"),
        from: filled.text("from"),
        to: filled.text("to"),
        search: filled.text("q"),
        cursor: None,
        ..now.clone()
    }
}

/// A type from the URL that is not known here is offered too, so that what is filtered is what is shown.
fn types(chosen: &str) -> Vec<(String, String)> {
    let unknown = (!chosen.is_empty() && !TYPES.contains(&chosen)).then_some(chosen);
    TYPES.into_iter().chain(unknown).map(|word| (word.to_owned(), word.replace('_', " "))).collect()
}
