//! Light or dark: what the system says, unless the person chose. The choice is kept in a cookie, because only a
//! cookie is known to the server before the first page is drawn.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

use crate::contract::ConsoleError;
#[cfg(feature = "ssr")]
use crate::{console::console, contract::validate::next_path, reply::reply};

/// Name of the cookie.
const COOKIE: &str = "theme";

/// Which colours to draw with. The server provides it in Leptos' context, read from the request's cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The name, as in the cookie and in `<html data-theme>`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the choice out of a request's `Cookie` header. Anything unknown is the system's.
    pub fn from_cookie(header: Option<&str>) -> Self {
        let cookies = header.unwrap_or_default().split(';');
        let mut named = cookies.filter_map(|pair| pair.trim().split_once('='));
        named.find(|(name, _)| *name == COOKIE).map_or(Self::System, |(_, value)| Self::parse(value))
    }

    /// The cookie that remembers it for a year.
    pub fn cookie(self) -> String {
        format!("{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax", self.as_str())
    }

    fn parse(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// Remembers the choice for a page that stays as the server drew it.
#[server(name = ChooseTheme, prefix = "/api", endpoint = "theme")]
pub(crate) async fn choose_theme(theme: String) -> Result<(), ConsoleError> {
    let (console, reply) = (console()?, reply()?);
    console.choose_theme(Theme::parse(&theme)).await?;
    reply.redirect(next_path(reply.asked_from().as_deref()));
    Ok(())
}

/// The choice of colours: taken at once in the browser, and by a form without WASM.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let now = current();
    let choices = [(Theme::System, "System"), (Theme::Light, "Light"), (Theme::Dark, "Dark")];
    view! {
        <form class="theme" method="post" action=ChooseTheme::url()>
            <span aria-hidden="true">"Theme"</span>
            <select
                class="input"
                name="theme"
                aria-label="Theme"
                on:change=|event| choose(Theme::parse(&event_target_value(&event)))
            >
                {choices
                    .map(|(theme, word)| {
                        view! {
                            <option value=theme.as_str() selected=theme == now>
                                {word}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
            <button class="btn no-js" type="submit" aria-label="Apply the theme">
                "Apply"
            </button>
        </form>
    }
}

/// From the context on the server, from the document in the browser, where the server has written the same.
fn current() -> Theme {
    use_context::<Theme>().unwrap_or_else(|| {
        if cfg!(feature = "ssr") {
            return Theme::System;
        }
        let root = document().document_element();
        root.and_then(|html| html.get_attribute("data-theme")).map_or(Theme::System, |name| Theme::parse(&name))
    })
}

/// Changes the colours at once and remembers them.
fn choose(theme: Theme) {
    let document = document();
    let kept = document.unchecked_ref::<HtmlDocument>().set_cookie(&theme.cookie());
    let shown = document.document_element().map(|html| html.set_attribute("data-theme", theme.as_str()));
    if kept.is_err() || !matches!(shown, Some(Ok(()))) {
        leptos::logging::warn!("The browser did not take the theme.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_found_among_other_cookies() {
        assert_eq!(Theme::from_cookie(Some("session=abc; theme=dark; x=y")), Theme::Dark);
        assert_eq!(Theme::from_cookie(Some("theme=light")), Theme::Light);
    }

    #[test]
    fn without_a_choice_the_system_decides() {
        for header in [None, Some(""), Some("theme="), Some("theme=pink"), Some("mytheme=dark"), Some("theme")] {
            assert_eq!(Theme::from_cookie(header), Theme::System, "{header:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for theme in [Theme::System, Theme::Light, Theme::Dark] {
            assert_eq!(Theme::parse(theme.as_str()), theme);
        }
    }
}
