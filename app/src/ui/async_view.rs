use std::sync::Arc;

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use super::packed::Packed;
use super::problem::Problem;
use super::read::{Loaded, Reading};
use crate::contract::ConsoleError;

/// Makes a view of what was read, whatever it is.
type Draw = Arc<dyn Fn(&Packed<()>) -> Result<AnyView, ConsoleError> + Send + Sync>;

fn draw<T, V>(children: impl Fn(T) -> V + Send + Sync + 'static) -> Draw
where
    T: DeserializeOwned,
    V: IntoView + 'static,
{
    Arc::new(move |packed| Ok(children(packed.open()?).into_any()))
}

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
    T: DeserializeOwned + 'static,
    F: Fn(T) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    in_its_states(resource.reading, loading, draw(children))
}

fn in_its_states(reading: Reading, loading: ViewFnOnce, draw: Draw) -> AnyView {
    let retry = Callback::new(move |()| reading.refetch());
    let content = move || {
        let draw = Arc::clone(&draw);
        Suspend::new(async move {
            match reading.await.and_then(|packed| draw(&packed)) {
                Ok(view) => view,
                Err(error) => view! { <Problem error retry /> }.into_any(),
            }
        })
    };
    view! { <Transition fallback=loading>{content}</Transition> }.into_any()
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
    T: DeserializeOwned + 'static,
    F: Fn(T) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    if_it_is_there(resource.reading, draw(children))
}

fn if_it_is_there(reading: Reading, draw: Draw) -> AnyView {
    let content = move || {
        let draw = Arc::clone(&draw);
        Suspend::new(async move { reading.await.and_then(|packed| draw(&packed)).ok() })
    };
    view! { <Transition>{content}</Transition> }.into_any()
}
