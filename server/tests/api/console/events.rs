//! The event log of an account: its pages, its filters, one event, and sending one through again.

use app::contract::Role;
use serde_json::{Value, json};

use crate::app::{NUMBER, NewTestAccount, SECRET, TestAccount, TestApp, WABA, body, status, text_message, value};
use crate::browser::{Answer, Browser, Form};

const ANN: &str = "ann@acme.travel";
const LENA: &str = "16505551234";
/// 2025-11-20, midnight.
const MIDNIGHT: i64 = 1_763_596_800;

/// A message from Lena.
fn item(id: &str, at: i64) -> Value {
    json!({ "from": LENA, "id": id, "timestamp": at.to_string(), "type": "text", "text": { "body": format!("I am {id}") } })
}

fn messages(items: &[Value]) -> Vec<u8> {
    body(&value(&json!({ "messages": items })))
}

/// Somebody before the log of an account.
struct Log {
    app: TestApp,
    browser: Browser,
    account: String,
}

impl Log {
    async fn start() -> Self {
        let app = TestApp::start().await;
        app.add_user(app.account.owner.company, ANN, Role::Manager).await;
        let browser = Browser::signed_in(&app, ANN).await;
        let account = app.account.owner.account.to_string();
        Self { app, browser, account }
    }

    async fn ask(&self, fields: Form<'_>) -> Answer {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (format!("query[{name}]"), *value)).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let account = [("query[account]", self.account.as_str())];
        self.browser.call("events", &[&account, fields.as_slice()].concat()).await
    }

    async fn page(&self, fields: Form<'_>) -> Value {
        let answer = self.ask(fields).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// The objects of the events found, newest first.
    async fn found(&self, fields: Form<'_>) -> Vec<String> {
        objects(&self.page(fields).await)
    }

    /// All pages in one direction, with what leads on from the last row: `next` or `previous`.
    async fn walk(&self, filter: Form<'_>, direction: &str, from: Value) -> Vec<Value> {
        let mut pages = vec![from];
        while let Some(cursor) = pages.last().unwrap()[direction].as_str() {
            assert!(pages.len() < 100, "{direction} has no end");
            pages.push(self.page(&[filter, &[("cursor", cursor)]].concat()).await);
        }
        pages
    }

    /// Puts so many processed events into the log, each a second newer; `n` counts them, and ends their keys.
    async fn add_hay(&self, like: &str, count: u32, key: &str) {
        let hay = format!(
            "with hay as (
                insert into whatsapp_webhook_events
                    (company_id, id, delivery_id, position, body_offset, body_length, account_id, event_type, event_ts,
                     received_at, dedup_key, payload)
                select company_id, gen_random_uuid(), gen_random_uuid(), 0, 0, 0, account_id, event_type,
                       event_ts + n * interval '1 second', received_at, {key} || n, '{{}}'
                from whatsapp_webhook_events, generate_series(1, {count}) n where object_id = '{like}'
                returning company_id, id
            )
            insert into event_outcomes (company_id, event_id, processed_at, attempts, processed_by)
            select company_id, id, now(), 1, 'test' from hay"
        );
        self.app.execute(&hay).await;
    }

    fn tab(&self) -> String {
        format!("/accounts/{}/webhook", self.account)
    }

    /// Where the bytes of an event are.
    fn raw(&self, event: &str) -> String {
        format!("{}/events/{event}/raw", self.tab())
    }

    /// The id of the event about this object.
    async fn id(&self, object: &str) -> String {
        let sql = format!("select id::text from whatsapp_webhook_event_logs where object_id = '{object}'");
        self.app.texts(&sql).await.remove(0)
    }

    async fn call(&self, function: &str, event: &str) -> Answer {
        self.browser.call(function, &[("event[account]", &self.account), ("event[event]", event)]).await
    }

