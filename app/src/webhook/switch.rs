use leptos::either::Either;
use leptos::prelude::*;

use super::refusal::RefusalBox;
use super::writes::Writes;
use crate::contract::WebhookStatus;
use crate::ui::confirm::Confirm;
use crate::ui::post_form::PostForm;

/// Disables after a question, enables at once.
#[component]
pub fn Switch(
    /// The account's id.
    account: String,
    /// Where it stands.
    status: WebhookStatus,
) -> impl IntoView {
    let done = expect_context::<Writes>().done;
    if status == WebhookStatus::Disabled {
        return Either::Left(view! { <SwitchForm account enabled=true button="Enable the webhook" /> });
    }
    Either::Right(view! {
        <Confirm button="Disable…" done>
            <p>
                "From then on every post is refused with 403, and Meta's challenge too. Meta repeats what was refused for \
                some days. Nothing that is here is deleted."
            </p>
            <SwitchForm account enabled=false button="Disable the webhook" />
        </Confirm>
    })
}

#[component]
fn SwitchForm(account: String, enabled: bool, button: &'static str) -> impl IntoView {
    let switch = expect_context::<Writes>().switch;
    view! {
        <PostForm to=switch>
            <RefusalBox refusal=Signal::derive(move || switch.refusal()) />
            <input type="hidden" name="form[account]" value=account />
            <input type="hidden" name="form[enabled]" value=enabled.to_string() />
            <button
                class=if enabled { "btn primary" } else { "btn danger" }
                type="submit"
                aria-disabled=move || switch.pending()
            >
                {button}
            </button>
        </PostForm>
    }
}
