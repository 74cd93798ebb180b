//! Who is who: a contact is known by BSUID first, then by `wa_id`; ids change, numbers are handed on, and what two
//! halves of one person had comes together.

use ::app::contract::Role;
use serde_json::{Value, json};
use server::processing::worker::Outcome;
use sqlx::{Connection, PgConnection};

use crate::app::{NewTestAccount, TestApp, body, envelope, text_message, value};
use crate::updates::{at, echo, echoes, introduced, messages, status_of, statuses, text};

const NUMBER_A: &str = "16505551234";
const NUMBER_B: &str = "16505559876";
const OPEN: &str = "select count(*) from conversations where state = 'open'";

/// A message of somebody with a BSUID, with a number, or with both.
fn from(bsuid: Option<&str>, number: Option<&str>, wamid: &str) -> Vec<u8> {
    let mut message = text(wamid, number.unwrap_or_default(), wamid);
    let mut contact = json!({ "profile": { "name": "Lena" } });
    if let Some(bsuid) = bsuid {
        message["from_user_id"] = bsuid.into();
        contact["user_id"] = bsuid.into();
    }
    match number {
        Some(number) => contact["wa_id"] = number.into(),
        None => drop(message.as_object_mut().unwrap().remove("from")),
    }
    introduced(&json!([contact]), &[message])
}

/// Each contact that is somebody: its ids, how many messages it has and in how many open conversations.
async fn people(app: &TestApp) -> Vec<Value> {
    app.rows(
        "select (select array_agg(value order by kind, value) from contact_identities i
                 where i.company_id = c.company_id and i.contact_id = c.id) as ids,
                (select count(*) from messages m where m.company_id = c.company_id and m.contact_id = c.id) as messages,
                (select count(*) from conversations v where v.company_id = c.company_id and v.contact_id = c.id
                 and v.state = 'open') as open
         from contacts c where merged_into is null order by 1",
    )
    .await
}

fn person(ids: &[&str], messages: i64, open: i64) -> Value {
    json!({ "ids": ids, "messages": messages, "open": open })
}

/// No message stands in a conversation of somebody else, and nobody who was merged has anything left.
async fn all_is_tidy(app: &TestApp) {
    let strays = "select count(*) from messages m join conversations c on c.id = m.conversation_id
                  where c.contact_id is not null and c.contact_id is distinct from m.contact_id";
    assert_eq!(app.count(strays).await, 0);
    // No foreign key looks after these two.
    for (column, table) in [("contact_id", "contacts"), ("conversation_id", "conversations")] {
        let orphans = format!(
            "select count(*) from messages m where m.{column} is not null and not exists (
                 select from {table} t where t.company_id = m.company_id and t.id = m.{column})"
        );
        assert_eq!(app.count(&orphans).await, 0, "{table}");
    }
    let leftovers = "select count(*) from contacts c where merged_into is not null and (
                        exists (select from contact_identities where contact_id = c.id)
                        or exists (select from messages where contact_id = c.id)
                        or exists (select from conversations where contact_id = c.id))";
    assert_eq!(app.count(leftovers).await, 0);
    let unprocessed = "select count(*) from whatsapp_webhook_event_logs where state <> 'processed'";
    assert_eq!(app.count(unprocessed).await, 0);
}

/// Takes the bodies in: each processed before the next, or all at once.
async fn in_both_ways(bodies: &[Vec<u8>]) -> [TestApp; 2] {
    let (one_by_one, at_once) = (TestApp::start().await, TestApp::start().await);
    for body in bodies {
        one_by_one.take_in(body.clone()).await;
        at_once.accept(body.clone()).await;
    }
    at_once.drain().await;
    [one_by_one, at_once]
}

#[tokio::test]
async fn somebody_known_by_user_id_learns_the_number() {
    let bodies = [
        from(Some("US.1"), None, "wamid.1"),
        from(Some("US.1"), Some(NUMBER_A), "wamid.2"),
        from(None, Some(NUMBER_A), "wamid.3"),
    ];
    for app in in_both_ways(&bodies).await {
        assert_eq!(people(&app).await, [person(&["US.1", NUMBER_A], 3, 1)]);
        all_is_tidy(&app).await;
    }
}

