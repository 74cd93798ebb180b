//! What is shown, and answered, when something could not be read.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_url;
use leptos_router::location::Url;

use super::query::escape;
use crate::contract::ConsoleError;
use crate::reply::set_status;

/// A read that failed. Who is not signed in is sent to the form and comes back afterwards.
#[component]
pub fn Problem(
    /// Why.
    error: ConsoleError,
    /// Reads again.
    retry: Callback<()>,
) -> impl IntoView {
    if let Some(code) = status(&error) {
        set_status(code);
    }
    match error {
        ConsoleError::SignedOut => EitherOf3::A(view! { <ToSignIn /> }),
        ConsoleError::NotFound => EitherOf3::B(view! { <Missing /> }),
        other => EitherOf3::C(view! { <Failure error=other retry /> }),
    }
}

/// The page's HTTP status. A redirect brings its own.
fn status(error: &ConsoleError) -> Option<u16> {
    match error {
        ConsoleError::SignedOut => None,
        ConsoleError::NotFound => Some(404),
        ConsoleError::Forbidden => Some(403),
        ConsoleError::Throttled { .. } => Some(429),
        ConsoleError::WrongCredentials | ConsoleError::Invalid { .. } => Some(400),
        ConsoleError::Unavailable { .. } | ConsoleError::Unreachable => Some(503),
    }
}

#[component]
fn ToSignIn() -> impl IntoView {
    let path = sign_in_path(&use_url().read_untracked());
    let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
    view! { <Redirect path options /> }
}

/// The form's address, which remembers where the person wanted to be.
fn sign_in_path(here: &Url) -> String {
    match (here.path(), here.search()) {
        ("/", "") => "/sign-in".into(),
        (path, "") => sign_in(path),
        (path, search) => sign_in(&format!("{path}?{search}")),
    }
}

/// The form's address, which leads on to a path of this site.
pub fn sign_in(next: &str) -> String {
    format!("/sign-in?next={}", escape(next))
}

#[component]
fn Missing() -> impl IntoView {
    view! {
        <div class="state missing">
            <h2>"Nothing here"</h2>
            <p>"It does not exist, or it belongs to somebody else."</p>
            <a class="btn" href="/">
                "Go to the accounts"
            </a>
        </div>
    }
}

/// Without WASM, trying again is loading the page again: the link does that. What is wrong in the address stays wrong:
/// then it leads to the page without it.
#[component]
fn Failure(error: ConsoleError, retry: Callback<()>) -> impl IntoView {
    let here = use_url();
    let is_asked_wrongly = matches!(error, ConsoleError::Invalid { .. });
    let href = move || {
        here.with(
            |url| {
                if is_asked_wrongly { url.path().to_owned() } else { format!("{}?{}", url.path(), url.search()) }
            },
        )
    };
    let again = move |click: leptos::ev::MouseEvent| {
        if !is_asked_wrongly {
            click.prevent_default();
            retry.run(());
        }
    };
    view! {
        <div class="state bad" role="alert">
            <h2>{error.to_string()}</h2>
            <p>{advice(&error)}</p>
            <a class="btn" rel="external" href=href on:click=again>
                {if is_asked_wrongly { "Show everything" } else { "Try again" }}
            </a>
            <RequestId error />
        </div>
    }
}

#[component]
fn RequestId(error: ConsoleError) -> impl IntoView {
    let id = match error {
        ConsoleError::Unavailable { request_id } => request_id,
        _ => None,
    };
    id.map(|id| view! { <p class="request-id">"Request " <code>{id}</code></p> })
}

fn advice(error: &ConsoleError) -> &'static str {
    match error {
        ConsoleError::Unreachable => "Please check the connection, then try again.",
        ConsoleError::Forbidden => "Somebody with another role can do it for you.",
        ConsoleError::Unavailable { .. } => "Nothing is lost. If it stays like this, give the number below to support.",
        ConsoleError::Invalid { .. } => "The link or the filter cannot be followed as it is.",
        _ => "Please try again.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_of_ours_is_not_answered_with_success() {
        assert_eq!(status(&ConsoleError::Unavailable { request_id: None }), Some(503));
        assert_eq!(status(&ConsoleError::NotFound), Some(404));
    }

    #[test]
    fn a_redirect_keeps_its_own_status() {
        assert_eq!(status(&ConsoleError::SignedOut), None);
    }
}
