//! What to do next, by where the webhook stands: a short list, done and to be done.

use leptos::prelude::*;

use super::pulse::{amount, words};
use crate::contract::{Changed, RejectionCount, Timestamp, WebhookConfig, WebhookPage, WebhookStatus};
use crate::ui::copy_button::CopyButton;
use crate::ui::time::{Ago, Exact};

/// One line of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step {
    title: String,
    done: bool,
    /// When it was done.
    at: Option<Timestamp>,
    advice: Option<String>,
    /// Something to copy.
    code: Option<String>,
}

impl Step {
    fn new(title: impl Into<String>, done: bool) -> Self {
        Self { title: title.into(), done, ..Self::default() }
    }

    fn at(self, at: Option<Timestamp>) -> Self {
        Self { at, ..self }
    }

    /// What to do, unless it is done.
    fn advice(self, advice: impl Into<String>) -> Self {
        if self.done { self } else { Self { advice: Some(advice.into()), ..self } }
    }

    fn code(self, code: String) -> Self {
        if self.done { self } else { Self { code: Some(code), ..self } }
    }
}

/// The card.
#[component]
pub fn Next(
    /// The tab.
    page: WebhookPage,
) -> impl IntoView {
    let now = page.now;
    let items = steps(&page).into_iter().enumerate();
    let items = items.map(|(index, step)| view! { <StepItem number=index + 1 step now /> }).collect_view();
    view! {
        <section class="card next" aria-labelledby="next">
            <header>
                <h2 id="next">"Next"</h2>
            </header>
            <ol class="steps">{items}</ol>
        </section>
    }
}

#[component]
fn StepItem(number: usize, step: Step, now: Timestamp) -> impl IntoView {
    let Step { title, done, at, advice, code } = step;
    let sign = if done { "✓".to_owned() } else { number.to_string() };
    view! {
        <li class:done=done>
            <span class="sign" aria-hidden="true">{sign}</span>
            <div>
                <p>{done.then(|| view! { <span class="sr-only">"Done: "</span> })} {title}</p>
                {at.map(|at| {
                    view! {
                        <small>
                            <Exact at />
                            " ("
                            <Ago at now />
                            ")"
                        </small>
                    }
                })}
                {advice.map(|advice| view! { <small>{advice}</small> })}
                {code.map(|code| {
                    view! {
                        <p>
                            <code class="line">{code.clone()}</code>
                            <CopyButton text=code what="the request" />
                        </p>
                    }
                })}
            </div>
        </li>
    }
}

fn steps(page: &WebhookPage) -> Vec<Step> {
    let Some(config) = &page.config else { return vec![set_up_first(page.may.configure)] };
    let mut steps = Vec::new();
    if config.status == WebhookStatus::Disabled {
        steps.push(enable(&config.status_since));
    }
    steps.push(verify(config, page.may.rotate_token));
    // Before it is verified, or while it is disabled, no event can come: the step would not be the next one.
    if config.status == WebhookStatus::Verified || page.pulse.last_event.is_some() {
        steps.push(first_event(page));
    }
    steps.extend(page.rejections.iter().filter_map(refused));
    if steps.iter().all(|step| step.done) {
        steps.push(Step::new("Nothing to do", true));
    }
    steps
}

fn set_up_first(may: bool) -> Step {
    let step = Step::new("Set up the webhook", false);
    if may {
        step.advice(
            "Give the app secret of your Meta app: App Dashboard → App settings → Basic. Callback URL and verify token \
             are made when you save.",
        )
    } else {
        step.advice("An admin of the company can do it here.")
    }
}

fn enable(since: &Changed) -> Step {
    let who = since.by.as_deref().map_or_else(String::new, |name| format!(" by {name}"));
    Step::new(format!("It was switched off{who}"), false).advice(
        "Posts are refused with 403 until it is enabled again. Meta repeats them for days, so what it sends meanwhile is \
         not lost at once.",
    )
}

fn verify(config: &WebhookConfig, may_rotate: bool) -> Step {
    let done = config.last_verified_at.is_some();
    let title = if done { "Meta verified the callback" } else { "Let Meta verify the callback" };
    let lost = if may_rotate { " Lost the token? Rotate it." } else { "" };
    Step::new(title, done).at(config.last_verified_at).advice(format!(
        "Paste callback URL and verify token in Meta's App Dashboard → WhatsApp → Configuration, then press “Verify and \
         save” there.{lost}",
    ))
}

fn first_event(page: &WebhookPage) -> Step {
    if let Some((at, _)) = page.pulse.last_event {
        return Step::new("Signed events arrive", true).at(Some(at));
    }
    Step::new("Subscribe the WhatsApp Business Account", false)
        .advice(
            "No event came yet. Subscribe to the field “messages” on the same page of the dashboard, and your app to the \
             account, then write to the number.",
        )
        .code(format!("POST /{}/subscribed_apps", page.account.waba_id))
}

