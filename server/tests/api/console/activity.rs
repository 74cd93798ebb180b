//! The Activity tab: who changed what and when, with before and after, and what the workers did apart from it.

use app::contract::Role;
use serde_json::{Value, json};
use server::clock::Clock;
use server::ids::UserId;
use server::retention::{Retention, RetentionSettings};
use server::users;
use tokio_util::sync::CancellationToken;

use crate::app::{NewTestAccount, PASSWORD, SECRET, TestAccount, TestApp, text_message};
use crate::browser::{Answer, Browser, Form};

const ANN: &str = "ann@acme.travel";
const MARCO: &str = "marco@acme.travel";
const NEW_SECRET: &str = "secretcanary4711secretcanary4711";
const OWN_TOKEN: &str = "tokencanary4711tokencanary4711";
const MOVED: &str = "/api/webhooks/whatsapp/moved";

/// Ann, who may do everything, and Marco, who may switch and replay, before the tab of an account.
struct Tab {
    app: TestApp,
    ann: Browser,
    marco: Browser,
    ann_id: UserId,
    account: String,
}

impl Tab {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let ann_id = add_user(&app, "Ann Lee", ANN, Role::Admin).await;
        add_user(&app, "Marco Bianchi", MARCO, Role::Manager).await;
        let (ann, marco) = (Browser::signed_in(&app, ANN).await, Browser::signed_in(&app, MARCO).await);
        let account = app.account.owner.account.to_string();
        Self { app, ann, marco, ann_id, account }
    }

    /// Another account of the same company.
    async fn second(&self) -> TestAccount {
        let new = NewTestAccount { name: "Booking desk", phone_number_id: "2002", ..NewTestAccount::default() };
        self.app.add_account(new).await
    }

    async fn change(&self, browser: &Browser, function: &str, fields: Form<'_>) -> Value {
        let account = [("form[account]", self.account.as_str())];
        let answer = browser.call(function, &[&account, fields].concat()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn ask(&self, browser: &Browser, account: &str, fields: Form<'_>) -> Answer {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (format!("query[{name}]"), *value)).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        browser.call("activity", &[&[("query[account]", account)], fields.as_slice()].concat()).await
    }

    async fn page_of(&self, account: &str, fields: Form<'_>) -> Value {
        let answer = self.ask(&self.ann, account, fields).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn page(&self, fields: Form<'_>) -> Value {
        self.page_of(&self.account, fields).await
    }

    /// What was done, newest first, as `somebody did it | field: before → after | …`.
    async fn told(&self, fields: Form<'_>) -> Vec<String> {
        sentences(&self.page(fields).await)
    }

    /// Puts entries into the log, numbered in their order, several in one second.
    async fn fill(&self, count: i64) {
        let owner = self.app.account.owner;
        self.app
            .execute(&format!(
                "insert into audit_log (company_id, id, at, actor_kind, actor_name, action, subject, subject_id, outcome, details)
                 select '{}', gen_random_uuid(), '2026-01-01Z'::timestamptz + n / 7 * interval '1 second', 'meta', 'Meta',
                        'door.painted', 'account', '{}', 'done', jsonb_build_object('number', n)
                 from generate_series(0, {count} - 1) n",
                owner.company, owner.account
            ))
            .await;
    }

    /// Until when the app secret before the last one counts, as a sentence says it.
    async fn expiry(&self) -> String {
        let sql = "select to_char(previous_app_secret_expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')
                   from whatsapp_webhook_configs";
        self.app.texts(sql).await.remove(0)
    }

    /// Meta asks whether the webhook is the right one.
    async fn verify(&self, token: &str, path: &str) {
        self.app.wait_for_config().await;
        let url = format!("{}{path}?hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}", self.app.url);
        assert_eq!(self.app.client.get(url).send().await.unwrap().status(), 200);
    }

    /// A message comes in and is processed, and Marco has that done again.
    async fn replay(&self) -> String {
        self.app.take_in(text_message("wamid.1", "16505551234", "Hello")).await;
        let event = self.app.texts("select id::text from whatsapp_webhook_event_logs").await.remove(0);
        let fields = [("event[account]", self.account.as_str()), ("event[event]", event.as_str())];
        assert_eq!(self.marco.call("replay", &fields).await.status, 200);
        event
    }
}

async fn add_user(app: &TestApp, name: &str, email: &str, role: Role) -> UserId {
    let company = app.account.owner.company;
    users::add::add(&app.database, company, name, email, role, PASSWORD.into()).await.unwrap()
}

fn entries(page: &Value) -> &[Value] {
    page["entries"].as_array().unwrap()
}

fn sentences(page: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let change = |change: &Value| format!(" | {}: {}", text(&change[0]), text(&change[1]));
    let sentence = |entry: &Value| {
        let changes: String = entry["changes"].as_array().unwrap().iter().map(change).collect();
        format!("{} {}{changes}", text(&entry["actor"]), text(&entry["did"]))
    };
    entries(page).iter().map(sentence).collect()
}

fn numbers(page: &Value) -> Vec<i64> {
    entries(page).iter().map(|entry| entry["changes"][0][1].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn every_change_is_told_with_who_did_it_before_and_after_and_never_a_secret() {
    let tab = Tab::start().await;
    let old = tab.app.account.callback_path.clone();
    let changed = [("form[app_secret]", NEW_SECRET), ("form[callback_path]", MOVED), ("form[overlap]", "hour")];
    tab.change(&tab.ann, "save_webhook", &changed).await;
    tab.change(&tab.ann, "rotate_token", &[("form[own]", OWN_TOKEN)]).await;
    let made = tab.change(&tab.ann, "rotate_token", &[]).await["verify_token"].as_str().unwrap().to_owned();
    tab.verify(&made, MOVED).await;
    tab.change(&tab.marco, "set_enabled", &[("form[enabled]", "false")]).await;
    tab.change(&tab.marco, "set_enabled", &[("form[enabled]", "true")]).await;
    let until = tab.expiry().await;
    assert_eq!(
        tab.told(&[]).await,
        [
            "Marco Bianchi enabled the webhook | status: disabled → verified".to_owned(),
            "Marco Bianchi disabled the webhook | status: verified → disabled".to_owned(),
            "Meta verified the webhook | status: unverified → verified".to_owned(),
            "Ann Lee put a new verify token in place".to_owned(),
            "Ann Lee put a new verify token in place | chosen by hand: yes".to_owned(),
            format!(
                "Ann Lee changed the webhook | callback path: {old} → {MOVED} | status: verified → unverified \
                 | app secret replaced: yes | old one counts until: {until} | overlap: 1 hour"
            ),
            format!("Command line added a person | email: {MARCO} | role: manager"),
            format!("Command line added a person | email: {ANN} | role: admin"),
            format!("Command line added the account | callback path: {old} | name: Support line"),
        ]
    );
    let page = tab.page(&[]).await;
    let (now, times) =
        (page["now"].as_i64().unwrap(), entries(&page).iter().map(|entry| entry["at"].as_i64().unwrap()));
    assert!(times.clone().all(|at| (0..60_000).contains(&(now - at))), "each says when it was");
    assert!(times.rev().is_sorted(), "newest first");

    let html = tab.ann.open(&format!("/accounts/{}/activity", tab.account)).await;
    for secret in [SECRET, NEW_SECRET, OWN_TOKEN, made.as_str(), tab.app.account.verify_token.as_str(), "argon2"] {
        assert!(!page.to_string().contains(secret) && !html.text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn setting_up_is_told_too() {
    let tab = Tab::start().await;
    let owner = tab.app.account.owner;
    let account = server::ids::AccountId::new().to_string();
    tab.app
        .execute(&format!(
            "insert into whatsapp_accounts (company_id, id, name, waba_id, phone_number_id)
             values ('{}', '{account}', 'New line', '3003', '2002')",
            owner.company
        ))
        .await;
    let tab = Tab { account, ..tab };
    tab.change(&tab.ann, "save_webhook", &[("form[app_secret]", NEW_SECRET), ("form[callback_path]", MOVED)]).await;
    assert_eq!(tab.told(&[]).await[0], format!("Ann Lee set the webhook up | callback path: {MOVED}"));
}

#[tokio::test]
async fn a_new_secret_alone_is_told_with_its_overlap_and_changes_no_status() {
    let tab = Tab::start().await;
    tab.change(&tab.ann, "save_webhook", &[("form[app_secret]", NEW_SECRET), ("form[overlap]", "none")]).await;
    let none = "Ann Lee changed the webhook | app secret replaced: yes | overlap: none";
    assert_eq!(tab.told(&[]).await[0], none);
    tab.change(&tab.ann, "save_webhook", &[("form[app_secret]", SECRET), ("form[overlap]", "day")]).await;
    let until = tab.expiry().await;
    let day = "Ann Lee changed the webhook | app secret replaced: yes | old one counts until: ";
    assert_eq!(tab.told(&[]).await[0], format!("{day}{until} | overlap: 24 hours"));
}

#[tokio::test]
async fn a_test_event_is_told_with_links_to_what_it_became() {
    let tab = Tab::start().await;
    let sent = tab.change(&tab.ann, "send_test", &[("form[kind]", "text")]).await;
    let page = tab.page(&[]).await;
    assert_eq!(sentences(&page)[0], "Ann Lee sent a test event | kind: text");
    assert_eq!(entries(&page)[0]["events"], json!([["Event", sent["events"][0]]]));
}

#[tokio::test]
async fn what_retention_removed_is_told_of_it_and_apart_from_what_people_did() {
    let tab = Tab::start().await;
    tab.app.take_in(text_message("wamid.1", "16505551234", "Hello")).await;
    let settings = RetentionSettings::of_days(8);
    let now = Clock::system().now() + time::Duration::days(8) + time::Duration::seconds(1);
    let engine = tab.app.database.engine.clone();
    let retention = Retention { engine, clock: Clock::from_fn(move || now), settings };
    assert_eq!(retention.run_once(&CancellationToken::new()).await.unwrap().deliveries, 1);

    let removed = "Retention removed what is older than it is to be kept | deliveries: 1 | events: 1 \
                   | kept for days: 8 | rejections: 0";
    let second = tab.second().await.owner.account.to_string();
    for account in [&tab.account, &second] {
        let page = tab.page_of(account, &[("kind", "processing")]).await;
        assert_eq!(sentences(&page)[0], removed);
        assert_eq!((&entries(&page)[0]["company_wide"], &entries(&page)[0]["events"]), (&json!(true), &json!([])));
    }
    assert!(!tab.told(&[]).await.iter().any(|told| told.contains("Retention")), "not among what people did");

    tab.app.execute("update audit_log set actor_kind = 'command_line' where action = 'log.thinned'").await;
    assert_eq!(tab.told(&[]).await[0], removed, "as it was written once");
}

#[tokio::test]
async fn a_replay_is_told_with_the_event_it_was() {
    let tab = Tab::start().await;
    let event = tab.replay().await;
    let page = tab.page(&[]).await;
    assert_eq!(sentences(&page)[0], "Marco Bianchi had an event processed again | state: processed → pending");
    assert_eq!(entries(&page)[0]["events"], json!([["Event", event]]));
}

#[tokio::test]
async fn a_person_an_action_and_days_leave_the_others_out() {
    let tab = Tab::start().await;
    tab.change(&tab.marco, "set_enabled", &[("form[enabled]", "false")]).await;
    tab.change(&tab.ann, "set_enabled", &[("form[enabled]", "true")]).await;
    tab.verify(&tab.app.account.verify_token, &tab.app.account.callback_path).await;
    let (ann, disabled) = (tab.ann_id.to_string(), "webhook.disabled");
    let of_ann = [("person", ann.as_str())];
    assert_eq!(tab.told(&of_ann).await, ["Ann Lee enabled the webhook | status: disabled → verified"]);
    assert_eq!(tab.told(&[("person", "meta")]).await, ["Meta verified the webhook"], "it was verified before");
    assert_eq!(tab.told(&[("person", "command_line"), ("action", "user.added")]).await.len(), 2);
    assert_eq!(
        tab.told(&[("action", disabled)]).await,
        ["Marco Bianchi disabled the webhook | status: verified → disabled"]
    );
    assert_eq!(tab.told(&[of_ann[0], ("action", disabled)]).await, [""; 0]);
    assert_eq!(tab.told(&[("person", "01900000-0000-7000-8000-000000000000")]).await, [""; 0]);

    let day = |action: &str, at: &str| format!("update audit_log set at = '{at}' where action = '{action}'");
    tab.app.execute(&day(disabled, "2025-11-20 00:00Z")).await;
    tab.app.execute(&day("webhook.enabled", "2025-11-21 23:59:59Z")).await;
    let (first, last) = ("Marco Bianchi disabled the webhook", "Ann Lee enabled the webhook");
    let found = async |from: &str, to: &str| {
        let told = tab.told(&[("from", from), ("to", to), ("cursor", "")]).await;
        told.iter().map(|told| told.split(" | ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("2025-11-20", "2025-11-21").await, [last, first]);
    assert_eq!(found("2025-11-20", "2025-11-20").await, [first]);
    assert_eq!(found("", "2025-11-20").await, [first]);
    assert_eq!(found("2025-11-21", "2025-11-22").await, [last]);
    assert_eq!(found("2025-11-22", "2025-11-21").await, [""; 0]);
}

#[tokio::test]
async fn one_chooses_among_the_people_of_the_company_meta_and_the_command_line() {
    let tab = Tab::start().await;
    let page = tab.page(&[]).await;
    let names: Vec<&Value> = page["people"].as_array().unwrap().iter().map(|person| &person[1]).collect();
    assert_eq!(names, ["Ann Lee", "Marco Bianchi", "Meta", "Command line"]);
    assert_eq!(page["people"][0][0], tab.ann_id.to_string());
    let actions = page["actions"].as_array().unwrap();
    assert!(actions.contains(&json!(["webhook.token_rotated", "Verify token rotated"])), "{actions:?}");
}

#[tokio::test]
async fn a_long_log_comes_in_pages_without_gap_or_repetition() {
    let tab = Tab::start().await;
    tab.fill(100).await;
    let filter = [("person", "meta"), ("action", "door.painted"), ("from", "2026-01-01")];
    let mut pages = vec![tab.page(&filter).await];
    while let Some(cursor) = pages.last().unwrap()["next"].as_str() {
        assert!(pages.len() < 10, "there is no end");
        pages.push(tab.page(&[filter.as_slice(), &[("cursor", cursor)]].concat()).await);
    }
    let lengths: Vec<usize> = pages.iter().map(|page| entries(page).len()).collect();
    assert_eq!(lengths, [30, 30, 30, 10]);
    let mut all: Vec<i64> = pages.iter().flat_map(numbers).collect();
    assert!(all.iter().rev().map(|number| number / 7).is_sorted(), "newest first: {all:?}");
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<_>>(), "each exactly once");
    assert_eq!(sentences(&pages[3])[0].split(" | ").next(), Some("Meta door.painted"), "unknown, and shown as it is");
    assert!(pages[0]["actions"].as_array().unwrap().contains(&json!(["door.painted", "door.painted"])));
}

#[tokio::test]
async fn a_log_that_just_fits_leads_nowhere() {
    let tab = Tab::start().await;
    tab.fill(30).await;
    let page = tab.page(&[("person", "meta")]).await;
    assert_eq!((entries(&page).len(), &page["next"]), (30, &Value::Null));
}

#[tokio::test]
async fn what_the_workers_did_stands_apart_account_by_account() {
    let tab = Tab::start().await;
    let second = tab.second().await;
    for number in 0..3 {
        tab.app.accept(text_message(&format!("wamid.{number}"), "16505551234", "Hello")).await;
    }
    let theirs = String::from_utf8(text_message("wamid.9", "16505551234", "Hello")).unwrap();
    assert_eq!(tab.app.post(&second, theirs.replace(crate::app::NUMBER, "2002")).await.status(), 200);
    tab.app.drain().await;
    assert!(!tab.page(&[]).await.to_string().contains("processed"), "not among what people did");

    let processing = [("kind", "processing")];
    let page = tab.page(&processing).await;
    assert_eq!(sentences(&page), ["Worker test processed 3 events"]);
    let ids = "select id::text from whatsapp_webhook_event_logs where object_id in ('wamid.0', 'wamid.2') order by id";
    let ids = tab.app.texts(ids).await;
    assert_eq!(entries(&page)[0]["events"], json!([["First event", ids[0]], ["Last event", ids[1]]]));
    assert_eq!(entries(&page)[0]["company_wide"], false);
    let theirs = tab.page_of(&second.owner.account.to_string(), &processing).await;
    assert_eq!(sentences(&theirs), ["Worker test processed an event"]);
    assert_eq!(entries(&theirs)[0]["events"][0][0], "Event");
    assert_eq!(theirs["entries"].as_array().unwrap().len(), 1);

    tab.app.execute("update audit_log set at = '2025-11-20 12:00Z' where actor_kind = 'system'").await;
    assert_eq!(tab.told(&[processing[0], ("to", "2025-11-19")]).await, [""; 0]);
    assert_eq!(tab.told(&[processing[0], ("from", "2025-11-20"), ("to", "2025-11-20")]).await.len(), 1);
}

#[tokio::test]
async fn processing_has_pages_too() {
    let tab = Tab::start().await;
    tab.fill(70).await;
    tab.app
        .execute(
            "update audit_log set actor_kind = 'system',
                 subject_id = case when (details->>'number')::integer % 3 = 0 then null else subject_id end
             where action = 'door.painted'",
        )
        .await;
    let mut all = Vec::new();
    let mut cursor = String::new();
    for length in [30, 30, 10] {
        let page = tab.page(&[("kind", "processing"), ("cursor", &cursor)]).await;
        assert_eq!(entries(&page).len(), length);
        all.extend(numbers(&page));
        cursor = page["next"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(cursor, "", "the end");
    all.sort_unstable();
    assert_eq!(all, (0..70).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_concerns_the_company_is_told_with_each_account_and_nothing_else_of_another_is() {
    let tab = Tab::start().await;
    tab.change(&tab.ann, "rotate_token", &[]).await;
    tab.replay().await;
    let second = tab.second().await.owner.account.to_string();
    let page = tab.page_of(&second, &[]).await;
    let wide: Vec<(&Value, &Value)> =
        entries(&page).iter().map(|entry| (&entry["did"], &entry["company_wide"])).collect();
    let added = json!("added a person");
    assert_eq!(wide, [(&json!("added the account"), &json!(false)), (&added, &json!(true)), (&added, &json!(true))]);
    assert_eq!(tab.page(&[]).await["entries"][0]["company_wide"], false, "the replay is this account's own");
}

#[tokio::test]
async fn another_company_sees_nothing_of_it() {
    let tab = Tab::start().await;
    tab.change(&tab.ann, "save_webhook", &[("form[callback_path]", MOVED)]).await;
    tab.replay().await;
    let new = NewTestAccount { company: "Birch Hotels", phone_number_id: "2002", ..NewTestAccount::default() };
    let birch = tab.app.add_account(new).await;
    tab.app.add_user(birch.owner.company, "bo@birch.example", Role::Admin).await;
    let bo = Browser::signed_in(&tab.app, "bo@birch.example").await;
    for kind in ["people", "processing"] {
        assert_eq!(tab.ask(&bo, &tab.account, &[("kind", kind)]).await.json(), "NotFound");
        let own = tab.ask(&bo, &birch.owner.account.to_string(), &[("kind", kind)]).await;
        assert_eq!(own.status, 200, "{own:?}");
        for theirs in ["Ann", "Marco", ANN, MOVED, &tab.account] {
            assert!(!own.text.contains(theirs), "{theirs}: {}", own.text);
        }
    }
    let ann = tab.ann_id.to_string();
    let asked = tab.ask(&bo, &birch.owner.account.to_string(), &[("person", &ann)]).await;
    assert_eq!(asked.json()["entries"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_named() {
    let tab = Tab::start().await;
    for (field, text) in [
        ("person", "system"),
        ("person", "' or 1=1 --"),
        ("action", "webhook changed"),
        ("action", "\0"),
        ("from", "yesterday"),
        ("to", "9999-12-31"),
        ("cursor", "x"),
    ] {
        let answer = tab.ask(&tab.ann, &tab.account, &[(field, text)]).await;
        assert_eq!(answer.json()["Invalid"]["field"], field, "{text}");
    }
    let nothing = [("person", ""), ("action", " "), ("from", ""), ("to", " "), ("cursor", "")];
    assert_eq!(tab.told(&nothing).await.len(), 3, "empty fields ask for nothing special");
}

#[tokio::test]
async fn the_page_is_whole_without_scripts_and_keeps_what_was_chosen() {
    let tab = Tab::start().await;
    tab.change(&tab.marco, "set_enabled", &[("form[enabled]", "false")]).await;
    let address = format!("/accounts/{}/activity", tab.account);
    let html = tab.ann.open(&address).await;
    assert_eq!(html.status, 200);
    for words in ["Marco Bianchi", "disabled the webhook", "verified → disabled", "Whole company", "Everybody"] {
        assert!(html.text.contains(words), "{words}: {}", html.text);
    }
    let filtered = tab.ann.open(&format!("{address}?person=command_line&action=user.added&kind=")).await.text;
    assert!(filtered.contains("added a person") && !filtered.contains("disabled the webhook"), "{filtered}");
    for chosen in [r#"value="command_line" selected"#, r#"value="user.added" selected"#] {
        assert!(filtered.contains(chosen), "{chosen}: {filtered}");
    }
    let nothing = tab.ann.open(&format!("{address}?person=meta")).await.text;
    assert!(nothing.contains("Nothing found") && nothing.contains("Show all activity"), "{nothing}");
    let processing = tab.ann.open(&format!("{address}?kind=processing")).await.text;
    assert!(processing.contains("Nothing was processed yet") && !processing.contains("Everybody"), "{processing}");
    let nowhere = tab.ann.open("/accounts/01900000-0000-7000-8000-000000000000/activity").await;
    assert_eq!(nowhere.status, 404);
}
