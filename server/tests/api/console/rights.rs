//! Who may call what: a table of every server function, which fails when one is missing from it.

use std::collections::BTreeSet;

use app::contract::Role;
use serde_json::{Value, json};

use crate::app::{NewTestAccount, Options, SECRET, TestAccount, TestApp, text_message};
use crate::browser::{Browser, Form};

/// What a function answers to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Works,
    SignedOut,
    Forbidden,
    NotFound,
    /// The caller may; what was given is wrong.
    Invalid,
}

use Expected::{Forbidden, Invalid, NotFound, SignedOut, Works};

/// Function, whether it names an account, and what it answers to: nobody, a viewer, a manager, an admin, and an admin
/// of another company who names the first company's ids.
pub const TABLE: [(&str, [Expected; 5]); 25] = [
    ("viewer", [SignedOut, Works, Works, Works, Works]),
    ("accounts", [SignedOut, Works, Works, Works, Works]),
    ("conversations", [SignedOut, Works, Works, Works, NotFound]),
    ("thread", [SignedOut, Works, Works, Works, NotFound]),
    ("webhook", [SignedOut, Works, Works, Works, NotFound]),
    ("events", [SignedOut, Works, Works, Works, NotFound]),
    ("event", [SignedOut, Works, Works, Works, NotFound]),
    ("activity", [SignedOut, Works, Works, Works, NotFound]),
    // Before what switches the webhook off.
    ("send_test", [SignedOut, Forbidden, Works, Works, NotFound]),
    ("check_tunnel", [SignedOut, Forbidden, Forbidden, Works, NotFound]),
    ("save_webhook", [SignedOut, Forbidden, Forbidden, Works, NotFound]),
    ("rotate_token", [SignedOut, Forbidden, Forbidden, Works, NotFound]),
    ("set_enabled", [SignedOut, Forbidden, Works, Works, NotFound]),
    ("replay", [SignedOut, Forbidden, Works, Works, NotFound]),
    // Without the word; with it, other tests follow.
    ("erase_contact", [SignedOut, Forbidden, Forbidden, Invalid, NotFound]),
    ("theme", [Works, Works, Works, Works, Works]),
    ("add_account", [SignedOut, Forbidden, Forbidden, Works, Works]),
    ("people", [SignedOut, Works, Works, Works, Works]),
    // By the time that the other company asks, the address is taken.
    ("add_user", [SignedOut, Forbidden, Forbidden, Works, Invalid]),
    ("set_active", [SignedOut, Forbidden, Forbidden, Works, NotFound]),
    ("you", [SignedOut, Works, Works, Works, Works]),
    // With a wrong password, so that the others stay what they are.
    ("change_password", [SignedOut, Invalid, Invalid, Invalid, Invalid]),
    // Last, since they change who is signed in.
    ("sign_out_everywhere", [SignedOut, Works, Works, Works, Works]),
    ("sign_in", [Works, Works, Works, Works, Works]),
    ("sign_out", [Works, Works, Works, Works, Works]),
];

/// Two companies with a conversation each.
pub struct Companies {
    pub app: TestApp,
    pub acme: TestAccount,
    pub conversation: String,
    pub event: String,
    /// Somebody of Acme who is not one of the callers.
    pub person: String,
    pub birch: TestAccount,
}

/// Which things a call names.
#[derive(Clone, Copy, Default)]
pub struct Ids<'a> {
    pub account: &'a str,
    pub conversation: &'a str,
    pub event: &'a str,
    pub person: &'a str,
}

impl<'a> Ids<'a> {
    /// The same things, said to be of this account.
    pub fn under(self, account: &'a str) -> Self {
        Self { account, ..self }
    }
}

impl Companies {
    pub async fn start() -> Self {
        let app = TestApp::with(Options { tunnel_help: true, ..Options::default() }).await;
        let new = NewTestAccount { company: "Birch Hotels", phone_number_id: "2002", ..NewTestAccount::default() };
        let birch = app.add_account(new).await;
        let acme = app.account.clone();
        let body = |number: &str, text: &str| {
            let body = String::from_utf8(text_message(&format!("wamid.{text}"), "16505551234", text)).unwrap();
            body.replace(crate::app::NUMBER, number)
        };
        assert_eq!(app.post(&acme, body(crate::app::NUMBER, "acmeonly")).await.status(), 200);
        assert_eq!(app.post(&birch, body("2002", "birchonly")).await.status(), 200);
        app.drain().await;
        for (company, email, role) in [
            (&acme, "viewer@acme.travel", Role::Viewer),
            (&acme, "manager@acme.travel", Role::Manager),
            (&acme, "admin@acme.travel", Role::Admin),
            (&birch, "admin@birch.example", Role::Admin),
        ] {
            app.add_user(company.owner.company, email, role).await;
        }
        let company = acme.owner.company;
        let first = |table: &str| format!("select id::text from {table} where company_id = '{company}'");
        let conversation = app.texts(&first("conversations")).await.remove(0);
        let event = app.texts(&first("whatsapp_webhook_event_logs")).await.remove(0);
        let person = app.add_user(company, "cleo@acme.travel", Role::Viewer).await.to_string();
        Self { app, acme, conversation, event, person, birch }
    }

