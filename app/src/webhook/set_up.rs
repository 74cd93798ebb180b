//! The card "Set up": where Meta has to post, and what proves that it is Meta.

use leptos::either::Either;
use leptos::prelude::*;

use super::fold::Fold;
use super::settings_form::SettingsForm;
use super::switch::Switch;
use super::verify_token::{IssuedBox, VerifyToken};
use super::writes::Writes;
use crate::contract::{Changed, Timestamp, Unfit, WebhookConfig, WebhookPage, WebhookStatus};
use crate::ui::badge::WebhookBadge;
use crate::ui::copy_button::CopyButton;
use crate::ui::time::Ago;

/// The card. What the person may not do is not offered.
#[component]
pub fn SetUp(
    /// The tab.
    page: WebhookPage,
) -> impl IntoView {
    let in_use = page.is_in_use();
    let open = !in_use || untrack(is_asked_for);
    let WebhookPage { account, may, config, now, .. } = page;
    let status = config.as_ref().map_or(WebhookStatus::Missing, |config| config.status);
    let since = config.as_ref().map(|config| config.status_since.clone());
    let can_switch = may.set_status && config.is_some();
    view! {
        <section class=if in_use { "card in-use" } else { "card" } aria-labelledby="set-up">
            <header>
                <h2 id="set-up">"Set up"</h2>
                <p class="since">
                    <WebhookBadge status />
                    " "
                    {since.map(|since| view! { <Set what="Since" since now /> })}
                </p>
                {can_switch.then(|| view! { <Switch account=account.id.clone() status /> })}
            </header>
            <IssuedBox />
            <Fold id="set-up-fold" sign="Callback URL, verify token, app secret" open>
                <div class="body">
                    {config
                        .as_ref()
                        .map(|config| {
                            view! {
                                <ReadOnly
                                    id="callback_url"
                                    label="Callback URL"
                                    value=config.callback_url.clone()
                                    what="the callback URL"
                                    hint="Paste it in Meta's App Dashboard → WhatsApp → Configuration."
                                    warning=config.unfit.map(why_unfit)
                                />
                                <ReadOnly
                                    id="path"
                                    label="Callback path"
                                    value=config.callback_path.clone()
                                    what="the callback path"
                                    hint=if config.own_path { "Chosen by hand." } else { "Made for this account." }
                                />
                                <VerifyToken account=account.id.clone() config=config.clone() may=may.rotate_token now />
                            }
                        })}
                    {match (may.configure, config) {
                        (true, config) => {
                            Either::Left(view! { <SettingsForm account=account.id config now /> })
                        }
                        (false, config) => Either::Right(config.map(|config| view! { <SecretSet config now /> })),
                    }}
                </div>
            </Fold>
        </section>
    }
}

/// A token was made just now, and the callback URL goes with it; or something was refused, and its form is in here.
fn is_asked_for() -> bool {
    let Writes { save, rotate, issued, .. } = expect_context();
    issued.read().is_some() || save.refusal().is_some() || rotate.refusal().is_some()
}

fn why_unfit(unfit: Unfit) -> &'static str {
    match unfit {
        Unfit::Plain => "Meta takes https only: set PUBLIC_URL to the https address of this server.",
        Unfit::Inside => {
            "Meta cannot reach this address, which is one of this machine or network: set PUBLIC_URL to a public https \
             one, or use a tunnel."
        }
    }
}

/// Something to be copied from here.
#[component]
fn ReadOnly(
    id: &'static str,
    label: &'static str,
    value: String,
    what: &'static str,
    hint: &'static str,
    #[prop(optional_no_strip)] warning: Option<&'static str>,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="group">
                <input class="input mono" id=id readonly value=value.clone() aria-describedby=hint_id.clone() />
                <CopyButton text=value what wide=true />
            </div>
            <small id=hint_id>{warning.map(|warning| view! { <span class="warning">{warning} " "</span> })} {hint}</small>
        </div>
    }
}

/// That a secret is set, for those who may not change it.
#[component]
fn SecretSet(config: WebhookConfig, now: Timestamp) -> impl IntoView {
    view! {
        <div class="field">
            <b>"App secret"</b>
            <span>
                <Set what="Set" since=config.app_secret_set now />
            </span>
        </div>
    }
}

/// "Set 3 d ago by Ana Ribeiro."
#[component]
pub fn Set(
    /// How the sentence begins.
    what: &'static str,
    /// When, and by whom.
    since: Changed,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let by = since.by.map(|name| format!(" by {name}"));
    view! {
        <small>
            {what}
            " "
            <Ago at=since.at now />
            {by}
        </small>
    }
}
