//! What stands around every page that needs a person: the side bar, and the two reads that several pages share.

mod side_bar;

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use self::side_bar::SideBar;
use crate::accounts::load_accounts;
use crate::contract::{AccountList, Viewer};
use crate::session::load_viewer;
use crate::ui::read::{Loaded, read};
use crate::ui::toast::{Toaster, Toasts};

/// What more than one part of the screen needs, read once.
#[derive(Clone, Copy)]
pub struct Overview {
    /// Who is looking.
    pub viewer: Loaded<Viewer>,
    /// The company's accounts; read again whenever the start page is entered.
    pub accounts: Loaded<AccountList>,
}

impl Overview {
    fn provide() {
        let visits = start_page_visits();
        provide_context(Self {
            viewer: read(|| (), |()| load_viewer()),
            accounts: read(move || visits.get(), |_| load_accounts()),
        });
    }
}

fn start_page_visits() -> Memo<u32> {
    let path = use_location().pathname;
    Memo::new(move |before: Option<&u32>| before.copied().unwrap_or(0) + u32::from(path.read().as_str() == "/"))
}

/// The side bar and the page beside it. The link to the content is the browser's own: the router would scroll there
/// but leave the focus behind.
#[component]
pub fn Frame() -> impl IntoView {
    Overview::provide();
    Toaster::provide();
    view! {
        <a class="skip" href="#content" rel="external">
            "Skip to content"
        </a>
        <div class="frame">
            <SideBar />
            <main id="content" tabindex="-1">
                <Outlet />
            </main>
        </div>
        <Toasts />
    }
}