    /// What Acme's tables hold that a refused call must leave as it is.
    async fn state(&self) -> Vec<Value> {
        let company = self.acme.owner.company;
        // When a session was last seen may change with any call.
        let of = |table: &str| {
            let row = "jsonb_build_object('of', t.tableoid::regclass::text) || to_jsonb(t) - 'last_seen_at'";
            format!("select {row} as row from {table} t where company_id = '{company}'")
        };
        let tables = [
            "users",
            "sessions",
            "whatsapp_accounts",
            "whatsapp_webhook_configs",
            "whatsapp_webhook_events",
            "event_queue",
            "event_outcomes",
            "contacts",
            "conversations",
            "messages",
            "audit_log",
        ]
        .map(of);
        self.app.rows(&format!("{} order by 1", tables.join(" union all "))).await
    }

    async fn callers(&self) -> [Browser; 5] {
        [
            Browser::new(&self.app),
            Browser::signed_in(&self.app, "viewer@acme.travel").await,
            Browser::signed_in(&self.app, "manager@acme.travel").await,
            Browser::signed_in(&self.app, "admin@acme.travel").await,
            Browser::signed_in(&self.app, "admin@birch.example").await,
        ]
    }
}

/// What a function is sent to have it do something with these things.
pub fn form<'a>(function: &str, ids: Ids<'a>) -> Vec<(&'a str, &'a str)> {
    let Ids { account, conversation, event, person } = ids;
    match function {
        "conversations" | "events" | "activity" => vec![("query[account]", account)],
        "webhook" => vec![("account", account)],
        "event" | "replay" => vec![("event[account]", account), ("event[event]", event)],
        "save_webhook" => vec![("form[account]", account), ("form[app_secret]", SECRET)],
        "send_test" => vec![("form[account]", account), ("form[kind]", "text")],
        // Nobody listens there.
        "check_tunnel" => vec![("form[account]", account), ("form[public_url]", "http://127.0.0.1:1")],
        "rotate_token" => vec![("form[account]", account)],
        "set_enabled" => vec![("form[account]", account), ("form[enabled]", "false")],
        "thread" => vec![("query[account]", account), ("query[conversation]", conversation)],
        "erase_contact" => vec![("form[account]", account), ("form[conversation]", conversation)],
        "theme" => vec![("theme", "dark")],
        "add_account" => vec![("form[name]", "New"), ("form[phone_number_id]", "4004"), ("form[waba_id]", "5005")],
        "add_user" => vec![("form[name]", "New"), ("form[email]", "new@acme.travel"), ("form[role]", "viewer")],
        "set_active" => vec![("form[user]", person), ("form[active]", "false")],
        "change_password" => {
            let new = "another password for tests";
            vec![("form[current]", "not the password"), ("form[new]", new), ("form[again]", new)]
        }
        "sign_in" => {
            vec![("credentials[email]", "viewer@acme.travel"), ("credentials[password]", crate::app::PASSWORD)]
        }
        _ => Vec::new(),
    }
}

async fn answer(browser: &Browser, function: &str, form: Form<'_>) -> Expected {
    let answer = browser.call(function, form).await;
    match (answer.status.as_u16(), answer.text.as_str()) {
        (200, _) => Works,
        (401, "\"SignedOut\"") => SignedOut,
        (403, "\"Forbidden\"") => Forbidden,
        (404, "\"NotFound\"") => NotFound,
        (422, _) => Invalid,
        _ => panic!("{function}: {answer:?}"),
    }
}

#[test]
fn every_server_function_is_in_the_table() {
    let registered = leptos::server_fn::axum::server_fn_paths().map(|(path, method)| format!("{method} {path}"));
    let known = TABLE.map(|(function, _)| format!("POST /api/{function}"));
    assert_eq!(registered.collect::<BTreeSet<_>>(), known.into());
}

