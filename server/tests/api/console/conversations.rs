//! The list of conversations: order, pages, search.

use app::contract::Role;
use serde_json::{Value, json};
use server::conversations::store::{self, Filter};
use server::ids::UserId;
use server::paging::Cursor;

use crate::app::{TestApp, body, value};
use crate::browser::Browser;
use crate::retention::plan;
use crate::tenants::console;

const ANN: &str = "ann@acme.travel";

/// A message from each of these people, one second after the other.
fn from_people(people: &[(&str, &str)]) -> Vec<u8> {
    let contacts: Vec<Value> =
        people.iter().map(|(name, number)| json!({ "profile": { "name": name }, "wa_id": number })).collect();
    let message = |(second, (name, number)): (usize, &(&str, &str))| {
        json!({ "from": number, "id": format!("wamid.{number}"), "timestamp": (1_763_900_000 + second).to_string(),
                "type": "text", "text": { "body": format!("I am {name}") } })
    };
    let messages: Vec<Value> = people.iter().enumerate().map(message).collect();
    body(&value(&json!({ "contacts": contacts, "messages": messages })))
}

struct List {
    app: TestApp,
    browser: Browser,
}

impl List {
    async fn of(people: &[(&str, &str)]) -> Self {
        let app = TestApp::start().await;
        app.add_user(app.account.owner.company, ANN, Role::Viewer).await;
        let browser = Browser::signed_in(&app, ANN).await;
        app.take_in(from_people(people)).await;
        Self { app, browser }
    }

