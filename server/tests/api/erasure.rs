//! An admin erases a person: nothing of them is found anywhere, everybody else's data stays, and what Meta sends again
//! brings nothing back.

use std::collections::BTreeSet;
use std::time::Duration;

use app::contract::Role;
use serde_json::{Value, json};
use server::clock::Clock;
use server::retention::{Retention, RetentionSettings};
use sqlx::{Connection, PgConnection};
use tokio::sync::RwLock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::{NUMBER, NewTestAccount, Options, TestAccount, TestApp, body, envelope, text_message, value};
use crate::browser::Browser;

const LENA: &str = "16505551234";
const TOM: &str = "16505559876";

/// What Lena is found by: ids, names, words, and the ids of messages between her and the company.
const TRACES: [&str; 13] = [
    LENA,
    "+1 650-555-1234",
    "+1 (650) 555.1234",
    "Lena at home",
    "US.13491208655302741918",
    "lenawrites",
    "Lena Ortiz",
    "Secret garden",
    "Dear Lena",
    "lena.jpg",
    "wamid.lena",
    "Lena from the fair",
    "wamid.group.lena",
];

/// Everything of a database in which a text may stand: each text, JSON and byte column.
async fn columns(app: &TestApp) -> Vec<(String, String)> {
    let found = app
        .rows(
            "select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
             where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attnum > 0
               and not a.attisdropped and a.atttypid in ('text'::regtype, 'jsonb'::regtype, 'json'::regtype,
                   'bytea'::regtype, 'varchar'::regtype)
             order by 1, 2",
        )
        .await;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    found.iter().map(|row| (text(row, "table"), text(row, "column"))).collect()
}

/// Where these texts stand, as `table.column: text`, whether as text, in JSON or as bytes.
async fn traces(app: &TestApp, columns: &[(String, String)], texts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (table, column) in columns {
        for text in texts {
            let bytes = hex::encode(text);
            let sql = format!(
                "select count(*) from {table} where {column}::text like '%{text}%' or {column}::text like '%{bytes}%'"
            );
            if app.count(&sql).await > 0 {
                found.insert(format!("{table}.{column}: {text}"));
            }
        }
    }
    found
}

fn change(field: &str, members: &Value) -> Value {
    json!({ "field": field, "value": value(members) })
}

fn contact(wa_id: &str, name: &str) -> Value {
    let mut contact = json!({ "profile": { "name": name }, "wa_id": wa_id });
    if wa_id == LENA {
        contact["user_id"] = json!("US.13491208655302741918");
        contact["profile"]["username"] = json!("lenawrites");
    }
    contact
}

fn message(id: &str, from: &str, kind: &str, content: &Value) -> Value {
    let mut message = json!({ "id": id, "from": from, "timestamp": "1763900000", "type": kind });
    message[kind] = content.clone();
    message
}

/// All that Lena and the company had to do with each other.
fn of_lena() -> Vec<Vec<u8>> {
    let lena = json!([contact(LENA, "Lena Ortiz")]);
    let messages = |items: &Value| body(&value(&json!({ "contacts": lena, "messages": items })));
    let status = |id: &str, word: &str| {
        json!({ "id": id, "status": word, "timestamp": "1763900009", "recipient_id": LENA, "errors": [
            { "code": 131_026, "title": "Message undeliverable to Lena Ortiz" }] })
    };
    let echo = json!({ "from": "15550783881", "to": LENA, "id": "wamid.lena.echo", "timestamp": "1763900003",
                       "type": "text", "text": { "body": "Dear Lena" } });
    let known_as = |name: &str, number: &str, at: &str| {
        let entry = json!({ "type": "contact", "action": "add", "metadata": { "timestamp": at },
                            "contact": { "full_name": name, "phone_number": number } });
        envelope(&[change("smb_app_state_sync", &json!({ "state_sync": [entry] }))])
    };
    let unreadable =
        message("wamid.lena.spaced", "+1 (650) 555.1234", "text", &json!({ "body": "Secret garden \u{0}" }));
    let mut in_group = message("wamid.group.lena", LENA, "text", &json!({ "body": "Secret garden party" }));
    in_group["group_id"] = json!("GROUP1");
    vec![
        messages(&json!([
            message("wamid.lena.1", LENA, "text", &json!({ "body": "Secret garden" })),
            message("wamid.lena.2", LENA, "image", &json!({ "id": "1", "caption": "lena.jpg" })),
        ])),
        messages(&json!([message(
            "wamid.lena.3",
            LENA,
            "reaction",
            &json!({ "message_id": "wamid.lena.echo", "emoji": "x" })
        )])),
        messages(&json!([message("wamid.lena.nul", LENA, "text", &json!({ "body": "Secret garden \u{0}" }))])),
        messages(&json!([in_group])),
        envelope(&[change("message_echoes", &json!({ "message_echoes": [echo] }))]),
        body(&value(&json!({ "statuses": [status("wamid.lena.echo", "failed"), status("wamid.lena.sms", "sent")] }))),
        known_as("Lena from the fair", LENA, "1763900004"),
        // Numbers as people write them.
        known_as("Lena at home", "+1 650-555-1234", "1763900002"),
        body(&value(&json!({ "messages": [unreadable] }))),
    ]
}

