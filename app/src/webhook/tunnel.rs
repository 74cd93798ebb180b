//! The card "Local development": how Meta reaches a server on a developer's machine.
//!
//! The public URL of a tunnel changes with each start. It is kept in this browser and nowhere else; the server
//! sees it when it is checked, and the answer's word comes back in the address.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::wasm_bindgen::JsValue;
use leptos_router::hooks::use_query_map;
use web_sys::js_sys::Reflect;

use super::fold::Fold;
use super::refusal::refused_form;
use super::server_fns::CheckTunnelAction;
use crate::contract::{TunnelCheck, TunnelHelp, validate};
use crate::ui::copy_button::CopyButton;
use crate::ui::query::filled;

/// The card.
#[component]
pub fn Tunnel(
    /// The account's id.
    account: String,
    /// What to type, and where to.
    help: TunnelHelp,
    /// Nothing arrives yet.
    needed: bool,
) -> impl IntoView {
    let TunnelHelp { commands, callback_path } = help;
    let url = RwSignal::new(String::new());
    let field = NodeRef::<Input>::new();
    // Something may have been typed before WASM was there.
    Effect::new(move || {
        if let Some(field) = field.get() {
            if field.value().is_empty() {
                field.set_value(&remembered());
            }
            url.set(field.value());
        }
    });
    let refused = refused_form(CheckTunnelAction::PATH).and_then(|refusal| refusal.at(FIELD).or(refusal.elsewhere()));
    let said =
        use_query_map().with_untracked(|query| filled(query, "tunnel").and_then(|word| TunnelCheck::says(&word)));
    let said = refused.or(said);
    let open = needed || said.is_some();
    let callback = move || validate::public_url(&url.read()).ok().map(|url| format!("{url}{callback_path}"));
    view! {
        <section class="card tunnel" aria-labelledby="tunnel">
            <header>
                <h2 id="tunnel">"Local development"</h2>
            </header>
            <Fold id="tunnel-fold" sign="Commands and check" open>
                <div class="body">
                    <p>"Start one of these in a terminal. It prints the public URL under which Meta reaches this server."</p>
                    {commands.into_iter().map(|command| view! { <Line text=command what="the command" /> }).collect_view()}
                    <form method="post" action=CheckTunnelAction::url()>
                        <input type="hidden" name="form[account]" value=account />
                        <label for=FIELD>"Public URL of the tunnel"</label>
                        <div class="line">
                            <input
                                class="input mono"
                                id=FIELD
                                name="form[public_url]"
                                placeholder="https://something.ngrok-free.app"
                                autocomplete="off"
                                autocapitalize="off"
                                spellcheck="false"
                                aria-describedby="tunnel-said"
                                node_ref=field
                                on:input=move |event| {
                                    let typed = event_target_value(&event);
                                    remember(&typed);
                                    url.set(typed);
                                }
                            />
                            <button class="btn" type="submit">
                                "Check"
                            </button>
                        </div>
                        <p id="tunnel-said" role="status">
                            {said}
                        </p>
                    </form>
                    {move || callback().map(|text| view! { <Line text what="the callback URL" /> })}
                </div>
            </Fold>
        </section>
    }
}

/// Its name in the contract is its id as well.
const FIELD: &str = "public_url";

#[component]
fn Line(text: String, what: &'static str) -> impl IntoView {
    view! {
        <p>
            <code class="line">{text.clone()}</code>
            <CopyButton text what />
        </p>
    }
}

/// What was typed the last time in this browser.
fn remembered() -> String {
    let kept = store().and_then(|store| Reflect::get(&store, &FIELD.into()).ok());
    kept.and_then(|kept| kept.as_string()).unwrap_or_default()
}

/// Where the browser keeps nothing, it is only forgotten sooner.
fn remember(text: &str) {
    if let Some(store) = store() {
        let _ = Reflect::set(&store, &FIELD.into(), &text.into());
    }
}

/// The browser's storage. Who forbids it gets an error for looking.
fn store() -> Option<JsValue> {
    Reflect::get(&window(), &"localStorage".into()).ok()
}
