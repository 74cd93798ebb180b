use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::server_fns::SignOutEverywhere;
use crate::contract::{OpenSession, Timestamp};
use crate::ui::plain_form::Refused;
use crate::ui::time::Ago;

/// Where one is signed in, and the way out of all of it.
#[component]
pub fn Sessions(
    /// The last used first.
    sessions: Vec<OpenSession>,
    /// There are more than these.
    has_more: bool,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="sessions">
            <header>
                <h2 id="sessions">"Where you are signed in"</h2>
                <form method="post" action=SignOutEverywhere::url()>
                    <button class="btn danger" type="submit">
                        "Sign out everywhere"
                    </button>
                </form>
            </header>
            {Refused::of(SignOutEverywhere::url()).view()}
            <ul class="sessions">
                {sessions
                    .into_iter()
                    .map(|session| {
                        view! {
                            <li>
                                "Signed in "
                                <Ago at=session.since now />
                                ", last seen "
                                <Ago at=session.last_seen now />
                                {session.is_this.then(|| view! { <span class="badge ok">"This one"</span> })}
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
            {has_more.then(|| view! { <p class="muted">"And more that were used before these."</p> })}
        </section>
    }
}
