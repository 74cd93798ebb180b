use leptos::prelude::*;

/// One of several in a filter, or all of them.
#[component]
pub fn Choice(
    /// Its name in the URL.
    name: &'static str,
    /// What is chosen here.
    label: &'static str,
    /// What stands for all of them.
    all: &'static str,
    /// The value of each, and the words for it.
    options: Vec<(String, String)>,
    /// The value that is chosen; empty: all.
    chosen: Signal<String>,
) -> impl IntoView {
    let first = chosen.get_untracked();
    let option = |(value, words): (String, String)| {
        let selected = value == first;
        view! {
            <option value=value selected=selected>
                {words}
            </option>
        }
    };
    let options = options.into_iter().map(option).collect_view();
    view! {
        <select class="input" name=name aria-label=label prop:value=chosen>
            <option value="">{all}</option>
            {options}
        </select>
    }
}
