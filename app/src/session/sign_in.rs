//! The sign-in form. It posts to a server function, so it works before and without WASM: an error then comes back
//! in the URL, which anybody can write. So the words are chosen here, and none are taken from the error.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::server_fns::SignInAction;
use crate::contract::{ConsoleError, validate};
use crate::ui::post_form::{PostForm, Sending};

/// Asks for e-mail address and password.
#[component]
pub fn SignInPage() -> impl IntoView {
    view! {
        <Title text="Sign in" />
        <main class="alone">
            <div class="sign-in card">
                <p class="brand">
                    <span class="mark" aria-hidden="true">"W"</span>
                    "Waypost"
                </p>
                <h1>"Sign in"</h1>
                <SignInForm />
            </div>
        </main>
    }
}

#[component]
fn SignInForm() -> impl IntoView {
    let sending = Sending::new(SignInAction::PATH);
    let next = use_query_map().with_untracked(|query| validate::next_path(query.get_str("next")).to_owned());
    let error = Memo::new(move |_| sending.refusal().map(|refusal| refusal.error));
    let password = NodeRef::<Input>::new();
    focus_after_failure(error, password);
    view! {
        <PostForm to=sending>
            <Refusal error />
            <input type="hidden" name="credentials[next]" value=next />
            <EmailField error />
            <PasswordField error node_ref=password />
            <button class="btn primary" type="submit" aria-disabled=move || sending.pending()>
                {move || if sending.pending().is_some() { "Signing in…" } else { "Sign in" }}
            </button>
        </PostForm>
    }
}

/// After a refusal, the password is what will be typed again. The first page is left alone: there the browser obeys
/// `autofocus`.
fn focus_after_failure(error: Memo<Option<ConsoleError>>, field: NodeRef<Input>) {
    Effect::watch(
        move || error.get(),
        move |error, _, _| {
            if let (Some(_), Some(input)) = (error, field.get_untracked()) {
                // An element that cannot take the focus is no reason to stop.
                let _ = input.focus();
                input.select();
            }
        },
        false,
    );
}

#[component]
fn Refusal(error: Memo<Option<ConsoleError>>) -> impl IntoView {
    view! {
        <div id="sign-in-error" role="alert">
            {move || error.get().map(|error| view! { <p class="refusal">{sentence(&error)}</p> })}
        </div>
    }
}

#[component]
fn EmailField(error: Memo<Option<ConsoleError>>) -> impl IntoView {
    view! {
        <label for="email">"E-mail address"</label>
        <input
            class="input"
            id="email"
            name="credentials[email]"
            type="email"
            autocomplete="username"
            maxlength="254"
            required
            autofocus
            aria-invalid=move || error.read().as_ref().is_some_and(blames_input).then_some("true")
            aria-describedby="sign-in-error"
        />
    }
}

#[component]
fn PasswordField(error: Memo<Option<ConsoleError>>, node_ref: NodeRef<Input>) -> impl IntoView {
    view! {
        <label for="password">"Password"</label>
        <input
            class="input"
            id="password"
            name="credentials[password]"
            type="password"
            autocomplete="current-password"
            required
            node_ref=node_ref
            aria-invalid=move || error.read().as_ref().is_some_and(blames_input).then_some("true")
            aria-describedby="sign-in-error"
        />
    }
}

fn blames_input(error: &ConsoleError) -> bool {
    matches!(error, ConsoleError::WrongCredentials | ConsoleError::Invalid { .. })
}

/// Our words for a refusal. The error may come out of a link somebody else made, so its own text is not shown.
fn sentence(error: &ConsoleError) -> String {
    match error {
        ConsoleError::Invalid { .. } => "Please check the e-mail address and the password.".into(),
        ConsoleError::SignedOut | ConsoleError::Forbidden | ConsoleError::NotFound => {
            "That did not work. Please try again.".into()
        }
        ConsoleError::Unavailable { .. } => "Something went wrong on our side. Please try again in a moment.".into(),
        ConsoleError::WrongCredentials | ConsoleError::Throttled { .. } | ConsoleError::Unreachable => {
            error.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_link_is_never_shown() {
        let lure = "Call +1 555 0100 to unlock";
        for error in [
            ConsoleError::Invalid { field: lure.into(), message: lure.into() },
            ConsoleError::Unavailable { request_id: Some(lure.into()) },
        ] {
            assert!(!sentence(&error).contains(lure), "{error:?} was shown");
        }
    }

    #[test]
    fn only_what_was_typed_is_marked_as_wrong() {
        assert!(blames_input(&ConsoleError::WrongCredentials));
        assert!(!blames_input(&ConsoleError::Throttled { retry_after: 5 }));
    }
}
