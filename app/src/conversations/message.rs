use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::address::message_id;
use super::body::{Body, note};
use super::delivery::Delivery;
use crate::contract::{Direction, Message, Quote, Reaction};
use crate::ui::time::Clock;
use crate::webhook::address::event_page;

/// One message of the thread: a note in the middle, or a bubble on its sender's side.
#[component]
pub fn MessageItem(
    /// Which one.
    message: Message,
) -> impl IntoView {
    let id = message_id(&message.id);
    match note(&message.body) {
        Some(text) => Either::Left(view! {
            <li class="note" id=id>
                <span dir="auto">{text}</span>
                " "
                <Clock at=message.sent_at />
                " "
                <RawEvent event=message.event_id />
            </li>
        }),
        None => Either::Right(view! { <Bubble message id /> }),
    }
}

#[component]
fn Bubble(message: Message, id: String) -> impl IntoView {
    let Message { direction, sent_at, body, reply_to, reactions, edited, revoked, status, timeline, event_id, .. } =
        message;
    view! {
        <li class=bubble_class(direction, revoked) id=id>
            <div class="bubble">
                <span class="sr-only">{sender(Some(direction))} ": "</span>
                {reply_to.map(|quote| view! { <Quoted quote /> })}
                {revoked.then(|| view! { <p class="taken-back">"Taken back. It had said:"</p> })}
                <Body body />
                <footer>
                    <Clock at=sent_at />
                    {edited.then(|| view! { <span>"edited"</span> })}
                    {status.map(|status| view! { <Delivery status timeline /> })}
                    <RawEvent event=event_id />
                </footer>
            </div>
            <Reactions reactions />
        </li>
    }
}

/// The way to what Meta sent.
#[component]
fn RawEvent(event: String) -> impl IntoView {
    let account = use_params_map().read_untracked().get("account").unwrap_or_default();
    (!event.is_empty()).then(|| {
        view! {
            <a class="raw" href=event_page(&account, &event)>
                "raw event"
            </a>
        }
    })
}

fn bubble_class(direction: Direction, revoked: bool) -> &'static str {
    match (direction, revoked) {
        (Direction::Inbound, false) => "msg in",
        (Direction::Inbound, true) => "msg in revoked",
        (Direction::Outbound, false) => "msg out",
        (Direction::Outbound, true) => "msg out revoked",
    }
}

fn sender(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::Inbound) => "The contact",
        Some(Direction::Outbound) => "The company",
        None => "Somebody",
    }
}

#[component]
fn Quoted(quote: Quote) -> impl IntoView {
    view! {
        <blockquote class="quote" dir="auto">
            <span class="sr-only">"In answer to: " {sender(quote.direction)} ", "</span>
            {quote.text}
        </blockquote>
    }
}

#[component]
fn Reactions(reactions: Vec<Reaction>) -> impl IntoView {
    let tally = tally(&reactions);
    (!tally.is_empty()).then(|| {
        view! {
            <ul class="reactions" aria-label="Reactions">
                {tally.into_iter().map(|(emoji, count)| view! { <li>{emoji} " " {count}</li> }).collect_view()}
            </ul>
        }
    })
}

/// Each emoji once, in the order of its first use, and how often.
fn tally(reactions: &[Reaction]) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for Reaction { emoji, .. } in reactions {
        match counts.iter_mut().find(|(seen, _)| seen == emoji) {
            Some((_, count)) => *count += 1,
            None => counts.push((emoji.clone(), 1)),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_emoji_is_counted_and_keeps_its_place() {
        let reaction = |emoji: &str| Reaction { emoji: emoji.into(), direction: Direction::Inbound };
        let counted = tally(&[reaction("👍"), reaction("🎉"), reaction("👍")]);
        assert_eq!(counted, [("👍".into(), 2), ("🎉".into(), 1)]);
    }
}
