//! Several accounts, and two companies, on one callback path.

use serde_json::{Value, json};
use server::ids::Owner;

use crate::app::{NewTestAccount, SECRET, TestAccount, TestApp};

const PATH: &str = "/api/webhooks/whatsapp/shared";
const OTHER_SECRET: &str = "another-secret-of-32-characters!";

/// Two accounts of Acme and one of Birch share a path and a secret; a second one of Birch has another secret.
struct Shared {
    app: TestApp,
    acme: [TestAccount; 2],
    birch: TestAccount,
    other: TestAccount,
}

impl Shared {
    async fn start() -> Self {
        Self::with("verified").await
    }

    async fn with(status: &'static str) -> Self {
        let app = TestApp::start().await;
        let new = |company, phone_number_id, waba_id, app_secret| NewTestAccount {
            company,
            name: "On the shared path",
            phone_number_id,
            waba_id,
            app_secret,
            callback_path: Some(PATH),
            status,
        };
        let acme = [
            app.add_account(new("Acme Travel", "1001", "9001", SECRET)).await,
            app.add_account(new("Acme Travel", "1002", "9001", SECRET)).await,
        ];
        let birch = app.add_account(new("Birch Hotels", "2001", "9002", SECRET)).await;
        let other = app.add_account(new("Birch Hotels", "3001", "9003", OTHER_SECRET)).await;
        Self { app, acme, birch, other }
    }

    /// Posts, signed with the secret of this account.
    async fn post(&self, signer: &TestAccount, entries: &[Value]) {
        let response = self.app.post(signer, body(entries)).await;
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
    }

    /// Whose the events are, and why the others are nobody's.
    async fn events(&self) -> Vec<Value> {
        let sql = "select company_id, account_id, state, unrouted_reason from whatsapp_webhook_event_logs
                   order by dedup_key collate \"C\"";
        self.app.rows(sql).await
    }
}

fn body(entries: &[Value]) -> Vec<u8> {
    json!({ "object": "whatsapp_business_account", "entry": entries }).to_string().into_bytes()
}

/// A text message for a number.
fn message(waba: &str, number: &str, text: &str) -> Value {
    json!({ "id": waba, "changes": [{ "field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": number },
        "contacts": [{ "profile": { "name": "Lena Ortiz" }, "wa_id": "16505551234" }],
        "messages": [{ "from": "16505551234", "id": format!("wamid.{text}"), "timestamp": "1763900000",
                       "type": "text", "text": { "body": text } }],
    } }] })
}

/// A change that names no number.
fn template_change(waba: &str) -> Value {
    json!({ "id": waba, "time": 1_763_900_000, "changes": [{ "field": "message_template_status_update", "value": {
        "event": "APPROVED", "message_template_id": 1, "message_template_name": "welcome",
        "message_template_language": "en",
    } }] })
}

fn routed(account: &TestAccount) -> Value {
    json!({ "company_id": account.owner.company, "account_id": account.owner.account, "state": "pending",
            "unrouted_reason": null })
}

fn unrouted(keeper: &TestAccount, reason: &str) -> Value {
    json!({ "company_id": keeper.owner.company, "account_id": null, "state": "unrouted", "unrouted_reason": reason })
}

#[tokio::test]
async fn the_number_says_whose_an_update_is() {
    let shared = Shared::start().await;
    let [first, second] = &shared.acme;
    shared.post(first, &[message("9001", "1001", "a")]).await;
    shared.post(first, &[message("9001", "1002", "b")]).await;
    shared.post(first, &[message("9002", "2001", "c")]).await;
    shared.post(&shared.other, &[message("9003", "3001", "d")]).await;
    // The number counts, and not the WABA beside it.
    shared.post(first, &[message("9001", "2001", "e")]).await;
    let birch = routed(&shared.birch);
    assert_eq!(shared.events().await, [routed(first), routed(second), birch.clone(), birch, routed(&shared.other)]);
}

