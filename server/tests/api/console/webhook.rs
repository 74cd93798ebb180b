//! The Webhook tab: set up, change, rotate, switch off and on, each in force at the door within a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use app::contract::Role;
use serde_json::{Value, json};
use server::clock::Clock;
use server::ids::{AccountId, Owner};
use time::OffsetDateTime;

use crate::app::{NUMBER, NewTestAccount, Options, SECRET, TestApp, body, signature, status, text_message, value};
use crate::browser::{Answer, Browser, Form};

const ANN: &str = "ann@acme.travel";
const NEW_SECRET: &str = "secretcanary4711secretcanary4711";
const OWN_TOKEN: &str = "tokencanary4711tokencanary4711";
const MOVED: &str = "/api/webhooks/whatsapp/moved";

/// An admin before the tab of an account.
struct Tab {
    app: TestApp,
    admin: Browser,
    account: String,
}

impl Tab {
    /// Of the account that every test has: verified.
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let app = TestApp::with(options).await;
        app.add_user(app.account.owner.company, ANN, Role::Admin).await;
        let admin = Browser::signed_in(&app, ANN).await;
        let account = app.account.owner.account.to_string();
        Self { app, admin, account }
    }

    /// Of an account whose webhook was never set up.
    async fn bare() -> Self {
        let tab = Self::start().await;
        let owner = Owner { account: AccountId::new(), ..tab.app.account.owner };
        tab.app
            .execute(&format!(
                "insert into whatsapp_accounts (company_id, id, name, waba_id, phone_number_id)
                 values ('{}', '{}', 'New line', '3003', '2002')",
                owner.company, owner.account
            ))
            .await;
        Self { account: owner.account.to_string(), ..tab }
    }

    /// Of an account that Meta has not yet asked about.
    async fn unverified() -> Self {
        let tab = Self::start().await;
        let new = NewTestAccount { phone_number_id: "2002", status: "unverified", ..NewTestAccount::default() };
        let account = tab.app.add_account(new).await.owner.account.to_string();
        Self { account, ..tab }
    }

    async fn call(&self, function: &str, fields: Form<'_>) -> Answer {
        let account = [("form[account]", self.account.as_str())];
        self.admin.call(function, &[&account, fields].concat()).await
    }

    /// Does something, and waits until it must be in force at the door.
    async fn done(&self, function: &str, fields: Form<'_>) -> Value {
        let answer = self.call(function, fields).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.app.wait_for_config().await;
        answer.json()
    }

    /// The field that was named when something was refused.
    async fn refused(&self, function: &str, fields: Form<'_>) -> Value {
        let answer = self.call(function, fields).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        answer.json()["Invalid"]["field"].clone()
    }

    async fn enable(&self, enabled: bool) {
        self.done("set_enabled", &[("form[enabled]", if enabled { "true" } else { "false" })]).await;
    }

    async fn page(&self) -> Value {
        let answer = self.admin.call("webhook", &[("account", &self.account)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn status(&self) -> Value {
        self.page().await["config"]["status"].clone()
    }

    async fn path(&self) -> String {
        self.page().await["config"]["callback_path"].as_str().unwrap().to_owned()
    }

    /// What the door answers to Meta's question.
    async fn challenge(&self, path: &str, token: &str) -> u16 {
        let url = format!("{}{path}?hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}", self.app.url);
        self.app.client.get(url).send().await.unwrap().status().as_u16()
    }

    /// What the door answers to a signed POST.
    async fn post(&self, path: &str, secret: &str) -> u16 {
        let body = text_message("wamid.1", "16505551234", "Hello");
        let request = self.app.unsigned(path, body.clone()).header("X-Hub-Signature-256", signature(secret, &body));
        request.send().await.unwrap().status().as_u16()
    }

    /// What was done to the webhook in the console, in that order.
    async fn audit(&self) -> Vec<Value> {
        let sql = "select action, actor_name, subject_id, details from audit_log
                   where actor_kind = 'user' and action like 'webhook.%' order by id";
        self.app.rows(sql).await
    }
}

#[tokio::test]
async fn what_is_set_up_verifies_with_its_token_and_takes_what_its_secret_signs() {
    let tab = Tab::bare().await;
    let before = tab.page().await;
    assert_eq!((&before["config"], &before["account"]["webhook"]), (&Value::Null, &json!("missing")));

    let issued = tab.done("save_webhook", &[("form[app_secret]", &format!("  {NEW_SECRET} \n"))]).await;
    let token = issued["verify_token"].as_str().unwrap();
    let page = tab.page().await;
    let path = tab.path().await;
    assert_eq!(page["config"]["status"], "unverified");
    assert_eq!(page["config"]["last_verified_at"], Value::Null);
    assert_eq!(page["config"]["callback_url"], format!("{}{path}", tab.app.url));
    for set in ["status_since", "verify_token_set", "app_secret_set"] {
        assert_eq!(page["config"][set]["by"], "Somebody", "{set}");
    }
    assert_eq!(tab.post(&path, NEW_SECRET).await, 403, "not before Meta has asked");
    assert_eq!(tab.challenge(&path, "wrong-token-of-nobody").await, 403);
    assert_eq!(tab.challenge(&path, token).await, 200);
    tab.app.wait_for_config().await;
    assert_eq!(tab.post(&path, NEW_SECRET).await, 200);
    let page = tab.page().await;
    let stands = &page["config"];
    assert_eq!((&stands["status"], &stands["status_since"]["by"]), (&json!("verified"), &json!("Meta")));
    assert!(page["config"]["last_verified_at"].is_i64());

    let again = tab.done("save_webhook", &[("form[app_secret]", NEW_SECRET)]).await;
    assert_eq!(again, Value::Null, "the token is given once");
}

#[tokio::test]
async fn the_first_time_a_secret_is_asked_for() {
    let tab = Tab::bare().await;
    assert_eq!(tab.refused("save_webhook", &[]).await, "app_secret");
    assert_eq!(tab.refused("save_webhook", &[("form[app_secret]", &"x".repeat(31))]).await, "app_secret");
    let elsewhere = [("form[app_secret]", NEW_SECRET), ("form[callback_path]", "/accounts")];
    assert_eq!(tab.refused("save_webhook", &elsewhere).await, "callback_path");
    let short = [("form[app_secret]", NEW_SECRET), ("form[verify_token]", "  fifteen-letters  ")];
    assert_eq!(tab.refused("save_webhook", &short).await, "verify_token");
    assert_eq!(tab.refused("rotate_token", &[]).await, "account", "there is nothing to rotate");
    assert_eq!(tab.page().await["config"], Value::Null);
    assert_eq!(tab.audit().await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_the_command_line_made_says_so_until_somebody_else_is_known() {
    let tab = Tab::unverified().await;
    let by = |page: &Value| {
        ["status_since", "verify_token_set", "app_secret_set"].map(|set| page["config"][set]["by"].clone())
    };
    assert_eq!(by(&tab.page().await), ["the command line"; 3]);
    tab.done("rotate_token", &[]).await;
    assert_eq!(by(&tab.page().await), ["the command line", "Somebody", "the command line"]);

    let sql = "update whatsapp_webhook_configs set created_by = (select id from users limit 1),
                   status_changed_by = null, app_secret_set_by = null";
    tab.app.execute(sql).await;
    assert_eq!(by(&tab.page().await), [Value::Null, json!("Somebody"), Value::Null], "then nobody is named");
}

#[tokio::test]
async fn the_first_token_may_be_ones_own_and_later_ones_are_rotated() {
    let tab = Tab::bare().await;
    let token = format!("  {OWN_TOKEN} \n");
    let fields = [("form[app_secret]", NEW_SECRET), ("form[verify_token]", token.as_str())];
    assert_eq!(tab.done("save_webhook", &fields).await, json!({ "verify_token": OWN_TOKEN }), "trimmed, shown once");
    assert_eq!(tab.challenge(&tab.path().await, OWN_TOKEN).await, 200);
    assert_eq!(tab.page().await["config"]["own_path"], false);

    let another = [("form[callback_path]", MOVED), ("form[verify_token]", "another-token-of-mine")];
    assert_eq!(tab.refused("save_webhook", &another).await, "verify_token");
    assert_ne!(tab.path().await, MOVED, "all of it was refused");
    tab.done("save_webhook", &[("form[callback_path]", MOVED), ("form[verify_token]", " ")]).await;
    assert_eq!(tab.page().await["config"]["own_path"], true);
}

#[tokio::test]
async fn a_form_refused_on_the_page_that_shows_a_token_lands_on_the_tab() {
    let tab = Tab::bare().await;
    let page = format!("/accounts/{}/webhook", tab.account);
    let account = ("form[account]", tab.account.as_str());
    let shown = tab.admin.submit(&page, "save_webhook", &[account, ("form[app_secret]", NEW_SECRET)]).await;
    assert!(shown.status == 200 && shown.text.contains("will not be shown again"), "{}", shown.text);

    let too_short: [(&str, &str, &str); 2] = [
        ("rotate_token", "form[own]", "The verify token must"),
        ("save_webhook", "form[app_secret]", "The app secret must"),
    ];
    for maker in ["/api/save_webhook", "/api/rotate_token"] {
        for (function, field, words) in too_short {
            let form = [account, (field, "too short")];
            let refused = tab.admin.submit(maker, function, &form).await;
            let location = refused.headers["location"].to_str().unwrap();
            let expected = format!("{}{page}?__path=%2Fapi%2F{function}&__err=", tab.app.url);
            assert!(location.starts_with(&expected), "{location}");
            let landed = tab.admin.submit_and_follow(maker, function, &form).await;
            assert!(landed.status == 200 && landed.text.contains(words), "{}", landed.text);
        }
    }
    let theme = tab.admin.submit("/api/rotate_token", "theme", &[("theme", "dark")]).await;
    assert_eq!(theme.headers["location"], "/", "what is about no account leads to the start");
    let nobody = tab.admin.submit("/api/add_user", "add_user", &[("form[name]", ""), ("form[email]", "x")]).await;
    assert!(nobody.status == 200 && nobody.text.contains("Everybody of the company"), "{}", nobody.text);
}

#[tokio::test]
async fn another_path_has_to_be_verified_and_the_old_one_is_nobodys() {
    let tab = Tab::start().await;
    let old = tab.path().await;
    assert_eq!(tab.post(&old, SECRET).await, 200);
    assert_eq!(tab.done("save_webhook", &[("form[callback_path]", MOVED)]).await, Value::Null);
    assert_eq!((tab.status().await, tab.path().await), (json!("unverified"), MOVED.to_owned()));
    assert_eq!((tab.post(&old, SECRET).await, tab.post(MOVED, SECRET).await), (404, 403));
    assert_eq!(tab.challenge(MOVED, &tab.app.account.verify_token).await, 200);
    tab.app.wait_for_config().await;
    assert_eq!((tab.status().await, tab.post(MOVED, SECRET).await), (json!("verified"), 200));

    tab.done("save_webhook", &[("form[callback_path]", &format!(" {MOVED} "))]).await;
    assert_eq!(tab.status().await, "verified", "the same path is no change");
}

#[tokio::test]
async fn from_a_path_of_ones_own_there_is_a_way_back_to_one_that_is_made_here() {
    let tab = Tab::start().await;
    tab.done("save_webhook", &[("form[callback_path]", MOVED)]).await;
    assert_eq!(tab.page().await["config"]["own_path"], json!(true));
    // The field still holds the path of one's own.
    let form: Form<'_> = &[("form[callback_path]", MOVED), ("form[generated_path]", "true")];
    assert_eq!(tab.done("save_webhook", form).await, Value::Null);
    let made = tab.path().await;
    assert_eq!(tab.page().await["config"]["own_path"], json!(false), "{made}");
    assert_eq!((tab.status().await, tab.post(MOVED, SECRET).await), (json!("unverified"), 404));
    assert_eq!(tab.challenge(&made, &tab.app.account.verify_token).await, 200);
    tab.app.wait_for_config().await;
    assert_eq!(tab.post(&made, SECRET).await, 200);

    tab.done("save_webhook", form).await;
    assert_eq!((tab.path().await, tab.status().await), (made, json!("verified")), "sent twice, it is done once");
}

#[tokio::test]
async fn a_callback_url_that_meta_cannot_reach_is_told_from_one_that_it_can() {
    let tab = Tab::start().await;
    assert_eq!(tab.page().await["config"]["unfit"], json!("inside"), "the test's own server is on this machine");
    for (url, unfit) in [
        (format!("https://hooks.acme.travel{MOVED}"), Value::Null),
        (format!("https://waypost.local{MOVED}"), json!("inside")),
    ] {
        tab.done("save_webhook", &[("form[callback_path]", &url)]).await;
        assert_eq!(tab.page().await["config"]["unfit"], unfit, "{url}");
    }
}

#[tokio::test]
async fn a_path_may_be_given_as_a_full_url_and_the_door_is_on_its_path() {
    let tab = Tab::start().await;
    let url = format!("https://hooks.acme.travel{MOVED}");
    assert_eq!(tab.done("save_webhook", &[("form[callback_path]", &url)]).await, Value::Null);
    assert_eq!(tab.page().await["config"]["callback_url"], json!(url), "what Meta is to call");
    assert_eq!(tab.challenge(MOVED, &tab.app.account.verify_token).await, 200);
    tab.app.wait_for_config().await;
    assert_eq!((tab.status().await, tab.post(MOVED, SECRET).await), (json!("verified"), 200));
    assert_eq!(tab.post(MOVED, "x".repeat(32).as_str()).await, 403);
    tab.app.wait_for_rejections(1).await;
    let refused = tab.page().await["rejections"].clone();
    assert_eq!(refused[0]["reason"], "bad_signature", "{refused}");
}

#[tokio::test]
async fn what_breaks_a_rule_names_its_field_and_changes_nothing() {
    let tab = Tab::start().await;
    let before = tab.page().await["config"].clone();
    let long = format!("/api/webhooks/whatsapp/{}", "x".repeat(200));
    for path in ["/", "/accounts", "api/webhooks/whatsapp", "http://acme.travel/api/webhooks/whatsapp", &long] {
        assert_eq!(tab.refused("save_webhook", &[("form[callback_path]", path)]).await, "callback_path", "{path}");
    }
    for secret in ["short".to_owned(), format!("  {}  ", "x".repeat(31))] {
        let fields = [("form[app_secret]", secret.as_str()), ("form[callback_path]", MOVED)];
        assert_eq!(tab.refused("save_webhook", &fields).await, "app_secret", "{secret}");
    }
    for token in ["short".to_owned(), format!("  {}  ", "x".repeat(15))] {
        assert_eq!(tab.refused("rotate_token", &[("form[own]", &token)]).await, "verify_token", "{token}");
    }
    assert_eq!(tab.page().await["config"], before);
    assert_eq!(tab.audit().await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_old_secret_is_accepted_as_long_as_was_chosen() {
    let seconds = Arc::new(AtomicI64::new(0));
    let (start, passed) = (Clock::system().now(), Arc::clone(&seconds));
    let clock = Clock::from_fn(move || start + time::Duration::seconds(passed.load(Ordering::Relaxed)));
    let mut tab = Tab::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let path = tab.path().await;
    let mut old = SECRET.to_owned();
    for (overlap, lasts) in [("hour", 3_600), ("none", 0), ("day", 86_400)] {
        let new = format!("{overlap}-{}", "x".repeat(32));
        tab.done("save_webhook", &[("form[app_secret]", &new), ("form[overlap]", overlap)]).await;
        assert_eq!(tab.status().await, "verified", "{overlap}");
        assert_eq!(tab.post(&path, &new).await, 200, "{overlap}: the new one, at once");
        let until = tab.page().await["config"]["previous_secret_until"].clone();
        if lasts > 0 {
            assert_eq!(until, milliseconds(clock.now() + time::Duration::seconds(lasts)), "{overlap}");
            seconds.fetch_add(lasts - 1, Ordering::Relaxed);
            assert_eq!(tab.post(&path, &old).await, 200, "{overlap}: the old one, to the end");
            seconds.fetch_add(1, Ordering::Relaxed);
        } else {
            assert_eq!(until, Value::Null, "{overlap}");
        }
        assert_eq!(tab.post(&path, &old).await, 403, "{overlap}: the old one, no longer");
        assert_eq!(tab.post(&path, &new).await, 200, "{overlap}: the new one stays");
        old = new;
        // A day is longer than a session lives without use.
        tab.admin = Browser::signed_in(&tab.app, ANN).await;
    }
}

fn milliseconds(at: OffsetDateTime) -> Value {
    json!(i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap())
}

#[tokio::test]
async fn a_new_token_takes_the_place_of_the_old_one_and_the_webhook_stays_verified() {
    let tab = Tab::start().await;
    let (path, first) = (tab.path().await, tab.app.account.verify_token.clone());
    let second = tab.done("rotate_token", &[]).await["verify_token"].as_str().unwrap().to_owned();
    assert_eq!(tab.status().await, "verified");
    assert_eq!((tab.challenge(&path, &first).await, tab.challenge(&path, &second).await), (403, 200));

    let own = tab.done("rotate_token", &[("form[own]", &format!("  {OWN_TOKEN} \n"))]).await;
    assert_eq!(own, json!({ "verify_token": OWN_TOKEN }));
    assert_eq!((tab.challenge(&path, &second).await, tab.challenge(&path, OWN_TOKEN).await), (403, 200));
    assert_eq!(tab.page().await["config"]["verify_token_set"]["by"], "Somebody");
}

#[tokio::test]
async fn what_is_switched_off_takes_nothing_and_is_not_changed() {
    let tab = Tab::start().await;
    let path = tab.path().await;
    tab.enable(false).await;
    assert_eq!((tab.status().await, tab.post(&path, SECRET).await), (json!("disabled"), 403));
    assert_eq!(tab.challenge(&path, &tab.app.account.verify_token).await, 403);
    assert_eq!(tab.refused("save_webhook", &[("form[callback_path]", MOVED)]).await, "account");
    assert_eq!(tab.refused("save_webhook", &[("form[app_secret]", NEW_SECRET)]).await, "account");
    assert_eq!(tab.refused("rotate_token", &[]).await, "account");
    assert_eq!((tab.status().await, tab.path().await), (json!("disabled"), path.clone()));
    tab.enable(true).await;
    assert_eq!((tab.status().await, tab.post(&path, SECRET).await), (json!("verified"), 200));
    assert_eq!(tab.page().await["config"]["status_since"]["by"], "Somebody");
}

#[tokio::test]
async fn switched_on_again_it_is_what_was_proven() {
    let tab = Tab::unverified().await;
    tab.enable(false).await;
    tab.enable(true).await;
    assert_eq!(tab.status().await, "unverified", "Meta has never asked");

    let tab = Tab::start().await;
    tab.done("save_webhook", &[("form[callback_path]", MOVED)]).await;
    tab.enable(false).await;
    tab.enable(true).await;
    assert_eq!(tab.status().await, "unverified", "Meta has asked, but not on this path");
    assert_eq!(tab.post(MOVED, SECRET).await, 403);
}

#[tokio::test]
async fn every_change_is_told_with_before_and_after_and_no_secret_is_kept_or_told() {
    let tab = Tab::start().await;
    let old = tab.path().await;
    let fields = [("form[app_secret]", NEW_SECRET), ("form[callback_path]", MOVED), ("form[overlap]", "hour")];
    tab.done("save_webhook", &fields).await;
    tab.done("rotate_token", &[("form[own]", OWN_TOKEN)]).await;
    let generated = tab.done("rotate_token", &[]).await["verify_token"].as_str().unwrap().to_owned();
    assert_eq!(tab.challenge(MOVED, &generated).await, 200);
    tab.enable(false).await;
    tab.enable(false).await;
    tab.enable(true).await;

    let entry = |action: &str, details: Value| json!({ "action": action, "actor_name": "Somebody", "subject_id": tab.account, "details": details });
    let until = "select to_char(previous_app_secret_expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')
                 from whatsapp_webhook_configs";
    let until = tab.app.texts(until).await.remove(0);
    let changed = json!({ "before": { "callback_path": old, "status": "verified" },
                          "after": { "callback_path": MOVED, "status": "unverified" },
                          "app_secret_replaced": true, "overlap": "1 hour", "old_one_counts_until": until });
    assert_eq!(
        tab.audit().await,
        [
            entry("webhook.changed", changed),
            entry("webhook.token_rotated", json!({ "chosen_by_hand": true })),
            entry("webhook.token_rotated", json!({ "chosen_by_hand": false })),
            entry("webhook.disabled", json!({ "before": "verified", "after": "disabled" })),
            entry("webhook.enabled", json!({ "before": "disabled", "after": "verified" })),
        ],
        "and nothing of what was so already"
    );
    let page = tab.page().await.to_string();
    for secret in [SECRET, NEW_SECRET, OWN_TOKEN, &generated] {
        assert_eq!(tab.app.tables_holding(secret).await, Vec::<String>::new());
        assert!(!page.contains(secret));
    }
    assert!(!page.contains("argon2"), "no hash either");
}

#[tokio::test]
async fn setting_up_is_told_too_and_keeps_its_secrets() {
    let tab = Tab::bare().await;
    let fields = [("form[app_secret]", NEW_SECRET), ("form[callback_path]", MOVED)];
    let token = tab.done("save_webhook", &fields).await["verify_token"].as_str().unwrap().to_owned();
    let told = tab.audit().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["action"], "webhook.set_up");
    assert_eq!(told[0]["details"], json!({ "after": { "callback_path": MOVED } }));
    for secret in [NEW_SECRET, &token] {
        assert_eq!(tab.app.tables_holding(secret).await, Vec::<String>::new());
        assert!(!tab.page().await.to_string().contains(secret));
    }
}

/// A message that came so many minutes ago, from somebody or, which nobody can process, from no one.
fn message(id: &str, minutes: i64, from: Option<&str>) -> Vec<u8> {
    let at = (Clock::system().now() - time::Duration::minutes(minutes)).unix_timestamp().to_string();
    let mut message = json!({ "id": id, "timestamp": at, "type": "text", "text": { "body": "Hello" } });
    if let Some(from) = from {
        message["from"] = json!(from);
    }
    body(&value(&json!({ "messages": [message] })))
}

#[tokio::test]
async fn the_page_counts_what_came_and_what_was_refused() {
    let tab = Tab::start().await;
    let app = &tab.app;
    let nothing = json!({ "last_event": null, "last_hour": 0, "last_day": 0, "waiting": 0, "dead": 0 });
    assert_eq!(tab.page().await["pulse"], nothing);
    app.take_in(message("a", 10, Some("16505551234"))).await;
    app.take_in(message("b", 120, Some("16505551234"))).await;
    app.take_in(message("c", 2 * 24 * 60, None)).await;
    app.accept(message("d", 30, Some("16505551234"))).await;
    app.execute("update whatsapp_webhook_events set received_at = event_ts where object_id in ('b', 'c')").await;

    let path = &app.account.callback_path;
    for secret in ["wrong", "wronger", "wrongest"] {
        assert_eq!(tab.post(path, secret).await, 403);
    }
    assert_eq!(app.unsigned(path, "{}").send().await.unwrap().status(), 403);
    assert_eq!(app.unsigned("/api/webhooks/whatsapp/nobody", "{}").send().await.unwrap().status(), 404);
    app.wait_for_rejections(5).await;
    app.execute(
        "update whatsapp_webhook_rejections set rejected_at = rejected_at - interval '25 hours'
         where id = (select id from whatsapp_webhook_rejections where reason = 'bad_signature' limit 1)",
    )
    .await;

    let page = tab.page().await;
    let pulse = &page["pulse"];
    assert_eq!((&pulse["last_hour"], &pulse["last_day"]), (&json!(2), &json!(3)));
    assert_eq!((&pulse["waiting"], &pulse["dead"]), (&json!(1), &json!(1)));
    let received = app.count("select (extract(epoch from received_at) * 1000)::bigint from whatsapp_webhook_event_logs where object_id = 'd'");
    let (last, title) = (pulse["last_event"][0].as_i64().unwrap(), &pulse["last_event"][1]);
    assert!((last - received.await).abs() <= 1 && title == "message · text", "{pulse}");
    let refused: Vec<_> = page["rejections"].as_array().unwrap().iter().map(|r| (&r["reason"], &r["count"])).collect();
    assert_eq!(refused, [(&json!("bad_signature"), &json!(2)), (&json!("missing_signature"), &json!(1))]);
    assert!(page["rejections"][0]["last_at"].as_i64().unwrap() <= page["now"].as_i64().unwrap());
    assert_eq!(page["account"]["phone_number_id"], NUMBER);
}

#[tokio::test]
async fn what_comes_late_moves_the_strip_and_what_another_number_gets_does_not() {
    let tab = Tab::start().await;
    let app = &tab.app;
    let pulse = async || {
        let pulse = tab.page().await["pulse"].clone();
        (pulse["last_hour"].clone(), pulse["last_day"].clone(), pulse["last_event"][1].clone())
    };
    app.accept(message("on-time", 0, Some("16505551234"))).await;
    assert_eq!(pulse().await, (json!(1), json!(1), json!("message · text")));
    // Meta repeats for days what it could not deliver.
    app.accept(status("long-ago", "sent")).await;
    assert_eq!(pulse().await, (json!(2), json!(2), json!("status · sent")));

    let other = NewTestAccount { phone_number_id: "2002", ..NewTestAccount::default() };
    let other = app.add_account(other).await.owner.account;
    app.accept(message("theirs", 3 * 24 * 60, Some("16505551234"))).await;
    app.execute(&format!(
        "update event_queue set account_id = '{other}'
         where events = array(select id from whatsapp_webhook_events where object_id = 'theirs');
         update whatsapp_webhook_events set account_id = '{other}' where object_id = 'theirs'"
    ))
    .await;
    assert_eq!(pulse().await, (json!(2), json!(2), json!("status · sent")));
}
