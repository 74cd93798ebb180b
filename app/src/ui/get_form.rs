//! GET forms, which put what was filled in into the URL.
//!
//! The browser would load the page anew and send empty fields along; here the router goes there instead. Without WASM
//! the form works as it is.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_sys::{FormData, HtmlFormElement};

/// What was filled in.
pub struct Filled(FormData);

impl Filled {
    /// The text of a field; empty if there is none.
    pub fn text(&self, name: &str) -> String {
        self.0.get(name).as_string().unwrap_or_default()
    }
}

/// Handles `submit`: goes to the address made of what was filled in.
pub fn go_to(address: impl Fn(Filled) -> String + 'static) -> impl Fn(SubmitEvent) + 'static {
    let navigate = use_navigate();
    move |event| {
        if let Some(filled) = filled_in(&event) {
            event.prevent_default();
            navigate(&address(filled), NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    }
}

/// None: the browser may send it.
fn filled_in(event: &SubmitEvent) -> Option<Filled> {
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    FormData::new_with_form(&form).ok().map(Filled)
}

/// A field for a day.
#[component]
pub fn Day(
    /// Its name in the URL.
    name: &'static str,
    /// What it is for.
    label: &'static str,
    /// `YYYY-MM-DD`, or empty.
    value: Signal<String>,
) -> impl IntoView {
    view! {
        <label class="day-field">
            <span>{label}</span>
            <input class="input" type="date" name=name value=value prop:value=value />
        </label>
    }
}
