//! Searching what is laid out. It works on the page's lines as they are, so that a long payload is not drawn again with
//! each letter that is typed.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::js_sys::JsString;
use web_sys::{Element, HtmlDetailsElement};

/// The field, and how many lines have it. Enter goes on to the next one. Of no use without WASM, so hidden until then.
#[component]
pub fn Search() -> impl IntoView {
    let wanted = RwSignal::new(String::new());
    let found = RwSignal::new(String::new());
    let here = StoredValue::new(0_usize);
    let type_in = move |event| {
        wanted.set(event_target_value(&event));
        here.set_value(0);
        found.set(mark(&wanted.read_untracked(), 0));
    };
    let go_on = move |key: KeyboardEvent| {
        if key.key() == "Enter" {
            key.prevent_default();
            here.update_value(|here| *here += 1);
            found.set(mark(&wanted.read_untracked(), here.get_value()));
        }
    };
    view! {
        <div class="json-search js-only">
            <input
                class="input"
                type="search"
                placeholder="Search the payload"
                aria-label="Search the payload"
                on:input=type_in
                on:keydown=go_on
            />
            <span role="status">{found}</span>
        </div>
    }
}

/// Marks the lines that have the text, unfolds what hides them, and shows one of them, counted round and round. Says
/// which one of how many.
fn mark(text: &str, number: usize) -> String {
    let text = lower_case(text.trim());
    let hits: Vec<Element> = lines().into_iter().filter(|line| is_hit(line, &text)).collect();
    if text.is_empty() {
        return String::new();
    }
    let Some(here) = number.checked_rem(hits.len()).and_then(|number| hits.get(number)) else {
        return "Not found".into();
    };
    hits.iter().for_each(unfold);
    set_class(here, "here", true);
    here.scroll_into_view();
    format!("{} of {}", number % hits.len() + 1, hits.len())
}

fn lines() -> Vec<Element> {
    let Ok(list) = document().query_selector_all(".json .l") else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.item(index)?.dyn_into().ok()).collect()
}

fn is_hit(line: &Element, text: &str) -> bool {
    let is_hit = !text.is_empty() && lower_case(&line.text_content().unwrap_or_default()).contains(text);
    set_class(line, "hit", is_hit);
    set_class(line, "here", false);
    is_hit
}

/// By the browser's tables of letters, which need not be in the bundle a second time.
fn lower_case(text: &str) -> String {
    JsString::from(text).to_lower_case().into()
}

fn unfold(line: &Element) {
    let mut around = line.closest("details").ok().flatten();
    while let Some(details) = around {
        around = details.parent_element().and_then(|outer| outer.closest("details").ok().flatten());
        details.unchecked_into::<HtmlDetailsElement>().set_open(true);
    }
}

fn set_class(line: &Element, class: &str, on: bool) {
    // A class is only a colour.
    let _ = line.class_list().toggle_with_force(class, on);
}
