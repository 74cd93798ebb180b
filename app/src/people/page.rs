use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_query_map};

use super::add::AddPerson;
use super::first_password::FirstPasswordBox;
use super::row::PersonRow;
use super::server_fns::{SetActiveAction, load_people};
use crate::contract::{self, ShownOnce};
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::plain_form::{Done, Refused};
use crate::ui::query::filled;
use crate::ui::read::read;

/// Who may come in. As the answer to a form that added somebody, it shows the first password and nothing else: its address
/// is the form's, where another form would not find back.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let content = match use_context() {
        Some(ShownOnce::Password(password)) => Either::Left(view! { <FirstPasswordBox password /> }),
        _ => Either::Right(view! { <People /> }),
    };
    view! {
        <Title text="People" />
        <div class="head">
            <h1>"People"</h1>
        </div>
        <p class="lead">"Everybody of the company who signs in here, and what they may do."</p>
        {content}
    }
}

#[component]
fn People() -> impl IntoView {
    let query = use_query_map();
    // What became of a form is in the address too: another address is another page.
    let search = use_location().search;
    let page = read(move || (filled(&query.read(), "after"), search.get()), |(after, _)| load_people(after));
    view! {
        <Done words=done />
        <AsyncView resource=page loading=|| view! { <Skeleton lines=4 /> } let:page>
            <PeopleView page />
        </AsyncView>
    }
}

fn done(word: &str) -> Option<&'static str> {
    match word {
        "deactivated" => Some("Deactivated. All their sessions have ended."),
        "reactivated" => Some("Reactivated. They sign in with the password they had."),
        _ => None,
    }
}

#[component]
fn PeopleView(page: contract::PeoplePage) -> impl IntoView {
    let contract::PeoplePage { people, next, may_change, now } = page;
    view! {
        {may_change
            .then(|| {
                view! {
                    <AddPerson />
                    {Refused::of(SetActiveAction::url()).view()}
                }
            })}
        <section class="card" aria-label="People">
            <table class="people">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Access"</th>
                        <th scope="col">"Last sign-in"</th>
                        {may_change
                            .then(|| {
                                view! {
                                    <th scope="col">
                                        <span class="sr-only">"Change"</span>
                                    </th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>
                    {people
                        .into_iter()
                        .map(|person| view! { <PersonRow person may_change now /> })
                        .collect_view()}
                </tbody>
            </table>
        </section>
        {next
            .map(|next| {
                view! {
                    <nav class="pages" aria-label="Pages of the list">
                        <a class="btn" href=format!("/people?after={next}")>
                            "More people"
                        </a>
                    </nav>
                }
            })}
    }
}
