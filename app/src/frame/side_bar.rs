use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_location;

use super::Overview;
use crate::contract::Viewer;
use crate::session::SignOut;
use crate::ui::async_view::AsyncPart;
use crate::ui::theme::ThemeSwitch;

/// Brand, pages, person. On a narrow screen it lies on top.
#[component]
pub fn SideBar() -> impl IntoView {
    let viewer = expect_context::<Overview>().viewer;
    view! {
        <header class="side">
            <a class="brand" href="/" aria-label="Waypost, start page">
                <span class="mark" aria-hidden="true">"W"</span>
                <span class="word">"Waypost"</span>
            </a>
            <nav aria-label="Main">
                <AccountsLink />
            </nav>
            <div class="who">
                <AsyncPart resource=viewer let:viewer>
                    <Person viewer />
                </AsyncPart>
                <ThemeSwitch />
                <SignOutButton />
            </div>
        </header>
    }
}

/// Everything there is so far belongs to some account, so the link is always the current one.
#[component]
fn AccountsLink() -> impl IntoView {
    let path = use_location().pathname;
    let current = move || if path.read().as_str() == "/" { "page" } else { "true" };
    let accounts = expect_context::<Overview>().accounts;
    view! {
        <a href="/" aria-current=current>
            "Accounts "
            <AsyncPart resource=accounts let:list>
                <span class="count num">{list.accounts.len()}</span>
            </AsyncPart>
        </a>
    }
}

#[component]
fn Person(viewer: Viewer) -> impl IntoView {
    let Viewer { name, email, role, company } = viewer;
    view! {
        <p class="person" title=email>
            <b>{name}</b>
            <small>{company} " · " {role.as_str()}</small>
        </p>
    }
}

/// A plain form: the whole page is loaded anew, so nothing of the person stays in the browser's memory.
#[component]
fn SignOutButton() -> impl IntoView {
    view! {
        <form method="post" action=SignOut::url()>
            <button class="btn quiet" type="submit">
                "Sign out"
            </button>
        </form>
    }
}
