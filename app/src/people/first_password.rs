use leptos::prelude::*;

use crate::contract::FirstPassword;

/// The password that was just made. It is on no other page and in no address: gone when this one is left.
#[component]
pub fn FirstPasswordBox(
    /// Whose, and which.
    password: FirstPassword,
) -> impl IntoView {
    let FirstPassword { name, email, password } = password;
    view! {
        <div class="once" role="status">
            <p>
                <b>"Hand this password over now."</b>
                " It is kept only as a hash and will not be shown again. "
                {name}
                " signs in with "
                <b>{email}</b>
                " and can change it under “Your account”."
            </p>
            <div class="group">
                <input class="input mono" id="first_password" readonly value=password aria-label="First password" />
            </div>
        </div>
        <p>
            <a class="btn" href="/people">
                "Back to the people"
            </a>
        </p>
    }
}
