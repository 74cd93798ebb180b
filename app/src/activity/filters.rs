//! What narrows the list: whose activity as links, the rest as a GET form, so that all of it is in the URL.

use leptos::prelude::*;

use super::address::{self, PROCESSING};
use crate::contract::{ActivityKind, ActivityPage, ActivityQuery};
use crate::ui::async_view::AsyncPart;
use crate::ui::choice::Choice;
use crate::ui::get_form::Day;
use crate::ui::read::Loaded;

/// The bar above the list.
#[component]
pub fn Filters(
    /// What is shown now.
    query: Memo<ActivityQuery>,
    /// Knows who and what can be chosen.
    page: Loaded<ActivityPage>,
) -> impl IntoView {
    view! {
        <div class="bar">
            <Kinds query />
            <FilterForm query page />
        </div>
    }
}

#[component]
fn Kinds(query: Memo<ActivityQuery>) -> impl IntoView {
    let link = move |(kind, word): (ActivityKind, &'static str)| {
        view! {
            <a
                href=move || address::list_of(&query.read(), kind)
                data-noscroll
                aria-current=move || (query.read().kind == kind).then_some("true")
            >
                {word}
            </a>
        }
    };
    let kinds = [(ActivityKind::People, "People"), (ActivityKind::Processing, "Processing")];
    view! {
        <nav class="seg" aria-label="Whose activity">
            {kinds.map(link).collect_view()}
        </nav>
    }
}

#[component]
fn FilterForm(query: Memo<ActivityQuery>, page: Loaded<ActivityPage>) -> impl IntoView {
    let tab = move || address::tab(&query.read().account);
    let kind = move || if query.read().kind == ActivityKind::Processing { PROCESSING } else { "" };
    view! {
        <div class="filters" role="search" aria-label="Activity">
            <form method="get" action=tab>
                <input type="hidden" name="kind" value=kind />
                <AsyncPart resource=page let:page>
                    <Choices page query=query.get_untracked() />
                </AsyncPart>
                <Day name="from" label="From day" value=Signal::derive(move || query.read().from.clone()) />
                <Day name="to" label="To day" value=Signal::derive(move || query.read().to.clone()) />
                <button class="btn" type="submit">
                    "Apply"
                </button>
                <a
                    class="btn quiet"
                    href=move || address::whole(&query.read())
                    data-noscroll
                    hidden=move || !address::is_filtered(&query.read())
                >
                    "Clear"
                </a>
            </form>
        </div>
    }
}

/// Processing has neither people nor actions to choose from.
#[component]
fn Choices(page: ActivityPage, query: ActivityQuery) -> impl IntoView {
    (query.kind == ActivityKind::People).then(|| {
        let (person, action) = (Signal::stored(query.person), Signal::stored(query.action));
        view! {
            <Choice name="person" label="Person" all="Everybody" options=page.people chosen=person />
            <Choice name="action" label="Action" all="All actions" options=page.actions chosen=action />
        }
    })
}
