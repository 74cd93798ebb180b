//! Forms that are sent without leaving the page.
//!
//! What was filled in goes to the server function as the browser itself would send it, and as it does without WASM. So
//! the bundle holds one way of sending for all forms, and none of the types that they are read into.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::{JsCast, JsValue};
use serde::de::DeserializeOwned;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    FormData, Headers, HtmlDetailsElement, HtmlElement, HtmlFormElement, RequestInit, Response, UrlSearchParams,
};

use super::packed::Packed;
use super::refusal::{Refusal, refused_form};
use crate::contract::ConsoleError;

/// After it, a form can be sent again although the page that it led to has not come.
const LEAVING: Duration = Duration::from_secs(5);

/// By it, an answer asks for another page; `Location` says which.
const REDIRECT: &str = "serverfnredirect";

/// A form on its way, and how it was answered.
#[derive(Clone, Copy)]
pub struct Sending {
    path: &'static str,
    pending: RwSignal<bool>,
    answer: RwSignal<Option<Result<Packed<()>, Refusal>>>,
}

impl Sending {
    /// To the path of a server function. If it was refused without WASM, that is known from the start.
    pub fn new(path: &'static str) -> Self {
        Self { path, pending: RwSignal::new(false), answer: RwSignal::new(refused_form(path).map(Err)) }
    }

    /// It is under way; for `aria-disabled`.
    pub fn pending(self) -> Option<&'static str> {
        self.pending.get().then_some("true")
    }

    /// Why it was refused the last time, if it was.
    pub fn refusal(self) -> Option<Refusal> {
        self.answer.with(|answer| answer.as_ref()?.as_ref().err().cloned())
    }

    /// What is shown now is another thing than the one that was sent.
    pub fn forget(self) {
        self.answer.set(None);
    }

    /// Calls `done` each time it ends well; when a field is to blame, it gets the focus.
    pub fn when_done<T: DeserializeOwned>(self, done: impl Fn(T) + 'static) {
        let act = move |answer: &Option<Result<Packed<()>, Refusal>>, _: Option<&_>, _| match answer {
            Some(Ok(packed)) => match packed.open() {
                Ok(value) => done(value),
                Err(error) => self.answer.set(Some(Err(Refusal { error, answered: true }))),
            },
            Some(Err(refusal)) => refusal.field().into_iter().for_each(focus),
            None => {}
        };
        Effect::watch(move || self.answer.get(), act, false);
    }

    fn send(self, event: &SubmitEvent) {
        if event.default_prevented() {
            return;
        }
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(Ok(filled)) = form.map(|form| FormData::new_with_form(&form)) else { return };
        event.prevent_default();
        if self.pending.get_untracked() {
            return;
        }
        self.pending.set(true);
        spawn_local(async move {
            let answer = post(self.path, &filled).await.map_err(|error| Refusal { error, answered: true });
            // The form may be gone by now.
            let rest = move || {
                self.pending.try_set(false);
            };
            match answer.transpose() {
                Some(answer) => {
                    rest();
                    self.answer.try_set(Some(answer));
                }
                None => set_timeout(rest, LEAVING),
            }
        });
    }
}

/// A form that is sent.
#[component]
pub fn PostForm(
    /// Where, and what became of it.
    to: Sending,
    /// The fields.
    children: Children,
) -> impl IntoView {
    view! {
        <form method="post" action=to.path on:submit=move |event| to.send(&event)>
            {children()}
        </form>
    }
}

/// Gives the focus to the element with this id, if there is one, unfolding what it is in.
pub fn focus(id: &str) {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        let folded = element.closest("details:not([open])").ok().flatten();
        if let Some(folded) = folded.and_then(|folded| folded.dyn_into::<HtmlDetailsElement>().ok()) {
            folded.set_open(true);
        }
        // An element that cannot take the focus is no reason to stop.
        let _ = element.focus();
    }
}

/// None: another page is on its way.
async fn post(path: &str, filled: &FormData) -> Result<Option<Packed<()>>, ConsoleError> {
    let (response, text) = exchange(path, filled).await.map_err(|_no_answer| ConsoleError::Unreachable)?;
    if !response.ok() {
        return Err(serde_json::from_slice(text.as_bytes()).unwrap_or(ConsoleError::Unreachable));
    }
    if response.headers().has(REDIRECT).unwrap_or_default() {
        leave(&response);
        return Ok(None);
    }
    serde_json::from_slice(text.as_bytes()).map(Some).map_err(|_other_version| ConsoleError::Unreachable)
}

/// The page is loaded anew, so that nothing read for somebody else, or for nobody, stays in the browser's memory.
fn leave(response: &Response) {
    let target = response.headers().get("location").ok().flatten();
    if window().location().set_href(target.as_deref().unwrap_or("/")).is_err() {
        leptos::logging::warn!("The browser did not go where it was sent.");
    }
}

async fn exchange(path: &str, filled: &FormData) -> Result<(Response, String), JsValue> {
    let (init, headers) = (RequestInit::new(), Headers::new()?);
    headers.set("accept", "application/json")?;
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&UrlSearchParams::new_with_str_sequence_sequence(filled)?.into());
    let response = JsFuture::from(window().fetch_with_str_and_init(path, &init)).await?;
    let response: Response = response.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response, text.as_string().unwrap_or_default()))
}
