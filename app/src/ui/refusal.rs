//! Words for a form that was refused.
//!
//! Without WASM, an error comes back in the URL, which anybody can write: then its text is only shown if it is a
//! sentence of ours.

use leptos::prelude::*;
use leptos::server_fn::error::ServerFnUrlError;
use leptos_router::hooks::use_query_map;

use crate::contract::{ConsoleError, validate};

/// How an action was refused, and whether its answer came to this very page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub error: ConsoleError,
    /// Not out of the URL.
    pub answered: bool,
}

impl Refusal {
    /// The field to blame, if it is one's fault.
    pub fn field(&self) -> Option<&str> {
        match &self.error {
            ConsoleError::Invalid { field, .. } => Some(field),
            _ => None,
        }
    }

    /// Why, in words that nobody else can choose.
    pub fn words(&self) -> String {
        match &self.error {
            ConsoleError::Invalid { message, .. } if self.answered => message.clone(),
            ConsoleError::Invalid { message, .. } => validate::own_sentence(message).unwrap_or(TRY_AGAIN).to_owned(),
            ConsoleError::NotFound => "That is no longer there. Nothing was changed.".to_owned(),
            ConsoleError::Unavailable { request_id: Some(id) } if self.answered => {
                format!("{} Nothing was changed. Request {id}", self.error)
            }
            ConsoleError::Unreachable => {
                format!("{} Whether anything was changed is not known: please load the page again.", self.error)
            }
            error => format!("{error} Nothing was changed."),
        }
    }

    /// What to write at a field of the form.
    pub fn at(&self, name: &str) -> Option<String> {
        (self.field() == Some(name)).then(|| self.words())
    }

    /// What to write above the form: all that no field shows.
    pub fn elsewhere(&self) -> Option<String> {
        const SHOWN: [&str; 4] = ["callback_path", "app_secret", "verify_token", "public_url"];
        self.field().is_none_or(|field| !SHOWN.contains(&field)).then(|| self.words())
    }
}

const TRY_AGAIN: &str = "That was not accepted. Please check it and try again.";

/// The refusal of a form that the browser posts by itself, by the path that it posts to: out of the address.
pub fn refused_form(path: &str) -> Option<Refusal> {
    let error = use_query_map().with_untracked(|query| {
        let error = query.get_str("__err").filter(|_| query.get_str("__path") == Some(path))?;
        Some(ServerFnUrlError::decode_err(error))
    });
    error.map(|error| Refusal { error, answered: false })
}

/// Says above a form why it was refused.
#[component]
pub fn RefusalBox(
    /// Why, if it was.
    #[prop(into)]
    refusal: Signal<Option<Refusal>>,
) -> impl IntoView {
    view! {
        <div role="alert">
            {move || {
                let words = refusal.get().and_then(|refusal| refusal.elsewhere());
                words.map(|words| view! { <p class="refusal">{words}</p> })
            }}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(field: &str, answered: bool) -> Refusal {
        let error = ConsoleError::Invalid { field: field.into(), message: "Call +1 555 0100".into() };
        Refusal { error, answered }
    }

    #[test]
    fn text_from_a_link_is_never_shown() {
        for field in ["callback_path", "app_secret", "verify_token", "", "Call +1 555 0100"] {
            let refusal = invalid(field, false);
            for words in [refusal.at(field), refusal.elsewhere()].into_iter().flatten() {
                assert!(!words.contains("555"), "{words}");
            }
        }
        let error = ConsoleError::Unavailable { request_id: Some("Call +1 555 0100".into()) };
        assert!(!Refusal { error, answered: false }.elsewhere().expect("words").contains("555"));
    }

    #[test]
    fn a_field_is_told_its_own_fault_only() {
        let refusal = invalid("app_secret", true);
        assert_eq!(refusal.at("app_secret").as_deref(), Some("Call +1 555 0100"));
        assert_eq!((refusal.at("callback_path"), refusal.elsewhere()), (None, None));
    }

    #[test]
    fn our_own_sentences_are_shown_out_of_a_link_too() {
        let message = validate::app_secret("").unwrap_err();
        let error = ConsoleError::Invalid { field: "app_secret".into(), message: message.into() };
        assert_eq!(Refusal { error, answered: false }.at("app_secret").as_deref(), Some(message));
        let refusal = Refusal { error: ConsoleError::Throttled { retry_after: 7 }, answered: false };
        assert!(refusal.field().is_none() && refusal.words().contains("7 seconds"));
    }

    #[test]
    fn what_no_field_can_show_is_shown_above() {
        assert!(invalid("account", true).elsewhere().is_some());
        assert!(Refusal { error: ConsoleError::Forbidden, answered: true }.elsewhere().is_some());
    }
}