#[tokio::test]
async fn somebody_known_by_number_learns_the_user_id() {
    let bodies = [
        from(None, Some(NUMBER_A), "wamid.1"),
        from(Some("US.1"), Some(NUMBER_A), "wamid.2"),
        from(Some("US.1"), None, "wamid.3"),
    ];
    for app in in_both_ways(&bodies).await {
        assert_eq!(people(&app).await, [person(&["US.1", NUMBER_A], 3, 1)]);
        all_is_tidy(&app).await;
    }
}

#[tokio::test]
async fn two_halves_of_one_person_are_merged_with_all_they_had() {
    let bodies = [
        from(Some("US.1"), None, "wamid.1"),
        from(None, Some(NUMBER_A), "wamid.2"),
        echoes(&[echo("wamid.3", NUMBER_A)]),
        statuses(&[status_of("wamid.4", "sent", NUMBER_A)]),
        from(Some("US.1"), Some(NUMBER_A), "wamid.5"),
    ];
    for app in in_both_ways(&bodies).await {
        assert_eq!(people(&app).await, [person(&["US.1", NUMBER_A], 5, 1)]);
        assert_eq!(app.count(OPEN).await, 1);
        all_is_tidy(&app).await;
    }
}

fn preference(number: &str, word: &str, second: i64) -> Vec<u8> {
    let preference = json!({ "wa_id": number, "category": "marketing_messages", "value": word, "timestamp": second });
    let value = value(&json!({ "user_preferences": [preference] }));
    envelope(&[json!({ "field": "user_preferences", "value": value })])
}

fn address_book(number: &str, name: &str) -> Vec<u8> {
    let entry = json!({
        "type": "contact", "action": "add", "contact": { "full_name": name, "phone_number": number },
        "metadata": { "timestamp": "1763899000" },
    });
    let value = value(&json!({ "state_sync": [entry] }));
    envelope(&[json!({ "field": "smb_app_state_sync", "value": value })])
}

/// Losing that somebody wants no marketing would be worst of all.
#[tokio::test]
async fn what_was_known_of_either_half_is_known_of_the_whole() {
    let bodies = [
        messages(&[at(
            json!({ "from_user_id": "US.1", "id": "wamid.1", "type": "text", "text": { "body": "x" } }),
            1_763_899_900,
        )]),
        address_book(NUMBER_A, "Lena from the market"),
        preference(NUMBER_A, "stop", 1_763_899_001),
        introduced(
            &json!([{ "wa_id": NUMBER_A, "profile": { "name": "Lena", "username": "lena" } }]),
            &[at(text("wamid.2", NUMBER_A, "x"), 1_763_899_950)],
        ),
        messages(&[{
            let mut both = at(text("wamid.3", NUMBER_A, "x"), 1_763_900_000);
            both["from_user_id"] = "US.1".into();
            both
        }]),
    ];
    for app in in_both_ways(&bodies).await {
        let known = "select bsuid, wa_id, phone, profile_name, username, address_book_name, marketing_preference
                     from contacts where merged_into is null";
        let lena = json!({
            "bsuid": "US.1", "wa_id": NUMBER_A, "phone": NUMBER_A, "profile_name": "Lena", "username": "lena",
            "address_book_name": "Lena from the market", "marketing_preference": "stop",
        });
        assert_eq!(app.rows(known).await, [lena]);
        all_is_tidy(&app).await;
    }
}

#[tokio::test]
async fn a_number_handed_on_goes_with_the_new_person_and_the_history_stays() {
    let bodies = [
        from(Some("US.1"), Some(NUMBER_A), "wamid.1"),
        from(Some("US.2"), Some(NUMBER_A), "wamid.2"),
        from(None, Some(NUMBER_A), "wamid.3"),
        from(Some("US.1"), None, "wamid.4"),
    ];
    for app in in_both_ways(&bodies).await {
        assert_eq!(people(&app).await, [person(&["US.1"], 2, 1), person(&["US.2", NUMBER_A], 2, 1)]);
        all_is_tidy(&app).await;
    }
}

