//! The route table and nothing else.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::accounts::{AccountIndex, AccountLayout, AccountsPage};
use crate::conversations::{ConversationsPage, NoThread, ThreadPane};
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
                    <Route path=path!("/people") view=PeoplePage />
                    <Route path=path!("/you") view=YouPage />
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
