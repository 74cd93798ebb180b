//! Forms that the browser posts by itself, with WASM and without: the page is loaded anew, and says what came of it. They
//! are for what is done seldom, since they cost the bundle next to nothing.
//!
//! What came of it stands in the address, where anybody can write. So no text from there is shown: a refusal only if it is
//! a sentence of ours, a success only by a word that the page knows.

use leptos::prelude::*;
use leptos::server_fn::error::ServerFnUrlError;
use leptos_router::hooks::use_query_map;

use crate::contract::{ConsoleError, validate};

const TRY_AGAIN: &str = "That was not accepted. Please check it and try again.";

/// How a form was refused, if it was.
pub struct Refused {
    form: &'static str,
    field: String,
    words: Option<String>,
}

impl Refused {
    /// By the path that the form posts to.
    pub fn of(form: &'static str) -> Self {
        let error = use_query_map().with_untracked(|query| {
            let error = query.get_str("__err").filter(|_| query.get_str("__path") == Some(form));
            error.map(ServerFnUrlError::<ConsoleError>::decode_err)
        });
        let (field, words) = error.map(said).unzip();
        Self { form, field: field.unwrap_or_default(), words }
    }

    /// It was.
    pub fn is_some(&self) -> bool {
        self.words.is_some()
    }

    /// Says it, above the form.
    pub fn view(&self) -> impl IntoView + use<> {
        let words = self.words.clone().map(|words| view! { <p class="refusal">{words}</p> });
        view! {
            <div role="alert" id=self.form>
                {words}
            </div>
        }
    }
}

/// The field to blame, if it is one's fault, and our words.
fn said(error: ConsoleError) -> (String, String) {
    match error {
        ConsoleError::Invalid { field, message } => {
            (field, validate::own_sentence(&message).unwrap_or(TRY_AGAIN).to_owned())
        }
        ConsoleError::NotFound => (String::new(), "That is no longer there. Nothing was changed.".to_owned()),
        error => (String::new(), format!("{error} Nothing was changed.")),
    }
}

/// What makes a field of such a form this one. The rules are the browser's to ask for and the server's to enforce.
pub struct Spec {
    /// In the contract, as in `email`; its id as well.
    pub id: &'static str,
    /// In the form, as in `form[email]`.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// `text`, `email` or `password`.
    pub kind: &'static str,
    /// What the browser may fill in.
    pub autocomplete: &'static str,
    /// The fewest letters; none if it may be left empty.
    pub shortest: Option<&'static str>,
    /// The most letters.
    pub longest: &'static str,
    /// What stands under it.
    pub hint: &'static str,
}

/// A labelled field; when it was to blame, it is marked and has the focus.
pub fn plain_field(spec: &Spec, refused: &Refused) -> impl IntoView + use<> {
    let wrong = refused.field == spec.id;
    let hint = format!("{}-hint", spec.id);
    let described = if wrong { format!("{hint} {}", refused.form) } else { hint.clone() };
    view! {
        <div class="field">
            <label for=spec.id>{spec.label}</label>
            <input
                class="input"
                id=spec.id
                name=spec.name
                type=spec.kind
                autocomplete=spec.autocomplete
                autocapitalize="off"
                spellcheck="false"
                required=spec.shortest.is_some()
                minlength=spec.shortest
                maxlength=spec.longest
                autofocus=wrong
                aria-invalid=wrong.then_some("true")
                aria-describedby=described
            />
            <small id=hint>{spec.hint}</small>
        </div>
    }
}

/// Says that something was done, by the word in the address. `words` knows the page's own.
#[component]
pub fn Done(
    /// The sentence for a word.
    words: fn(&str) -> Option<&'static str>,
) -> impl IntoView {
    let query = use_query_map();
    let said = move || {
        let query = query.read();
        let word = query.get_str("done").filter(|_| query.get_str("__err").is_none());
        word.and_then(words).map(|words| view! { <p class="notice">{words}</p> })
    };
    view! { <div role="status">{said}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_link_is_never_shown() {
        let lure = "Call +1 555 0100";
        for error in [
            ConsoleError::Invalid { field: "email".into(), message: lure.into() },
            ConsoleError::Unavailable { request_id: Some(lure.into()) },
        ] {
            assert!(!said(error).1.contains("555"));
        }
    }

    #[test]
    fn our_own_sentences_are_shown_and_blame_their_field() {
        let message = validate::EMAIL_TAKEN;
        let error = ConsoleError::Invalid { field: "email".into(), message: message.into() };
        assert_eq!(said(error), ("email".to_owned(), message.to_owned()));
        let (field, words) = said(ConsoleError::Throttled { retry_after: 7 });
        assert!(field.is_empty() && words.contains("7 seconds"), "{words}");
    }
}
