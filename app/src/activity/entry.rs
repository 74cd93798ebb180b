use leptos::prelude::*;

use crate::contract::{ActivityEntry, Timestamp};
use crate::ui::time::{Ago, LogTime};
use crate::webhook::address::event_page;

/// What somebody did: a sentence, what changed by it, and when.
#[component]
pub fn Entry(
    /// What was done.
    entry: ActivityEntry,
    /// The account's id.
    account: String,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let ActivityEntry { at, actor, did, changes, events, outcome, company_wide } = entry;
    let link = |(words, id): (String, String)| {
        view! {
            " "
            <a class="link" href=event_page(&account, &id)>
                {words}
            </a>
        }
    };
    let links = events.into_iter().map(link).collect_view();
    view! {
        <li>
            <p>
                <b dir="auto">{actor}</b>
                " "
                {did}
                {company_wide.then(|| view! { " " <span class="badge">"Whole company"</span> })}
                {outcome.map(|outcome| view! { " " <span class="badge bad">{outcome}</span> })}
                {links}
            </p>
            <p class="when">
                <LogTime at now />
                <small>
                    <Ago at now />
                </small>
            </p>
            {(!changes.is_empty()).then(|| view! { <Changes changes /> })}
        </li>
    }
}

#[component]
fn Changes(changes: Vec<(String, String)>) -> impl IntoView {
    let line = |(field, words): (String, String)| {
        view! {
            <dt>{field}</dt>
            <dd class="wrap" dir="auto">
                {words}
            </dd>
        }
    };
    view! { <dl class="kv">{changes.into_iter().map(line).collect_view()}</dl> }
}