#[tokio::test]
async fn each_function_answers_each_caller_as_the_table_says() {
    let companies = Companies::start().await;
    let callers = companies.callers().await;
    let account = companies.acme.owner.account.to_string();
    let Companies { conversation, event, person, .. } = &companies;
    let ids = Ids { account: &account, conversation, event, person };
    for (function, expected) in TABLE {
        let mut answers = Vec::new();
        for caller in &callers {
            let before = companies.state().await;
            let answer = answer(caller, function, &form(function, ids)).await;
            if answer != Works {
                assert_eq!(companies.state().await, before, "{function} was refused, and did something");
            }
            answers.push(answer);
            // What was sent through again is processed, so that the next one may do the same.
            companies.app.drain().await;
        }
        assert_eq!(answers, expected, "{function}");
    }
}

#[tokio::test]
async fn nothing_of_another_company_is_in_any_answer() {
    let companies = Companies::start().await;
    let [.., acme, birch] = companies.callers().await;
    let names = |answer: &Value| answer["accounts"].as_array().unwrap().clone();
    let ids = |accounts: Vec<Value>| accounts.into_iter().map(|account| account["id"].clone()).collect::<Vec<_>>();
    let accounts = |json: Value| ids(names(&json));
    assert_eq!(
        accounts(acme.call("accounts", &[]).await.json()),
        [json!(companies.acme.owner.account)],
        "Acme sees its own"
    );
    assert_eq!(accounts(birch.call("accounts", &[]).await.json()), [json!(companies.birch.owner.account)]);
    let account = companies.birch.owner.account.to_string();
    let own = birch.call("conversations", &[("query[account]", &account)]).await;
    assert!(own.text.contains("birchonly") && !own.text.contains("acmeonly"), "{}", own.text);
}

#[tokio::test]
async fn a_foreign_id_is_answered_like_one_that_does_not_exist() {
    let companies = Companies::start().await;
    let [.., birch] = companies.callers().await;
    let (foreign, own) = (companies.acme.owner.account.to_string(), companies.birch.owner.account.to_string());
    let nowhere = "01900000-0000-7000-8000-000000000000";
    let Companies { conversation, event, person, .. } = &companies;
    let theirs = Ids { account: &foreign, conversation, event, person };
    let nobodys = Ids { account: nowhere, conversation: nowhere, event: nowhere, person: nowhere };
    for (function, _) in TABLE.into_iter().filter(|(_, expected)| expected[4] == NotFound) {
        // Their account, and where there is a thing within it: their thing under one's own account.
        let within = ["thread", "event", "replay", "erase_contact"].contains(&function);
        let both = [Some((theirs, nobodys)), within.then_some((theirs.under(&own), nobodys.under(&own)))];
        for (theirs, nobodys) in both.into_iter().flatten() {
            let theirs = birch.call(function, &form(function, theirs)).await;
            let nobodys = birch.call(function, &form(function, nobodys)).await;
            assert_eq!(theirs.json(), "NotFound", "{function}");
            assert_eq!(theirs.seen(), nobodys.seen(), "{function}");
        }
        for malformed in ["", "x", "' or 1=1 --", "../../etc"] {
            let ids = Ids { account: malformed, conversation: malformed, event: malformed, person: malformed };
            assert_eq!(birch.call(function, &form(function, ids)).await.json(), "NotFound", "{function} {malformed}");
        }
    }
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let companies = Companies::start().await;
    let [_, _, _, admin, _] = companies.callers().await;
    let origin = companies.app.url.clone();
    let foreign: [Form<'_>; 4] = [
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
    ];
    for headers in foreign {
        for (function, _) in TABLE {
            let form = form(function, Ids::default());
            let answer = admin.call_with(function, &form, headers).await;
            assert_eq!((answer.status.as_u16(), answer.cookie()), (403, None), "{function} {headers:?}");
        }
    }
    assert_eq!(admin.call("viewer", &[]).await.status, 200, "nobody was signed out");
    let own: [Form<'_>; 3] =
        [&[("Sec-Fetch-Site", "same-origin")], &[("Origin", &origin)], &[("Sec-Fetch-Site", "none")]];
    for headers in own {
        assert_eq!(admin.call_with("viewer", &[], headers).await.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn a_function_is_not_called_by_a_link() {
    let companies = Companies::start().await;
    let [_, _, _, admin, _] = companies.callers().await;
    for (function, _) in TABLE {
        let answer = admin.open(&format!("/api/{function}")).await;
        assert!(answer.status.is_client_error(), "{function}: {}", answer.status);
        assert_eq!(answer.cookie(), None);
    }
    assert_eq!(admin.call("viewer", &[]).await.status, 200, "the link to sign_out did nothing");
}
