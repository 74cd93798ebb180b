//! The document around the app: rendered by the server only.

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags};
use leptos_router::location::RequestUrl;

use crate::contract::ShownOnce;
use crate::routes::{App, PlainApp, is_plain};
use crate::ui::theme::Theme;
use crate::ui::typed::Typed;

/// The brand's mark. A `data:` URL, so that it needs neither a file nor a request.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 22 22'%3E\
    %3Crect width='22' height='22' rx='6' fill='%23007a55'/%3E\
    %3Cpath d='M5 7l2.5 8L11 8l3.5 7L17 7' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E";

/// The whole HTML document. The theme is known from the cookie, so nothing flashes before WASM is there.
///
/// WASM is not called in for a page that stays as it is, nor for one with something to be shown once, or with what was
/// typed in vain: that is the answer to a form posted without WASM, and its address is the form's, not its own.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let theme = use_context::<Theme>().unwrap_or_default();
    let plain = use_context::<RequestUrl>().is_some_and(|url| is_plain(url.as_ref()));
    let answers_a_form = use_context::<ShownOnce>().is_some() || use_context::<Typed>().is_some();
    let hydrated = !plain && !answers_a_form;
    let app = if plain { view! { <PlainApp /> }.into_any() } else { view! { <App /> }.into_any() };
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href=ICON />
                <HashedStylesheet options=options.clone() id="leptos" />
                <AutoReload options=options.clone() />
                {hydrated.then(|| view! { <HydrationScripts options /> })}
                <MetaTags />
            </head>
            <body>
                {app}
            </body>
        </html>
    }
}
