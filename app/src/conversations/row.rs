use leptos::prelude::*;
use leptos_router::components::A;

use super::address;
use super::delivery::Ticks;
use crate::contract::{Conversation, ConversationQuery, Timestamp};
use crate::ui::time::ListTime;

/// One conversation in the list. `A` marks the one that is open with `aria-current`.
#[component]
pub fn ConversationRow(
    /// Which one.
    conversation: Conversation,
    /// The list's state, which the link carries along.
    query: ConversationQuery,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let href = address::thread(&query, &conversation.id, None);
    view! {
        <li>
            <A href=href scroll=false>
                <b dir="auto">{conversation.title}</b>
                <small>
                    {unread(conversation.unread)}
                    <ListTime at=conversation.last_message_at now />
                </small>
                <small class="preview" dir="auto">
                    {conversation.last_status.map(|status| view! { <Ticks status /> " " })}
                    {conversation.preview}
                </small>
            </A>
        </li>
    }
}

/// The open conversation is being read: a style rule hides its number.
fn unread(count: u32) -> Option<AnyView> {
    let words = if count < 100 { count.to_string() } else { "99+".into() };
    (count > 0).then(|| {
        view! {
            <span class="unread">
                {words}
                <span class="sr-only">" unread "</span>
            </span>
        }
        .into_any()
    })
}