    async fn detail(&self, event: &str) -> Value {
        let answer = self.call("event", event).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Sends through again, and processes.
    async fn replay(&self, event: &str) {
        let answer = self.call("replay", event).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.app.drain().await;
    }

    async fn replay_is_refused(&self, event: &str) {
        let answer = self.call("replay", event).await;
        assert_eq!(answer.json()["Invalid"]["field"], "event", "{answer:?}");
    }
}

fn objects(page: &Value) -> Vec<String> {
    let object = |event: &Value| event["object_id"].as_str().unwrap_or("-").to_owned();
    page["events"].as_array().unwrap().iter().map(object).collect()
}

#[tokio::test]
async fn a_long_log_comes_in_pages_forwards_and_back_without_gap_or_repetition() {
    let log = Log::start().await;
    // Several in one second, so that time alone does not order them.
    let items: Vec<_> = (0..130).map(|number| item(&format!("m{number:03}"), MIDNIGHT + number / 7)).collect();
    log.app.accept(messages(&items)).await;
    for (size, lengths) in [("25", vec![25, 25, 25, 25, 25, 5]), ("50", vec![50, 50, 30]), ("100", vec![100, 30])] {
        let filter = [("size", size)];
        let first = log.page(&filter).await;
        assert_eq!(first["previous"], Value::Null, "nothing is newer than the first page");
        let forwards = log.walk(&filter, "next", first).await;
        assert_eq!(forwards.iter().map(|page| objects(page).len()).collect::<Vec<_>>(), lengths);
        let all: Vec<String> = forwards.iter().flat_map(objects).collect();
        let seconds: Vec<i64> = all.iter().rev().map(|id| id[1..].parse::<i64>().unwrap() / 7).collect();
        assert!(seconds.is_sorted(), "newest first: {all:?}");
        let mut each = all.clone();
        each.sort();
        assert_eq!(each, (0..130).map(|number| format!("m{number:03}")).collect::<Vec<_>>(), "each exactly once");

        let mut backwards = log.walk(&filter, "previous", forwards.last().unwrap().clone()).await;
        backwards.reverse();
        assert_eq!(backwards.iter().map(objects).collect::<Vec<_>>(), forwards.iter().map(objects).collect::<Vec<_>>());
        assert_eq!(backwards[0]["previous"], Value::Null);
        assert!(backwards[0]["next"].is_string(), "and forwards again");
    }
    for other in ["0", "7", "1000000"] {
        assert_eq!(log.found(&[("size", other)]).await.len(), 25, "{other}");
    }
}

#[tokio::test]
async fn the_newest_page_is_as_long_as_any_whichever_way_one_comes() {
    let log = Log::start().await;
    let items: Vec<_> = (0..30).map(|number| item(&format!("m{number:02}"), MIDNIGHT + number)).collect();
    log.app.accept(messages(&items)).await;
    let first = log.page(&[]).await;
    let second = log.page(&[("cursor", first["next"].as_str().unwrap())]).await;
    log.app.accept(messages(&[item("meanwhile", MIDNIGHT + 100)])).await;
    let back = log.page(&[("cursor", second["previous"].as_str().unwrap())]).await;
    assert_eq!(objects(&back), objects(&first), "the page that one came from");
    let newest = log.page(&[("cursor", back["previous"].as_str().unwrap())]).await;
    assert_eq!(objects(&newest), log.found(&[]).await, "rather than the new one alone");
    assert_eq!((objects(&newest).len(), &newest["previous"]), (25, &Value::Null));
    let on = log.page(&[("cursor", newest["next"].as_str().unwrap())]).await;
    assert_eq!(objects(&on), ["m05", "m04", "m03", "m02", "m01", "m00"]);
}

#[tokio::test]
async fn a_log_that_fits_one_page_leads_nowhere() {
    let log = Log::start().await;
    let page = log.page(&[]).await;
    assert_eq!((&page["events"], &page["next"], &page["previous"]), (&json!([]), &Value::Null, &Value::Null));
    log.app.accept(messages(&(0..25).map(|n| item(&format!("m{n}"), MIDNIGHT)).collect::<Vec<_>>())).await;
    let page = log.page(&[]).await;
    assert_eq!(objects(&page).len(), 25);
    assert_eq!((&page["next"], &page["previous"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_page_between_equal_times_skips_nothing_under_a_filter_too() {
    let log = Log::start().await;
    log.app.take_in(messages(&(0..60).map(|n| item(&format!("m{n:02}"), MIDNIGHT)).collect::<Vec<_>>())).await;
    let filter = [("state", "processed"), ("event_type", "message"), ("search", "m")];
    let pages = log.walk(&filter, "next", log.page(&filter).await).await;
    let mut all: Vec<String> = pages.iter().flat_map(objects).collect();
    all.sort();
    assert_eq!(all, (0..60).map(|n| format!("m{n:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_state_and_a_type_leave_the_others_out() {
    let log = Log::start().await;
    let nobody = json!({ "id": "dead", "timestamp": "1763900000", "type": "text", "text": { "body": "Hello" } });
    log.app.take_in(messages(&[nobody])).await;
    log.app.take_in(text_message("done", LENA, "Hello")).await;
    log.app.take_in(status("sent", "sent")).await;
    log.app.accept(text_message("waits", LENA, "Hello")).await;
    log.app.accept("This is no JSON.").await;
    assert_eq!(log.found(&[("state", "dead")]).await, ["dead"]);
    assert_eq!(log.found(&[("state", "pending")]).await, ["waits"]);
    assert_eq!(log.found(&[("state", "processed")]).await, ["sent", "done"], "newest first");
    assert_eq!(log.found(&[("state", "processed"), ("event_type", "message")]).await, ["done"]);
    assert_eq!(log.found(&[("event_type", "status")]).await, ["sent"]);
    assert_eq!(log.found(&[("event_type", "nonsense")]).await, Vec::<String>::new());
    let unread = log.page(&[("state", "quarantined")]).await;
    assert_eq!(unread["events"].as_array().unwrap().len(), 1, "what cannot be read is shown where it came");
    let unread = log.detail(unread["events"][0]["id"].as_str().unwrap()).await;
    assert_eq!((&unread["raw"], &unread["may_replay"]), (&json!("This is no JSON."), &json!(false)));
    assert!(unread["problem"].is_string());
    assert_eq!(log.found(&[]).await.len(), 5);
    let mut open = log.found(&[("unprocessed", "true")]).await;
    open.sort();
    assert_eq!(open, ["-", "dead", "waits"], "all that has had no effect");
    assert_eq!(log.found(&[("unprocessed", "true"), ("event_type", "message"), ("search", "wait")]).await, ["waits"]);
    assert_eq!(log.found(&[("unprocessed", "true"), ("state", "processed")]).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_not_processed_has_pages_too() {
    let log = Log::start().await;
    let items: Vec<_> = (0..60).map(|number| item(&format!("m{number:02}"), MIDNIGHT + number / 7)).collect();
    log.app.take_in(messages(&items)).await;
    log.app.give_up("object_id < 'm40'", "the disk was on fire").await;
    log.app.let_wait("object_id < 'm40' and right(object_id, 1) <> '1'", "received_at").await;
    let filter = [("unprocessed", "true")];
    let forwards = log.walk(&filter, "next", log.page(&filter).await).await;
    assert_eq!(forwards.iter().map(|page| objects(page).len()).collect::<Vec<_>>(), [25, 15]);
    let mut backwards = log.walk(&filter, "previous", forwards[1].clone()).await;
    backwards.reverse();
    assert_eq!(backwards.iter().map(objects).collect::<Vec<_>>(), forwards.iter().map(objects).collect::<Vec<_>>());
    let mut all: Vec<String> = forwards.iter().flat_map(objects).collect();
    all.sort();
    assert_eq!(all, (0..40).map(|number| format!("m{number:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_range_of_days_includes_both() {
    let log = Log::start().await;
    let day = 86_400;
    let items = [
        item("before", MIDNIGHT - 1),
        item("first", MIDNIGHT),
        item("last", MIDNIGHT + 2 * day - 1),
        item("after", MIDNIGHT + 2 * day),
    ];
    log.app.accept(messages(&items)).await;
    let (from, to) = (("from", "2025-11-20"), ("to", "2025-11-21"));
    assert_eq!(log.found(&[from, to]).await, ["last", "first"]);
    assert_eq!(log.found(&[from]).await, ["after", "last", "first"]);
    assert_eq!(log.found(&[to]).await, ["last", "first", "before"]);
    assert_eq!(log.found(&[("from", "2025-11-20"), ("to", "2025-11-20")]).await, ["first"]);
    assert_eq!(log.found(&[("from", "2025-11-21"), ("to", "2025-11-20")]).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_search_finds_parts_of_ids_and_keys_and_takes_wildcards_as_they_are() {
    let log = Log::start().await;
    log.app
        .accept(messages(&[
            item("wamid.a%b", MIDNIGHT),
            item("wamid.a_b", MIDNIGHT + 1),
            item("wamid.axb", MIDNIGHT + 2),
        ]))
        .await;
    assert_eq!(log.found(&[("search", "a%b")]).await, ["wamid.a%b"]);
    assert_eq!(log.found(&[("search", " A_B ")]).await, ["wamid.a_b"]);
    assert_eq!(log.found(&[("search", "axb")]).await, ["wamid.axb"]);
    assert_eq!(log.found(&[("search", "%")]).await, ["wamid.a%b"]);
    assert_eq!(log.found(&[("search", "\\")]).await, Vec::<String>::new());
    assert_eq!(log.found(&[("search", "' or 1=1 --")]).await, Vec::<String>::new());
    let key = format!("msg:{NUMBER}:wamid.a");
    assert_eq!(log.found(&[("search", &key)]).await, ["wamid.axb", "wamid.a_b", "wamid.a%b"], "the dedup key");
}

#[tokio::test]
async fn what_is_nobodys_is_listed_on_demand_by_the_account_that_signed_it() {
    let log = Log::start().await;
    let other = NewTestAccount {
        phone_number_id: "2002",
        app_secret: "another-secret-of-32-characters!",
        ..NewTestAccount::default()
    };
    let other = log.app.add_account(other).await;
    let stray = String::from_utf8(text_message("stray", LENA, "Hello")).unwrap().replace(NUMBER, "777");
    log.app.take_in(stray).await;
    let unrouted = [("state", "unrouted")];
    let page = log.page(&unrouted).await;
    assert_eq!((objects(&page), &page["events"][0]["state"]), (vec!["stray".to_owned()], &json!("unrouted")));
    assert_eq!((&page["next"], &page["previous"]), (&Value::Null, &Value::Null));
    assert_eq!(log.found(&[]).await, Vec::<String>::new());
    let stray = log.id("stray").await;
    let detail = log.detail(&stray).await;
    assert_eq!(detail["problem"], "No account has this number or WABA.");
    assert_eq!(detail["may_replay"], false);
    log.replay_is_refused(&stray).await;

    let others = Log { account: other.owner.account.to_string(), ..log };
    assert_eq!(others.found(&unrouted).await, Vec::<String>::new());
    assert_eq!(others.call("event", &stray).await.json(), "NotFound");
    assert_eq!(others.call("replay", &stray).await.json(), "NotFound");
}

#[tokio::test]
async fn the_unrouted_have_pages_and_filters_too() {
    let log = Log::start().await;
    let items: Vec<_> = (0..60).map(|number| item(&format!("m{number:02}"), MIDNIGHT + number / 7)).collect();
    log.app.accept(String::from_utf8(messages(&items)).unwrap().replace(NUMBER, "777")).await;
    let filter = [("state", "unrouted"), ("event_type", "message"), ("from", "2025-11-20"), ("search", "m")];
    let forwards = log.walk(&filter, "next", log.page(&filter).await).await;
    assert_eq!(forwards.iter().map(|page| objects(page).len()).collect::<Vec<_>>(), [25, 25, 10]);
    let mut backwards = log.walk(&filter, "previous", forwards[2].clone()).await;
    backwards.reverse();
    assert_eq!(backwards.iter().map(objects).collect::<Vec<_>>(), forwards.iter().map(objects).collect::<Vec<_>>());
    let mut all: Vec<String> = forwards.iter().flat_map(objects).collect();
    all.sort();
    assert_eq!(all, (0..60).map(|number| format!("m{number:02}")).collect::<Vec<_>>());
    assert_eq!(log.found(&[("state", "unrouted"), ("to", "2025-11-19")]).await, Vec::<String>::new());
    assert_eq!(log.found(&[("state", "unrouted"), ("search", "m07")]).await, ["m07"]);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_named() {
    let log = Log::start().await;
    let cases = [
        ("from", "yesterday"),
        ("from", "2025-02-30"),
        ("to", "9999-12-31"),
        ("to", "2025-11-20T00:00"),
        ("cursor", "x"),
        ("cursor", "o1_x"),
        ("cursor", "n"),
        ("cursor", "<script>"),
        ("cursor", "o9223372036854775807_00000000000000000000000000000000"),
    ];
    for (field, text) in cases {
        assert_eq!(log.ask(&[(field, text)]).await.json()["Invalid"]["field"], field, "{text}");
    }
    let nothing = [("from", ""), ("to", " "), ("cursor", ""), ("search", ""), ("event_type", "")];
    assert_eq!(log.found(&nothing).await, Vec::<String>::new(), "empty fields ask for nothing special");
}

#[tokio::test]
async fn an_event_shows_its_bytes_its_delivery_its_siblings_and_what_it_became() {
    let log = Log::start().await;
    let accented = "I am \u{e4} \u{1f44b} \"quoted\" <b>";
    let mut first = item("m1", MIDNIGHT);
    first["text"]["body"] = json!(accented);
    let items = [first.clone(), item("m2", MIDNIGHT + 1), item("m3", MIDNIGHT + 2)];
    let whole = messages(&items);
    log.app.take_in(whole.clone()).await;
    log.app.accept(whole.clone()).await;

    let detail = log.detail(&log.id("m2").await).await;
    assert_eq!(detail["raw"], items[1].to_string(), "the update's own bytes");
    let payload: Value = serde_json::from_str(detail["payload"].as_str().unwrap()).unwrap();
    assert!(payload.to_string().contains("I am m2") && !payload.to_string().contains("I am m3"), "{payload}");
    assert_eq!((&detail["event"]["state"], &detail["event"]["attempts"]), (&json!("processed"), &json!(1)));
    assert_eq!(detail["event"]["dedup_key"], format!("msg:{NUMBER}:m2:text"));
    assert_eq!((&detail["processed"][1], &detail["may_replay"]), (&json!("test"), &json!(true)));
    assert_eq!(
        (&detail["problem"], &detail["next_attempt_at"], &detail["attempts"]),
        (&Value::Null, &Value::Null, &json!([]))
    );

    let delivery = &detail["delivery"];
    assert_eq!(delivery["seen_count"], 2);
    assert!(delivery["last_seen_at"].as_i64() >= delivery["received_at"].as_i64());
    assert_eq!(delivery["size"], whole.len());
    assert_eq!(delivery["sha256"], hex::encode(server::crypto::sha256(&whole)));
    assert_eq!(delivery["signature"], crate::app::signature(SECRET, &whole));
    assert_eq!(delivery["signed_with"], "current");
    assert_eq!(delivery["headers"], json!([["content-type", "application/json"]]));

    let sibling =
        |id: String, place: u32| json!({ "id": id, "place": place, "title": "message · text", "state": "processed" });
    assert_eq!(detail["siblings"], json!([sibling(log.id("m1").await, 1), sibling(log.id("m3").await, 3)]));
    let conversation = log.app.texts("select id::text from conversations").await.remove(0);
    assert_eq!(detail["became"]["conversation"], conversation);
    assert_eq!(detail["became"]["message"], "I am m2");
    assert_eq!(detail["became"]["contact"], format!("+{LENA}"));
    assert_eq!(detail["became"]["search"], LENA);
    let message = log.app.texts("select id::text from messages where wamid = 'm2'").await.remove(0);
    assert_eq!(detail["became"]["message_id"], message);
    let page = log.browser.open(&format!("{}/events/{}", log.tab(), log.id("m2").await)).await.text;
    let thread = format!("/accounts/{}/conversations/{conversation}", log.account);
    for link in
        [format!("/accounts/{}/conversations?q={LENA}", log.account), format!("{thread}?at={message}#m-{message}")]
    {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
    }
    let page = log.browser.open(&format!("{thread}?at={message}")).await;
    assert!(page.status == 200 && page.text.contains(&format!("id=\"m-{message}\"")), "{}", page.text);
    assert_eq!(
        log.detail(&log.id("m1").await).await["raw"],
        first.to_string(),
        "letters of several bytes shift nothing"
    );
}

#[tokio::test]
async fn of_many_siblings_those_nearest_are_shown() {
    let log = Log::start().await;
    let items: Vec<Value> = (0..150_i32).map(|n| item(&format!("m{n}"), MIDNIGHT)).collect();
    log.app.take_in(messages(&items)).await;
    let detail = log.detail(&log.id("m140").await).await;
    let siblings = detail["siblings"].as_array().unwrap();
    let place = |sibling: &Value| sibling["place"].as_i64().unwrap();
    assert_eq!((siblings.len(), place(&siblings[0]), place(&siblings[98])), (99, 51, 150));
}

#[tokio::test]
async fn an_event_is_found_by_its_own_id_and_its_deliverys() {
    let log = Log::start().await;
    log.app.take_in(messages(&[item("m1", MIDNIGHT), item("m2", MIDNIGHT + 1)])).await;
    log.app.take_in(messages(&[item("m3", MIDNIGHT)])).await;
    let id = log.id("m1").await;
    assert_eq!(log.found(&[("search", &id)]).await, ["m1"]);
    let delivery = log.detail(&id).await["delivery"]["id"].as_str().unwrap().to_owned();
    assert_eq!(log.found(&[("search", &delivery)]).await, ["m2", "m1"]);
    // What came in another body first, and comes in this one when that has left the log, is stored long after its delivery.
    let later = "
        update event_outcomes set event_id = ('0fff' || substr(event_id::text, 5))::uuid
        where event_id = (select id from whatsapp_webhook_events where object_id = 'm2');
        update whatsapp_webhook_events set id = ('0fff' || substr(id::text, 5))::uuid where object_id = 'm2'";
    log.app.execute(later).await;
    assert_eq!(log.found(&[("search", &delivery)]).await, ["m2", "m1"]);
    assert_eq!(log.detail(&id).await["siblings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_search_by_a_part_goes_back_in_steps_and_a_whole_id_is_found_at_once() {
    let log = Log::start().await;
    log.app.take_in(messages(&[item("wamid.needle", MIDNIGHT)])).await;
    log.add_hay("wamid.needle", 10_500, "'hay:'").await;
    let first = log.page(&[("search", "needle")]).await;
    assert_eq!((objects(&first), &first["is_partial"]), (vec![], &json!(true)));
    let next = first["next"].as_str().unwrap();
    let second = log.page(&[("search", "needle"), ("cursor", next)]).await;
    assert_eq!((objects(&second), &second["is_partial"]), (vec!["wamid.needle".to_owned()], &json!(false)));
    assert!(second["next"].is_null());
    assert_eq!(log.found(&[("search", "wamid.needle")]).await, ["wamid.needle"]);
    assert_eq!(log.found(&[("search", "wamid.needle"), ("event_type", "status")]).await, Vec::<String>::new());
    let full = log.page(&[("search", "hay:")]).await;
    assert_eq!((full["events"].as_array().unwrap().len(), &full["is_partial"]), (25, &json!(false)));
}

#[tokio::test]
async fn what_is_named_far_back_leaves_nothing_out_that_lies_between() {
    let log = Log::start().await;
    log.app.take_in(messages(&[item("m1", MIDNIGHT), item("m2", MIDNIGHT + 1)])).await;
    let delivery = log.detail(&log.id("m1").await).await["delivery"]["id"].as_str().unwrap().to_owned();
    // Of what has the id in its key, 24 are in the window and 100 behind it.
    let key = format!("case when n <= 100 or n > 10476 then '{delivery}:' else 'hay:' end");
    log.add_hay("m1", 10_500, &key).await;
    let filter = [("search", delivery.as_str())];
    let first = log.page(&filter).await;
    assert_eq!((objects(&first).len(), &first["is_partial"]), (25, &json!(true)), "a page full with what is named");
    assert_eq!(objects(&first)[24], "m2");
    let pages = log.walk(&filter, "next", first).await;
    let rows = pages.iter().flat_map(|page| page["events"].as_array().unwrap());
    let keys = rows.map(|row| row["dedup_key"].as_str().unwrap());
    let mut keys: Vec<_> = keys.filter(|key| key.starts_with(&delivery)).collect();
    let found = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!((keys.len(), found), (124, 124), "each once");
    assert!(
        pages.iter().any(|page| objects(page).contains(&"m1".to_owned())),
        "what did not fit is found in its place"
    );
}

#[tokio::test]
async fn what_is_named_far_back_is_not_repeated_on_every_page() {
    let log = Log::start().await;
    log.app.take_in(messages(&[item("wamid.needle", MIDNIGHT)])).await;
    log.add_hay("wamid.needle", 20_500, "'hay:'").await;
    let filter = [("search", "wamid.needle")];
    let pages = log.walk(&filter, "next", log.page(&filter).await).await;
    let found: Vec<_> = pages.iter().map(|page| objects(page).len()).collect();
    assert_eq!(found, [1, 0, 1], "at once, and in its place");
}

#[tokio::test]
async fn a_resend_of_one_update_in_another_body_is_no_second_event() {
    let log = Log::start().await;
    log.app.take_in(messages(&[item("m1", MIDNIGHT)])).await;
    log.app.take_in(messages(&[item("m1", MIDNIGHT), item("m2", MIDNIGHT + 1)])).await;
    assert_eq!(log.found(&[]).await, ["m2", "m1"]);
    let first = log.detail(&log.id("m1").await).await;
    assert_eq!((&first["delivery"]["seen_count"], &first["siblings"]), (&json!(1), &json!([])));
    assert_eq!(log.detail(&log.id("m2").await).await["raw"], item("m2", MIDNIGHT + 1).to_string());
}

#[tokio::test]
async fn in_a_body_of_two_companies_each_sees_its_own_bytes_only() {
    let log = Log::start().await;
    let path = log.app.account.callback_path.clone();
    let new = NewTestAccount { company: "Birch Hotels", phone_number_id: "2002", ..NewTestAccount::default() };
    let birch: TestAccount = log.app.add_account(new).await;
    log.app.execute(&format!("update whatsapp_webhook_configs set callback_path = '{path}'")).await;
    log.app.wait_for_config().await;
    let entry = |number: &str, message: &Value| {
        let mut value = value(&json!({ "messages": [message] }));
        value["metadata"]["phone_number_id"] = json!(number);
        json!({ "id": WABA, "changes": [{ "field": "messages", "value": value }] })
    };
    let mine = [item("\u{e4}1", MIDNIGHT), item("m3", MIDNIGHT)];
    let theirs = item("theirs", MIDNIGHT);
    let entries = [entry(NUMBER, &mine[0]), entry("2002", &theirs), entry(NUMBER, &mine[1])];
    let whole = json!({ "object": "whatsapp_business_account", "entry": entries }).to_string();
    log.app.take_in(whole.clone()).await;

    let detail = log.detail(&log.id("m3").await).await;
    assert_eq!(detail["raw"], mine[1].to_string());
    assert_eq!(detail["delivery"]["size"], whole.len(), "as received");
    assert_eq!(detail["siblings"].as_array().unwrap().len(), 1, "theirs is not among them: {}", detail["siblings"]);
    assert!(!detail.to_string().contains("theirs"), "{detail}");
    assert_eq!(log.detail(&log.id("\u{e4}1").await).await["raw"], mine[0].to_string());

    log.app.add_user(birch.owner.company, "bo@birch.example", Role::Viewer).await;
    let browser = Browser::signed_in(&log.app, "bo@birch.example").await;
    let birchs = Log { browser, account: birch.owner.account.to_string(), ..log };
    assert_eq!(birchs.found(&[]).await, ["theirs"]);
    let detail = birchs.detail(&birchs.id("theirs").await).await;
    assert_eq!((&detail["raw"], &detail["siblings"]), (&json!(theirs.to_string()), &json!([])));
    assert_eq!(detail["may_replay"], false, "a viewer may not");
}

#[tokio::test]
async fn a_dead_event_tells_its_tries_and_may_be_sent_through_again() {
    let log = Log::start().await;
    log.app.execute("alter table messages add constraint forbidden check (wamid <> 'm1')").await;
    log.app.take_in(messages(&[item("m1", MIDNIGHT)])).await;
    let event = log.id("m1").await;
    let detail = log.detail(&event).await;
    assert_eq!((&detail["event"]["state"], &detail["may_replay"]), (&json!("pending"), &json!(false)));
    assert!(detail["next_attempt_at"].as_i64() > detail["now"].as_i64(), "{detail}");
    log.replay_is_refused(&event).await;

    let before_the_last_try = "
        update whatsapp_webhook_events set attempts = 7;
        update event_queue set due_at = now() - interval '1 minute'";
    log.app.execute(before_the_last_try).await;
    log.app.drain().await;
    let numbers = |detail: &Value| -> Vec<Value> {
        detail["attempts"].as_array().unwrap().iter().map(|attempt| attempt["number"].clone()).collect()
    };
    let dead = log.detail(&event).await;
    assert_eq!((&dead["event"]["state"], &dead["event"]["attempts"]), (&json!("dead"), &json!(8)));
    assert_eq!((numbers(&dead), &dead["may_replay"]), (vec![json!(1), json!(2)], &json!(true)));
    assert_eq!(dead["attempts"][0]["worker"], "test");
    assert!(dead["attempts"][0]["error"].as_str().unwrap().contains("forbidden"), "{dead}");
    assert_eq!(dead["problem"], dead["attempts"][1]["error"]);
    assert_eq!(dead["became"], Value::Null);

    log.replay(&event).await;
    let failed = log.detail(&event).await;
    assert_eq!(
        (&failed["event"]["state"], &failed["event"]["attempts"]),
        (&json!("pending"), &json!(1)),
        "a fresh schedule"
    );
    assert_eq!(numbers(&failed), [1, 2, 3], "tries are numbered on");

    log.app.execute(before_the_last_try).await;
    log.app.drain().await;
    log.app.execute("alter table messages drop constraint forbidden").await;
    log.replay(&event).await;
    let done = log.detail(&event).await;
    assert_eq!((&done["event"]["state"], &done["problem"]), (&json!("processed"), &Value::Null));
    assert_eq!(numbers(&done), [1, 2, 3, 4], "what went wrong stays told");
    assert_eq!(done["became"]["message"], "I am m1");

    assert_eq!(log.call("replay", &event).await.status, 200);
    let again = log.detail(&event).await;
    assert_eq!(
        (&again["event"]["state"], &again["problem"]),
        (&json!("pending"), &Value::Null),
        "what failed before it was processed is not why it waits"
    );
}

#[tokio::test]
async fn a_processed_event_sent_through_again_has_its_effect_once() {
    let log = Log::start().await;
    log.app.take_in(messages(&[item("m1", MIDNIGHT)])).await;
    let event = log.id("m1").await;
    let effects = "select (select jsonb_agg(to_jsonb(m) - 'updated_at') from messages m) as messages,
                          (select count(*) from contacts) as contacts, (select count(*) from conversations) as threads";
    let before = log.app.rows(effects).await;
    let answer = log.call("replay", &event).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let waiting = log.detail(&event).await;
    assert_eq!((&waiting["event"]["state"], &waiting["may_replay"]), (&json!("pending"), &json!(false)));
    assert_eq!(waiting["processed"], Value::Null);
    log.replay_is_refused(&event).await;
    log.app.drain().await;
    assert_eq!(log.detail(&event).await["event"]["state"], "processed");
    assert_eq!(log.app.count("select count(*) from messages").await, 1);
    assert_eq!(log.app.rows(effects).await, before);
    let told = log
        .app
        .rows("select action, actor_name, subject_id, details from audit_log where action = 'event.replayed'")
        .await;
    let entry = json!({ "action": "event.replayed", "actor_name": "Somebody", "subject_id": event,
                        "details": { "before": "processed", "after": "pending", "account": log.account } });
    assert_eq!(told, [entry], "and not what was refused");
}

#[tokio::test]
async fn a_reaction_leads_to_the_message_that_it_is_about() {
    let log = Log::start().await;
    let reaction = json!({ "from": LENA, "id": "r1", "timestamp": "1763900000", "type": "reaction",
                           "reaction": { "message_id": "m1", "emoji": "\u{1f44d}" } });
    let unknown = json!({ "from": LENA, "id": "r2", "timestamp": "1763900001", "type": "reaction",
                          "reaction": { "message_id": "nowhere", "emoji": "\u{1f44d}" } });
    log.app.take_in(messages(&[item("m1", MIDNIGHT), reaction, unknown])).await;
    let id = async |wamid: &str| {
        log.app.texts(&format!("select id::text from messages where wamid = '{wamid}'")).await.remove(0)
    };
    let leads_to = async |wamid: &str| log.detail(&log.id(wamid).await).await["became"]["message_id"].clone();
    assert_eq!(leads_to("r1").await, id("m1").await);
    assert_eq!(leads_to("r2").await, id("r2").await, "it stands for itself");
}

#[tokio::test]
async fn the_bytes_are_downloaded_as_they_came() {
    let log = Log::start().await;
    let whole = messages(&[item("m1", MIDNIGHT), item("m2", MIDNIGHT)]);
    log.app.accept(whole).await;
    let event = log.id("m2").await;
    let (status, headers, bytes) = log.browser.download(&log.raw(&event)).await;
    assert_eq!((status.as_u16(), bytes), (200, item("m2", MIDNIGHT).to_string().into_bytes()));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", format!("attachment; filename=\"{event}.json\"").as_str()),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }

    let no_text: Vec<u8> = (0..=255).chain([0xff, 0xfe, 0, b'<']).collect();
    log.app.accept(no_text.clone()).await;
    let page = log.page(&[("state", "quarantined")]).await;
    let event = page["events"][0]["id"].as_str().unwrap();
    let (status, headers, bytes) = log.browser.download(&log.raw(event)).await;
    assert_eq!((status.as_u16(), bytes), (200, no_text), "what is no UTF-8 too");
    assert_eq!(headers["content-disposition"], format!("attachment; filename=\"{event}.bin\""));
}

#[tokio::test]
async fn the_bytes_are_the_companys_alone() {
    let log = Log::start().await;
    log.app.accept(messages(&[item("m1", MIDNIGHT)])).await;
    let event = log.id("m1").await;
    let company = log.app.company("Birch Hotels").await;
    log.app.add_user(company, "bo@birch.example", Role::Admin).await;
    let birch = Browser::signed_in(&log.app, "bo@birch.example").await;
    let nowhere = "01900000-0000-7000-8000-000000000000";
    let theirs = birch.open(&log.raw(&event)).await;
    assert_eq!(theirs.status, 404);
    for nobodys in [log.raw(nowhere), log.raw("x"), log.raw(&event).replace(&log.account, nowhere)] {
        assert_eq!(birch.open(&nobodys).await.seen(), theirs.seen(), "{nobodys}");
    }
    assert_eq!(log.browser.open(&log.raw(nowhere)).await.seen(), theirs.seen(), "one's own that is not there");

    let stranger = Browser::new(&log.app).open(&log.raw(&event)).await;
    assert_eq!((stranger.status.as_u16(), stranger.text.as_str()), (303, ""));
    let back = format!("/sign-in?next={}", format!("{}/events/{event}", log.tab()).replace('/', "%2F"));
    assert_eq!(stranger.headers["location"], back, "to the event, from where it is one click");
}

#[tokio::test]
async fn a_payload_comes_to_the_page_without_blanks() {
    let log = Log::start().await;
    log.app.accept(messages(&[item("m1", MIDNIGHT)])).await;
    let detail = log.detail(&log.id("m1").await).await;
    let payload: Value = serde_json::from_str(detail["payload"].as_str().unwrap()).unwrap();
    assert_eq!(detail["payload"], payload.to_string());
}
