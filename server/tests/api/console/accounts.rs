//! Adding an account.

use app::contract::Role;
use serde_json::{Value, json};

use crate::app::{NUMBER, SECRET, TestApp};
use crate::browser::{Answer, Browser};

const ANN: &str = "ann@acme.travel";

async fn with(role: Role) -> (TestApp, Browser) {
    let app = TestApp::start().await;
    app.add_user(app.account.owner.company, ANN, role).await;
    let browser = Browser::signed_in(&app, ANN).await;
    (app, browser)
}

fn account<'a>(name: &'a str, number: &'a str, waba: &'a str, display: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("form[name]", name),
        ("form[phone_number_id]", number),
        ("form[waba_id]", waba),
        ("form[display_phone_number]", display),
    ]
}

async fn add(browser: &Browser, number: &str) -> Answer {
    browser.call("add_account", &account("Night desk", number, "3003", "")).await
}

/// The field that is to blame.
fn refused(answer: &Answer) -> Value {
    assert_eq!(answer.status, 422, "{answer:?}");
    answer.json()["Invalid"]["field"].clone()
}

async fn accounts(app: &TestApp) -> Vec<Value> {
    app.rows(
        "select company_id, name, phone_number_id, waba_id, display_phone_number from whatsapp_accounts order by id",
    )
    .await
}