    async fn page(&self, search: &str, cursor: &str) -> Value {
        let account = self.app.account.owner.account.to_string();
        let form = [("query[account]", account.as_str()), ("query[search]", search), ("query[cursor]", cursor)];
        let answer = self.browser.call("conversations", &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn found(&self, search: &str) -> Vec<String> {
        titles(&self.page(search, "").await)
    }
}

fn titles(page: &Value) -> Vec<String> {
    page["conversations"].as_array().unwrap().iter().map(|c| c["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_last_message_comes_first_and_is_shown() {
    let list = List::of(&[("Ana", "15550000001"), ("Bo", "15550000002")]).await;
    let page = list.page("", "").await;
    assert_eq!(titles(&page), ["Bo", "Ana"]);
    assert_eq!(page["conversations"][0]["preview"], "I am Bo");
    assert_eq!(page["conversations"][0]["subtitle"], "+15550000002");
    assert_eq!(page["conversations"][0]["last_direction"], "inbound");
    assert_eq!(page["next"], Value::Null);
    assert_eq!(page["account"]["name"], "Support line");
}

#[tokio::test]
async fn a_long_list_comes_in_pages_without_gap_or_repetition() {
    let people: Vec<(String, String)> =
        (0..65).map(|number| (format!("Person {number:02}"), format!("155500000{number:02}"))).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|(name, number)| (name.as_str(), number.as_str())).collect();
    let list = List::of(&people).await;
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list.page("", &cursor).await;
        pages.push(titles(&page));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [30, 30, 5]);
    let expected: Vec<&str> = people.iter().rev().map(|(name, _)| *name).collect();
    assert_eq!(pages.concat(), expected);
}

#[tokio::test]
async fn a_page_between_equal_times_skips_nobody() {
    let people: Vec<(String, String)> =
        (0..40).map(|number| (format!("Person {number:02}"), format!("155500000{number:02}"))).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|(name, number)| (name.as_str(), number.as_str())).collect();
    let list = List::of(&people).await;
    list.app.execute("update conversations set last_message_at = '2026-01-01'").await;
    let first = list.page("", "").await;
    let second = list.page("", first["next"].as_str().unwrap()).await;
    let mut all = [titles(&first), titles(&second)].concat();
    all.sort();
    assert_eq!(all, people.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

#[tokio::test]
async fn search_finds_parts_of_names_and_numbers_and_takes_wildcards_as_they_are() {
    let list = List::of(&[("Ana Ortiz", "15550000001"), ("100% Bo_Li", "15559990002")]).await;
    assert_eq!(list.found("ortiz").await, ["Ana Ortiz"]);
    assert_eq!(list.found("  ORT ").await, ["Ana Ortiz"]);
    assert_eq!(list.found("999").await, ["100% Bo_Li"]);
    assert_eq!(list.found("+1555999").await, ["100% Bo_Li"]);
    assert_eq!(list.found("%").await, ["100% Bo_Li"]);
    assert_eq!(list.found("_").await, ["100% Bo_Li"]);
    assert_eq!(list.found("A%z").await, Vec::<String>::new());
    assert_eq!(list.found("\\").await, Vec::<String>::new());
    assert_eq!(list.found("' or 1=1 --").await, Vec::<String>::new());
    assert_eq!(list.found("").await.len(), 2);
}

#[tokio::test]
async fn a_search_has_pages_too() {
    let people: Vec<(String, String)> = (0..70)
        .map(|number| {
            (format!("{} {number:02}", if number % 2 == 0 { "Even" } else { "Odd" }), format!("155500000{number:02}"))
        })
        .collect();
    let people: Vec<(&str, &str)> = people.iter().map(|(name, number)| (name.as_str(), number.as_str())).collect();
    let list = List::of(&people).await;
    let first = list.page("even", "").await;
    let second = list.page("even", first["next"].as_str().unwrap()).await;
    assert_eq!((titles(&first).len(), titles(&second).len()), (30, 5));
    assert!([titles(&first), titles(&second)].concat().iter().all(|title| title.starts_with("Even")));
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_is_said_to() {
    let list = List::of(&[("Ana", "15550000001")]).await;
    let account = list.app.account.owner.account.to_string();
    for cursor in ["x", "1_x", "<script>", "9223372036854775807_00000000000000000000000000000000"] {
        let form = [("query[account]", account.as_str()), ("query[cursor]", cursor)];
        let answer = list.browser.call("conversations", &form).await;
        assert_eq!(answer.json()["Invalid"]["field"], "cursor", "{cursor}");
    }
}

/// A later message of this person.
fn another(number: &str, id: &str, at: i64) -> Vec<u8> {
    let message =
        json!({ "from": number, "id": id, "timestamp": at.to_string(), "type": "text", "text": { "body": "And?" } });
    body(&value(&json!({ "messages": [message] })))
}

fn unread(page: &Value) -> Vec<u64> {
    page["conversations"].as_array().unwrap().iter().map(|c| c["unread"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn what_came_in_is_unread_until_one_has_looked_oneself() {
    let list = List::of(&[("Ana", "15550000001"), ("Bo", "15550000002")]).await;
    list.app.take_in(another("15550000002", "wamid.later", 1_763_900_100)).await;
    list.app.add_user(list.app.account.owner.company, "eve@acme.travel", Role::Admin).await;
    let eve = Browser::signed_in(&list.app, "eve@acme.travel").await;
    let page = list.page("", "").await;
    assert_eq!((titles(&page), unread(&page)), (vec!["Bo".to_owned(), "Ana".to_owned()], vec![2, 1]));

    let (account, bo) = (list.app.account.owner.account.to_string(), page["conversations"][0]["id"].as_str().unwrap());
    let thread = [("query[account]", account.as_str()), ("query[conversation]", bo)];
    assert_eq!(list.browser.call("thread", &thread).await.status, 200);
    assert_eq!(unread(&list.page("", "").await), [0, 1], "only what was looked at is read");
    let list = List { app: list.app, browser: eve };
    assert_eq!(unread(&list.page("", "").await), [2, 1], "somebody else has not looked");
}

#[tokio::test]
async fn a_new_message_is_unread_again_and_an_older_page_reads_nothing() {
    let list = List::of(&[("Bo", "15550000002")]).await;
    let page = list.page("", "").await;
    let (account, bo) = (list.app.account.owner.account.to_string(), page["conversations"][0]["id"].as_str().unwrap());
    let thread = [("query[account]", account.as_str()), ("query[conversation]", bo)];
    assert_eq!(list.browser.call("thread", &thread).await.status, 200);
    assert_eq!(unread(&list.page("", "").await), [0]);
    list.app.take_in(another("15550000002", "wamid.later", 1_763_900_100)).await;
    assert_eq!(unread(&list.page("", "").await), [1]);
    let older = format!("{}_{}", 1_763_900_050_000_000_i64, "0".repeat(32));
    let answer = list.browser.call("thread", &[&thread[..], &[("query[cursor]", older.as_str())]].concat()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(unread(&list.page("", "").await), [1], "the newest message was not on that page");
}

#[tokio::test]
async fn a_message_that_comes_late_is_unread_though_it_was_sent_before_what_was_read() {
    let list = List::of(&[("Bo", "15550000002")]).await;
    let page = list.page("", "").await;
    let (account, bo) = (list.app.account.owner.account.to_string(), page["conversations"][0]["id"].as_str().unwrap());
    let thread = [("query[account]", account.as_str()), ("query[conversation]", bo)];
    assert_eq!(list.browser.call("thread", &thread).await.status, 200);
    assert_eq!(unread(&list.page("", "").await), [0]);

    list.app.take_in(another("15550000002", "wamid.late", 1_763_800_000)).await;
    let page = list.page("", "").await;
    assert_eq!((unread(&page), &page["conversations"][0]["preview"]), (vec![1], &json!("I am Bo")));
    assert_eq!(list.browser.call("thread", &thread).await.status, 200);
    assert_eq!(unread(&list.page("", "").await), [0], "looking at it has read it");
    assert_eq!(list.browser.call("thread", &thread).await.status, 200);
    assert_eq!(list.app.count("select count(*) from conversation_reads").await, 1);
}

#[tokio::test]
async fn what_is_unread_is_a_range_of_an_index_behind_the_wall_between_tenants_too() {
    let list = List::of(&[("Bo", "15550000002")]).await;
    list.app
        .execute(
            "insert into messages (company_id, id, account_id, wamid, conversation_id, direction, source, type, sent_at,
                                   event_id)
             select company_id, gen_random_uuid(), account_id, 'w' || n, conversation_id, direction, source, type, sent_at,
                    event_id
             from messages, generate_series(1, 20000) n;
             analyze messages",
        )
        .await;
    let owner = list.app.account.owner;
    let filter = Filter { reader: UserId::new(), only: None, search: String::new(), after: Cursor::start(), limit: 31 };
    let mut connection = console(&list.app, Some(owner.company)).await;
    assert_eq!(store::list(&mut connection, owner, &filter).await.unwrap()[0].unread, 100);
    let parameters =
        format!("'{0}', '{1}', null, now(), '{2}', '', 31, '{2}', ''", owner.company, owner.account, filter.reader);
    let plan = plan(&mut connection, "conversation_reads r", &parameters).await;
    let range = plan.split("using messages_by_arrival").nth(1).and_then(|rest| rest.lines().nth(1)).unwrap_or(&plan);
    assert!(range.contains("Index Cond") && range.contains("newest_read"), "{plan}");
}

#[tokio::test]
async fn a_number_is_found_however_it_is_written() {
    let list = List::of(&[("Ana", "33612345678"), ("Bo", "15550000002"), ("4 x 4", "4915100000003")]).await;
    for search in ["+33 6 12 34", "+33 (6) 12-34.56", "612 345", "33612345678", " 12345678 "] {
        assert_eq!(list.found(search).await, ["Ana"], "{search}");
    }
    assert_eq!(list.found("4 x").await, ["4 x 4"], "a name with digits in it is a name");
    assert_eq!(list.found("Ana 336").await, [""; 0]);
}

#[tokio::test]
async fn who_is_known_by_a_bsuid_alone_is_found_by_it() {
    let list = List::of(&[("Ana", "15550000001")]).await;
    let message = json!({ "from_user_id": "US.4711", "id": "wamid.hidden", "timestamp": "1763900100",
                          "type": "text", "text": { "body": "Hello" } });
    list.app.take_in(body(&value(&json!({ "messages": [message] })))).await;
    assert_eq!(list.found("us.4711").await, ["US.4711"]);

    let account = list.app.account.owner.account.to_string();
    let sql = "select event_id::text from messages where wamid = 'wamid.hidden'";
    let event = list.app.texts(sql).await.remove(0);
    let answer = list.browser.call("event", &[("event[account]", account.as_str()), ("event[event]", &event)]).await;
    assert_eq!(answer.json()["became"]["search"], "US.4711", "the link to the contact finds them");
}
