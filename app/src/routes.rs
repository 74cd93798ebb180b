//! The route tables and nothing else: of the app that the browser takes over, and of the pages that it does not.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::accounts::{AccountIndex, AccountLayout, AccountsPage};
use crate::activity::ActivityTab;
use crate::conversations::{ConversationsPage, ErasePage, NoThread, ThreadPane};
use crate::frame::Frame;
use crate::not_found::NotFoundPage;
use crate::people::PeoplePage;
use crate::session::SignInPage;
use crate::webhook::{EventPane, NoEvent, WebhookTab};
use crate::you::YouPage;

/// The document's title. `leptos_meta` writes it into the server's page as it is, and contacts choose their own names:
/// there it has to be escaped. In the browser it is set as text.
fn title(page: String) -> String {
    let title = if page.is_empty() { "Waypost".into() } else { format!("{page} · Waypost") };
    if cfg!(feature = "ssr") { escaped(&title) } else { title }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The app, from the server's page and from the browser's side alike.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title text="" formatter=title />
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view=AccountsPage />
                    <ParentRoute path=path!("/accounts/:account") view=AccountLayout>
                        <Route path=path!("") view=AccountIndex />
                        <ParentRoute path=path!("/webhook") view=WebhookTab>
                            <Route path=path!("") view=NoEvent />
                            <Route path=path!("events/:event") view=EventPane />
                        </ParentRoute>
                        <ParentRoute path=path!("/conversations") view=ConversationsPage>
                            <Route path=path!("") view=NoThread />
                            <Route path=path!(":conversation") view=ThreadPane />
                        </ParentRoute>
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Whether an address, with or without its host, is one of [`PlainApp`].
pub fn is_plain(address: &str) -> bool {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let path = address.split_once("://").map_or(address, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    matches!(parts[..], ["people" | "you"] | ["accounts", _, "activity"] | ["accounts", _, "conversations", _, "erase"])
}

/// The pages that stay as the server has drawn them.
#[component]
pub fn PlainApp() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title text="" formatter=title />
        <Router>
            <Routes fallback=NotFoundPage>
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/people") view=PeoplePage />
                    <Route path=path!("/you") view=YouPage />
                    <ParentRoute path=path!("/accounts/:account") view=AccountLayout>
                        <Route path=path!("/activity") view=ActivityTab />
                        <Route path=path!("/conversations/:conversation/erase") view=ErasePage />
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_forms_and_lists_are_plain() {
        for plain in [
            "/people",
            "/people?added=1",
            "/you/",
            "/accounts/a1/activity?x=y",
            "/accounts/a1/conversations/c1/erase",
            "http://h.example/you?x=://",
        ] {
            assert!(is_plain(plain), "{plain}");
        }
        for other in [
            "/",
            "/accounts/a1/webhook",
            "/accounts/people",
            "/accounts/a1/webhook?next=/you",
            "/accounts/a1/conversations/erase",
            "/youth",
            "http://you",
        ] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
