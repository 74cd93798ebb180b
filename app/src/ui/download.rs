use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use web_sys::js_sys::Array;
use web_sys::{Blob, HtmlAnchorElement, Url};

/// Saves a text as a file. The file is made in the browser, so the button is hidden until WASM is there.
#[component]
pub fn DownloadButton(
    /// What is saved.
    text: String,
    /// The file's name.
    file_name: String,
) -> impl IntoView {
    let save = move |_| {
        if save(&text, &file_name).is_err() {
            leptos::logging::warn!("The browser did not take the file.");
        }
    };
    view! {
        <button class="btn js-only" type="button" on:click=save>
            "Download"
        </button>
    }
}

fn save(text: &str, file_name: &str) -> Result<(), JsValue> {
    let blob = Blob::new_with_str_sequence(&Array::of1(&JsValue::from_str(text)))?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(file_name);
    link.click();
    Url::revoke_object_url(&address)
}
