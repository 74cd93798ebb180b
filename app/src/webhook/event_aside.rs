//! What is known about an event: its way, what it became, the POST it came in.

use leptos::prelude::*;

use super::address;
use crate::contract::{
    Attempt, Became, ConversationQuery, DeliveryView, EventDetail, EventQuery, EventState, Sibling, Timestamp,
};
use crate::conversations::address as conversations;
use crate::ui::badge::EventBadge;
use crate::ui::copy_button::CopyButton;
use crate::ui::text::{shorten, thousands};
use crate::ui::time::{Exact, LogTime};

/// The column beside the payload.
#[component]
pub fn EventAside(
    /// The event.
    detail: EventDetail,
    /// The log's state, which links to other events carry along.
    list: EventQuery,
) -> impl IntoView {
    let EventDetail { became, delivery, siblings, now, event, .. } = detail.clone();
    view! {
        <div class="aside">
            <Way detail />
            {became.map(|became| view! { <BecameSection became account=list.account.clone() /> })}
            <Delivery delivery dedup_key=event.dedup_key event_at=event.event_at now />
            {(!siblings.is_empty()).then(|| view! { <Siblings siblings list /> })}
        </div>
    }
}

/// From the door to where it is now.
#[component]
fn Way(detail: EventDetail) -> impl IntoView {
    let EventDetail { event, problem, processed, next_attempt_at, attempts, now, .. } = detail;
    let next = next_attempt_at.filter(|_| event.state == EventState::Pending);
    // The last failed try has said the same already.
    let problem = problem.filter(|problem| attempts.last().is_none_or(|last| last.error != *problem));
    view! {
        <section>
            <h3>"Its way"</h3>
            <ol class="way">
                <li>
                    <span>"Received, signature right"</span>
                    <LogTime at=event.received_at now />
                </li>
                {attempts.into_iter().map(|attempt| view! { <Failure attempt now /> }).collect_view()}
                {problem.map(|problem| view! { <li class="bad"><span>{problem}</span></li> })}
                {next.map(|at| view! { <li class="waits"><span>"Next try"</span><LogTime at now /></li> })}
                {processed
                    .map(|(at, worker)| {
                        view! {
                            <li>
                                <span>"Processed" <small>" by " {worker}</small></span>
                                <LogTime at now />
                            </li>
                        }
                    })}
            </ol>
        </section>
    }
}

#[component]
fn Failure(attempt: Attempt, now: Timestamp) -> impl IntoView {
    view! {
        <li class="bad">
            <span>
                "Try " {attempt.number} " failed: " {attempt.error} <small>" by " {attempt.worker}</small>
            </span>
            <LogTime at=attempt.at now />
        </li>
    }
}

/// There is no page about a contact: its conversations are what is known of it.
#[component]
fn BecameSection(became: Became, account: String) -> impl IntoView {
    let Became { conversation, message_id, contact, search, message } = became;
    let list = ConversationQuery { account, ..ConversationQuery::default() };
    let of_contact = search.map(|search| conversations::list(&ConversationQuery { search, ..list.clone() }));
    let links = conversation.map(|id| {
        let at_message = conversations::message(&list.account, &id, &message_id);
        view! {
            <p class="links">
                <a class="link" href=conversations::thread(&list, &id, None)>
                    "Conversation"
                </a>
                <a class="link" rel="external" href=at_message>
                    "This message in it"
                </a>
            </p>
        }
    });
    view! {
        <section>
            <h3>"Became"</h3>
            <p>"Message with " <a class=of_contact.is_some().then_some("link") href=of_contact dir="auto">{contact}</a></p>
            <p class="muted quoted" dir="auto">
                {message}
            </p>
            {links}
        </section>
    }
}

#[component]
fn Delivery(delivery: DeliveryView, dedup_key: String, event_at: Timestamp, now: Timestamp) -> impl IntoView {
    let DeliveryView { id, received_at, seen_count, last_seen_at, size, sha256, signature, signed_with, headers } =
        delivery;
    let again = (seen_count > 1).then(|| view! { ", last " <LogTime at=last_seen_at now /> });
    let times = if seen_count == 1 { "1 time".into() } else { format!("{} times", thousands(seen_count)) };
    view! {
        <section>
            <h3>"Delivery"</h3>
            <dl class="kv">
                <dt>"Received"</dt>
                <dd><Exact at=received_at /></dd>
                <dt>"Event time"</dt>
                <dd><Exact at=event_at /></dd>
                <dt>"Seen"</dt>
                <dd>{times} {again}</dd>
                <dt>"Size"</dt>
                <dd class="num">{thousands(size)} " bytes"</dd>
                <dt>"Secret"</dt>
                <dd>{signed_with}</dd>
                <LongValue name="Dedup key" value=dedup_key />
                <LongValue name="Signature" value=signature />
                <LongValue name="SHA-256" value=sha256 />
                <LongValue name="Delivery" value=id />
            </dl>
            <details>
                <summary>"Headers kept (" {headers.len()} ")"</summary>
                <dl class="kv headers">
                    {headers.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd class="wrap">{value}</dd> }).collect_view()}
                </dl>
            </details>
        </section>
    }
}

#[component]
fn LongValue(name: &'static str, value: String) -> impl IntoView {
    view! {
        <dt>{name}</dt>
        <dd>
            <code title=value.clone()>{shorten(&value)}</code>
            <CopyButton text=value what=name />
        </dd>
    }
}

/// So many others are shown when there are more.
const MOST_SIBLINGS: usize = 99;

#[component]
fn Siblings(siblings: Vec<Sibling>, list: EventQuery) -> impl IntoView {
    let item = |sibling: Sibling| {
        let href = address::event(&list, &sibling.id);
        view! {
            <li>
                <a class="link" href=href data-noscroll>
                    {sibling.place}
                    ". "
                    {sibling.title}
                </a>
                <EventBadge state=sibling.state attempts=0 />
            </li>
        }
    };
    let many = siblings.len() >= MOST_SIBLINGS;
    view! {
        <section>
            <h3>"In the same POST"</h3>
            <ul class="siblings">{siblings.into_iter().map(item).collect_view()}</ul>
            {many.then(|| view! { <small>"There are more; these are nearest to this one."</small> })}
        </section>
    }
}
