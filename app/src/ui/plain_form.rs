//! Forms that the browser posts by itself, with WASM and without: the page is loaded anew, and says what came of it. They
//! are for what is done seldom, since they cost the bundle next to nothing.
//!
//! What came of it stands in the address, where anybody can write. So no text from there is shown: a refusal as
//! [`refusal`](super::refusal) words it, a success only by a word that the page knows. What was typed comes another way
//! ([`typed`](super::typed)).

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::refusal::{Refusal, refused_form};
use super::typed::Typed;

/// How a form was refused, if it was.
pub struct Refused {
    form: &'static str,
    refusal: Option<Refusal>,
    typed: Typed,
}

impl Refused {
    /// By the path that the form posts to.
    pub fn of(form: &'static str) -> Self {
        let refusal = refused_form(form);
        let typed = refusal.as_ref().map(|_| Typed::here()).unwrap_or_default();
        Self { form, refusal, typed }
    }

    /// It was.
    pub fn is_some(&self) -> bool {
        self.refusal.is_some()
    }

    /// Says it, above the form.
    pub fn view(&self) -> impl IntoView + use<> {
        let words = self.refusal.as_ref().map(|refusal| view! { <p class="refusal">{refusal.words()}</p> });
        view! {
            <div role="alert" id=self.form>
                {words}
            </div>
        }
    }

    /// What was typed into a field, by its name in the form.
    pub fn typed(&self, name: &str) -> Option<String> {
        self.typed.text(name)
    }

    fn blames(&self, field: &str) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.field() == Some(field))
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

/// A labelled field with what was typed into it; when it was to blame, it is marked and has the focus.
pub fn plain_field(spec: &Spec, refused: &Refused) -> impl IntoView + use<> {
    let wrong = refused.blames(spec.id);
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
                value=refused.typed(spec.name)
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

/// A form that adds something, folded up unless it was just refused.
#[component]
pub fn AddForm(
    /// How it was refused; it knows where the form posts to.
    refused: Refused,
    /// What unfolds it; three dots promise that nothing happens yet.
    unfold: &'static str,
    /// What its button says.
    submit: &'static str,
    /// What stands beside the button.
    saying: &'static str,
    /// The fields.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="adding" open=refused.is_some()>
            <summary class="btn">{unfold}</summary>
            <form class="card" method="post" action=refused.form>
                {refused.view()}
                {children()}
                <div class="field end">
                    <button class="btn primary" type="submit">
                        {submit}
                    </button>
                    <small>{saying}</small>
                </div>
            </form>
        </details>
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
