use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::server_fns::AddAccountAction;
use crate::contract::validate;
use crate::ui::plain_form::{AddForm, Refused, Spec, plain_field};
use crate::ui::rules::{Rule, Rules};

const NAME: Spec = Spec {
    id: "name",
    name: "form[name]",
    label: "Name",
    kind: "text",
    autocomplete: "off",
    shortest: Some("1"),
    longest: "120",
    hint: "What the company calls this number.",
};

const PHONE_NUMBER_ID: Spec = Spec {
    id: "phone_number_id",
    name: "form[phone_number_id]",
    label: "Phone number id",
    longest: "64",
    hint: "App Dashboard → WhatsApp → API Setup. Not the number itself.",
    ..NAME
};

const WABA_ID: Spec = Spec {
    id: "waba_id",
    name: "form[waba_id]",
    label: "WABA id",
    hint: "The WhatsApp Business Account that the number belongs to.",
    ..PHONE_NUMBER_ID
};

const DISPLAY: Spec = Spec {
    id: "display_phone_number",
    name: "form[display_phone_number]",
    label: "Display number",
    shortest: None,
    longest: "40",
    hint: "As people write it. May be left empty.",
    ..NAME
};

/// The server's own rules.
const RULES: &[Rule] = &[
    (&NAME, |text| validate::name(text).err()),
    (&PHONE_NUMBER_ID, |text| validate::phone_number_id(text).err()),
    (&WABA_ID, |text| validate::waba_id(text).err()),
    (&DISPLAY, |text| validate::display_phone_number(text).err()),
];

/// The form, folded up unless it was just refused.
#[component]
pub fn AddAccount() -> impl IntoView {
    let refused = Refused::of(AddAccountAction::url());
    let fields = [NAME, PHONE_NUMBER_ID, WABA_ID, DISPLAY].map(|spec| plain_field(&spec, &refused));
    view! {
        <AddForm refused unfold="Add account…" submit="Add this account" saying="Then set up its webhook.">
            <Rules rules=RULES>{fields}</Rules>
        </AddForm>
    }
}
