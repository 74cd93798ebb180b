use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::address::{self, use_conversation_query};
use crate::ui::get_form::go_to;
use crate::ui::icon::{Glyph, Icon};

/// A GET form: the search becomes part of the URL, with and without WASM. An open thread stays open.
#[component]
pub fn SearchForm() -> impl IntoView {
    let query = use_conversation_query();
    let path = use_location().pathname;
    let search = move || query.read().search.clone();
    let submit = go_to(move |filled| address::search(&path.read_untracked(), &filled.text("q")));
    view! {
        <div class="chat-search" role="search">
            <form method="get" action=move || path.get() on:submit=submit>
                <input
                    class="input"
                    type="search"
                    name="q"
                    value=search
                    prop:value=search
                    maxlength="100"
                    placeholder="Name, number, @user"
                    aria-label="Search conversations"
                />
                <button class="btn" type="submit" aria-label="Search">
                    <Icon glyph=Glyph::Search />
                </button>
            </form>
        </div>
    }
}
