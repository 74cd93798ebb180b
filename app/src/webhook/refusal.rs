//! Words for a form that was refused.
//!
//! Without WASM, an error comes back in the URL, which anybody can write: then its own text is not shown, the rule is.

use leptos::prelude::*;
use leptos::server::ServerActionError;
use leptos::server_fn::error::ServerFnUrlError;

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
    /// What to write at a field of the form.
    pub fn at(&self, name: &str) -> Option<String> {
        match &self.error {
            ConsoleError::Invalid { field, message } if field == name => {
                Some(if self.answered { message.clone() } else { rule(name).unwrap_or(TRY_AGAIN).into() })
            }
            _ => None,
        }
    }

    /// What to write above the form: all that is no field's.
    pub fn elsewhere(&self) -> Option<String> {
        match &self.error {
            ConsoleError::Invalid { field, .. } if rule(field).is_some() => None,
            ConsoleError::Invalid { message, .. } if self.answered => Some(message.clone()),
            ConsoleError::Invalid { .. } => Some(TRY_AGAIN.into()),
            ConsoleError::Unavailable { request_id: Some(id) } if self.answered => {
                Some(format!("{} Nothing was changed. Request {id}", self.error))
            }
            error => Some(format!("{error} Nothing was changed.")),
        }
    }
}

const TRY_AGAIN: &str = "That was not accepted. Please check it and try again.";

/// A field's rule, in words.
fn rule(field: &str) -> Option<&'static str> {
    match field {
        "callback_path" => validate::callback_path("").err(),
        "app_secret" => validate::app_secret("").err(),
        "verify_token" => validate::verify_token("").err(),
        "public_url" => validate::public_url("").err(),
        _ => None,
    }
}

/// The refusal of an action, by its value and its version.
pub fn refusal<T: Clone + 'static>(answer: Option<Result<T, ConsoleError>>, version: usize) -> Option<Refusal> {
    answer.and_then(Result::err).map(|error| Refusal { error, answered: version > 0 })
}

/// The refusal of a plain form that has no action in the browser, by the path it was posted to: out of the URL.
pub fn refused_form(path: &str) -> Option<Refusal> {
    let error = use_context::<ServerActionError>().filter(|error| error.path() == path)?;
    Some(Refusal { error: ServerFnUrlError::decode_err(error.err()), answered: false })
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
    fn what_no_field_can_show_is_shown_above() {
        assert!(invalid("account", true).elsewhere().is_some());
        assert!(Refusal { error: ConsoleError::Forbidden, answered: true }.elsewhere().is_some());
    }
}
