use leptos::either::Either;
use leptos::prelude::*;

use super::address::message_id;
use super::body::{Body, note};
use super::delivery::Delivery;
use super::raw_event::{self, RawEvent};
use crate::contract::{Direction, Message, Quote, Reaction};
use crate::ui::time::Clock;

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
    let Message { direction, sent_at, body, reply_to, reactions, edits, revokes, status, timeline, event_id, .. } =
        message;
    let revoked = !revokes.is_empty();
    let each =
        |events: Vec<String>, words| events.into_iter().map(|event| view! { <RawEvent event words /> }).collect_view();
    view! {
        <li class=bubble_class(direction, revoked) id=id>
            <div class="bubble">
                <span class="sr-only">{sender(Some(direction))} ": "</span>
                {reply_to.map(|quote| view! { <Quoted quote /> })}
                {revoked.then(|| view! { <p class="taken-back">"Taken back. It had said:"</p> })}
                <Body body />
                <footer>
                    <Clock at=sent_at />
                    {each(edits, "edited")} {each(revokes, "taken back")}
                    {status.map(|status| view! { <Delivery status timeline /> })}
                    <RawEvent event=event_id />
                </footer>
            </div>
            <Reactions reactions />
        </li>
    }
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
    let tally = tally(reactions);
    (!tally.is_empty()).then(|| {
        view! {
            <ul class="reactions" aria-label="Reactions">
                {tally.into_iter().map(|(emoji, events)| view! { <Same emoji events /> }).collect_view()}
            </ul>
        }
    })
}

/// An emoji for each that was given, which leads to its event, and how many there are.
#[component]
fn Same(emoji: String, events: Vec<String>) -> impl IntoView {
    let count = events.len();
    let link = |event: String| {
        view! {
            <a href=raw_event::address(&event) title="raw event">
                {emoji.clone()}
            </a>
        }
    };
    view! { <li>{events.into_iter().map(link).collect_view()} " " {count}</li> }
}

/// Each emoji once, in the order of its first use, and the events that gave it.
fn tally(reactions: Vec<Reaction>) -> Vec<(String, Vec<String>)> {
    let mut given: Vec<(String, Vec<String>)> = Vec::new();
    for Reaction { emoji, event_id, .. } in reactions {
        match given.iter_mut().find(|(seen, _)| *seen == emoji) {
            Some((_, events)) => events.push(event_id),
            None => given.push((emoji, vec![event_id])),
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_emoji_is_counted_and_keeps_its_place() {
        let reaction = |emoji: &str, event: &str| Reaction {
            emoji: emoji.into(),
            direction: Direction::Inbound,
            event_id: event.into(),
        };
        let counted = tally(vec![reaction("👍", "1"), reaction("🎉", "2"), reaction("👍", "3")]);
        let events = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
        assert_eq!(counted, [("👍".into(), events(&["1", "3"])), ("🎉".into(), events(&["2"]))]);
    }
}
