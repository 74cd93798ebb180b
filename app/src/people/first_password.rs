use leptos::nonce::use_nonce;
use leptos::prelude::*;

use crate::contract::FirstPassword;

/// Copies the password. This page has no WASM, since its address is a form's; the button is there once it works.
const COPY: &str = "
const [field, button, said] = ['first_password', 'copy_password', 'password_copied'].map((id) => document.getElementById(id));
button.hidden = !navigator.clipboard;
button.addEventListener('click', () => {
  const done = () => { said.textContent = 'Copied'; };
  const refused = () => { said.textContent = 'The browser does not allow copying here'; field.select(); };
  navigator.clipboard.writeText(field.value).then(done, refused);
});
";

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
                <button class="btn" id="copy_password" type="button" hidden aria-label="Copy the first password">
                    "Copy"
                </button>
            </div>
        </div>
        <p id="password_copied" class="muted" role="status"></p>
        <script nonce=use_nonce()>{COPY}</script>
        <p>
            <a class="btn" href="/people">
                "Back to the people"
            </a>
        </p>
    }
}
