use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::address::{list_page, use_conversation_query, whole_list};
use super::keys::walk;
use super::row::ConversationRow;
use super::server_fns::load_conversations;
use crate::contract::{ConversationPage, ConversationQuery, WebhookStatus};
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::read::read;

/// One page of the account's conversations.
#[component]
pub fn ConversationList() -> impl IntoView {
    let query = use_conversation_query();
    // Opening a conversation is reading it: the numbers beside the others are asked for anew.
    let path = use_location().pathname;
    let page = read(move || (query.get(), path.get()), |(query, _)| load_conversations(query));
    view! {
        <AsyncView resource=page loading=|| view! { <Skeleton lines=6 /> } let:page>
            <Rows page query=query.get_untracked() />
        </AsyncView>
    }
}

#[component]
fn Rows(page: ConversationPage, query: ConversationQuery) -> impl IntoView {
    let ConversationPage { account, conversations, next, now } = page;
    if conversations.is_empty() {
        return Either::Left(view! { <Nobody query webhook=account.webhook /> });
    }
    let rows = conversations
        .into_iter()
        .map(|conversation| view! { <ConversationRow conversation query=query.clone() now /> })
        .collect_view();
    Either::Right(view! {
        <ul class="rows" on:keydown=walk>
            {rows}
        </ul>
        <Pager query next />
    })
}

#[component]
fn Pager(query: ConversationQuery, next: Option<String>) -> impl IntoView {
    let newest = query.cursor.is_some().then(|| list_page(&query, None));
    let older = next.map(|cursor| list_page(&query, Some(cursor)));
    view! {
        <nav class="pager" aria-label="Pages of the list">
            <span>"Times in UTC"</span>
            {newest.map(|href| view! { <a class="btn" href=href>"Newest"</a> })}
            {older.map(|href| view! { <a class="btn" href=href rel="next">"Older"</a> })}
        </nav>
    }
}

/// An empty list says what to do next.
#[component]
fn Nobody(query: ConversationQuery, webhook: WebhookStatus) -> impl IntoView {
    let first = whole_list(&query);
    if query.search.is_empty() && query.cursor.is_none() {
        return Either::Left(view! {
            <div class="state">
                <h2>"No conversations yet"</h2>
                <p>{waiting_for(webhook)}</p>
            </div>
        });
    }
    Either::Right(view! {
        <div class="state">
            <h2>"Nobody found"</h2>
            <p>"Names, numbers, usernames and ids were searched."</p>
            <a class="btn" href=first>
                "Show all conversations"
            </a>
        </div>
    })
}

fn waiting_for(webhook: WebhookStatus) -> &'static str {
    match webhook {
        WebhookStatus::Verified => "Write to the number: the message appears here as soon as Meta sends it.",
        WebhookStatus::Unverified => "Meta has not verified the webhook yet, so it sends nothing.",
        WebhookStatus::Disabled => "The webhook is disabled, so what Meta sends is refused.",
        WebhookStatus::Missing => "The account has no webhook yet, so Meta has nowhere to send to.",
    }
}
