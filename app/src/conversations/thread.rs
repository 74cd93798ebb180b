use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use super::address::{self, use_conversation_query, use_thread_query};
use super::message::MessageItem;
use super::server_fns::load_thread;
use crate::contract::{Conversation, ConversationQuery, Message, ThreadPage, Timestamp};
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::icon::{Glyph, Icon};
use crate::ui::read::read;
use crate::ui::time::{day_label, days};

/// The thread that is open. The way back is only shown where the list is not.
#[component]
pub fn ThreadPane() -> impl IntoView {
    let (list, query) = (use_conversation_query(), use_thread_query());
    let thread = read(move || query.get(), load_thread);
    view! {
        <div class="pane thread">
            <a class="back" href=move || address::list(&list.read())>
                <Icon glyph=Glyph::Back />
                "All conversations"
            </a>
            <AsyncView resource=thread loading=|| view! { <Skeleton lines=5 /> } let:page>
                <Thread page list=list.get_untracked() />
            </AsyncView>
        </div>
    }
}

#[component]
fn Thread(page: ThreadPage, list: ConversationQuery) -> impl IntoView {
    let ThreadPage { conversation, messages, newest, newer, older, may_erase, now } = page;
    let at = |cursor: String| address::thread(&list, &conversation.id, Some(&cursor));
    let (older, newer) = (older.map(at), newer.map(at));
    let erase = may_erase.then(|| address::erase(&list.account, &conversation.id));
    let back = (!newest).then(|| address::thread(&list, &conversation.id, None));
    view! {
        <Title text=conversation.title.clone() />
        <ThreadHead conversation erase />
        <div class="scroll" tabindex="0" role="region" aria-label="Messages">
            <div>
                {older.map(|href| view! { <a class="btn turn" href=href data-noscroll>"Older messages"</a> })}
                <Messages messages now />
                {newer.map(|href| view! { <a class="btn turn" href=href data-noscroll>"Newer messages"</a> })}
                {back.map(|href| view! { <a class="btn turn" href=href data-noscroll>"Newest messages"</a> })}
            </div>
        </div>
    }
}

#[component]
fn ThreadHead(conversation: Conversation, erase: Option<String>) -> impl IntoView {
    view! {
        <header>
            <h2 dir="auto">{conversation.title}</h2>
            {conversation.subtitle.map(|subtitle| view! { <small class="num">{subtitle}</small> })}
            {erase.map(|href| view! { <a class="erase" rel="external" href=href>"Erase…"</a> })}
        </header>
    }
}

/// The messages with a line at each change of the day.
#[component]
fn Messages(messages: Vec<Message>, now: Timestamp) -> impl IntoView {
    if messages.is_empty() {
        return Either::Left(view! { <p class="muted">"No messages here yet."</p> });
    }
    let days = new_days(&messages);
    let items = messages
        .into_iter()
        .zip(days)
        .map(|(message, new_day)| {
            let day = new_day.then(|| view! { <li class="day">{day_label(message.sent_at, now)}</li> });
            view! {
                {day}
                <MessageItem message />
            }
        })
        .collect_view();
    Either::Right(view! { <ol class="messages">{items}</ol> })
}

/// For each message, whether it is the first of its day.
fn new_days(messages: &[Message]) -> Vec<bool> {
    let mut last = None;
    messages.iter().map(|message| last.replace(days(message.sent_at)) != Some(days(message.sent_at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Direction, MessageBody};

    fn message(sent_at: i64) -> Message {
        Message {
            id: String::new(),
            wamid: String::new(),
            direction: Direction::Inbound,
            sent_at: Timestamp(sent_at),
            body: MessageBody::Awaited,
            reply_to: None,
            reactions: Vec::new(),
            edits: Vec::new(),
            revokes: Vec::new(),
            status: None,
            timeline: Vec::new(),
            event_id: String::new(),
        }
    }

    #[test]
    fn each_day_is_announced_once() {
        let day = 24 * 60 * 60 * 1000;
        let messages = [message(day), message(day + 1), message(2 * day), message(2 * day + 5)];
        assert_eq!(new_days(&messages), [true, false, true, false]);
    }
}
