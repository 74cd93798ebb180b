//! Sending a test event: each kind comes in by the door and has its effect, and nobody forges anything by it.

use app::contract::{Role, TestKind};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::ids::{AccountId, Owner};

use crate::app::{NUMBER, NewTestAccount, SECRET, TestAccount, TestApp, WABA, signature};
use crate::browser::{Answer, Browser};

const MAX: &str = "max@acme.travel";
const OTHER_SECRET: &str = "another-secret-of-32-characters!";

/// A manager before the tab of the account that every test has.
struct Tab {
    app: TestApp,
    manager: Browser,
}

impl Tab {
    async fn start() -> Self {
        let app = TestApp::start().await;
        app.add_user(app.account.owner.company, MAX, Role::Manager).await;
        let manager = Browser::signed_in(&app, MAX).await;
        Self { app, manager }
    }

    async fn ask(&self, account: &str, kind: &str) -> Answer {
        self.manager.call("send_test", &[("form[account]", account), ("form[kind]", kind)]).await
    }

    /// Sends, and gives the events' ids.
    async fn send(&self, kind: &str) -> Vec<String> {
        let account = self.app.account.owner.account.to_string();
        let answer = self.ask(&account, kind).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["account"], account);
        serde_json::from_value(answer.json()["events"].clone()).unwrap()
    }

    /// The sentence with which it is refused. Nothing is stored, and the door was not even asked.
    async fn refused(&self, account: &str) -> String {
        let answer = self.ask(account, "text").await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert_eq!(answer.json()["Invalid"]["field"], "account");
        self.nothing_is_stored().await;
        answer.json()["Invalid"]["message"].as_str().unwrap().to_owned()
    }

    async fn nothing_is_stored(&self) {
        assert_eq!(self.app.count("select count(*) from whatsapp_webhook_deliveries").await, 0);
        assert_eq!(self.app.count("select count(*) from audit_log where action = 'webhook.test_sent'").await, 0);
    }

    /// What the events were taken for, in this order, and whether they have had their effect.
    async fn became(&self, events: &[String]) -> Vec<(String, bool)> {
        let mut became = Vec::new();
        for event in events {
            let sql = format!(
                "select event_type || ' ' || event_subtype as what, processed from whatsapp_webhook_event_logs
                 where id = '{event}' and account_id = '{}' and last_error is null",
                self.app.account.owner.account
            );
            let row = self.app.rows(&sql).await.remove(0);
            became.push((row["what"].as_str().unwrap().to_owned(), row["processed"].as_bool().unwrap()));
        }
        became
    }

    async fn page(&self, browser: &Browser) -> String {
        browser.open(&format!("/accounts/{}/webhook", self.app.account.owner.account)).await.text
    }
}

