use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_location;

use super::address::use_conversation_query;
use crate::ui::icon::{Glyph, Icon};

/// A GET form: the search becomes part of the URL, with and without WASM. An open thread stays open.
#[component]
pub fn SearchForm() -> impl IntoView {
    let query = use_conversation_query();
    let path = use_location().pathname;
    let search = move || query.read().search.clone();
    view! {
        <div class="chat-search" role="search">
            <Form method="get" action=move || path.get()>
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
            </Form>
        </div>
    }
}
