use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::server_fns::SetActiveAction;
use crate::contract::{Person, Timestamp};
use crate::ui::confirm::Confirm;
use crate::ui::time::Ago;

/// One person, and for admins the switch.
#[component]
pub fn PersonRow(
    /// Whom it shows.
    person: Person,
    /// Whoever looks is an admin.
    may_change: bool,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let Person { id, name, email, role, is_you, is_active, deactivated_at, last_sign_in } = person;
    let switch = may_change.then(|| {
        let switch = (!is_you).then(|| view! { <Switch id name=name.clone() is_active /> });
        view! { <td>{switch}</td> }
    });
    view! {
        <tr>
            <th scope="row">
                {name} " " {is_you.then(|| view! { <span class="badge">"You"</span> })} <small>{email}</small>
            </th>
            <td>{role.as_str()}</td>
            <td>
                {if is_active {
                    Either::Left(view! { <span class="badge ok">"Active"</span> })
                } else {
                    Either::Right(view! { <Out since=deactivated_at now /> })
                }}
            </td>
            <td>
                {match last_sign_in {
                    Some(at) => Either::Left(view! { <Ago at now /> }),
                    None => Either::Right("—"),
                }}
            </td>
            {switch}
        </tr>
    }
}

#[component]
fn Out(since: Option<Timestamp>, now: Timestamp) -> impl IntoView {
    view! {
        <span class="badge bad">"Deactivated"</span>
        " "
        {since.map(|at| view! { <Ago at now /> })}
    }
}

/// Deactivates after a question, reactivates at once.
#[component]
fn Switch(id: String, name: String, is_active: bool) -> impl IntoView {
    if !is_active {
        let label = format!("Reactivate {name}");
        return Either::Left(view! { <SwitchForm id active=true label /> });
    }
    let label = format!("Deactivate {name}");
    Either::Right(view! {
        <Confirm button="Deactivate…" done=0_u32>
            <p>
                "All their sessions end at once, and they cannot sign in until somebody reactivates them. Nothing that they \
                did is deleted."
            </p>
            <SwitchForm id active=false label />
        </Confirm>
    })
}

#[component]
fn SwitchForm(id: String, active: bool, label: String) -> impl IntoView {
    view! {
        <form method="post" action=SetActiveAction::url()>
            <input type="hidden" name="form[user]" value=id />
            <input type="hidden" name="form[active]" value=active.to_string() />
            <button class=if active { "btn" } else { "btn danger" } type="submit">
                {label}
            </button>
        </form>
    }
}
