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
                <PeopleLink />
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

/// Whatever belongs to some account is below this link.
#[component]
fn AccountsLink() -> impl IntoView {
    let path = use_location().pathname;
    let current = move || match path.read().as_str() {
        "/" => Some("page"),
        path => path.starts_with("/accounts/").then_some("true"),
    };
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

/// All forms and lists: the page is loaded anew, here and by its forms.
#[component]
fn PeopleLink() -> impl IntoView {
    let current = current("/people");
    view! {
        <a href="/people" rel="external" aria-current=current>
            "People"
        </a>
    }
}

/// Says whether a page is the one that is open.
fn current(page: &'static str) -> impl Fn() -> Option<&'static str> + Copy {
    let path = use_location().pathname;
    move || (path.read().as_str() == page).then_some("page")
}

/// The name leads to what one may change about oneself.
#[component]
fn Person(viewer: Viewer) -> impl IntoView {
    let Viewer { name, email, role, company } = viewer;
    let current = current("/you");
    view! {
        <a class="person" href="/you" rel="external" title=email aria-current=current>
            <b>{name}</b>
            <small>{company} " · " {role.as_str()}</small>
        </a>
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
