//! One event: a page of its own when its address was asked for, a dialog over the log when it was opened from there.
//!
//! The server always makes the page. In the browser it stays a page, hiding the tab by a style rule, until it is left;
//! whatever is opened afterwards is a modal dialog. Either way closing leads to the log as it was.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::Dialog;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::address::{self, use_event_query, use_event_ref};
use super::event_row::link_id;
use super::event_view::EventView;
use super::server_fns::{ReplayAction, load_event};
use super::writes::Writes;
use crate::frame::Overview;
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::post_form::{Sending, focus};
use crate::ui::read::read;

/// The event that is open.
#[component]
pub fn EventPane() -> impl IntoView {
    let (list, event) = (use_event_query(), use_event_ref());
    let (writes, overview) = (expect_context::<Writes>(), expect_context::<Overview>());
    let replay = Sending::new(ReplayAction::PATH);
    // Without WASM, the page that follows says so.
    let replayed = RwSignal::new(use_query_map().read_untracked().get_str("done") == Some("replayed"));
    let done = move |()| {
        replayed.set(true);
        writes.again(overview);
    };
    replay.when_done(done);
    // Another event, opened from this one, was not replayed.
    Effect::watch(
        move || event.get(),
        move |_, _, _| {
            replayed.set(false);
            replay.forget();
        },
        false,
    );
    let detail = read(move || (event.get(), writes.times()), |(event, _)| load_event(event));
    let page = is_first_page();
    let dialog = NodeRef::<Dialog>::new();
    if !page {
        show_modal(dialog);
    }
    give_focus_back(move || event.try_get_untracked().map(|event| event.event));
    let navigate = use_navigate();
    let close = Callback::new(move |()| {
        let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
        navigate(&address::list(&list.get_untracked()), options);
    });
    let backdrop = move |click: MouseEvent| {
        if !page && click.target() == click.current_target() {
            close.run(());
        }
    };
    let escape = move |key: KeyboardEvent| {
        if key.key() == "Escape" && !key.default_prevented() {
            key.prevent_default();
            close.run(());
        }
    };
    // A page has the focus anywhere, so the key is heard on the window.
    let listener = (!cfg!(feature = "ssr")).then(|| window_event_listener(leptos::ev::keydown, escape));
    on_cleanup(move || listener.into_iter().for_each(WindowListenerHandle::remove));
    view! {
        <dialog class="event" class:page=page open=page aria-labelledby="event-title" node_ref=dialog on:click=backdrop>
            <AsyncView resource=detail loading=|| view! { <Skeleton lines=10 /> } let:detail>
                <EventView detail list=list.get_untracked() replay />
            </AsyncView>
            <div class="said" role="status">
                {move || replayed.get().then_some("It is processed again: see its way.")}
            </div>
        </dialog>
    }
}

/// Whether this is drawn by the server, or taken over from it.
fn is_first_page() -> bool {
    cfg!(feature = "ssr") || !document().document_element().is_some_and(|html| html.has_attribute("data-hydrated"))
}

fn show_modal(dialog: NodeRef<Dialog>) {
    Effect::new(move || {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
            && dialog.show_modal().is_err()
        {
            // Not modal, but there.
            dialog.set_open(true);
        }
    });
}

/// When the event is left, the focus goes to the link that opened it, if it is still there.
fn give_focus_back(event: impl Fn() -> Option<String> + Send + Sync + 'static) {
    on_cleanup(move || {
        if let (false, Some(event)) = (cfg!(feature = "ssr"), event()) {
            request_animation_frame(move || focus(&link_id(&event)));
        }
    });
}