/// A body in which Lena and Tom stand side by side, and one that is all Tom's but repeats an update of Lena's.
fn of_both() -> Vec<Vec<u8>> {
    let both = json!([contact(LENA, "Lena Ortiz"), contact(TOM, "Tom Hale")]);
    let lenas = message("wamid.lena.4", LENA, "text", &json!({ "body": "Secret garden, again" }));
    let toms = |id: &str, text: &str| message(id, TOM, "text", &json!({ "body": text }));
    let messages = |items: Value| body(&value(&json!({ "contacts": both, "messages": items })));
    vec![
        messages(json!([toms("wamid.tom.1", "Hello from Tom"), lenas, toms("wamid.tom.2", "Me again")])),
        messages(json!([lenas, toms("wamid.tom.3", "And again")])),
    ]
}

fn of_tom() -> Vec<u8> {
    String::from_utf8(text_message("wamid.tom.0", TOM, "Only Tom")).unwrap().replace("Lena Ortiz", "Tom Hale").into()
}

struct Stand {
    app: TestApp,
    birch: TestAccount,
    admin: Browser,
}

impl Stand {
    /// Two companies that both know Lena; the second is not to forget her.
    async fn start() -> Self {
        Self::on(TestApp::start().await).await
    }

    async fn on(app: TestApp) -> Self {
        let new = NewTestAccount { company: "Birch Hotels", phone_number_id: "2002", ..NewTestAccount::default() };
        let birch = app.add_account(new).await;
        app.add_user(app.account.owner.company, "ann@acme.travel", Role::Admin).await;
        let admin = Browser::signed_in(&app, "ann@acme.travel").await;
        for body in of_lena().into_iter().chain(of_both()).chain([of_tom()]) {
            app.take_in(body).await;
        }
        let theirs = String::from_utf8(text_message("wamid.birch.1", LENA, "Hello Birch")).unwrap();
        assert_eq!(app.post(&birch, theirs.replace(NUMBER, "2002")).await.status(), 200);
        app.drain().await;
        Self { app, birch, admin }
    }

    async fn conversation_with(&self, wa_id: &str) -> String {
        let company = self.app.account.owner.company;
        let sql = format!(
            "select c.id::text from conversations c join contact_identities i using (company_id, contact_id)
             where company_id = '{company}' and i.value = '{wa_id}'"
        );
        self.app.texts(&sql).await.remove(0)
    }

    async fn erase_lena(&self) -> String {
        let conversation = self.conversation_with(LENA).await;
        let account = self.app.account.owner.account.to_string();
        let page = format!("/accounts/{account}/conversations/{conversation}/erase");
        let form =
            [("form[account]", account.as_str()), ("form[conversation]", &conversation), ("form[word]", "erase")];
        let done = self.admin.submit_and_follow(&page, "erase_contact", &form).await;
        assert!(done.status == 200 && done.text.contains("Erased."), "{done:?}");
        assert!(!done.text.contains("Lena") && done.text.contains("Erased contact") || !done.text.contains(LENA));
        conversation
    }

