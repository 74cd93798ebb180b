use leptos::ev::KeyboardEvent;
use leptos::html::Details;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// A button that first says what it is about to do. A native disclosure, so it works without WASM.
#[component]
pub fn Confirm(
    /// What the button says; three dots promise that nothing happens yet.
    button: &'static str,
    /// Counts up each time the thing is done: the box is closed then.
    #[prop(into)]
    done: Signal<u32>,
    /// What will happen, and the form that does it.
    children: Children,
) -> impl IntoView {
    let details = NodeRef::<Details>::new();
    let close = move || {
        if let Some(details) = details.get_untracked() {
            details.set_open(false);
        }
    };
    Effect::watch(move || done.get(), move |_, _, _| close(), false);
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" && details.get_untracked().is_some_and(|details| details.open()) {
            event.prevent_default();
            event.stop_propagation();
            close();
            focus_button(details);
        }
    };
    view! {
        <details class="confirm" name="confirm" node_ref=details on:keydown=escape>
            <summary class="btn">{button}</summary>
            <div class="confirm-box">{children()}</div>
        </details>
    }
}

fn focus_button(details: NodeRef<Details>) {
    let button = details.get_untracked().and_then(|details| details.first_element_child());
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        // A button that cannot take the focus is no reason to stop.
        let _ = button.focus();
    }
}
