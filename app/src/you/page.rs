use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use super::password_form::PasswordForm;
use super::server_fns::load_you;
use super::sessions::Sessions;
use crate::contract;
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::plain_form::Done;
use crate::ui::read::read;

/// Who one is, and what one may change about it.
#[component]
pub fn YouPage() -> impl IntoView {
    // What became of a form is in the address: another address is another page.
    let search = use_location().search;
    let page = read(move || search.get(), |_| load_you());
    view! {
        <Title text="Your account" />
        <div class="head">
            <h1>"Your account"</h1>
        </div>
        <AsyncView resource=page loading=|| view! { <Skeleton lines=6 /> } let:page>
            <Cards page />
        </AsyncView>
    }
}

fn done(word: &str) -> Option<&'static str> {
    (word == "password").then_some("Your password was changed. All your other sessions have ended.")
}

#[component]
fn Cards(page: contract::YouPage) -> impl IntoView {
    let contract::YouPage { viewer, sessions, has_more, now } = page;
    view! {
        <p class="lead">
            {viewer.name} ", " {viewer.email.clone()} ", " {viewer.role.as_str()} " at " {viewer.company}
        </p>
        <Done words=done />
        <div class="you">
            <PasswordForm email=viewer.email />
            <Sessions sessions has_more now />
        </div>
    }
}
