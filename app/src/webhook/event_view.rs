use std::time::Duration;

use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use super::address;
use super::event_aside::EventAside;
use super::fold::lies_open;
use super::refusal::RefusalBox;
use super::server_fns::load_event;
use super::writes::Writes;
use crate::contract::{EventDetail, EventQuery, EventRef, EventRow, EventState};
use crate::frame::Overview;
use crate::ui::badge::EventBadge;
use crate::ui::confirm::Confirm;
use crate::ui::copy_button::CopyButton;
use crate::ui::json_view::{JsonView, pretty};
use crate::ui::look::look_for;
use crate::ui::post_form::{PostForm, Sending};

/// So often, and so many times, an event that waits is looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS: u32 = 15;
/// Where the bytes are folded up.
const RAW: &str = "raw-bytes";

/// An event in full: its payload on the left, what is known about it on the right.
#[component]
pub fn EventView(
    /// The event.
    detail: EventDetail,
    /// The log's state, for the way back.
    list: EventQuery,
    /// Processes it again.
    replay: Sending,
) -> impl IntoView {
    look_for_its_end(&detail, &list.account);
    let text = detail.payload.as_deref().map_or_else(|| detail.raw.clone(), pretty);
    view! {
        <Title text=detail.event.title() />
        <header>
            <Head event=detail.event.clone() />
            <div class="actions">
                <CopyButton text what="the payload" wide=true />
                <a class="btn" rel="external" href=address::raw(&list.account, &detail.event.id)>
                    "Download raw"
                </a>
                {detail
                    .may_replay
                    .then(|| view! { <Replay account=list.account.clone() event=detail.event.id.clone() replay /> })}
                <a class="btn quiet" href=address::list(&list) data-noscroll>
                    "Close"
                </a>
            </div>
        </header>
        <div class="split">
            <Payload payload=detail.payload.clone() raw=detail.raw.clone() />
            <EventAside detail list />
        </div>
    }
}

/// While an event waits, looks for what becomes of it. A try that failed is news too.
fn look_for_its_end(detail: &EventDetail, account: &str) {
    if detail.event.state != EventState::Pending {
        return;
    }
    let (writes, overview) = (expect_context::<Writes>(), expect_context::<Overview>());
    let event = EventRef { account: account.into(), event: detail.event.id.clone() };
    let tried = |detail: &EventDetail| (detail.event.state, detail.attempts.len());
    let known = tried(detail);
    let ask = move || load_event(event.clone());
    let again = Callback::new(move |()| writes.look_again(overview));
    look_for(LOOK_EVERY, LOOKS, ask, move |detail: &EventDetail| tried(detail) != known, again);
}

#[component]
fn Head(event: EventRow) -> impl IntoView {
    let title = event.title();
    view! {
        <h2 id="event-title" tabindex="-1" autofocus>
            {title}
        </h2>
        {event.object_id.map(|id| view! { <code class="wrap">{id}</code> })}
        <EventBadge state=event.state attempts=event.attempts />
    }
}

/// Laid out where the database could hold it, and as it came.
#[component]
fn Payload(payload: Option<String>, raw: String) -> impl IntoView {
    let unreadable = payload.is_none();
    view! {
        <div class="payload">
            {match payload {
                Some(json) => Either::Left(view! { <JsonView json /> }),
                None => {
                    Either::Right(
                        view! { <p class="unreadable">"The database cannot hold this as JSON. Here are its bytes."</p> },
                    )
                }
            }}
            <details id=RAW open=unreadable || lies_open(RAW)>
                <summary>"Raw bytes, as received"</summary>
                <pre class="json raw-bytes" tabindex="0" role="region" aria-label="Raw bytes">
                    <code>{raw}</code>
                </pre>
            </details>
        </div>
    }
}

#[component]
fn Replay(account: String, event: String, replay: Sending) -> impl IntoView {
    let done = expect_context::<Writes>().done;
    view! {
        <Confirm button="Replay…" done>
            <p>
                "It waits for a worker again and is processed from what is stored here. What it has already had an effect \
                on stays as it is: the effect comes once."
            </p>
            <PostForm to=replay>
                <RefusalBox refusal=Signal::derive(move || replay.refusal()) />
                <input type="hidden" name="event[account]" value=account />
                <input type="hidden" name="event[event]" value=event />
                <button class="btn primary" type="submit" aria-disabled=move || replay.pending()>
                    "Replay the event"
                </button>
            </PostForm>
        </Confirm>
    }
}