#[tokio::test]
async fn every_kind_comes_in_by_the_door_and_has_its_effect() {
    let tab = Tab::start().await;
    let expected: [(&str, &[&str]); 11] = [
        ("text", &["message text"]),
        ("image", &["message image"]),
        ("location", &["message location"]),
        ("reaction", &["message reaction", "message text"]),
        ("sent", &["status sent", "echo text"]),
        ("delivered", &["status delivered", "echo text"]),
        ("read", &["status read", "echo text"]),
        ("failed", &["status failed", "echo text"]),
        ("call", &["call connect"]),
        ("template_status", &["change message_template_status_update"]),
        ("batch", &["message text", "message image", "message location"]),
    ];
    assert_eq!(expected.map(|(kind, _)| kind), TestKind::ALL.map(|kind| kind.words().0), "no kind is left out");
    for (kind, became) in expected {
        let events = tab.send(kind).await;
        tab.app.drain().await;
        let became: Vec<_> = became.iter().map(|what| ((*what).to_owned(), true)).collect();
        assert_eq!(tab.became(&events).await, became, "{kind}");
    }
    let app = &tab.app;
    let people = app.texts("select profile_name from contacts").await;
    assert_eq!(people, ["Waypost test"], "all are from and to one person");
    assert_eq!(app.count("select count(*) from conversations").await, 1);
    assert_eq!(app.reasons().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_status_moves_the_message_that_came_with_it() {
    let tab = Tab::start().await;
    for kind in ["sent", "delivered", "read", "failed"] {
        let events = tab.send(kind).await;
        tab.app.drain().await;
        let sql = format!(
            "select m.status::text from messages m join whatsapp_webhook_event_logs e
                 on e.company_id = m.company_id and e.object_id = m.wamid
             where e.id = '{}' and m.body like '%test message%'",
            events[0]
        );
        assert_eq!(tab.app.texts(&sql).await, [kind]);
    }
}

#[tokio::test]
async fn it_is_signed_like_metas_own_and_says_that_it_is_not_metas() {
    let tab = Tab::start().await;
    let events = tab.send("text").await;
    let sql = "select convert_from(body, 'utf8') as body, signature, signed_with, headers, callback_path
               from whatsapp_webhook_deliveries";
    let delivery = tab.app.rows(sql).await.remove(0);
    let body = delivery["body"].as_str().unwrap();
    assert_eq!(delivery["signature"], signature(SECRET, body.as_bytes()));
    assert_eq!(
        (&delivery["signed_with"], &delivery["headers"]["user-agent"]),
        (&json!("current"), &json!("Waypost test"))
    );
    assert_eq!(delivery["callback_path"], tab.app.account.callback_path);
    let body: Value = serde_json::from_str(body).unwrap();
    let value = &body["entry"][0]["changes"][0]["value"];
    assert_eq!((&body["entry"][0]["id"], &value["metadata"]["phone_number_id"]), (&json!(WABA), &json!(NUMBER)));
    assert_eq!(value["metadata"]["display_phone_number"], "15550783881");

    let told = tab.app.rows("select * from audit_log where action = 'webhook.test_sent'").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["details"], json!({ "kind": "text", "events": events }));
    assert_eq!(told[0]["subject_id"], json!(tab.app.account.owner.account));
    assert_eq!(tab.app.tables_holding(SECRET).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_second_one_is_another_one() {
    let tab = Tab::start().await;
    let (first, second) = (tab.send("text").await, tab.send("text").await);
    assert_ne!(first, second);
    tab.app.drain().await;
    assert_eq!(tab.app.count("select count(*) from messages").await, 2);
    assert_eq!(tab.app.count("select sum(seen_count)::bigint from whatsapp_webhook_deliveries").await, 2);
}

#[tokio::test]
async fn where_the_door_is_shut_the_reason_is_said_and_nothing_is_sent() {
    let tab = Tab::start().await;
    let owner = Owner { account: AccountId::new(), ..tab.app.account.owner };
    let bare = format!(
        "insert into whatsapp_accounts (company_id, id, name, waba_id, phone_number_id)
         values ('{}', '{}', 'New line', '3003', '2002')",
        owner.company, owner.account
    );
    tab.app.execute(&bare).await;
    assert!(tab.refused(&owner.account.to_string()).await.contains("not set up"));
    let account = tab.app.account.owner.account.to_string();
    for (status, says) in [("unverified", "not verified"), ("disabled", "switched off")] {
        tab.app.execute(&format!("update whatsapp_webhook_configs set status = '{status}'")).await;
        assert!(tab.refused(&account).await.contains(says), "{status}");
        let page = tab.page(&tab.manager).await;
        assert!(page.contains(says) && !page.contains("/api/send_test"), "{status}: {page}");
    }
    assert_eq!(tab.app.reasons().await, Vec::<String>::new(), "the door was not asked");
}

#[tokio::test]
async fn without_the_right_secret_there_is_no_test_event() {
    let tab = Tab::start().await;
    let account = tab.app.account.owner.account.to_string();
    let seal = async |owner: Owner, secret: &str| {
        let sealed = tab.app.keys.seal(owner, &SecretString::from(secret)).unwrap();
        let sql = "update whatsapp_webhook_configs set app_secret_sealed = $1";
        sqlx::query(sql).bind(sealed).execute(&tab.app.pool).await.unwrap();
    };
    // The door keeps the secret it knows; the console finds another one to sign with.
    tab.app.execute("alter table whatsapp_webhook_configs disable trigger user").await;
    seal(tab.app.account.owner, OTHER_SECRET).await;
    let answer = tab.ask(&account, "text").await;
    assert_eq!(answer.status, 422, "{answer:?}");
    tab.nothing_is_stored().await;
    tab.app.wait_for_rejections(1).await;
    assert_eq!(tab.app.reasons().await, ["bad_signature"], "it was the real door");
    // A secret that is sealed for somebody else cannot be opened here.
    seal(Owner { account: AccountId::new(), ..tab.app.account.owner }, SECRET).await;
    assert_eq!(tab.ask(&account, "text").await.status, 503);
    tab.nothing_is_stored().await;
    // Control: with the right one it goes through.
    seal(tab.app.account.owner, SECRET).await;
    assert_eq!(tab.send("text").await.len(), 1);
}

#[tokio::test]
async fn nothing_reaches_another_company() {
    let tab = Tab::start().await;
    let path = "/api/webhooks/whatsapp/shared";
    let twin = NewTestAccount { company: "Birch Hotels", callback_path: Some(path), ..NewTestAccount::default() };
    let twin: TestAccount = tab.app.add_account(twin).await;
    assert_eq!(tab.ask(&twin.owner.account.to_string(), "text").await.status, 404, "a foreign account is none");
    tab.nothing_is_stored().await;

    // Same number and same secret, but not the same path: the other company is not among the signers.
    assert_eq!(tab.send("text").await.len(), 1);
    let stored =
        format!("select count(*) from whatsapp_webhook_deliveries where company_id = '{}'", twin.owner.company);
    assert_eq!(tab.app.count(&stored).await, 0);

    // On one path with it, whoever signs signs for both, and the older account gets what comes.
    tab.app.execute(&format!("update whatsapp_webhook_configs set callback_path = '{path}'")).await;
    tab.app.wait_for_config().await;
    let all = "select count(*) from whatsapp_webhook_event_logs";
    let before = tab.app.count(all).await;
    tab.app.add_user(twin.owner.company, "bea@birch.example", Role::Admin).await;
    let bea = Browser::signed_in(&tab.app, "bea@birch.example").await;
    let account = twin.owner.account.to_string();
    let answer = bea.call("send_test", &[("form[account]", &account), ("form[kind]", "text")]).await;
    assert!(answer.json()["Invalid"]["message"].as_str().unwrap().contains("Another company"), "{answer:?}");
    assert_eq!(tab.app.count(all).await, before);
    assert_eq!(tab.send("text").await.len(), 1, "the older one reaches itself");
    assert_eq!(tab.app.count(&stored).await, 0);
}

#[tokio::test]
async fn a_plain_form_leads_to_the_event() {
    let tab = Tab::start().await;
    assert!(tab.page(&tab.manager).await.contains("action=\"/api/send_test\""));
    let account = tab.app.account.owner.account.to_string();
    let form = [("form[account]", account.as_str()), ("form[kind]", "reaction")];
    let request = tab.app.client.post(format!("{}/api/send_test", tab.app.url)).form(&form);
    let request = request.header("Accept", "text/html").header("Cookie", tab.manager.cookie.clone().unwrap());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let event =
        tab.app.texts("select id::text from whatsapp_webhook_event_logs where event_subtype = 'reaction'").await;
    let page = format!("/accounts/{account}/webhook/events/{}", event[0]);
    assert_eq!(answer.headers()["location"].to_str().unwrap(), page);
    assert!(tab.manager.open(&page).await.text.contains("Waypost test"));
}

#[tokio::test]
async fn who_may_not_send_is_not_offered_it() {
    let tab = Tab::start().await;
    tab.app.add_user(tab.app.account.owner.company, "vera@acme.travel", Role::Viewer).await;
    let viewer = Browser::signed_in(&tab.app, "vera@acme.travel").await;
    assert!(!tab.page(&viewer).await.contains("/api/send_test"));
    let account = tab.app.account.owner.account.to_string();
    let answer = viewer.call("send_test", &[("form[account]", &account), ("form[kind]", "text")]).await;
    assert_eq!(answer.json(), "Forbidden");
    tab.nothing_is_stored().await;
}

#[tokio::test]
async fn an_unknown_kind_is_refused() {
    let tab = Tab::start().await;
    let account = tab.app.account.owner.account.to_string();
    assert!(!tab.ask(&account, "password_reset").await.status.is_success());
    tab.nothing_is_stored().await;
}
