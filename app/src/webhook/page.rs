use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_params_map;

use super::awaited::look_for_meta;
use super::event_log::EventLog;
use super::next::Next;
use super::pulse::PulseStrip;
use super::server_fns::load_webhook;
use super::set_up::SetUp;
use super::test_event::TestEvent;
use super::tunnel::Tunnel;
use super::writes::{Writes, done};
use crate::accounts::AccountTitle;
use crate::contract::WebhookPage;
use crate::frame::Overview;
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::plain_form::Done;
use crate::ui::read::read;

/// The tab, and over it the event that is open.
#[component]
pub fn WebhookTab() -> impl IntoView {
    let params = use_params_map();
    let account = Memo::new(move |_| params.read().get("account").unwrap_or_default());
    let writes = Writes::new();
    provide_context(writes);
    // A token belongs to the account that it was made for.
    Effect::watch(move || account.get(), move |_, _, _| writes.issued.set(None), false);
    let page = read(move || (account.get(), writes.times()), |(account, _)| load_webhook(account));
    view! {
        <div class="webhook">
            <Done words=done />
            <AsyncView resource=page loading=|| view! { <Skeleton lines=6 /> } let:page>
                <Overall page />
            </AsyncView>
            <EventLog />
        </div>
        <Outlet />
    }
}

/// How it is doing, and what can be done about it. The cards' types are erased: side by side they are more than the
/// compiler lays out.
#[component]
fn Overall(page: WebhookPage) -> impl IntoView {
    let (writes, overview) = (expect_context::<Writes>(), expect_context::<Overview>());
    look_for_meta(&page, Callback::new(move |()| writes.look_again(overview)));
    let pulse = view! { <PulseStrip page=page.clone() /> }.into_any();
    let set_up = view! { <SetUp page=page.clone() /> }.into_any();
    let test = page.may.send_test.then(|| view! { <TestEvent page=page.clone() /> }).into_any();
    let (account, tunnel, needed) = (page.account.id.clone(), page.tunnel.clone(), !page.is_in_use());
    let tunnel = tunnel.map(|help| view! { <Tunnel account help needed /> }).into_any();
    let next = view! { <Next page /> }.into_any();
    view! {
        {pulse}
        <div class="cols">
            {set_up} <div class="beside">{next} {test} {tunnel}</div>
        </div>
    }
}

/// No event is open: the browser's tab is named after the account. A title has no place in the page, and the router
/// puts what is opened next where this was: so there is an element.
#[component]
pub fn NoEvent() -> impl IntoView {
    view! {
        <div hidden>
            <AccountTitle />
        </div>
    }
}
