use leptos::either::Either;
use leptos::prelude::*;

use super::address;
use crate::contract::{EventQuery, EventRow, Timestamp};
use crate::ui::badge::EventBadge;
use crate::ui::copy_button::CopyButton;
use crate::ui::text::shorten;
use crate::ui::time::{Ago, LogTime};

/// A line of the log. The whole line is the link's, by a style rule; what else can be pressed lies above it.
#[component]
pub fn EventLine(
    /// Which event.
    event: EventRow,
    /// The log's state, which the link carries along.
    query: EventQuery,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let href = address::event(&query, &event.id);
    let title = event.title();
    view! {
        <tr>
            <td>
                <LogTime at=event.received_at now />
                <small>
                    <Ago at=event.received_at now />
                </small>
            </td>
            <td>
                <LogTime at=event.event_at now />
            </td>
            <th scope="row">
                <a id=link_id(&event.id) href=href data-noscroll>
                    {title}
                </a>
            </th>
            <td>
                {match event.object_id {
                    Some(id) => Either::Left(view! { <Id id what="the object's id" /> }),
                    None => Either::Right(view! { <span aria-label="none">"—"</span> }),
                }}
            </td>
            <td class="key">
                <Id id=event.dedup_key what="the dedup key" />
            </td>
            <td>
                <EventBadge state=event.state attempts=event.attempts />
            </td>
            <td class="num tries">{event.attempts} <span class="unit">{if event.attempts == 1 { " try" } else { " tries" }}</span></td>
        </tr>
    }
}

#[component]
fn Id(id: String, what: &'static str) -> impl IntoView {
    view! {
        <code title=id.clone()>{shorten(&id)}</code>
        <CopyButton text=id what />
    }
}

/// Of the link that opens an event: the focus goes back there.
pub fn link_id(event: &str) -> String {
    format!("event-{event}")
}
