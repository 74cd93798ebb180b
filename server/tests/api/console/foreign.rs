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

/// What a page is asked beside what its path names.
const QUESTIONS: [(&str, &str); 5] = [
    ("/accounts/{account}/webhook", "q=x&state=dead&size=100"),
    ("/accounts/{account}/conversations", "q=16505551234"),
    ("/accounts/{account}/activity", "person={person}"),
    ("/people", "after={person}"),
    ("/api/live/events", "account={account}"),
];

/// Every address of the server's own list, and those with questions, with these ids in them.
fn addresses(ids: Ids<'_>) -> Vec<String> {
    let mut addresses = server::web::addresses();
    for (path, question) in QUESTIONS {
        assert!(addresses.iter().any(|known| known == path), "{path} is none of {addresses:?}");
        addresses.push(format!("{path}?{question}"));
    }
    addresses.iter().map(|address| filled(address, ids)).collect()
}

/// An address with these ids in it. A parameter without a case here fails the test.
fn filled(address: &str, ids: Ids<'_>) -> String {
    let mut out = String::new();
    let mut rest = address;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap();
        let id = match name {
            "account" => ids.account,
            "conversation" => ids.conversation,
            "event" => ids.event,
            "person" => ids.person,
            other => panic!("nothing is known here to stand for {{{other}}} in {address}"),
        };
        out.push_str(before);
        out.push_str(id);
        rest = behind;
    }
    out + rest
}

/// What is asked of two sets of things, where that makes a difference.
fn pairs<T: PartialEq>(one: Vec<T>, other: Vec<T>) -> impl Iterator<Item = (T, T)> {
    one.into_iter().zip(other).filter(|(one, other)| one != other)
}

/// What is seen of an answer, with all of these ids turned into one.
fn seen(answer: &Answer, all: [Ids<'_>; 2]) -> (StatusCode, String) {
    let mut text = format!("{:?}\n{}", answer.headers.get("location"), answer.text);
    for id in all.iter().flat_map(|ids| [ids.account, ids.conversation, ids.event, ids.person]) {
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
        let one = seen(&who.open_briefly(at).await, [ids, other_ids]);
        let other = seen(&who.open_briefly(other_at).await, [ids, other_ids]);
        if one == other {
            return None;
        }
        last = Some([one, other]);
    }
    last
}

/// The functions that name one of these things, and are answered as if it were not there when it is another company's.
fn functions(theirs: Ids<'_>, nobodys: Ids<'_>) -> Vec<&'static str> {
    let hidden =
        TABLE.into_iter().filter(|(_, expected)| expected[4] == Expected::NotFound).map(|(function, _)| function);
    hidden.filter(|function| form(function, theirs) != form(function, nobodys)).collect()
}

/// What somebody sees of a function that is called with their things, and of the same with nobody's.
async fn called(who: &Browser, function: &str, theirs: Ids<'_>, nobodys: Ids<'_>) -> [(StatusCode, String); 2] {
    let one = seen(&who.call(function, &form(function, theirs)).await, [theirs, nobodys]);
    [one, seen(&who.call(function, &form(function, nobodys)).await, [theirs, nobodys])]
}

/// What a stranger can tell apart.
async fn tell_tales(app: &TestApp, stranger: &Browser, theirs: Ids<'_>, nobodys: Ids<'_>) -> Vec<String> {
    let mut tales = Vec::new();
    for (theirs_at, nobodys_at) in pairs(addresses(theirs), addresses(nobodys)) {
        if let Some(both) = difference(stranger, (&theirs_at, theirs), (&nobodys_at, nobodys)).await {
            tales.push(format!("{theirs_at}: {both:?}"));
        }
    }
    for function in functions(theirs, nobodys) {
        let [foreign, nowhere] = called(stranger, function, theirs, nobodys).await;
        if foreign != nowhere || foreign.0.is_success() {
            tales.push(format!("{function}: {foreign:?} and {nowhere:?}"));
        }
        app.drain().await;
    }
    tales
}

/// What only Acme has and a stranger is shown, on pages that name something of theirs and on those that name nothing.
async fn shown(stranger: &Browser, theirs: Ids<'_>) -> Vec<String> {
    let mut shown = Vec::new();
    for at in addresses(theirs) {
        let page = stranger.open_briefly(&at).await.text;
        // All of them are ids, the text of a message, and a part of every address of Acme's people.
        for own in [theirs.account, theirs.conversation, theirs.event, theirs.person, "acmeonly", "acme.travel"] {
            if page.contains(own) && !at.contains(own) {
                shown.push(format!("{at} shows {own}"));
            }
        }
    }
    shown
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
        let within = tell_tales(&companies.app, &stranger, theirs.under(&own), nobodys.under(&own)).await;
        assert_eq!(within, [""; 0], "{role:?}");
        assert_eq!(shown(&stranger, theirs).await, [""; 0], "{role:?}");
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
    let nowhere = Ids { account: NOWHERE, conversation: NOWHERE, event: NOWHERE, person: NOWHERE };
    let admin = Browser::signed_in(&companies.app, "admin@acme.travel").await;
    assert!(shown(&admin, theirs).await.len() >= 5, "what is theirs is not noticed on a page");
    // Things of nobody within their account come first: the functions with another account switch things off.
    for nobodys in [nowhere.under(&account), nowhere] {
        for (theirs_at, nobodys_at) in pairs(addresses(theirs), addresses(nobodys)) {
            let both = difference(&admin, (&theirs_at, theirs), (&nobodys_at, nobodys)).await;
            // Nobody comes after the last person of a list.
            let is_empty = theirs_at.contains("after=");
            assert!(both.is_some() || is_empty, "{theirs_at}");
        }
        let functions = functions(theirs, nobodys);
        assert!(functions.len() >= 5, "{functions:?}");
        for function in functions {
            let [foreign, nowhere] = called(&admin, function, theirs, nobodys).await;
            assert_eq!((nowhere.0, foreign.0 != nowhere.0), (StatusCode::NOT_FOUND, true), "{function}: {foreign:?}");
            companies.app.drain().await;
        }
    }
}

#[test]
#[should_panic(expected = "nothing is known here to stand for {thing}")]
fn an_address_that_names_something_else_is_reported() {
    filled("/accounts/{account}/things/{thing}", Ids::default());
}