fn system(wamid: &str, from: &str, note: &Value) -> Vec<u8> {
    let note = json!({ "from": from, "id": wamid, "timestamp": "1763900010", "type": "system", "system": note });
    body(&value(&json!({ "messages": [note] })))
}

#[tokio::test]
async fn a_changed_number_leads_to_the_same_person() {
    let words = format!("User Lena changed from {NUMBER_A} to {NUMBER_B}");
    let note = json!({ "body": words, "wa_id": NUMBER_B, "type": "user_changed_number" });
    let bodies = [
        text_message("wamid.1", NUMBER_A, "From the old number"),
        system("wamid.2", NUMBER_A, &note),
        messages(&[at(text("wamid.3", NUMBER_B, "From the new number"), 1_763_900_020)]),
    ];
    for app in in_both_ways(&bodies).await {
        assert_eq!(people(&app).await, [person(&[NUMBER_A, NUMBER_B], 3, 1)]);
        all_is_tidy(&app).await;
    }
}

/// The newest ids are shown as soon as the note has come, which itself still names the old ones.
#[tokio::test]
async fn after_a_change_the_new_ids_are_shown() {
    let words = format!("User Lena changed from {NUMBER_A} to {NUMBER_B}");
    let number = json!({ "body": words, "wa_id": NUMBER_B, "type": "user_changed_number" });
    let user_id =
        json!({ "body": "User Lena changed from US.1 to US.2", "user_id": "US.2", "type": "user_changed_user_id" });
    for (note, bsuid, wa_id) in [(&number, "US.1", NUMBER_B), (&user_id, "US.2", NUMBER_A)] {
        let bodies = [from(Some("US.1"), Some(NUMBER_A), "wamid.1"), system("wamid.2", NUMBER_A, note)];
        for app in in_both_ways(&bodies).await {
            let shown = app.rows("select bsuid, wa_id from contacts where merged_into is null").await;
            assert_eq!(shown, [json!({ "bsuid": bsuid, "wa_id": wa_id })]);
            all_is_tidy(&app).await;
        }
    }
}

/// Both numbers had written before anybody said that they are one person.
#[tokio::test]
async fn a_change_that_is_told_late_joins_two_conversations() {
    let words = format!("User Lena changed from {NUMBER_A} to {NUMBER_B}");
    let note = json!({ "body": words, "wa_id": NUMBER_B, "type": "user_changed_number" });
    let bodies = [
        text_message("wamid.1", NUMBER_A, "From the old number"),
        text_message("wamid.2", NUMBER_B, "From the new number"),
        system("wamid.3", NUMBER_A, &note),
    ];
    for app in in_both_ways(&bodies).await {
        assert_eq!(people(&app).await, [person(&[NUMBER_A, NUMBER_B], 3, 1)]);
        assert_eq!(app.count(OPEN).await, 1);
        all_is_tidy(&app).await;
    }
}

#[tokio::test]
async fn a_user_id_update_joins_the_old_and_the_new() {
    let update = json!({
        "wa_id": NUMBER_A, "user_id": { "previous": "US.1", "current": "US.2" }, "timestamp": "1763900010",
    });
    let update = value(&json!({ "user_id_update": [update] }));
    let bodies = [
        from(Some("US.1"), Some(NUMBER_A), "wamid.1"),
        from(Some("US.2"), None, "wamid.2"),
        envelope(&[json!({ "field": "user_id_update", "value": update })]),
        from(Some("US.2"), Some(NUMBER_A), "wamid.3"),
    ];
    for app in in_both_ways(&bodies).await {
        assert_eq!(people(&app).await, [person(&["US.1", "US.2", NUMBER_A], 3, 1)]);
        all_is_tidy(&app).await;
    }
}

fn named(wamid: &str, name: &str, second: i64) -> Vec<u8> {
    let contacts = json!([{ "profile": { "name": name }, "wa_id": NUMBER_A }]);
    introduced(&contacts, &[at(text(wamid, NUMBER_A, "Hello"), second)])
}

