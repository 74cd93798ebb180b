//! The verify token: when it was issued, a new one, and the box that shows it once.

use leptos::prelude::*;

use super::field::{Field, Spec};
use super::refusal::RefusalBox;
use super::set_up::Set;
use super::writes::Writes;
use crate::contract::{Timestamp, WebhookConfig, WebhookStatus, validate};
use crate::ui::confirm::Confirm;
use crate::ui::copy_button::CopyButton;
use crate::ui::post_form::PostForm;

/// The person's own token, in the place of one made here.
pub const OWN: Spec = Spec {
    id: "verify_token",
    name: "form[own]",
    label: "Your own token",
    secret: false,
    check: |text| validate::verify_token(text).err(),
};

/// What stands under it.
pub const OWN_HINT: &str = "At least 16 characters. Left empty, one is made for you.";

/// The token that was just made. It is on no other page and in no address: gone when this one is left.
#[component]
pub fn IssuedBox() -> impl IntoView {
    let issued = expect_context::<Writes>().issued;
    view! {
        <div role="status">
            {move || {
                issued
                    .get()
                    .map(|token| {
                        view! {
                            <div class="once">
                                <p>
                                    <b>"Copy this verify token now."</b>
                                    " It is kept only as a hash and will not be shown again."
                                </p>
                                <div class="group">
                                    <input
                                        class="input mono"
                                        readonly
                                        value=token.verify_token.clone()
                                        aria-label="Verify token"
                                    />
                                    <CopyButton text=token.verify_token what="the verify token" wide=true />
                                </div>
                            </div>
                        }
                    })
            }}
        </div>
    }
}

/// When it was issued, and how to get another.
#[component]
pub fn VerifyToken(
    /// The account's id.
    account: String,
    /// The configuration.
    config: WebhookConfig,
    /// The person may make a new one.
    may: bool,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let done = expect_context::<Writes>().done;
    let offered = may && config.status != WebhookStatus::Disabled;
    view! {
        <div class="field">
            <b>"Verify token"</b>
            <div class="token">
                {offered
                    .then(|| {
                        view! {
                            <Confirm button="Rotate…" done>
                                <RotateForm account />
                            </Confirm>
                        }
                    })} <Set what="Issued" since=config.verify_token_set now />
            </div>
        </div>
    }
}

#[component]
fn RotateForm(account: String) -> impl IntoView {
    let rotate = expect_context::<Writes>().rotate;
    let refused = Memo::new(move |_| rotate.refusal());
    view! {
        <PostForm to=rotate>
            <p>
                "The token in use stops being right at once. The webhook stays verified: Meta asks for the new one when you \
                save it in its dashboard."
            </p>
            <RefusalBox refusal=refused />
            <input type="hidden" name="form[account]" value=account />
            <Field
                spec=OWN
                hint=OWN_HINT.to_owned()
                refused=Signal::derive(move || refused.get().and_then(|refusal| refusal.at(OWN.id)))
            />
            <button class="btn primary" type="submit" aria-disabled=move || rotate.pending()>
                "Rotate the verify token"
            </button>
        </PostForm>
    }
}
