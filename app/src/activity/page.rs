use leptos::either::Either;
use leptos::prelude::*;

use super::address::{self, use_activity_query};
use super::entry::Entry;
use super::filters::Filters;
use super::server_fns::load_activity;
use crate::accounts::AccountTitle;
use crate::contract::{ActivityKind, ActivityPage, ActivityQuery};
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::read::read;

/// The tab: filters, one page of entries, and the way to older ones.
#[component]
pub fn ActivityTab() -> impl IntoView {
    let query = use_activity_query();
    let page = read(move || query.get(), load_activity);
    view! {
        <section class="card activity" aria-labelledby="activity">
            <header>
                <h2 id="activity">"Activity"</h2>
                <AccountTitle />
            </header>
            <Filters query page />
            <AsyncView resource=page loading=|| view! { <Skeleton lines=8 /> } let:page>
                <Entries page query=query.get_untracked() />
            </AsyncView>
        </section>
    }
}

#[component]
fn Entries(page: ActivityPage, query: ActivityQuery) -> impl IntoView {
    let ActivityPage { entries, next, now, .. } = page;
    if entries.is_empty() {
        return Either::Left(view! { <Nothing query /> });
    }
    let entry = |entry| view! { <Entry entry account=query.account.clone() now /> };
    let entries = entries.into_iter().map(entry).collect_view();
    Either::Right(view! {
        <ol class="entries">{entries}</ol>
        <Pager query next />
    })
}

#[component]
fn Pager(query: ActivityQuery, next: Option<String>) -> impl IntoView {
    let end = if next.is_none() { "That is all · times in UTC" } else { "Newest first · times in UTC" };
    let newest = query.cursor.is_some().then(|| address::list_page(&query, None));
    let older = next.map(|cursor| address::list_page(&query, Some(cursor)));
    view! {
        <nav class="pager" aria-label="Pages of the activity">
            <span>{end}</span>
            {newest.map(|href| view! { <a class="btn" href=href>"Newest"</a> })}
            {older.map(|href| view! { <a class="btn" href=href rel="next">"Older"</a> })}
        </nav>
    }
}

/// An empty list says why.
#[component]
fn Nothing(query: ActivityQuery) -> impl IntoView {
    let is_all = !address::is_filtered(&query) && query.cursor.is_none();
    let (head, words) = match (is_all, query.kind) {
        (false, _) => ("Nothing found", "Nothing that was done matches these filters."),
        (true, ActivityKind::People) => {
            ("Nothing was done yet", "Who changes the account or its webhook, and what, is told here.")
        }
        (true, ActivityKind::Processing) => {
            ("Nothing was processed yet", "Each batch of events that a worker has processed is told here.")
        }
    };
    let all = address::whole(&query);
    view! {
        <div class="state">
            <h2>{head}</h2>
            <p>{words}</p>
            {(!is_all)
                .then(|| {
                    view! {
                        <a class="btn" href=all data-noscroll>
                            "Show all activity"
                        </a>
                    }
                })}
        </div>
    }
}
