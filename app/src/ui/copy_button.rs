use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::icon::{Glyph, Icon};

/// How long the button says how it went.
const ANSWER_STAYS: Duration = Duration::from_secs(2);

/// How the last try to copy went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copied {
    NotYet,
    Done,
    Refused,
}

/// Puts a text into the clipboard and says whether it is there. Of no use without WASM, so hidden until then.
#[component]
pub fn CopyButton(
    /// What is copied.
    text: String,
    /// What it is, as in "Copy the phone number id".
    what: &'static str,
    /// As big as the other buttons, with a word on it.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let copied = RwSignal::new(Copied::NotYet);
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            copied.set(write(&text).await);
            set_timeout(move || forget(copied), ANSWER_STAYS);
        });
    };
    let glyph = move || if copied.get() == Copied::Done { Glyph::Check } else { Glyph::Copy };
    let answer = move || match copied.get() {
        Copied::NotYet => "",
        Copied::Done => "Copied",
        Copied::Refused => "The browser does not allow copying here",
    };
    let class = if wide { "btn js-only" } else { "copy js-only" };
    view! {
        <button class=class type="button" aria-label=format!("Copy {what}") on:click=copy>
            {move || view! { <Icon glyph=glyph() /> }}
            {wide.then_some("Copy")}
        </button>
        <span class="copied" role="status">{answer}</span>
    }
}

/// The button may be gone by then, along with its signal.
fn forget(copied: RwSignal<Copied>) {
    let _ = copied.try_set(Copied::NotYet);
}

/// The clipboard is absent on pages that came over plain HTTP from another machine.
async fn write(text: &str) -> Copied {
    let clipboard = window().navigator().clipboard();
    if clipboard.is_undefined() {
        return Copied::Refused;
    }
    match JsFuture::from(clipboard.write_text(text)).await {
        Ok(_) => Copied::Done,
        Err(_) => Copied::Refused,
    }
}
