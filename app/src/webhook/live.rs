//! What has come since the log was drawn: a number that the server tells, behind a button.
//!
//! The rows stay where they are until the reader asks. A log that is empty has nothing to keep in place: it shows its
//! first event by itself. While the browser's tab is hidden nothing is asked for, since a browser has few connections.

use std::time::Duration;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::address;
use crate::contract::EventQuery;
use crate::ui::post_form::focus;

/// The number above which it is not counted.
const MANY: u32 = 100;

/// After it a stream that was turned away is asked for again.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// Offers what is new.
#[component]
pub fn NewEvents(
    /// What the log shows.
    query: EventQuery,
    /// After it events are new.
    mark: String,
    /// It shows no row.
    is_empty: bool,
    /// Shows the newest events.
    again: Callback<()>,
) -> impl IntoView {
    let count = RwSignal::new(0);
    if is_empty {
        Effect::watch(move || count.get(), move |count, _, _| (*count > 0).then(|| again.run(())), false);
    }
    listen(query, mark, count);
    let words = move || match count.get() {
        0 => String::new(),
        MANY.. => format!("{}+ new", MANY - 1),
        count => format!("{count} new"),
    };
    let show = move |_| {
        again.run(());
        if let Some(head) = document().get_element_by_id("events") {
            head.scroll_into_view();
        }
        // The button hides.
        focus("events");
    };
    view! {
        <div class="arrivals" role="status">
            <button class="btn primary" type="button" hidden=move || is_empty || count.get() == 0 on:click=show>
                {words}
            </button>
        </div>
    }
}

/// Keeps the number right for as long as the page can be seen.
fn listen(query: EventQuery, mark: String, count: RwSignal<u32>) {
    if cfg!(feature = "ssr") {
        return;
    }
    let is_seen = RwSignal::new(!document().hidden());
    let turned = window_event_listener_untyped("visibilitychange", move |_| is_seen.set(!document().hidden()));
    on_cleanup(move || turned.remove());
    let (mark, turned_away) = (StoredValue::new(mark), RwSignal::new(0));
    Effect::new(move || {
        turned_away.track();
        if is_seen.get() {
            open(&address::live(&query, &mark.get_value()), mark, count, turned_away);
        }
    });
}

/// Opens a stream, which is closed when its owner ends. Without one there is still the button "Refresh".
///
/// The browser itself mends a connection that broke, but gives up for good when it is answered by anything else than a
/// stream, such as a server that is just starting.
fn open(address: &str, mark: StoredValue<String>, count: RwSignal<u32>, turned_away: RwSignal<u32>) {
    let Ok(source) = EventSource::new(address) else { return };
    let told = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
        if let Some(number) = message.data().as_string().and_then(|text| text.parse().ok()) {
            count.try_set(number);
            mark.try_update_value(|mark| *mark = message.last_event_id());
        }
    });
    source.set_onmessage(Some(told.as_ref().unchecked_ref()));
    let broken = source.clone();
    let failed = Closure::<dyn Fn()>::new(move || {
        if broken.ready_state() == EventSource::CLOSED {
            let come_again = move || {
                turned_away.try_update(|times| *times += 1);
            };
            set_timeout(come_again, COME_AGAIN);
        }
    });
    source.set_onerror(Some(failed.as_ref().unchecked_ref()));
    let held = StoredValue::new_local((source, told, failed));
    on_cleanup(move || {
        held.try_with_value(|(source, ..)| source.close());
    });
}
