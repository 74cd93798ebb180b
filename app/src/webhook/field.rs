use leptos::prelude::*;

/// What makes a text field this one. Its name in the contract is its id as well.
#[derive(Clone, Copy)]
pub struct Spec {
    /// In the contract, as in `app_secret`.
    pub id: &'static str,
    /// In the form, as in `form[app_secret]`.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// What is typed is not shown.
    pub secret: bool,
    /// Says what is wrong with it. Nothing typed is never wrong here.
    pub check: fn(&str) -> Option<&'static str>,
}

/// A text field with its rule: what is wrong is said as soon as it is left, and taken back as soon as it is right.
#[component]
pub fn Field(
    /// Which one.
    spec: Spec,
    /// What is in it at first.
    #[prop(optional)]
    value: String,
    /// What stands in it while it is empty.
    #[prop(optional)]
    placeholder: String,
    /// What stands under it.
    hint: String,
    /// What the server said about it.
    #[prop(into)]
    refused: Signal<Option<String>>,
    /// It cannot be filled now.
    #[prop(optional)]
    disabled: bool,
) -> impl IntoView {
    let Spec { id, name, label, secret, check } = spec;
    let wrong = RwSignal::new(None::<&'static str>);
    let check = move |text: &str| if text.trim().is_empty() { None } else { check(text) };
    let problem = Memo::new(move |_| wrong.get().map(ToOwned::to_owned).or_else(|| refused.get()));
    let hint_id = format!("{id}-hint");
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                class="input mono"
                id=id
                name=name
                type=if secret { "password" } else { "text" }
                value=value
                placeholder=placeholder
                autocomplete=if secret { "new-password" } else { "off" }
                autocapitalize="off"
                spellcheck="false"
                disabled=disabled
                aria-invalid=move || problem.read().is_some().then_some("true")
                aria-describedby=hint_id.clone()
                on:change=move |event| wrong.set(check(&event_target_value(&event)))
                on:input=move |event| if wrong.get_untracked().is_some() { wrong.set(check(&event_target_value(&event))) }
            />
            <small id=hint_id class:problem=move || problem.read().is_some() aria-live="polite">
                {move || problem.get().unwrap_or_else(|| hint.clone())}
            </small>
        </div>
    }
}
