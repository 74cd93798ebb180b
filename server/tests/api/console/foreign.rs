//! Ids of another company, asked for by each role: over functions, pages and the stream, an answer like that for an id
//! which does not exist. What is compared is all that a caller sees, but for the id itself and what differs from any
//! answer to the next.

use app::contract::Role;
use reqwest::StatusCode;

use super::rights::{Companies, Expected, Ids, TABLE, form};
use crate::app::TestApp;
use crate::browser::{Answer, Browser};

/// As long as any id, so that it can stand in its place.
const NOWHERE: &str = "01900000-0000-7000-8000-000000000000";

/// Somebody of the other company, in each role.
async fn strangers(companies: &Companies) -> Vec<(Role, Browser)> {
    let mut strangers = Vec::new();
    for (role, email) in [
        (Role::Viewer, "viewer@birch.example"),
        (Role::Manager, "manager@birch.example"),
        (Role::Admin, "admin@birch.example"),
    ] {
        if role != Role::Admin {
            companies.app.add_user(companies.birch.owner.company, email, role).await;
        }
        strangers.push((role, Browser::signed_in(&companies.app, email).await));
    }
    strangers
}

/// The pages and the stream, with these ids in them.
fn addresses(ids: Ids<'_>) -> Vec<String> {
    let Ids { account, conversation, event, person } = ids;
    vec![
        format!("/accounts/{account}"),
        format!("/accounts/{account}/webhook"),
        format!("/accounts/{account}/webhook?q=x&state=dead&size=100"),
        format!("/accounts/{account}/webhook/events/{event}"),
        format!("/accounts/{account}/webhook/events/{event}/raw"),
        format!("/accounts/{account}/conversations"),
        format!("/accounts/{account}/conversations?q=16505551234"),
        format!("/accounts/{account}/conversations/{conversation}"),
        format!("/accounts/{account}/activity"),
        format!("/accounts/{account}/activity?person={person}"),
        format!("/people?after={person}"),
        format!("/api/live/events?account={account}"),
    ]
}

/// What is seen of an answer, with these ids turned into one.
fn seen(answer: &Answer, ids: Ids<'_>) -> (StatusCode, String) {
    let mut text = format!("{:?}\n{}", answer.headers.get("location"), answer.text);
    for id in [ids.account, ids.conversation, ids.event, ids.person] {
        text = text.replace(id, NOWHERE);
    }
    let policy = answer.headers.get("content-security-policy").map(|policy| policy.to_str().unwrap());
    if let Some(nonce) = policy.and_then(|policy| policy.split("'nonce-").nth(1)?.split('\'').next()) {
        text = text.replace(nonce, "NONCE");
    }
    (answer.status, without_moments(&text))
}

/// The moment in which a page was drawn stands in it, in milliseconds.
fn without_moments(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for letter in text.chars().chain(['\n']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        out.push_str(if digits.len() == 13 { "MOMENT" } else { &digits });
        digits.clear();
        out.push(letter);
    }
    out
}

/// How two addresses differ to somebody. Pages say to the second how long ago something was, so what differs must
/// differ again and again.
async fn difference(
    who: &Browser,
    (at, ids): (&str, Ids<'_>),
    (other_at, other_ids): (&str, Ids<'_>),
) -> Option<[(StatusCode, String); 2]> {
    let mut last = None;
    for _ in 0..5 {
        let one = seen(&who.open_briefly(at).await, ids);
        let other = seen(&who.open_briefly(other_at).await, other_ids);
        if one == other {
            return None;
        }
        last = Some([one, other]);
    }
    last
}

/// What a stranger can tell apart.
async fn tell_tales(app: &TestApp, stranger: &Browser, theirs: Ids<'_>, nobodys: Ids<'_>) -> Vec<String> {
    let mut tales = Vec::new();
    for (theirs_at, nobodys_at) in addresses(theirs).into_iter().zip(addresses(nobodys)) {
        if let Some(both) = difference(stranger, (&theirs_at, theirs), (&nobodys_at, nobodys)).await {
            tales.push(format!("{theirs_at}: {both:?}"));
        }
        let foreign = stranger.open_briefly(&theirs_at).await.text;
        for own in ["acmeonly", "16505551234", "Lena Ortiz"] {
            if foreign.contains(own) && !theirs_at.contains(own) {
                tales.push(format!("{theirs_at} shows {own}"));
            }
        }
    }
    for (function, _) in TABLE.iter().filter(|(_, expected)| expected[4] == Expected::NotFound) {
        let foreign = seen(&stranger.call(function, &form(function, theirs)).await, theirs);
        let nowhere = seen(&stranger.call(function, &form(function, nobodys)).await, nobodys);
        if foreign != nowhere || foreign.0.is_success() {
            tales.push(format!("{function}: {foreign:?} and {nowhere:?}"));
        }
        app.drain().await;
    }
    tales
}

#[tokio::test]
async fn no_role_can_tell_a_foreign_id_from_none() {
    let companies = Companies::start().await;
    let (foreign, own) = (companies.acme.owner.account.to_string(), companies.birch.owner.account.to_string());
    let Companies { conversation, event, person, .. } = &companies;
    let theirs = Ids { account: &foreign, conversation, event, person };
    let nobodys = Ids { account: NOWHERE, conversation: NOWHERE, event: NOWHERE, person: NOWHERE };
    for (role, stranger) in strangers(&companies).await {
        assert_eq!(tell_tales(&companies.app, &stranger, theirs, nobodys).await, [""; 0], "{role:?}");
        // Their things, said to be of one's own account. That account is there, so only what is within it is compared.
        let pairs = addresses(theirs.under(&own)).into_iter().zip(addresses(nobodys.under(&own)));
        for (theirs_at, nobodys_at) in pairs.filter(|(theirs, nobodys)| theirs != nobodys) {
            let theirs = Ids { account: NOWHERE, ..theirs };
            let both = difference(&stranger, (&theirs_at, theirs), (&nobodys_at, nobodys)).await;
            assert_eq!(both, None, "{role:?} {theirs_at}");
        }
    }
}

/// The negative control: to somebody of the company itself, an id of theirs is another answer than one of nobody, by
/// every address and function that takes one.
#[tokio::test]
async fn an_id_that_is_there_is_told_from_none() {
    let companies = Companies::start().await;
    let account = companies.acme.owner.account.to_string();
    let Companies { conversation, event, person, .. } = &companies;
    let theirs = Ids { account: &account, conversation, event, person };
    let nobodys = Ids { account: NOWHERE, conversation: NOWHERE, event: NOWHERE, person: NOWHERE };
    let admin = Browser::signed_in(&companies.app, "admin@acme.travel").await;
    for (theirs_at, nobodys_at) in addresses(theirs).into_iter().zip(addresses(nobodys)) {
        let both = difference(&admin, (&theirs_at, theirs), (&nobodys_at, nobodys)).await;
        // Nobody comes after the last person of a list.
        assert!(both.is_some() || theirs_at.starts_with("/people"), "{theirs_at}");
    }
}
