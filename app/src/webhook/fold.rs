use leptos::prelude::*;

/// What is rarely needed once events arrive, folded up so that they are not far below. A native disclosure, so it works
/// without WASM.
#[component]
pub fn Fold(
    /// Its own, on the page.
    id: &'static str,
    /// What is inside.
    sign: &'static str,
    /// It is needed now.
    open: bool,
    /// What is folded up otherwise.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="fold" id=id open=open || lies_open(id)>
            <summary>{sign}</summary>
            {children()}
        </details>
    }
}

/// When the tab is read again, nothing is folded up under the hand of whoever has it open.
pub fn lies_open(id: &str) -> bool {
    let is_open = || document().get_element_by_id(id).is_some_and(|details| details.has_attribute("open"));
    !cfg!(feature = "ssr") && is_open()
}
