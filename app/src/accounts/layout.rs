//! Crumbs, head and tabs of one account, above whichever of its pages is open.

use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::components::{A, Outlet, Redirect};
use leptos_router::hooks::{use_location, use_params_map};

use crate::contract::{Account, AccountList};
use crate::frame::Overview;
use crate::ui::async_view::AsyncPart;
use crate::ui::badge::WebhookBadge;

/// The account's head and, below it, the page. An account that is not there has only a name for the
/// tab: its page says what is the matter.
#[component]
pub fn AccountLayout() -> impl IntoView {
    let id = use_account_id();
    let accounts = expect_context::<Overview>().accounts;
    view! {
        <AsyncPart resource=accounts let:list>
            {move || match find(&list, &id.read()) {
                Some(account) => Either::Left(view! { <AccountHead account /> }),
                None => Either::Right(view! { <NoHead /> }),
            }}
        </AsyncPart>
        <Outlet />
    }
}

fn find(list: &AccountList, id: &str) -> Option<Account> {
    list.accounts.iter().find(|account| account.id == id).cloned()
}

#[component]
fn AccountHead(account: Account) -> impl IntoView {
    let webhook = format!("/accounts/{}/webhook", account.id);
    let conversations = format!("/accounts/{}/conversations", account.id);
    let activity = format!("/accounts/{}/activity", account.id);
    let path = use_location().pathname;
    let is_activity = move || path.read().ends_with("/activity");
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <a href="/">"Accounts"</a>
            <span aria-hidden="true">" / "</span>
            <b aria-current="location">{account.name.clone()}</b>
        </nav>
        <div class="head">
            <h1>{account.name}</h1>
            <span class="mono">{account.display_phone_number}</span>
            <WebhookBadge status=account.webhook />
        </div>
        <nav class="tabs" aria-label="Account">
            <A href=webhook>"Webhook"</A>
            <A href=conversations>"Conversations"</A>
            <a href=activity rel="external" aria-current=move || is_activity().then_some("page")>
                "Activity"
            </a>
        </nav>
    }
}

#[component]
fn NoHead() -> impl IntoView {
    view! {
        <Title text="Not found" />
        <h1 class="sr-only">"No such account"</h1>
    }
}

/// Names the browser's tab after the account, for pages that have no name of their own.
#[component]
pub fn AccountTitle() -> impl IntoView {
    let id = use_account_id();
    let accounts = expect_context::<Overview>().accounts;
    view! {
        <AsyncPart resource=accounts let:list>
            {find(&list, &id.read_untracked()).map(|account| view! { <Title text=account.name /> })}
        </AsyncPart>
    }
}

fn use_account_id() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("account").unwrap_or_default())
}

/// An account without a tab named opens the first one.
#[component]
pub fn AccountIndex() -> impl IntoView {
    let account = use_params_map().read_untracked().get("account").unwrap_or_default();
    let path = format!("/accounts/{account}/webhook");
    let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
    view! { <Redirect path options /> }
}