/// Only what the company can do something about.
fn refused(rejection: &RejectionCount) -> Option<Step> {
    let advice = match rejection.reason.as_str() {
        "bad_signature" => {
            "Check the app secret: it is the one under App settings → Basic, not an access token, and of the Meta app \
             that this callback is configured in."
        }
        "missing_signature" => "They had no signature, so they were not Meta's. Does something else know the address?",
        "wrong_token" => "Somebody asked with another verify token: paste the one issued last, or rotate it.",
        "throttled" => "Somebody asked again and again with wrong verify tokens, and is not heard for some minutes.",
        "malformed_challenge" => {
            "A challenge without its parameters is not Meta's: the address was perhaps opened by hand."
        }
        "unverified" => "Meta posts, but has not verified this callback: press “Verify and save” in its dashboard.",
        "too_large" => "They were larger than 4 MiB, which Meta does not send.",
        "broken_body" => {
            "They ended before they were whole: a proxy or the network between Meta and here cuts them off."
        }
        "content_encoding" => "A proxy in front of Waypost compresses the body: it must reach us as Meta signed it.",
        "unavailable" | "queue_full" => "Waypost could not keep them and asked Meta to send them again, which it does.",
        _ => return None,
    };
    let times =
        if rejection.count == 1 { "One request was".into() } else { format!("{} were", amount(rejection.count)) };
    let step = Step::new(format!("{times} refused in the last day: {}", words(&rejection.reason)), false);
    Some(step.at(Some(rejection.last_at)).advice(advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Account, Permissions, Pulse};

    fn page(config: Option<WebhookConfig>) -> WebhookPage {
        let account = Account {
            id: "a1".into(),
            name: "Support".into(),
            display_phone_number: None,
            waba_id: "102290129340398".into(),
            phone_number_id: "106540352242922".into(),
            webhook: WebhookStatus::Missing,
            last_event_at: None,
        };
        let pulse = Pulse { last_event: None, last_hour: 0, last_day: 0, waiting: 0, dead: 0 };
        let may = Permissions { configure: true, ..Permissions::default() };
        WebhookPage { account, may, config, pulse, rejections: Vec::new(), tunnel: None, now: Timestamp(0) }
    }

    fn config(status: WebhookStatus, verified: bool) -> WebhookConfig {
        let by = |name: &str| Changed { at: Timestamp(0), by: Some(name.into()) };
        WebhookConfig {
            status,
            status_since: by("Ana"),
            last_verified_at: verified.then_some(Timestamp(0)),
            callback_path: "/api/webhooks/whatsapp/x".into(),
            own_path: true,
            callback_url: "https://acme.travel/api/webhooks/whatsapp/x".into(),
            unfit: None,
            verify_token_set: by("Ana"),
            app_secret_set: by("Ana"),
            previous_secret_until: None,
        }
    }

    fn page_with(config: WebhookConfig) -> WebhookPage {
        page(Some(config))
    }

    fn open(page: &WebhookPage) -> Vec<String> {
        steps(page).into_iter().filter(|step| !step.done).map(|step| step.title).collect()
    }

    #[test]
    fn each_state_has_one_thing_to_do_next() {
        assert_eq!(open(&page(None)), ["Set up the webhook"]);
        assert_eq!(open(&page_with(config(WebhookStatus::Unverified, false))), ["Let Meta verify the callback"]);
        assert_eq!(
            open(&page_with(config(WebhookStatus::Verified, true))),
            ["Subscribe the WhatsApp Business Account"]
        );
        assert_eq!(open(&page_with(config(WebhookStatus::Disabled, true))), ["It was switched off by Ana"]);
    }

    #[test]
    fn who_has_lost_the_token_is_told_to_rotate_it_if_they_may() {
        for may in [true, false] {
            let mut page = page_with(config(WebhookStatus::Unverified, false));
            page.may.rotate_token = may;
            let advice = steps(&page).remove(0).advice.expect("advice");
            assert_eq!(advice.ends_with("Lost the token? Rotate it."), may, "{advice}");
        }
    }

    #[test]
    fn the_request_that_subscribes_names_the_account() {
        let code = steps(&page_with(config(WebhookStatus::Verified, true))).into_iter().find_map(|step| step.code);
        assert_eq!(code.as_deref(), Some("POST /102290129340398/subscribed_apps"));
    }

    #[test]
    fn a_bad_signature_leads_to_the_app_secret() {
        let mut page = page_with(config(WebhookStatus::Verified, true));
        page.pulse.last_event = Some((Timestamp(0), "message".into()));
        page.rejections = vec![RejectionCount { reason: "bad_signature".into(), count: 3, last_at: Timestamp(0) }];
        let step = steps(&page).into_iter().find(|step| !step.done).expect("something to do");
        assert_eq!(step.title, "3 were refused in the last day: bad signature");
        assert!(step.advice.expect("advice").contains("app secret"));
    }

    #[test]
    fn it_is_in_use_once_it_is_verified_and_something_has_come() {
        let event = Some((Timestamp(0), "message".to_owned()));
        for (status, last_event, in_use) in [
            (WebhookStatus::Verified, &event, true),
            (WebhookStatus::Verified, &None, false),
            (WebhookStatus::Unverified, &event, false),
            (WebhookStatus::Disabled, &event, false),
        ] {
            let mut page = page_with(config(status, true));
            page.pulse.last_event.clone_from(last_event);
            assert_eq!(page.is_in_use(), in_use, "{status:?}");
        }
        assert!(!page(None).is_in_use());
    }

    #[test]
    fn when_all_is_well_it_says_so() {
        let mut page = page_with(config(WebhookStatus::Verified, true));
        page.pulse.last_event = Some((Timestamp(0), "message".into()));
        assert!(open(&page).is_empty());
        assert_eq!(steps(&page).last().map(|step| step.title.clone()).as_deref(), Some("Nothing to do"));
    }
}
