use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::server_fns::ChangePasswordAction;
use crate::ui::plain_form::{Refused, Spec, plain_field};

const CURRENT: Spec = Spec {
    id: "current",
    name: "form[current]",
    label: "Current",
    kind: "password",
    autocomplete: "current-password",
    shortest: Some("1"),
    longest: "1000",
    hint: "To be sure that it is you.",
};

const NEW: Spec = Spec {
    id: "new",
    name: "form[new]",
    label: "New",
    kind: "password",
    autocomplete: "new-password",
    shortest: Some("12"),
    longest: "200",
    hint: "At least 12 characters, and not the current one.",
};

const AGAIN: Spec = Spec { id: "again", name: "form[again]", label: "New, again", hint: "The same.", ..NEW };

/// Changes the password. The address stands in it for password managers, and is not sent.
#[component]
pub fn PasswordForm(
    /// What the person signs in with.
    email: String,
) -> impl IntoView {
    let refused = Refused::of(ChangePasswordAction::url());
    view! {
        <section class="card" aria-labelledby="password">
            <header>
                <h2 id="password">"Password"</h2>
            </header>
            <form class="body" method="post" action=ChangePasswordAction::url()>
                {refused.view()}
                <input type="text" autocomplete="username" value=email readonly hidden />
                {plain_field(&CURRENT, &refused)}
                {plain_field(&NEW, &refused)}
                {plain_field(&AGAIN, &refused)}
                <div class="field end">
                    <button class="btn primary" type="submit">
                        "Change the password"
                    </button>
                    <small>"All your other sessions end."</small>
                </div>
            </form>
        </section>
    }
}
