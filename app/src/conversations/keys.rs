//! Up and down in the list. The links are reached with Tab all the same.

use leptos::ev::KeyboardEvent;
use leptos::prelude::document;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Moves the focus to the row above or below the one that has it.
pub fn walk(event: KeyboardEvent) {
    let step: fn(&Element) -> Option<Element> = match event.key().as_str() {
        "ArrowDown" => Element::next_element_sibling,
        "ArrowUp" => Element::previous_element_sibling,
        _ => return,
    };
    let row = document().active_element().and_then(|link| link.closest("li").ok().flatten());
    let link = row.and_then(|row| step(&row)).and_then(|row| row.first_element_child());
    if let Some(link) = link.as_ref().and_then(|link| link.dyn_ref::<HtmlElement>()) {
        event.prevent_default();
        // A link that cannot take the focus leaves it where it is.
        let _ = link.focus();
    }
}