    /// Columns as they are, without those of the second company.
    async fn of_acme(&self) -> Vec<(String, String)> {
        let company = self.birch.owner.company;
        let hidden = |(table, column): (String, String)| {
            let rows =
                format!("(select * from {table} t where to_jsonb(t)->>'company_id' is distinct from '{company}') t");
            (rows, column)
        };
        columns(&self.app).await.into_iter().map(hidden).collect()
    }

    /// Rows that have nothing to do with Lena, in full.
    async fn others(&self) -> Vec<Value> {
        let birch = self.birch.owner.company;
        let mut others = Vec::new();
        for table in [
            "contacts",
            "contact_identities",
            "conversations",
            "messages",
            "message_statuses",
            "whatsapp_webhook_events",
            "event_queue",
            "event_outcomes",
            "whatsapp_webhook_deliveries",
        ] {
            let sql = format!("select to_jsonb(t) as row from {table} t where company_id = '{birch}' order by t::text");
            others.extend(self.app.rows(&sql).await);
        }
        let toms = "select wamid, body, content, type, sent_at from messages where wamid like 'wamid.tom%' order by 1";
        others.extend(self.app.rows(toms).await);
        let toms = "select payload, object_id, dedup_key, state, convert_from(substring(d.body from body_offset + 1 for body_length), 'UTF8') as raw
                    from whatsapp_webhook_event_logs e join whatsapp_webhook_deliveries d on d.company_id = e.company_id and d.id = e.delivery_id
                    where object_id like 'wamid.tom%' order by object_id";
        others.extend(self.app.rows(toms).await);
        others.extend(self.app.rows("select profile_name, wa_id from contacts where wa_id = '16505559876'").await);
        others
    }
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_found_in_any_column_and_everybody_else_stays() {
    let stand = Stand::start().await;
    let (app, columns) = (&stand.app, stand.of_acme().await);
    let before = traces(app, &columns, &TRACES).await;
    for text in TRACES {
        assert!(before.iter().any(|place| place.ends_with(text)), "{text} was never there, and so proves nothing");
    }
    let others = stand.others().await;
    let counts = "select (select count(*) from messages) + (select count(*) from whatsapp_webhook_event_logs)
                  + (select count(*) from whatsapp_webhook_deliveries) + (select count(*) from message_statuses)";
    let rows = app.count(counts).await;

    stand.erase_lena().await;
    assert_eq!(traces(app, &columns, &TRACES).await, BTreeSet::new());
    assert_eq!(stand.others().await, others);
    assert_eq!(app.count(counts).await, rows, "the log keeps its rows");
    let told = app
        .rows(
            "select actor_name, subject, details - 'account' as details from audit_log where action = 'contact.erased'",
        )
        .await;
    assert_eq!(
        told,
        [json!({ "actor_name": "Somebody", "subject": "contact",
                             "details": { "messages": 7, "events": 12, "bodies": 11 } })]
    );
    let parts = "select count(*) from whatsapp_webhook_deliveries where erased_at is not null and length(body) > 0
                 and jsonb_array_length(convert_from(body, 'UTF8')::jsonb) in (1, 2)";
    assert_eq!(app.count(parts).await, 2, "what is left of a shared body is a JSON array");

    // The search sees what one forgotten column would keep.
    for (table, column) in
        [("messages", "content"), ("whatsapp_webhook_deliveries", "body"), ("event_attempts", "error")]
    {
        let value = if column == "content" { "'{\"a\":\"Lena Ortiz\"}'" } else { "'Lena Ortiz'" };
        app.execute(&format!(
            "insert into event_attempts (company_id, event_id, attempt, failed_at, worker, error)
             select company_id, id, 99, now(), 'test', 'x' from whatsapp_webhook_event_logs
             where erased_at is not null limit 1 on conflict do nothing;
             update {table} set {column} = {value}
             where ctid = (select ctid from {table} where company_id = '{}' limit 1)",
            app.account.owner.company
        ))
        .await;
        let found = traces(app, &columns, &TRACES).await;
        assert!(found.iter().any(|place| place.contains(&format!("{column}: Lena"))), "{table}.{column}: {found:?}");
    }
}

#[tokio::test]
async fn what_meta_sends_again_brings_nothing_back() {
    let stand = Stand::start().await;
    let app = &stand.app;
    stand.erase_lena().await;
    let columns = stand.of_acme().await;
    for body in of_lena().into_iter().chain(of_both()) {
        app.take_in(body).await;
    }
    assert_eq!(traces(app, &columns, &TRACES).await, BTreeSet::new());
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries where seen_count = 2").await, 11);
    // Who writes again is somebody new.
    app.take_in(text_message("wamid.new", LENA, "Hello")).await;
    let conversations = format!(
        "select count(*) from conversations where company_id = '{}' and contact_id is not null",
        app.account.owner.company
    );
    assert_eq!(app.count(&conversations).await, 3, "the erased one, Tom's, and the new one");
}

#[tokio::test]
async fn what_meta_sends_again_brings_nothing_back_even_when_the_log_has_been_thinned() {
    let stand = Stand::start().await;
    let app = &stand.app;
    stand.erase_lena().await;
    let ahead = Clock::from_fn(|| Clock::system().now() + time::Duration::days(9));
    let settings = RetentionSettings::of_days(8);
    let retention = Retention { engine: app.database.engine.clone(), clock: ahead, settings };
    let removed = retention.run_once(&CancellationToken::new()).await.unwrap();
    assert!(removed.events >= 12, "{removed:?}");
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs").await, 0);
    let kept = "select count(*) from whatsapp_webhook_deliveries where erased_at is not null and body = ''";
    assert_eq!(app.count(kept).await, 11, "the hashes stay, and nothing else");
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 11);
    for body in of_lena().into_iter().chain(of_both()) {
        app.take_in(body).await;
    }
    assert_eq!(traces(app, &stand.of_acme().await, &TRACES).await, BTreeSet::new());
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs").await, 0);
    // Whose body was not touched comes in again.
    app.take_in(of_tom()).await;
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs").await, 1);
}

