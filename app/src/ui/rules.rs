//! The rules of a form that the browser posts by itself, beside its fields: what is wrong is said as soon as a field is
//! left, and taken back as soon as it is right. Nothing happens without WASM; the server has the same rules.

use leptos::ev::Event;
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlInputElement;

use super::plain_form::Spec;

/// A field, and what says that a text is wrong for it.
pub type Rule = (&'static Spec, fn(&str) -> Option<&'static str>);

/// Watches over the fields inside: what bubbles up from them is enough.
#[component]
pub fn Rules(
    /// One for each field that has one.
    rules: &'static [Rule],
    /// The fields.
    children: Children,
) -> impl IntoView {
    let on_change = move |event: Event| check(&event, rules, false);
    let on_input = move |event: Event| check(&event, rules, true);
    view! {
        <div aria-live="polite" on:change=on_change on:input=on_input>
            {children()}
        </div>
    }
}

/// Nothing typed is never wrong here: what is missing, the browser asks for.
fn check(event: &Event, rules: &[Rule], only_if_wrong: bool) {
    let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else { return };
    let Some((spec, rule)) = rules.iter().find(|(spec, _)| spec.id == input.id()) else { return };
    if only_if_wrong && !input.has_attribute("aria-invalid") {
        return;
    }
    let text = input.value();
    let wrong = if text.trim().is_empty() { None } else { rule(&text) };
    if say(&input, spec, wrong).is_err() {
        leptos::logging::warn!("The browser did not mark a field.");
    }
}

fn say(input: &HtmlInputElement, spec: &Spec, wrong: Option<&str>) -> Result<(), JsValue> {
    if let Some(hint) = document().get_element_by_id(&format!("{}-hint", spec.id)) {
        hint.set_text_content(Some(wrong.unwrap_or(spec.hint)));
        hint.set_class_name(if wrong.is_some() { "problem" } else { "" });
    }
    match wrong {
        Some(_) => input.set_attribute("aria-invalid", "true"),
        None => input.remove_attribute("aria-invalid"),
    }
}