#[tokio::test]
async fn a_late_message_does_not_bring_an_old_name_back() {
    let bodies = [named("wamid.1", "New name", 1_763_900_100), named("wamid.2", "Old name", 1_763_900_000)];
    for app in in_both_ways(&bodies).await {
        assert_eq!(app.rows("select profile_name from contacts").await, [json!({ "profile_name": "New name" })]);
    }
}

/// The change is newer than the name, but has none: the name stays as old as it was.
#[tokio::test]
async fn a_changed_id_of_somebody_unknown_makes_no_name_newer() {
    let from_us2 = |wamid, name: &str, second| {
        let contacts = json!([{ "profile": { "name": name }, "user_id": "US.2" }]);
        let mut message = at(text(wamid, "", "Hello"), second);
        message.as_object_mut().unwrap().remove("from");
        message["from_user_id"] = "US.2".into();
        introduced(&contacts, &[message])
    };
    let update = json!({ "user_id": { "previous": "US.1", "current": "US.2" }, "timestamp": "1763900050" });
    let change =
        envelope(&[json!({ "field": "user_id_update", "value": value(&json!({ "user_id_update": [update] })) })]);
    let bodies = [from_us2("wamid.1", "Bob", 1_763_900_040), change, from_us2("wamid.2", "Robert", 1_763_900_045)];
    let app = TestApp::start().await;
    for body in bodies {
        app.take_in(body).await;
    }
    assert_eq!(people(&app).await, [person(&["US.1", "US.2"], 2, 1)]);
    let shown = app.rows("select profile_name from contacts where merged_into is null").await;
    assert_eq!(shown, [json!({ "profile_name": "Robert" })]);
}

/// A status in the same batch is newer, but has no name.
#[tokio::test]
async fn an_old_name_is_not_made_newer_by_a_status_beside_it() {
    let app = TestApp::start().await;
    app.take_in(named("wamid.1", "New name", 1_763_900_100)).await;
    app.accept(named("wamid.2", "Old name", 1_763_900_000)).await;
    app.take_in(statuses(&[at(status_of("wamid.9", "read", NUMBER_A), 1_763_900_200)])).await;
    assert_eq!(app.rows("select profile_name from contacts").await, [json!({ "profile_name": "New name" })]);
}

/// A status tells the number only; the name comes with an older message.
#[tokio::test]
async fn a_late_message_still_tells_a_name_nobody_knew() {
    let later = at(status_of("wamid.9", "read", NUMBER_A), 1_763_900_100);
    let bodies = [statuses(&[later]), named("wamid.1", "Lena", 1_763_900_000)];
    for app in in_both_ways(&bodies).await {
        assert_eq!(app.rows("select profile_name from contacts").await, [json!({ "profile_name": "Lena" })]);
    }
}

#[tokio::test]
async fn a_late_preference_counts_unless_a_newer_one_is_known() {
    let cases = [
        (vec![named("wamid.1", "Lena", 1_763_900_100), preference(NUMBER_A, "stop", 1_763_900_000)], "stop"),
        (vec![preference(NUMBER_A, "resume", 1_763_900_100), preference(NUMBER_A, "stop", 1_763_900_000)], "resume"),
        (
            vec![
                preference(NUMBER_A, "stop", 1_763_900_000),
                named("wamid.1", "Lena", 1_763_900_100),
                preference(NUMBER_A, "resume", 1_763_900_050),
            ],
            "resume",
        ),
    ];
    for (bodies, expected) in cases {
        for app in in_both_ways(&bodies).await {
            let known = app.rows("select marketing_preference from contacts").await;
            assert_eq!(known, [json!({ "marketing_preference": expected })]);
        }
    }
}

