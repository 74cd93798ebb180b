use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map, use_query_map};

use super::address;
use super::server_fns::{EraseContactAction, load_thread};
use crate::contract::{ConsoleError, ConversationQuery, ThreadPage, ThreadQuery};
use crate::ui::async_view::{AsyncView, Skeleton};
use crate::ui::plain_form::{Done, Refused, Spec, plain_field};
use crate::ui::problem::Problem;
use crate::ui::read::read;

const WORD: Spec = Spec {
    id: "word",
    name: "form[word]",
    label: "Confirm",
    kind: "text",
    autocomplete: "off",
    shortest: Some("1"),
    longest: "20",
    hint: "Type the word erase.",
};

/// Says what an erasure does, and does it once that has been confirmed.
#[component]
pub fn ErasePage() -> impl IntoView {
    let (params, search) = (use_params_map(), use_location().search);
    let param = move |name: &str| params.read().get(name).unwrap_or_default();
    let asked = move || ThreadQuery {
        account: param("account"),
        conversation: param("conversation"),
        ..ThreadQuery::default()
    };
    // What became of the form is in the address: another address is another page.
    let page = read(move || (asked(), search.get()), |(query, _)| load_thread(query));
    let account = param("account");
    view! {
        <Title text="Erase personal data" />
        <section class="card" aria-labelledby="erase">
            <header>
                <h2 id="erase">"Erase personal data"</h2>
            </header>
            <div class="body">
                <Done words=done />
                <AsyncView resource=page loading=|| view! { <Skeleton lines=4 /> } let:page>
                    <Erase page account=account.clone() />
                </AsyncView>
            </div>
        </section>
    }
}

fn done(word: &str) -> Option<&'static str> {
    (word == "erased").then_some("Erased. The conversation and its log stay, without content.")
}

#[component]
fn Erase(page: ThreadPage, account: String) -> impl IntoView {
    let ThreadPage { conversation, may_erase, .. } = page;
    if !may_erase {
        return Either::Left(view! { <Problem error=ConsoleError::Forbidden retry=Callback::new(|()| {}) /> });
    }
    let list = ConversationQuery { account: account.clone(), ..ConversationQuery::default() };
    let thread = address::thread(&list, &conversation.id, None);
    let is_done = use_query_map().read_untracked().get_str("done").is_some();
    let refused = Refused::of(EraseContactAction::url());
    let form = (!is_done || refused.is_some()).then(|| {
        view! {
            <p>
                "All that is known of " <b dir="auto">{conversation.title}</b>
                " goes: names, numbers and ids; the text and content of every message of both sides; and what the event log \
                 and the stored bodies hold of it. What stays is that there were messages, and when. Other people\u{2019}s \
                 data stays as it is. This cannot be taken back."
            </p>
            <form method="post" action=EraseContactAction::url()>
                {refused.view()}
                <input type="hidden" name="form[account]" value=account />
                <input type="hidden" name="form[conversation]" value=conversation.id />
                {plain_field(&WORD, &refused)}
                <div class="field end">
                    <button class="btn danger" type="submit">
                        "Erase for good"
                    </button>
                    <small>"If the person writes again, a new conversation begins."</small>
                </div>
            </form>
        }
    });
    Either::Right(view! {
        {form}
        <p>
            <a href=thread rel="external">
                "Back to the conversation"
            </a>
        </p>
    })
}