#[tokio::test]
async fn what_an_admin_adds_is_there_and_its_webhook_can_be_set_up() {
    let (app, ann) = with(Role::Admin).await;
    let form = account("  Night desk ", " 2002\n", " 3003 ", " +1 (555) 078-3882 ");
    let answer = ann.call("add_account", &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let id = answer.json().as_str().unwrap().to_owned();

    let list = ann.call("accounts", &[]).await.json();
    let added = list["accounts"].as_array().unwrap().iter().find(|account| account["id"] == id.as_str()).unwrap();
    let expected = json!({ "id": id, "name": "Night desk", "display_phone_number": "+1 (555) 078-3882", "waba_id": "3003",
                           "phone_number_id": "2002", "webhook": "missing", "last_event_at": null });
    assert_eq!(added, &expected);

    let told = app
        .rows(
            "select action, actor_kind, actor_name, subject, subject_id, details from audit_log
                         where action = 'account.added' and actor_kind = 'user'",
        )
        .await;
    let details = json!({ "name": "Night desk", "waba_id": "3003", "phone_number_id": "2002" });
    assert_eq!(
        told,
        [json!({ "action": "account.added", "actor_kind": "user", "actor_name": "Somebody",
                              "subject": "account", "subject_id": id, "details": details })]
    );

    let set_up = ann.call("save_webhook", &[("form[account]", &id), ("form[app_secret]", SECRET)]).await;
    let token = set_up.json()["verify_token"].as_str().unwrap().to_owned();
    let path = ann.call("webhook", &[("account", &id)]).await.json()["config"]["callback_path"].clone();
    app.wait_for_config().await;
    let query = format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}");
    let url = format!("{}{}?{query}", app.url, path.as_str().unwrap());
    assert_eq!(app.client.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_account_is_said_at_the_field() {
    let (app, ann) = with(Role::Admin).await;
    let (before, long) = (accounts(&app).await, "x".repeat(121));
    for (field, form) in [
        ("name", account(" ", "2002", "3003", "")),
        ("name", account(&long, "2002", "3003", "")),
        ("phone_number_id", account("Night desk", "", "3003", "")),
        ("phone_number_id", account("Night desk", "+1 555", "3003", "")),
        ("phone_number_id", account("Night desk", NUMBER, "3003", "")),
        ("waba_id", account("Night desk", "2002", "30 03", "")),
        ("display_phone_number", account("Night desk", "2002", "3003", "ask Ana")),
    ] {
        assert_eq!(refused(&ann.call("add_account", &form).await), field, "{form:?}");
    }
    assert_eq!(accounts(&app).await, before);
    assert_eq!(app.count("select count(*) from audit_log where actor_kind = 'user'").await, 0);
}

#[tokio::test]
async fn of_two_accounts_added_at_once_with_one_number_one_is_there() {
    let (app, ann) = with(Role::Admin).await;
    for number in ["2001", "2002", "2003", "2004", "2005"] {
        let answers = tokio::join!(add(&ann, number), add(&ann, number));
        let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{answers:?}");
        let loser = if answers.0.status == 422 { &answers.0 } else { &answers.1 };
        assert_eq!(refused(loser), "phone_number_id");
    }
    assert_eq!(app.count("select count(*) from whatsapp_accounts").await, 6);
    assert_eq!(app.count("select count(*) from audit_log where actor_kind = 'user'").await, 5);
}

#[tokio::test]
async fn a_number_of_another_company_is_not_in_the_way() {
    let (app, ann) = with(Role::Admin).await;
    let birch = app.company("Birch Hotels").await;
    app.add_user(birch, "eve@birch.example", Role::Admin).await;
    let eve = Browser::signed_in(&app, "eve@birch.example").await;
    assert_eq!(add(&eve, NUMBER).await.status, 200);
    assert_eq!(refused(&add(&ann, NUMBER).await), "phone_number_id");
    let acme = app.account.owner.company;
    assert_eq!(app.count(&format!("select count(*) from whatsapp_accounts where company_id = '{acme}'")).await, 1);
}

#[tokio::test]
async fn only_admins_are_offered_the_form_and_only_they_may_use_it() {
    for role in [Role::Viewer, Role::Manager] {
        let (app, browser) = with(role).await;
        assert!(!browser.open("/").await.text.contains("/api/add_account"));
        let answer = add(&browser, "2002").await;
        assert_eq!((answer.status.as_u16(), answer.json()), (403, json!("Forbidden")), "{role:?}");
        assert_eq!(accounts(&app).await.len(), 1);
    }
    let (_app, ann) = with(Role::Admin).await;
    assert!(ann.open("/").await.text.contains("action=\"/api/add_account\""));
}

#[tokio::test]
async fn without_script_one_lands_where_the_webhook_is_set_up_or_is_told_why_not() {
    let (_app, ann) = with(Role::Admin).await;
    let page = ann.submit_and_follow("/", "add_account", &account("Night desk", "2002", "3003", "")).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Night desk") && page.text.contains("Set up the webhook"), "{}", page.text);
    let page = ann.submit("/", "add_account", &account("Again", "2002", "3003", "")).await;
    assert!(page.text.contains("An account with this phone number id is already there."), "{}", page.text);
    assert!(page.text.contains("<details open class=\"adding\""), "{}", page.text);
}

#[tokio::test]
async fn what_was_typed_stays_in_a_form_that_was_refused_and_is_in_no_address() {
    let (_app, ann) = with(Role::Admin).await;
    let form = account("Again \"><b>", NUMBER, "3003", "+1 555");
    // The second time from the page that answered the first one.
    for page in ["/", "/api/add_account"] {
        let answer = ann.submit(page, "add_account", &form).await;
        assert_eq!((answer.status.as_u16(), answer.headers.get("location")), (200, None));
        for kept in ["Again &quot;&gt;&lt;b&gt;", NUMBER, "3003", "+1 555"] {
            assert!(answer.text.contains(&format!("value=\"{kept}\"")), "{kept}: {}", answer.text);
        }
        assert!(answer.text.contains("aria-invalid=\"true\"") && !answer.text.contains("modulepreload"));
    }
    let right = ann.submit("/api/add_account", "add_account", &account("Night desk", "2002", "3003", "")).await;
    assert_eq!(right.status, 302);
    assert!(right.headers["location"].to_str().unwrap().ends_with("/webhook"), "{right:?}");
    assert!(!ann.open("/").await.text.contains("value=\"3003\""), "what was typed is in the answer alone");
}

#[tokio::test]
async fn who_may_not_add_an_account_or_asks_from_elsewhere_is_sent_back_as_before() {
    let refused = account("Again", NUMBER, "3003", "");
    for (role, page) in [(Role::Viewer, "/"), (Role::Admin, "/you")] {
        let (_app, browser) = with(role).await;
        let answer = browser.submit(page, "add_account", &refused).await;
        assert_eq!(answer.status, 302, "{answer:?}");
    }
}
