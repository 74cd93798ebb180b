//! Short words at the edge of the screen that something is done. Without WASM the page that follows a form shows it.

use std::time::Duration;

use leptos::prelude::*;

const STAYS: Duration = Duration::from_secs(6);

/// Where to say it. A later word takes the place of the one before.
#[derive(Clone, Copy)]
pub struct Toaster(RwSignal<Option<(u32, &'static str)>>);

impl Toaster {
    /// Makes one for all that is inside.
    pub fn provide() {
        provide_context(Self(RwSignal::new(None)));
    }

    /// Says it for some seconds.
    pub fn say(self, words: &'static str) {
        let number = self.0.with_untracked(|shown| shown.map_or(0, |(number, _)| number + 1));
        self.0.set(Some((number, words)));
        set_timeout(move || self.forget(number), STAYS);
    }

    fn forget(self, number: u32) {
        let still_there = self.0.try_get_untracked().flatten().is_some_and(|(shown, _)| shown == number);
        if still_there {
            self.0.set(None);
        }
    }
}

/// The place where it appears; always there, so that screen readers listen to it.
#[component]
pub fn Toasts() -> impl IntoView {
    let Toaster(shown) = expect_context::<Toaster>();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || shown.get().map(|(_, words)| view! { <p class="toast">{words}</p> })}
        </div>
    }
}