#[tokio::test]
async fn two_companies_do_not_share_contacts() {
    let app = TestApp::start().await;
    let other = NewTestAccount {
        company: "Bakery",
        phone_number_id: "777000001",
        waba_id: "888000001",
        app_secret: "another secret of another company",
        ..NewTestAccount::default()
    };
    let other = app.add_account(other).await;
    let mine = from(Some("US.1"), Some(NUMBER_A), "wamid.1");
    app.accept(mine.clone()).await;
    let mut theirs: Value = serde_json::from_slice(&mine).unwrap();
    theirs["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "777000001".into();
    assert_eq!(app.post(&other, theirs.to_string()).await.status(), 200);
    app.drain().await;
    assert_eq!(people(&app).await, [person(&["US.1", NUMBER_A], 1, 1), person(&["US.1", NUMBER_A], 1, 1)]);
    let mixed =
        "select count(*) from messages m join contacts c on c.id = m.contact_id where c.company_id <> m.company_id";
    assert_eq!(app.count(mixed).await, 0);
    assert_eq!(app.count("select count(distinct company_id) from contacts").await, 2);
}

/// Two accounts of one company have one contact and a conversation each.
#[tokio::test]
async fn two_numbers_of_a_company_share_the_person_but_not_the_conversation() {
    let app = TestApp::start().await;
    let second = NewTestAccount { phone_number_id: "777000001", waba_id: "888000001", ..NewTestAccount::default() };
    let second = app.add_account(second).await;
    app.accept(text_message("wamid.1", NUMBER_A, "To the first")).await;
    let mut other: Value = serde_json::from_slice(&text_message("wamid.2", NUMBER_A, "To the second")).unwrap();
    other["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "777000001".into();
    assert_eq!(app.post(&second, other.to_string()).await.status(), 200);
    app.drain().await;
    assert_eq!(people(&app).await, [person(&[NUMBER_A], 2, 2)]);
    all_is_tidy(&app).await;
}

#[tokio::test]
async fn a_group_has_its_own_conversation() {
    let in_group = |wamid: &str, number: &str| {
        let mut message = text(wamid, number, "Hello all");
        message["group_id"] = "Group1".into();
        message
    };
    let mut report = status_of("wamid.4", "read", "Group1");
    report["recipient_type"] = "group".into();
    report["recipient_participant_id"] = NUMBER_B.into();
    let bodies = [
        messages(&[in_group("wamid.1", NUMBER_A), in_group("wamid.2", NUMBER_B)]),
        messages(&[text("wamid.3", NUMBER_A, "Just to you")]),
        statuses(&[report]),
    ];
    for app in in_both_ways(&bodies).await {
        let conversations = app
            .rows(
                "select c.group_id, p.wa_id,
                        (select array_agg(wamid order by wamid) from messages m
                         where m.conversation_id = c.id) as wamids
                 from conversations c left join contacts p on p.id = c.contact_id order by group_id",
            )
            .await;
        assert_eq!(
            conversations,
            [
                json!({ "group_id": "Group1", "wa_id": null, "wamids": ["wamid.1", "wamid.2", "wamid.4"] }),
                json!({ "group_id": null, "wa_id": NUMBER_A, "wamids": ["wamid.3"] }),
            ]
        );
    }
}

/// Several workers meet one new person at the same time.
#[tokio::test]
async fn a_person_met_by_several_workers_at_once_is_one() {
    let app = TestApp::start().await;
    for n in 0..60 {
        let (bsuid, number) = match n % 3 {
            0 => (Some("US.1"), Some(NUMBER_A)),
            1 => (Some("US.1"), None),
            _ => (None, Some(NUMBER_A)),
        };
        app.accept(from(bsuid, number, &format!("wamid.{n}"))).await;
    }
    let worker = || {
        let mut worker = app.worker.clone();
        worker.settings.batch = 3;
        async move { while worker.run_once().await.unwrap() != Outcome::Idle {} }
    };
    futures::future::join_all((0..4).map(|_| worker())).await;
    app.drain().await;
    assert_eq!(people(&app).await, [person(&["US.1", NUMBER_A], 60, 1)]);
    all_is_tidy(&app).await;
}

/// Another worker hands a number on while this one waits for it: what it finds must be of after that, all of it.
#[tokio::test]
async fn a_number_that_changes_hands_while_it_is_waited_for_joins_no_two_people() {
    let app = TestApp::start().await;
    app.take_in(from(Some("US.1"), Some(NUMBER_A), "wamid.1")).await;
    let mut other = PgConnection::connect(&app.place.url).await.unwrap();
    sqlx::raw_sql(
        "begin;
         with met as (
             insert into contacts (company_id, id) select company_id, gen_random_uuid() from contacts
             returning company_id, id
         ), named as (
             insert into contact_identities (company_id, kind, value, contact_id, first_seen_at)
             select company_id, 'bsuid', 'US.2', id, now() from met
         )
         update contact_identities i set contact_id = met.id from met where i.kind = 'wa_id'",
    )
    .execute(&mut other)
    .await
    .unwrap();
    app.accept(from(Some("US.3"), Some(NUMBER_A), "wamid.2")).await;
    let worker = app.worker.clone();
    let working = tokio::spawn(async move { worker.run_once().await.unwrap() });
    app.wait_for_lock().await;
    assert!(!working.is_finished(), "it did not wait");
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    assert_eq!(working.await.unwrap(), Outcome::Worked { processed: 1, failed: 0 });
    let expected = [person(&["US.1"], 1, 1), person(&["US.2"], 0, 0), person(&["US.3", NUMBER_A], 1, 1)];
    assert_eq!(people(&app).await, expected);
    all_is_tidy(&app).await;
}

#[tokio::test]
async fn a_message_that_is_being_stored_goes_with_whom_its_contact_is_merged_into() {
    let app = TestApp::start().await;
    app.take_in(from(Some("US.1"), None, "wamid.1")).await;
    app.take_in(from(None, Some(NUMBER_A), "wamid.2")).await;
    // Another worker has found the number, and has stored a message of it in its conversation.
    let mut other = PgConnection::connect(&app.place.url).await.unwrap();
    sqlx::raw_sql(
        "begin;
         select from contact_identities where kind = 'wa_id' for share;
         with opened as (
             update conversations set last_message_at = now()
             where contact_id = (select contact_id from contact_identities where kind = 'wa_id') returning id
         )
         insert into messages (company_id, id, account_id, wamid, conversation_id, contact_id, direction, source, type,
                               sent_at, event_id)
         select company_id, gen_random_uuid(), account_id, 'wamid.3', opened.id, contact_id, direction, source, type,
                sent_at, gen_random_uuid()
         from messages, opened where wamid = 'wamid.2'",
    )
    .execute(&mut other)
    .await
    .unwrap();
    app.accept(from(Some("US.1"), Some(NUMBER_A), "wamid.4")).await;
    let worker = app.worker.clone();
    let working = tokio::spawn(async move { worker.run_once().await.unwrap() });
    app.wait_for_lock().await;
    assert!(!working.is_finished(), "the merge did not wait");
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    assert_eq!(working.await.unwrap(), Outcome::Worked { processed: 1, failed: 0 });
    assert_eq!(people(&app).await, [person(&["US.1", NUMBER_A], 4, 1)]);
    all_is_tidy(&app).await;
}

#[tokio::test]
async fn conversations_that_somebody_has_read_are_joined_all_the_same() {
    let app = TestApp::start().await;
    app.add_user(app.account.owner.company, "ann@acme.travel", Role::Viewer).await;
    app.take_in(from(Some("US.1"), None, "wamid.1")).await;
    app.take_in(from(None, Some(NUMBER_A), "wamid.2")).await;
    app.execute(
        "insert into conversation_reads (company_id, user_id, conversation_id, newest_read)
         select company_id, u.id, c.id, gen_random_uuid() from conversations c join users u using (company_id)",
    )
    .await;
    assert_eq!(app.count("select count(*) from conversation_reads").await, 2);
    app.take_in(from(Some("US.1"), Some(NUMBER_A), "wamid.3")).await;
    assert_eq!(app.count(OPEN).await, 1);
    assert_eq!(app.count("select count(*) from conversation_reads").await, 1);
    all_is_tidy(&app).await;
}
