//! The card "Test event": one update of a chosen kind, as Meta would sign and post it.
//!
//! A plain form without an action in the browser: what answers it is the page of the event that it made.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::fold::Fold;
use super::refusal::{Refusal, RefusalBox, refused_form};
use super::server_fns::SendTestAction;
use crate::contract::{TestKind, WebhookPage, WebhookStatus, no_test_because};

/// The card. While no event can come through the door, it says why.
#[component]
pub fn TestEvent(
    /// The tab.
    page: WebhookPage,
) -> impl IntoView {
    let refused = refused_form(SendTestAction::PATH);
    let open = refused.is_some() || !page.is_in_use();
    let status = page.config.map_or(WebhookStatus::Missing, |config| config.status);
    view! {
        <section class="card" aria-labelledby="test-event">
            <header>
                <h2 id="test-event">"Test event"</h2>
            </header>
            <Fold id="test-event-fold" sign="Send one" open>
                <div class="body">
                    {match no_test_because(status) {
                        Some(why) => Either::Left(view! { <p>{why}</p> }),
                        None => Either::Right(view! { <TestForm account=page.account.id refused /> }),
                    }}
                </div>
            </Fold>
        </section>
    }
}

#[component]
fn TestForm(account: String, refused: Option<Refusal>) -> impl IntoView {
    let option = |kind: TestKind| {
        let (word, label) = kind.words();
        view! { <option value=word>{label}</option> }
    };
    view! {
        <form method="post" action=SendTestAction::url()>
            <RefusalBox refusal=Signal::stored(refused) />
            <input type="hidden" name="form[account]" value=account />
            <div class="line">
                <select class="input" name="form[kind]" aria-label="Kind of event" aria-describedby="test-event-hint">
                    {TestKind::ALL.map(option).collect_view()}
                </select>
                <button class="btn" type="submit">
                    "Send a test event"
                </button>
            </div>
            <small id="test-event-hint">
                "From “Waypost test”, a number that nobody has. Signed with the app secret, it comes in by the same door as \
                Meta's, stays in the log, and its page opens when it is stored."
            </small>
        </form>
    }
}