#[tokio::test]
async fn without_a_number_the_waba_says_it() {
    let shared = Shared::start().await;
    shared.post(&shared.acme[0], &[template_change("9001")]).await;
    shared.post(&shared.acme[0], &[template_change("9002")]).await;
    assert_eq!(shared.events().await, [routed(&shared.acme[0]), routed(&shared.birch)]);
}

#[tokio::test]
async fn an_unknown_number_is_not_guessed_from_its_waba_or_its_spelling() {
    let shared = Shared::start().await;
    shared.app.execute("update whatsapp_accounts set display_phone_number = '15550783881'").await;
    shared.post(&shared.birch, &[message("9002", "777", "a")]).await;
    shared.post(&shared.other, &[message("9003", "777", "b")]).await;
    // The secret is shared by both companies: whose account is the oldest keeps it.
    let events = [unrouted(&shared.acme[0], "unknown_number"), unrouted(&shared.other, "unknown_number")];
    assert_eq!(shared.events().await, events);
}

#[tokio::test]
async fn an_update_for_a_company_that_did_not_sign_never_reaches_it() {
    let shared = Shared::start().await;
    let stolen = [message("9001", "1001", "a"), template_change("9001"), message("9003", "3001", "z")];
    shared.post(&shared.other, &stolen).await;
    shared.app.drain().await;
    let foreign = unrouted(&shared.other, "foreign_number");
    let mut own = routed(&shared.other);
    own["state"] = "processed".into();
    let mut events = shared.events().await;
    events.sort_by_key(|event| event["state"] == "processed");
    assert_eq!(events, [foreign.clone(), foreign, own]);
    for table in [
        "whatsapp_webhook_deliveries",
        "whatsapp_webhook_events",
        "event_queue",
        "event_outcomes",
        "contacts",
        "conversations",
        "messages",
    ] {
        let sql = format!("select count(*) from {table} where company_id = '{}'", shared.acme[0].owner.company);
        assert_eq!(shared.app.count(&sql).await, 0, "{table}");
    }
    assert_eq!(shared.app.count("select count(*) from messages").await, 1, "the signer's own did get through");
}

#[tokio::test]
async fn of_a_body_for_two_companies_each_keeps_its_own_bytes() {
    let shared = Shared::start().await;
    let [first, _] = &shared.acme;
    let entries = [
        message("9001", "1001", "acmefirst"),
        message("9002", "2001", "birchonly"),
        message("9001", "1002", "acmesecond"),
    ];
    let whole = body(&entries);
    shared.post(first, &entries).await;
    shared.app.drain().await;

    let kept = shared
        .app
        .rows(
            "select company_id, convert_from(body, 'UTF8') as body, encode(body_sha256, 'hex') as sha256, body_is_whole,
                    body_size
             from whatsapp_webhook_deliveries",
        )
        .await;
    assert_eq!(kept.len(), 2);
    for delivery in kept {
        let text = delivery["body"].as_str().unwrap();
        let is_acme = delivery["company_id"] == json!(first.owner.company);
        assert_eq!(text.contains("acmefirst") && text.contains("acmesecond"), is_acme, "{text}");
        assert_eq!(text.contains("birchonly"), !is_acme, "{text}");
        assert_eq!(delivery["sha256"], hex::encode(server::crypto::sha256(&whole)), "of the whole body");
        assert_eq!((&delivery["body_is_whole"], &delivery["body_size"]), (&json!(false), &json!(whole.len())));
    }
    let slices = "select convert_from(substring(d.body from e.body_offset + 1 for e.body_length), 'UTF8')::jsonb
                      #>> '{text,body}'
                  from whatsapp_webhook_event_logs e
                  join whatsapp_webhook_deliveries d on d.company_id = e.company_id and d.id = e.delivery_id
                  order by e.dedup_key collate \"C\"";
    assert_eq!(shared.app.texts(slices).await, ["acmefirst", "acmesecond", "birchonly"], "each event has its bytes");
    let messages = shared.app.rows("select company_id, account_id, body from messages order by body").await;
    let of = |account: &TestAccount, text: &str| {
        let Owner { company, account } = account.owner;
        json!({ "company_id": company, "account_id": account, "body": text })
    };
    assert_eq!(messages, [of(first, "acmefirst"), of(&shared.acme[1], "acmesecond"), of(&shared.birch, "birchonly")]);
}