/// Somebody whose BSUID and number become known to be one person's only by the last of these.
fn of_two_who_are_one() -> [Vec<u8>; 3] {
    let sent = |id: &str, number: Option<&str>, bsuid: Option<&str>, text: &str| {
        let mut item = message(id, "", "text", &json!({ "body": text }));
        item["from"] = json!(number);
        item["from_user_id"] = json!(bsuid);
        body(&value(&json!({ "messages": [item] })))
    };
    let (number, bsuid) = (Some("15550007777"), Some("US.7777"));
    [
        sent("wamid.halves.1", number, None, "Under my number"),
        sent("wamid.halves.2", None, bsuid, "Under my name"),
        sent("wamid.halves.3", number, bsuid, "Under both"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_turns_out_to_be_somebody_else_while_being_searched_for_is_erased_all_the_same() {
    let stand = Stand::start().await;
    let app = &stand.app;
    let [by_number, by_bsuid, both] = of_two_who_are_one();
    app.take_in(by_number).await;
    app.take_in(by_bsuid).await;
    app.accept(both).await;
    let texts = ["15550007777", "US.7777", "Under my", "Under both", "wamid.halves"];
    let conversation = stand.conversation_with("15550007777").await;
    let account = app.account.owner.account.to_string();

    // The search cannot go on for a while; the workers, being no people, can.
    sqlx::raw_sql(
        "create function waits() returns boolean language plpgsql as $$ begin
             perform pg_advisory_xact_lock_shared(4711); return true; end $$;
         create policy waits on whatsapp_webhook_deliveries as restrictive to waypost_console using (waits())",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let mut other = PgConnection::connect(&app.place.url).await.unwrap();
    sqlx::raw_sql("begin; select pg_advisory_xact_lock(4711)").execute(&mut other).await.unwrap();
    let form = [("form[account]", account.as_str()), ("form[conversation]", &conversation), ("form[word]", "erase")];
    let meanwhile = async {
        let waits = "select count(*) from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock'";
        app.wait_until(waits, 1, Duration::from_secs(5)).await;
        app.drain().await;
        let merged = "select count(*) from contacts where merged_into is not null";
        assert_eq!(app.count(merged).await, 1, "the contact has gone into another one");
        sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    };
    let (erased, ()) = tokio::join!(stand.admin.call("erase_contact", &form), meanwhile);
    assert_eq!(erased.status, 200, "{erased:?}");
    assert_eq!(traces(app, &stand.of_acme().await, &texts).await, BTreeSet::new());
    assert_eq!(app.count("select count(*) from contacts where erased_at is not null").await, 2);
}

/// Posts bodies in which Lena and Tom stand side by side until told to stop: how many were accepted.
async fn keep_sending(app: &TestApp, sender: usize, words: &RwLock<&str>, stop: &CancellationToken) -> i64 {
    let both = json!([contact(LENA, "Lena Ortiz"), contact(TOM, "Tom Hale")]);
    let mut accepted = 0;
    while !stop.is_cancelled() {
        // Whoever changes the words waits for the posts that still have the old ones.
        let words = words.read().await;
        let lenas = format!("wamid.{}.{sender}.{accepted}", words.replace(' ', "."));
        let items = json!([
            message(&lenas, LENA, "text", &json!({ "body": *words })),
            message(&format!("wamid.tom.{sender}.{accepted}"), TOM, "text", &json!({ "body": "Hello from Tom" })),
        ]);
        app.accept(body(&value(&json!({ "contacts": both, "messages": items })))).await;
        accepted += 1;
    }
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_goes_on_writing_is_erased_up_to_then_and_nobody_waits_or_is_lost() {
    let options = Options { workers: 2, ..Options::default() };
    let stand = Stand::on(TestApp::with(options).await).await;
    let (app, stop) = (&stand.app, CancellationToken::new());
    let words = RwLock::new("Secret garden");
    let senders = futures::future::join_all((0..6).map(|sender| keep_sending(app, sender, &words, &stop)));
    let erasing = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        *words.write().await = "Quite other words";
        let began = Instant::now();
        stand.erase_lena().await;
        let took = began.elapsed();
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
        took
    };
    let (accepted, took) = tokio::join!(senders, erasing);
    let accepted: i64 = accepted.into_iter().sum();
    app.wait_until(
        "select count(*) from whatsapp_webhook_event_logs where state = 'pending'",
        0,
        Duration::from_secs(30),
    )
    .await;
    eprintln!("{accepted} bodies; the erasure took {took:?}");

    let words = ["Secret garden", "wamid.Secret.garden", "Lena from the fair"];
    assert_eq!(traces(app, &stand.of_acme().await, &words).await, BTreeSet::new());
    let erased = "select count(*) from messages where type = 'erased'";
    assert!(app.count(erased).await > 100, "too few of them to be worth it");
    assert!(app.count("select count(*) from messages where body = 'Quite other words'").await > 0, "she goes on");
    let toms = "select count(*) from messages where wamid like 'wamid.tom._.%' and body = 'Hello from Tom'";
    assert_eq!(app.count(toms).await, accepted, "each of Tom's");
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs where state = 'dead'").await, 0);
    assert_eq!(app.leased().await, 0);
    let crossed = "select deadlocks from pg_stat_database where datname = current_database()";
    assert_eq!(app.count(crossed).await, 0, "somebody waited in a circle");
}

#[tokio::test]
async fn an_event_that_still_waits_is_erased_and_never_processed() {
    let stand = Stand::start().await;
    let app = &stand.app;
    app.accept(text_message("wamid.lena.late", LENA, "Secret garden, later")).await;
    app.accept(text_message("wamid.lena.dead", LENA, "Secret garden, never")).await;
    app.give_up("object_id = 'wamid.lena.dead'", "Lena Ortiz").await;
    stand.erase_lena().await;
    app.drain().await;
    assert_eq!(app.count("select count(*) from event_queue").await, 0, "and waits no more");
    assert_eq!(traces(app, &stand.of_acme().await, &TRACES).await, BTreeSet::new());
    let states = "select distinct state::text from whatsapp_webhook_event_logs where erased_at is not null order by 1";
    assert_eq!(app.texts(states).await, ["processed", "quarantined"]);
    // And it cannot be sent through again.
    app.add_user(app.account.owner.company, "mo@acme.travel", Role::Manager).await;
    let manager = Browser::signed_in(app, "mo@acme.travel").await;
    let event = "select id::text from whatsapp_webhook_event_logs where erased_at is not null and state = 'processed'";
    let (account, event) = (app.account.owner.account.to_string(), app.texts(event).await.remove(0));
    let form = [("event[account]", account.as_str()), ("event[event]", event.as_str())];
    assert_eq!(manager.call("replay", &form).await.status, 422);
    assert_eq!(manager.open(&format!("/accounts/{account}/webhook/events/{event}")).await.status, 200);
}

#[tokio::test]
async fn the_page_is_for_admins_who_confirm_it() {
    let stand = Stand::start().await;
    let app = &stand.app;
    let (account, conversation) = (app.account.owner.account.to_string(), stand.conversation_with(LENA).await);
    let thread = format!("/accounts/{account}/conversations/{conversation}");
    let page = format!("{thread}/erase");
    assert!(stand.admin.open(&thread).await.text.contains(&format!("href=\"{page}\"")), "the way there");
    let opened = stand.admin.open(&page).await;
    assert!(opened.text.contains("Lena from the fair") && opened.text.contains("form[word]"), "{}", opened.text);
    let form =
        |word| [("form[account]", account.as_str()), ("form[conversation]", &conversation), ("form[word]", word)];
    for wrong in ["", "yes", "eras"] {
        let refused = stand.admin.submit_and_follow(&page, "erase_contact", &form(wrong)).await;
        assert!(refused.text.contains("type the word erase"), "{}", refused.text);
    }
    app.add_user(app.account.owner.company, "mo@acme.travel", Role::Manager).await;
    let manager = Browser::signed_in(app, "mo@acme.travel").await;
    assert!(!manager.open(&thread).await.text.contains("/erase\""));
    let forbidden = manager.open(&page).await;
    assert!(forbidden.status == 403 && !forbidden.text.contains("form[word]"), "{}", forbidden.status);
    assert_eq!(app.count("select count(*) from contacts where erased_at is not null").await, 0);
    // A group is nobody.
    let group = app.texts("select id::text from conversations where group_id is not null").await.remove(0);
    let form = [("form[account]", account.as_str()), ("form[conversation]", &group), ("form[word]", "erase")];
    assert_eq!(stand.admin.call("erase_contact", &form).await.status, 422);
    // What is left is read as such.
    let conversation = stand.erase_lena().await;
    let thread = stand.admin.open(&format!("/accounts/{account}/conversations/{conversation}")).await;
    assert!(
        thread.text.contains("Erased contact") && thread.text.contains("This message was erased."),
        "{}",
        thread.text
    );
}

/// Tom calls himself by a number that is Lena's.
#[tokio::test]
async fn an_update_that_stays_says_what_it_said_though_its_body_has_been_cut() {
    let stand = Stand::start().await;
    let app = &stand.app;
    let beside = json!([{ "profile": { "name": format!("Not {LENA}") }, "wa_id": TOM }]);
    let toms = message("wamid.tom.beside", TOM, "text", &json!({ "body": "Hello from Tom" }));
    app.take_in(body(&value(&json!({ "contacts": beside, "messages": [toms] })))).await;
    let said = "select l.payload -> 'item' as item, d.body_is_whole from whatsapp_webhook_event_logs l
                join whatsapp_webhook_deliveries d on d.company_id = l.company_id and d.id = l.delivery_id
                where l.object_id = 'wamid.tom.beside'";
    assert_eq!(app.rows(said).await, [json!({ "item": toms, "body_is_whole": true })]);
    stand.erase_lena().await;
    assert_eq!(app.rows(said).await, [json!({ "item": toms, "body_is_whole": false })]);
}
