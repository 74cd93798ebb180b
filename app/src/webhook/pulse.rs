//! The strip of numbers at the top of the tab.

use leptos::either::Either;
use leptos::prelude::*;

use super::address;
use crate::contract::{EventState, Pulse, RejectionCount, Timestamp, WebhookPage};
use crate::ui::text::thousands;
use crate::ui::time::Ago;

/// The last event, how many there were, how many wait or were given up, and what was refused.
#[component]
pub fn PulseStrip(
    /// The tab.
    page: WebhookPage,
) -> impl IntoView {
    let WebhookPage { account, pulse, rejections, now, .. } = page;
    let Pulse { last_event, last_hour, last_day, waiting, dead } = pulse;
    view! {
        <dl class="strip card">
            <div>
                <dt>"Last event"</dt>
                <LastEvent last_event now />
            </div>
            <div>
                <dt>"Events, last hour"</dt>
                <dd class="num">{amount(last_hour)}</dd>
                <dd class="sub">{amount(last_day)} " in the last day"</dd>
            </div>
            <div>
                <dt>"Waiting · failed"</dt>
                <dd class="num">{amount(waiting)} " · " {amount(dead)}</dd>
                <Stuck account=account.id waiting dead />
            </div>
            <div>
                <dt>"Refused, last day"</dt>
                <Refused rejections />
            </div>
        </dl>
    }
}

#[component]
fn LastEvent(last_event: Option<(Timestamp, String)>, now: Timestamp) -> impl IntoView {
    match last_event {
        Some((at, what)) => Either::Left(view! {
            <dd>
                <Ago at now />
            </dd>
            <dd class="sub">{what}</dd>
        }),
        None => Either::Right(view! {
            <dd>"None yet"</dd>
            <dd class="sub">"See what to do next, below."</dd>
        }),
    }
}

#[component]
fn Stuck(account: String, waiting: u32, dead: u32) -> impl IntoView {
    let (words, state) = match (dead, waiting) {
        (1.., _) => (format!("{} given up, see why", amount(dead)), EventState::Dead),
        (_, 1..) => ("See which ones wait".to_owned(), EventState::Pending),
        _ => return Either::Left(view! { <dd class="sub">"Everything is processed."</dd> }),
    };
    let href = address::all_of(&account, state);
    Either::Right(view! {
        <dd class="sub">
            <a class="link" href=href data-noscroll>
                {words}
            </a>
        </dd>
    })
}

#[component]
fn Refused(rejections: Vec<RejectionCount>) -> impl IntoView {
    let total = rejections.iter().map(|rejection| rejection.count).fold(0, u32::saturating_add);
    let reasons = if rejections.is_empty() { "No post was turned away.".to_owned() } else { reasons(&rejections) };
    view! {
        <dd class="num">{amount(total)}</dd>
        <dd class="sub">{reasons}</dd>
    }
}

fn reasons(rejections: &[RejectionCount]) -> String {
    let each: Vec<String> = rejections
        .iter()
        .map(|rejection| format!("{} {}", amount(rejection.count), words(&rejection.reason)))
        .collect();
    each.join(", ")
}

/// The log's word with blanks.
pub fn words(reason: &str) -> String {
    reason.replace('_', " ")
}

/// A count that stopped says so.
pub fn amount(count: u32) -> String {
    if count >= Pulse::MOST { format!("{}+", thousands(Pulse::MOST)) } else { thousands(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_stopped_does_not_pretend_to_be_exact() {
        assert_eq!(amount(9_999), "9,999");
        assert_eq!(amount(Pulse::MOST), "10,000+");
    }

    #[test]
    fn reasons_are_named_with_their_counts() {
        let count = |reason: &str, count| RejectionCount { reason: reason.into(), count, last_at: Timestamp(0) };
        assert_eq!(reasons(&[count("bad_signature", 3), count("disabled", 1)]), "3 bad signature, 1 disabled");
    }
}
