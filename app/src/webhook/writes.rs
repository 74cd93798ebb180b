//! What can be changed on the tab, and what happens when it is done.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::server_fns::{RotateTokenAction, SaveWebhookAction, SetEnabledAction};
use super::settings_form::forget_secret;
use crate::contract::{IssuedToken, ShownOnce};
use crate::frame::Overview;
use crate::ui::post_form::Sending;
use crate::ui::toast::Toaster;

const SAVED: &str = "Saved.";
const ENABLED: &str = "Webhook enabled.";
const DISABLED: &str = "Webhook disabled.";

/// What was done without WASM, by the word in the address.
pub fn done(word: &str) -> Option<&'static str> {
    match word {
        "saved" => Some(SAVED),
        "enabled" => Some(ENABLED),
        "disabled" => Some(DISABLED),
        _ => None,
    }
}

/// The tab's forms. They live as long as the tab, so that reading it again does not forget how they went.
#[derive(Clone, Copy)]
pub struct Writes {
    /// Saves the set-up.
    pub save: Sending,
    /// Makes a new verify token.
    pub rotate: Sending,
    /// Switches off and on.
    pub switch: Sending,
    /// The token to be shown once.
    pub issued: RwSignal<Option<IssuedToken>>,
    /// Counts what was done: each time, the tab is read again.
    pub done: RwSignal<u32>,
    /// Counts what may have happened elsewhere: then too, but what a person has opened stays open.
    elsewhere: RwSignal<u32>,
}

impl Writes {
    /// The tab's forms. A token is there from the start on the page that answers a form posted without WASM.
    pub fn new() -> Self {
        let writes = Self {
            save: Sending::new(SaveWebhookAction::PATH),
            rotate: Sending::new(RotateTokenAction::PATH),
            switch: Sending::new(SetEnabledAction::PATH),
            issued: RwSignal::new(token_in_context()),
            done: RwSignal::new(0),
            elsewhere: RwSignal::new(0),
        };
        writes.watch(expect_context::<Toaster>(), expect_context::<Overview>());
        writes
    }

    /// Something was done: reads again, and the account's badge with it.
    pub fn again(self, overview: Overview) {
        self.done.update(|done| *done += 1);
        overview.accounts.refetch();
    }

    /// Something may have happened elsewhere: reads again too.
    pub fn look_again(self, overview: Overview) {
        self.elsewhere.update(|times| *times += 1);
        overview.accounts.refetch();
    }

    /// Changes whenever the tab is to be read again.
    pub fn times(self) -> u32 {
        self.done.get() + self.elsewhere.get()
    }

    fn watch(self, toaster: Toaster, overview: Overview) {
        let Self { save, rotate, switch, issued, .. } = self;
        save.when_done(move |token: Option<IssuedToken>| {
            toaster.say(SAVED);
            forget_secret();
            if token.is_some() {
                issued.set(token);
            }
            self.again(overview);
        });
        rotate.when_done(move |token: IssuedToken| {
            toaster.say("A new verify token was made.");
            issued.set(Some(token));
            self.again(overview);
        });
        switch.when_done(move |enabled: bool| {
            toaster.say(if enabled { ENABLED } else { DISABLED });
            self.again(overview);
        });
    }
}

fn token_in_context() -> Option<IssuedToken> {
    match use_context()? {
        ShownOnce::Token(token) => Some(token),
        ShownOnce::Password(_) => None,
    }
}
