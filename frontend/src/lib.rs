//! Takes over the server's page in the browser.

use leptos::prelude::document;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's script when the WASM is there. Afterwards `<html>` carries `data-hydrated`, by which
/// style sheets show what only works from then on, and tests know when to begin.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    let marked = document().document_element().map(|html| html.set_attribute("data-hydrated", ""));
    if !matches!(marked, Some(Ok(()))) {
        leptos::logging::warn!("The page could not be marked as taken over.");
    }
}
