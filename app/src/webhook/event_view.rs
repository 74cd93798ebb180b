use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use super::address;
use super::event_aside::EventAside;
use super::event_row::title;
use super::refusal::RefusalBox;
use super::writes::Writes;
use crate::contract::{EventDetail, EventQuery, EventRow};
use crate::ui::badge::EventBadge;
use crate::ui::confirm::Confirm;
use crate::ui::copy_button::CopyButton;
use crate::ui::json_view::{JsonView, pretty};
use crate::ui::post_form::{PostForm, Sending};

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
    let text = detail.payload.as_deref().map_or_else(|| detail.raw.clone(), pretty);
    view! {
        <Title text=title(&detail.event) />
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

#[component]
fn Head(event: EventRow) -> impl IntoView {
    let title = title(&event);
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
            <details open=unreadable>
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
