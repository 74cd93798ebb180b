use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address::{self, SIZES, use_event_query};
use super::event_filters::EventFilters;
use super::event_row::EventLine;
use super::live::NewEvents;
use super::server_fns::load_events;
use super::writes::Writes;
use crate::contract::{EventPage, EventQuery};
use crate::frame::Overview;
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::post_form::focus;
use crate::ui::read::read;

/// The event log: filters, one page of rows, and the way to the others.
#[component]
pub fn EventLog() -> impl IntoView {
    let query = use_event_query();
    let (writes, overview) = (expect_context::<Writes>(), expect_context::<Overview>());
    let page = read(move || (query.get(), writes.times()), |(query, _)| load_events(query));
    let navigate = use_navigate();
    // The whole tab: the numbers above are those of the log.
    let again = Callback::new(move |()| {
        let shown = query.get_untracked();
        if shown.cursor.is_some() {
            let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
            navigate(&address::list_page(&shown, None), options);
        }
        writes.look_again(overview);
    });
    view! {
        <section class="card events" aria-labelledby="events">
            <header>
                <h2 id="events" tabindex="-1">
                    "Events"
                </h2>
                <button class="btn js-only" type="button" on:click=move |_| writes.look_again(overview)>
                    "Refresh"
                </button>
            </header>
            <EventFilters query />
            <AsyncView resource=page loading=|| view! { <Skeleton lines=8 /> } let:seen>
                <Rows page=seen query=query.get_untracked() again />
            </AsyncView>
        </section>
    }
}

/// A search by part of an id looks at so many events at once; a whole id is found wherever it is.
const SEARCHED: &str = "10,000 events have been searched, back from the newest or from where you went on";
const SEARCH_ON: &str = "Search older ones";

#[component]
fn Rows(page: EventPage, query: EventQuery, again: Callback<()>) -> impl IntoView {
    let EventPage { events, next, is_partial, previous, mark, now } = page;
    keep_focus();
    // Pages further back are left in peace.
    let live =
        previous.is_none().then(|| view! { <NewEvents query=query.clone() mark is_empty=events.is_empty() again /> });
    if events.is_empty() {
        return Either::Left(view! {
            {live}
            <NoEvents query next />
        });
    }
    let rows = events.into_iter().map(|event| view! { <EventLine event query=query.clone() now /> }).collect_view();
    Either::Right(view! {
        {live}
        <table class="log">
            <thead>
                <tr>
                    <th scope="col">"Received"</th>
                    <th scope="col">"Event time"</th>
                    <th scope="col">"Type"</th>
                    <th scope="col">"Object"</th>
                    <th scope="col">"Dedup key"</th>
                    <th scope="col">"State"</th>
                    <th scope="col">"Attempts"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        <Pager query next is_partial previous />
    })
}

/// A link that led to another page may not be on it: then the focus goes to the log's heading, instead of nowhere.
fn keep_focus() {
    let focused = || if cfg!(feature = "ssr") { None } else { document().active_element() };
    let is_link = focused().is_some_and(|element| element.closest(".pager nav").is_ok_and(|nav| nav.is_some()));
    let is_nowhere = move || focused().is_none_or(|element| element.tag_name() == "BODY");
    if is_link {
        request_animation_frame(move || {
            if is_nowhere() {
                focus("events");
            }
        });
    }
}

/// Pages are followed by cursor: there are no numbers, since new events arrive meanwhile.
#[component]
fn Pager(query: EventQuery, next: Option<String>, is_partial: bool, previous: Option<String>) -> impl IntoView {
    let end = match next {
        None => "End of the log · newest first · times in UTC",
        Some(_) if is_partial => SEARCHED,
        Some(_) => "Newest first · times in UTC",
    };
    let newest = query.cursor.is_some().then(|| address::list_page(&query, None));
    let newer = previous.map(|cursor| address::list_page(&query, Some(cursor)));
    let older = next.map(|cursor| address::list_page(&query, Some(cursor)));
    view! {
        <div class="pager">
            <span>{end}</span>
            <Sizes query />
            <nav aria-label="Pages of the log">
                {newest.map(|href| view! { <a class="btn" href=href data-noscroll>"Newest"</a> })}
                {newer.map(|href| view! { <a class="btn" href=href rel="prev" data-noscroll>"Newer"</a> })}
                {older
                    .map(|href| {
                        view! {
                            <a class="btn" href=href rel="next" data-noscroll>
                                {if is_partial { SEARCH_ON } else { "Older" }}
                            </a>
                        }
                    })}
            </nav>
        </div>
    }
}

#[component]
fn Sizes(query: EventQuery) -> impl IntoView {
    let link = |size: u32| {
        let href = address::list_sized(&query, size);
        let current = (size == query.size).then_some("true");
        view! {
            <a href=href data-noscroll aria-current=current>
                {size}
            </a>
        }
    };
    view! {
        <nav class="seg" aria-label="Rows on a page">
            {SIZES.map(link).collect_view()}
        </nav>
    }
}

/// An empty log says what to do next.
#[component]
fn NoEvents(query: EventQuery, next: Option<String>) -> impl IntoView {
    if !address::is_filtered(&query) && query.cursor.is_none() {
        return Either::Left(view! {
            <div class="state">
                <h2>"No events yet"</h2>
                <p>"What Meta posts appears here as soon as its signature is right. “Next”, above, says what is missing."</p>
            </div>
        });
    }
    let (said, href, label) = match next {
        Some(cursor) => (SEARCHED, address::list_page(&query, Some(cursor)), SEARCH_ON),
        None => ("Nothing in the log matches these filters.", address::tab(&query.account), "Show all events"),
    };
    Either::Right(view! {
        <div class="state">
            <h2>"No such events"</h2>
            <p>{said}</p>
            <a class="btn" href=href data-noscroll>
                {label}
            </a>
        </div>
    })
}
