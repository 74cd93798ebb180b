use leptos::either::Either;
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::read::Loaded;

/// A read in its states: the skeleton while it is under way, the problem if there was one, else what `children`
/// makes of the value. What is on the screen stays there while it is read again.
#[component]
pub fn AsyncView<T, F, V>(
    /// What is read.
    resource: Loaded<T>,
    /// The skeleton.
    #[prop(into)]
    loading: ViewFnOnce,
    /// Draws the value. Whether a list is empty is for it to say.
    children: F,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let retry = Callback::new(move |()| resource.refetch());
    let content = move || {
        let children = children.clone();
        Suspend::new(async move {
            match resource.await {
                Ok(value) => Either::Left(children(value)),
                Err(error) => Either::Right(view! { <Problem error retry /> }),
            }
        })
    };
    view! { <Transition fallback=loading>{content}</Transition> }
}

/// Grey lines in the place of a list that is on its way.
#[component]
pub fn Skeleton(
    /// How many.
    lines: usize,
) -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="sr-only">"Loading…"</span>
            {(0..lines).map(|_| view! { <span class="bone"></span> }).collect_view()}
        </div>
    }
}

/// A read that only adds something to the page, such as a number beside a link: absent while it is under way and
/// when it failed, because the page itself says what is wrong.
#[component]
pub fn AsyncPart<T, F, V>(
    /// What is read.
    resource: Loaded<T>,
    /// Draws the value.
    children: F,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    F: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let content = move || {
        let children = children.clone();
        Suspend::new(async move { resource.await.ok().map(children) })
    };
    view! { <Transition>{content}</Transition> }
}
