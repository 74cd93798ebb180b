use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::server_fns::AddUserAction;
use crate::ui::plain_form::{AddForm, Refused, Spec, plain_field};

const NAME: Spec = Spec {
    id: "name",
    name: "form[name]",
    label: "Name",
    kind: "text",
    autocomplete: "off",
    shortest: Some("1"),
    longest: "120",
    hint: "As colleagues know them.",
};

const EMAIL: Spec = Spec {
    id: "email",
    name: "form[email]",
    label: "E-mail address",
    kind: "email",
    autocomplete: "off",
    shortest: Some("3"),
    longest: "254",
    hint: "They sign in with it. Nothing is sent there.",
};

const ROLES: [(&str, &str); 3] = [
    ("viewer", "Viewer: only looks"),
    ("manager", "Manager: switches webhooks, replays events"),
    ("admin", "Admin: everything, people and secrets included"),
];

/// The form, folded up unless it was just refused.
#[component]
pub fn AddPerson() -> impl IntoView {
    let refused = Refused::of(AddUserAction::url());
    let fields = [NAME, EMAIL].map(|spec| plain_field(&spec, &refused));
    let chosen = refused.typed("form[role]").unwrap_or_else(|| "viewer".into());
    let option = |(role, words): (&'static str, &'static str)| {
        view! {
            <option value=role selected=role == chosen>
                {words}
            </option>
        }
    };
    let options = ROLES.map(option);
    view! {
        <AddForm
            refused
            unfold="Add a person…"
            submit="Add this person"
            saying="A password is made with it, and shown once."
        >
            {fields}
            <div class="field">
                <label for="role">"Role"</label>
                <select class="input" id="role" name="form[role]" aria-describedby="role-hint">
                    {options}
                </select>
                <small id="role-hint">"Choose the least that will do."</small>
            </div>
        </AddForm>
    }
}
