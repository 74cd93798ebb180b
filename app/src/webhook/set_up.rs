//! The card "Set up": where Meta has to post, and what proves that it is Meta.

use leptos::either::Either;
use leptos::prelude::*;

use super::settings_form::SettingsForm;
use super::switch::Switch;
use super::verify_token::{IssuedBox, VerifyToken};
use crate::contract::{Changed, Timestamp, WebhookConfig, WebhookPage, WebhookStatus};
use crate::ui::badge::WebhookBadge;
use crate::ui::copy_button::CopyButton;
use crate::ui::time::Ago;

/// The card. What the person may not do is not offered.
#[component]
pub fn SetUp(
    /// The tab.
    page: WebhookPage,
) -> impl IntoView {
    let WebhookPage { account, may, config, now, .. } = page;
    let status = config.as_ref().map_or(WebhookStatus::Missing, |config| config.status);
    let since = config.as_ref().map(|config| config.status_since.clone());
    let can_switch = may.set_status && config.is_some();
    view! {
        <section class="card" aria-labelledby="set-up">
            <header>
                <h2 id="set-up">"Set up"</h2>
                <p class="since">
                    <WebhookBadge status />
                    " "
                    {since.map(|since| view! { <Set what="Since" since now /> })}
                </p>
                {can_switch.then(|| view! { <Switch account=account.id.clone() status /> })}
            </header>
            <div class="body">
                <IssuedBox />
                {config
                    .as_ref()
                    .map(|config| {
                        view! {
                            <CallbackUrl url=config.callback_url.clone() />
                            <VerifyToken account=account.id.clone() config=config.clone() may=may.rotate_token now />
                        }
                    })}
                {match (may.configure, config) {
                    (true, config) => {
                        Either::Left(view! { <SettingsForm account=account.id config now /> })
                    }
                    (false, config) => Either::Right(config.map(|config| view! { <Settings config now /> })),
                }}
            </div>
        </section>
    }
}

#[component]
fn CallbackUrl(url: String) -> impl IntoView {
    view! {
        <div class="field">
            <label for="callback_url">"Callback URL"</label>
            <div class="group">
                <input class="input mono" id="callback_url" readonly value=url.clone() aria-describedby="callback_url-hint" />
                <CopyButton text=url what="the callback URL" wide=true />
            </div>
            <small id="callback_url-hint">"Paste it in Meta's App Dashboard → WhatsApp → Configuration."</small>
        </div>
    }
}

/// What is set, for those who may not change it.
#[component]
fn Settings(config: WebhookConfig, now: Timestamp) -> impl IntoView {
    view! {
        <div class="field">
            <b>"Callback path"</b>
            <code class="wrap">{config.callback_path}</code>
        </div>
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
