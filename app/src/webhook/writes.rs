//! What can be changed on the tab, and what happens when it is done.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::server_fns::{RotateTokenAction, SaveWebhookAction, SetEnabledAction};
use super::settings_form::forget_secret;
use crate::contract::{ConsoleError, IssuedToken, ShownOnce};
use crate::frame::Overview;
use crate::ui::toast::Toaster;

/// The tab's actions. They live as long as the tab, so that reading it again does not forget how they went.
#[derive(Clone, Copy)]
pub struct Writes {
    /// Saves the set-up.
    pub save: ServerAction<SaveWebhookAction>,
    /// Makes a new verify token.
    pub rotate: ServerAction<RotateTokenAction>,
    /// Switches off and on.
    pub switch: ServerAction<SetEnabledAction>,
    /// The token to be shown once.
    pub issued: RwSignal<Option<IssuedToken>>,
    /// Counts what was done: each time, the tab is read again.
    pub done: RwSignal<u32>,
}

impl Writes {
    /// The tab's actions. A token is there from the start on the page that answers a form posted without WASM.
    pub fn new() -> Self {
        let writes = Self {
            save: ServerAction::new(),
            rotate: ServerAction::new(),
            switch: ServerAction::new(),
            issued: RwSignal::new(token_in_context()),
            done: RwSignal::new(0),
        };
        writes.watch(expect_context::<Toaster>(), expect_context::<Overview>());
        writes
    }

    /// Something was done: reads again, and the account's badge with it.
    pub fn again(self, overview: Overview) {
        self.done.update(|done| *done += 1);
        overview.accounts.refetch();
    }

    fn watch(self, toaster: Toaster, overview: Overview) {
        let Self { save, rotate, switch, issued, .. } = self;
        when_answered(
            move || save.value().get(),
            move |token: Option<IssuedToken>| {
                toaster.say("Saved.");
                forget_secret();
                if token.is_some() {
                    issued.set(token);
                }
                self.again(overview);
            },
        );
        when_answered(
            move || rotate.value().get(),
            move |token| {
                toaster.say("A new verify token was made.");
                issued.set(Some(token));
                self.again(overview);
            },
        );
        when_answered(
            move || switch.value().get(),
            move |()| {
                toaster.say("The webhook was switched.");
                self.again(overview);
            },
        );
    }
}

fn token_in_context() -> Option<IssuedToken> {
    match use_context()? {
        ShownOnce::Token(token) => Some(token),
        ShownOnce::Password(_) => None,
    }
}

/// Calls `done` each time an action ends well; when a field is to blame, it gets the focus.
pub fn when_answered<T: Clone + 'static>(
    answer: impl Fn() -> Option<Result<T, ConsoleError>> + 'static,
    done: impl Fn(T) + 'static,
) {
    let act = move |answer: &Option<Result<T, ConsoleError>>, _: Option<&_>, _| match answer {
        Some(Ok(value)) => done(value.clone()),
        Some(Err(ConsoleError::Invalid { field, .. })) => focus(field),
        Some(Err(_)) | None => {}
    };
    Effect::watch(answer, act, false);
}

/// Gives the focus to the element with this id, if there is one.
pub fn focus(id: &str) {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        // An element that cannot take the focus is no reason to stop.
        let _ = element.focus();
    }
}
