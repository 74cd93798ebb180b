//! What an unknown address shows.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::reply::set_status;

/// The page for addresses that lead nowhere.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    set_status(404);
    view! {
        <Title text="Not found" />
        <main class="alone">
            <div class="state">
                <h1>"There is no such page"</h1>
                <p>"The address may be mistyped, or what it showed is gone."</p>
                <a class="btn" href="/">"Go to the accounts"</a>
            </div>
        </main>
    }
}
