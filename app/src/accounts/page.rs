//! The start page: one row an account.

use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use super::add::AddAccount;
use crate::contract::{Account, AccountList, Role, Timestamp};
use crate::frame::Overview;
use crate::ui::async_view::{AsyncPart, AsyncView, Skeleton};
use crate::ui::badge::WebhookBadge;
use crate::ui::copy_button::CopyButton;
use crate::ui::text::shorten;
use crate::ui::time::Ago;

/// The accounts of the company.
#[component]
pub fn AccountsPage() -> impl IntoView {
    let Overview { viewer, accounts } = expect_context();
    view! {
        <Title text="Accounts" />
        <div class="head">
            <h1>"Accounts"</h1>
        </div>
        <p class="lead">"Each WhatsApp number of the company, its webhook and its conversations."</p>
        <AsyncPart resource=viewer let:viewer>
            {(viewer.role == Role::Admin).then(|| view! { <AddAccount /> })}
        </AsyncPart>
        <section class="card" aria-label="Accounts">
            <AsyncView resource=accounts loading=|| view! { <Skeleton lines=4 /> } let:list>
                <AccountTable list />
            </AsyncView>
        </section>
    }
}

#[component]
fn AccountTable(list: AccountList) -> impl IntoView {
    let AccountList { accounts, now } = list;
    if accounts.is_empty() {
        return Either::Left(view! { <NoAccounts /> });
    }
    Either::Right(view! {
        <table class="accounts">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Number"</th>
                    <th scope="col">"Phone number id"</th>
                    <th scope="col">"Webhook"</th>
                    <th scope="col">"Last event"</th>
                </tr>
            </thead>
            <tbody>
                {accounts.into_iter().map(|account| view! { <AccountRow account now /> }).collect_view()}
            </tbody>
        </table>
    })
}

/// The whole row is the link's, by a style rule; what else can be pressed lies above it.
#[component]
fn AccountRow(account: Account, now: Timestamp) -> impl IntoView {
    let href = format!("/accounts/{}/webhook", account.id);
    let number = account.display_phone_number.unwrap_or_else(|| "—".into());
    view! {
        <tr>
            <th scope="row">
                <a href=href>{account.name}</a>
            </th>
            <td class="num">{number}</td>
            <td>
                <code title=account.phone_number_id.clone()>{shorten(&account.phone_number_id)}</code>
                <CopyButton text=account.phone_number_id what="the phone number id" />
            </td>
            <td>
                <WebhookBadge status=account.webhook />
            </td>
            <td>
                {match account.last_event_at {
                    Some(at) => Either::Left(view! { <Ago at now /> }),
                    None => Either::Right(view! { <span class="muted">"Nothing yet"</span> }),
                }}
            </td>
        </tr>
    }
}

#[component]
fn NoAccounts() -> impl IntoView {
    view! {
        <div class="state">
            <h2>"No accounts yet"</h2>
            <p>"An admin adds the first number here, or somebody on the server:"</p>
            <code>"waypost account add --help"</code>
        </div>
    }
}
