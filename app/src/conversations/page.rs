use leptos::prelude::*;
use leptos_router::components::Outlet;

use super::list::ConversationList;
use super::search::SearchForm;
use crate::accounts::AccountTitle;

/// The list, and beside it the thread that is open.
#[component]
pub fn ConversationsPage() -> impl IntoView {
    view! {
        <section class="chat card" aria-label="Conversations">
            <div class="chat-list">
                <SearchForm />
                <ConversationList />
            </div>
            <Outlet />
        </section>
    }
}

/// What stands beside the list while no thread is open.
#[component]
pub fn NoThread() -> impl IntoView {
    view! {
        <AccountTitle />
        <div class="pane none">
            <p class="muted">"Choose a conversation to read it."</p>
        </div>
    }
}