#[tokio::test]
async fn the_same_number_in_two_companies_goes_to_whose_secret_signed() {
    let app = TestApp::start().await;
    let new = |company, app_secret| NewTestAccount {
        company,
        phone_number_id: "5005",
        waba_id: "9005",
        app_secret,
        callback_path: Some(PATH),
        ..NewTestAccount::default()
    };
    let acme = app.add_account(new("Acme Travel", SECRET)).await;
    let birch = app.add_account(new("Birch Hotels", OTHER_SECRET)).await;
    for (account, text) in [(&acme, "a"), (&birch, "b")] {
        assert_eq!(app.post(account, body(&[message("9005", "5005", text)])).await.status(), 200);
    }
    let owners = app.rows("select company_id, account_id from whatsapp_webhook_event_logs order by object_id").await;
    let owner =
        |account: &TestAccount| json!({ "company_id": account.owner.company, "account_id": account.owner.account });
    assert_eq!(owners, [owner(&acme), owner(&birch)]);
}

#[tokio::test]
async fn an_account_that_is_switched_off_gets_nothing_while_its_siblings_do() {
    let shared = Shared::start().await;
    let [first, second] = &shared.acme;
    let sql = "update whatsapp_webhook_configs set status = 'disabled' where account_id = ";
    shared.app.execute(&format!("{sql}'{}'", second.owner.account)).await;
    shared.app.wait_for_config().await;
    shared.post(first, &[message("9001", "1001", "a"), message("9001", "1002", "b")]).await;
    assert_eq!(shared.events().await, [routed(first), unrouted(first, "account_disabled")]);
}

#[tokio::test]
async fn a_challenge_verifies_the_one_whose_token_it_is() {
    let shared = Shared::with("unverified").await;
    let all = [&shared.acme[0], &shared.acme[1], &shared.birch, &shared.other];
    for (number, account) in all.iter().enumerate() {
        let query = format!("hub.mode=subscribe&hub.challenge={number}&hub.verify_token={}", account.verify_token);
        let response = shared.app.client.get(format!("{}{PATH}?{query}", shared.app.url)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.text().await.unwrap(), number.to_string());
        let verified = format!(
            "select account_id::text from whatsapp_webhook_configs
             where status = 'verified' and callback_path = '{PATH}' order by account_id"
        );
        let expected: Vec<String> = all[..=number].iter().map(|account| account.owner.account.to_string()).collect();
        assert_eq!(shared.app.texts(&verified).await, expected);
    }
    let wrong = format!("{}{PATH}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong", shared.app.url);
    assert_eq!(shared.app.client.get(wrong).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn until_one_is_verified_its_secret_does_not_sign_even_for_a_verified_sibling() {
    let shared = Shared::start().await;
    let sql = "update whatsapp_webhook_configs set status = 'unverified' where account_id = ";
    shared.app.execute(&format!("{sql}'{}'", shared.other.owner.account)).await;
    shared.app.wait_for_config().await;
    let refused = shared.app.post(&shared.other, body(&[message("9003", "3001", "a")])).await;
    assert_eq!(refused.status(), 403);
    shared.post(&shared.birch, &[message("9002", "2001", "b")]).await;
}

#[tokio::test]
async fn a_refusal_is_kept_once_for_each_company_on_the_path() {
    let shared = Shared::start().await;
    assert_eq!(shared.app.unsigned(PATH, "x").send().await.unwrap().status(), 403);
    shared.app.wait_for_rejections(2).await;
    let mut rows = shared.app.rows("select company_id, account_id, reason from whatsapp_webhook_rejections").await;
    rows.sort_by_key(|row| row["company_id"] == json!(shared.birch.owner.company));
    let row = |account: &TestAccount| {
        let company = account.owner.company;
        json!({ "company_id": company, "account_id": null, "reason": "missing_signature" })
    };
    assert_eq!(rows, [row(&shared.acme[0]), row(&shared.birch)]);
}
