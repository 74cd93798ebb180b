//! Callback path, app secret and, at the first time, the verify token. What is left empty is made here, or stays as it
//! is. Hardly anybody needs a path of their own, so its field is folded up until one is wanted.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::field::{Field, Spec};
use super::refusal::RefusalBox;
use super::verify_token::{OWN, OWN_HINT};
use super::writes::Writes;
use crate::contract::{Changed, Timestamp, WebhookConfig, WebhookStatus, validate};
use crate::ui::post_form::PostForm;
use crate::ui::time::{Exact, day_label};

const PATH: Spec = Spec {
    id: "callback_path",
    name: "form[callback_path]",
    label: "Your own path",
    secret: false,
    check: |text| validate::callback_path(text).err(),
};

const SECRET: Spec = Spec {
    id: "app_secret",
    name: "form[app_secret]",
    label: "App secret",
    secret: true,
    check: |text| validate::app_secret(text).err(),
};

/// In the form of the first time; later on, the token is rotated.
const TOKEN: Spec = Spec { name: "form[verify_token]", ..OWN };

/// The form. Nothing can be typed into it while the webhook is disabled.
#[component]
pub fn SettingsForm(
    /// The account's id.
    account: String,
    /// What is set; none at the first time.
    config: Option<WebhookConfig>,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let save = expect_context::<Writes>().save;
    let refused = Memo::new(move |_| save.refusal());
    let at = move |spec: Spec| Signal::derive(move || refused.get().and_then(|refusal| refusal.at(spec.id)));
    let disabled = config.as_ref().is_some_and(|config| config.status == WebhookStatus::Disabled);
    let (first_time, until) = (config.is_none(), config.as_ref().and_then(|config| config.previous_secret_until));
    let own_path = config.as_ref().filter(|config| config.own_path).map(|config| config.callback_path.clone());
    let unchosen = own_path.is_some();
    let unfolded = unchosen || at(PATH).get_untracked().is_some();
    let secret_set = config.map(|config| config.app_secret_set);
    view! {
        <PostForm to=save>
            <RefusalBox refusal=refused />
            <input type="hidden" name="form[account]" value=account />
            <Field
                spec=SECRET
                placeholder=if first_time { "" } else { MASK }.to_owned()
                hint=secret_hint(secret_set, now)
                refused=at(SECRET)
                disabled
            />
            {if first_time {
                Either::Left(view! { <Field spec=TOKEN hint=OWN_HINT.to_owned() refused=at(TOKEN) /> })
            } else {
                Either::Right(view! { <OverlapField until now disabled /> })
            }}
            <details class="own-path" open=unfolded>
                <summary>"Use a path of your own"</summary>
                <Field
                    spec=PATH
                    value=own_path.unwrap_or_default()
                    placeholder=if first_time { "Made for you if left empty" } else { "" }.to_owned()
                    hint=format!("{} or a path below it, or a full https URL of it.", validate::CALLBACK_PREFIX)
                    refused=at(PATH)
                    disabled
                />
                {unchosen
                    .then(|| {
                        view! {
                            <label class="field check">
                                <input type="checkbox" name="form[generated_path]" value="true" disabled=disabled />
                                <span>"Go back to a generated path. Meta has to verify it again."</span>
                            </label>
                        }
                    })}
            </details>
            <div class="field end">
                <button
                    class="btn primary"
                    type="submit"
                    disabled=disabled
                    aria-disabled=move || save.pending()
                >
                    {if first_time { "Set up the webhook" } else { "Save" }}
                </button>
                <small>{saying(disabled, first_time)}</small>
            </div>
        </PostForm>
    }
}

/// Stands in the place of a secret that is set.
const MASK: &str = "••••••••••••••••";

fn saying(disabled: bool, first_time: bool) -> &'static str {
    match (disabled, first_time) {
        (true, _) => "Nothing can be changed while the webhook is disabled.",
        (_, true) => "Callback URL and path are made with it. The verify token is shown once.",
        (_, false) => "Works from the next post on.",
    }
}

fn secret_hint(set: Option<Changed>, now: Timestamp) -> String {
    let Some(Changed { at, by }) = set else {
        return "At least 32 characters: App Dashboard → App settings → Basic.".into();
    };
    let when = match day_label(at, now).as_str() {
        "Today" => "today".to_owned(),
        "Yesterday" => "yesterday".to_owned(),
        day => format!("on {day}"),
    };
    let by = by.map(|name| format!(" by {name}")).unwrap_or_default();
    format!("Set {when}{by}. Never shown; left empty, it stays.")
}

#[component]
fn OverlapField(until: Option<Timestamp>, now: Timestamp, disabled: bool) -> impl IntoView {
    let still = until.filter(|until| *until > now);
    view! {
        <div class="field">
            <label for="overlap">"The old secret"</label>
            <select class="input" id="overlap" name="form[overlap]" disabled=disabled aria-describedby="overlap-hint">
                <option value="none">"ends when a new one is saved"</option>
                <option value="hour">"stays valid for 1 hour"</option>
                <option value="day" selected>
                    "stays valid for 24 hours"
                </option>
            </select>
            <small id="overlap-hint">
                {still
                    .map(|at| {
                        view! {
                            "The one before is accepted until "
                            <Exact at />
                            ". "
                        }
                    })} "Meta changes over at its own pace."
            </small>
        </div>
    }
}

/// Empties the secret once it is saved: the field is only for a new one.
pub fn forget_secret() {
    let field = document().get_element_by_id(SECRET.id);
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) {
        field.set_value("");
    }
}
