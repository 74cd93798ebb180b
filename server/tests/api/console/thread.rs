//! One conversation: what is about a message is folded into it.

use app::contract::Role;
use serde_json::{Value, json};

use crate::app::{TestApp, body, envelope, value};
use crate::browser::{Answer, Browser};

const ANN: &str = "ann@acme.travel";
const LENA: &str = "16505551234";

/// What Lena sends, `second` seconds after the start.
fn item(id: &str, second: u32, kind: &str, content: &Value) -> Value {
    let mut item = json!({ "from": LENA, "id": id, "timestamp": (1_763_900_000 + second).to_string(), "type": kind });
    item[kind] = content.clone();
    item
}

fn messages(items: &[Value]) -> Vec<u8> {
    let contacts = json!([{ "profile": { "name": "Lena Ortiz" }, "wa_id": LENA }]);
    body(&value(&json!({ "contacts": contacts, "messages": items })))
}

/// What the company sent from elsewhere.
fn echo(id: &str, second: u32, text: &str) -> Value {
    let echo = json!({ "from": "15550783881", "to": LENA, "id": id, "type": "text", "text": { "body": text },
                       "timestamp": (1_763_900_000 + second).to_string() });
    json!({ "field": "message_echoes", "value": value(&json!({ "message_echoes": [echo] })) })
}

fn status(id: &str, second: u32, status: &str) -> Value {
    json!({ "id": id, "status": status, "timestamp": (1_763_900_000 + second).to_string(), "recipient_id": LENA })
}

fn reaction(id: &str, second: u32, about: &str, emoji: &str) -> Value {
    item(id, second, "reaction", &json!({ "message_id": about, "emoji": emoji }))
}

fn wamids(page: &Value) -> Vec<String> {
    page["messages"].as_array().unwrap().iter().map(|message| message["wamid"].as_str().unwrap().into()).collect()
}

struct Thread {
    app: TestApp,
    browser: Browser,
}

impl Thread {
    async fn start() -> Self {
        let app = TestApp::start().await;
        app.add_user(app.account.owner.company, ANN, Role::Viewer).await;
        let browser = Browser::signed_in(&app, ANN).await;
        Self { app, browser }
    }

    async fn ask(&self, place: (&str, &str)) -> Answer {
        let account = self.app.account.owner.account.to_string();
        let conversation = self.app.texts("select id::text from conversations order by id").await.remove(0);
        let form = [("query[account]", account.as_str()), ("query[conversation]", &conversation), place];
        self.browser.call("thread", &form).await
    }

    async fn page_of(&self, place: (&str, &str)) -> Value {
        let answer = self.ask(place).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn page(&self, cursor: &str) -> Value {
        self.page_of(("query[cursor]", cursor)).await
    }

    /// The id of a message.
    async fn id(&self, wamid: &str) -> String {
        self.app.texts(&format!("select id::text from messages where wamid = '{wamid}'")).await.remove(0)
    }

    /// The id of the event that a message was made from.
    async fn event(&self, wamid: &str) -> String {
        self.app.texts(&format!("select event_id::text from messages where wamid = '{wamid}'")).await.remove(0)
    }

    /// The page that holds a message.
    async fn at(&self, wamid: &str) -> Value {
        self.page_of(("query[at]", &self.id(wamid).await)).await
    }

    /// The messages of the one conversation there is, in reading order.
    async fn read(&self) -> Vec<Value> {
        self.page("").await["messages"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn the_last_reaction_of_each_side_stands_unless_it_was_taken_back() {
    let thread = Thread::start().await;
    let text = |id: &str, second| item(id, second, "text", &json!({ "body": id }));
    let items = [
        text("m1", 1),
        text("m2", 2),
        reaction("r1", 3, "m1", "\u{1f44d}"),
        reaction("r2", 4, "m1", "\u{2764}\u{fe0f}"),
        reaction("r3", 5, "m2", "\u{1f44d}"),
        reaction("r4", 6, "m2", ""),
    ];
    thread.app.take_in(messages(&items)).await;
    let shown = thread.read().await;
    assert_eq!(shown.len(), 2, "reactions do not stand for themselves");
    let event = thread.event("r2").await;
    let stands = json!([{ "emoji": "\u{2764}\u{fe0f}", "direction": "inbound", "event_id": event }]);
    assert_eq!(shown[0]["reactions"], stands);
    assert_eq!(shown[1]["reactions"], json!([]));
}

#[tokio::test]
async fn the_newest_edit_is_shown_whatever_the_order_of_arrival() {
    let thread = Thread::start().await;
    let edit = |id: &str, second, text: &str| {
        let message = json!({ "type": "text", "text": { "body": text } });
        item(id, second, "edit", &json!({ "original_message_id": "m1", "message": message }))
    };
    thread.app.take_in(messages(&[edit("e2", 9, "third")])).await;
    thread.app.take_in(messages(&[item("m1", 1, "text", &json!({ "body": "first" })), edit("e1", 5, "second")])).await;
    let shown = thread.read().await;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["body"], json!({ "text": { "text": "third" } }));
    let edits = json!([thread.event("e1").await, thread.event("e2").await]);
    assert_eq!((&shown[0]["edits"], &shown[0]["revokes"]), (&edits, &json!([])));
}

#[tokio::test]
async fn a_message_taken_back_says_so() {
    let thread = Thread::start().await;
    let revoke = item("v1", 5, "revoke", &json!({ "original_message_id": "m1" }));
    let items =
        [item("m1", 1, "text", &json!({ "body": "first" })), revoke, item("m2", 6, "text", &json!({ "body": "x" }))];
    thread.app.take_in(messages(&items)).await;
    let shown = thread.read().await;
    let revokes: Vec<Value> = shown.iter().map(|message| message["revokes"].clone()).collect();
    assert_eq!(revokes, [json!([thread.event("v1").await]), json!([])]);
}

#[tokio::test]
async fn what_is_about_an_unknown_message_stands_for_itself() {
    let thread = Thread::start().await;
    let revoke = item("v1", 2, "revoke", &json!({ "original_message_id": "nowhere" }));
    thread.app.take_in(messages(&[reaction("r1", 1, "nowhere", "\u{1f44d}"), revoke])).await;
    let shown = thread.read().await;
    let texts: Vec<_> = shown.iter().map(|message| message["body"]["system"]["text"].as_str().unwrap()).collect();
    let expected =
        ["Reacted \u{1f44d} to a message that is not known here.", "Took back a message that is not known here."];
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn an_answer_quotes_what_it_answers() {
    let thread = Thread::start().await;
    let reply = |id: &str, second, to: &str| {
        let mut reply = item(id, second, "text", &json!({ "body": "Yes" }));
        reply["context"] = json!({ "from": "15550783881", "id": to });
        reply
    };
    thread.app.take_in(envelope(&[echo("o1", 1, "Shall we?")])).await;
    thread.app.take_in(messages(&[reply("m1", 2, "o1"), reply("m2", 3, "m1"), reply("m3", 4, "nowhere")])).await;
    let quotes: Vec<Value> = thread.read().await.into_iter().map(|message| message["reply_to"].clone()).collect();
    let unknown = json!({ "direction": null, "text": "A message that is not known here" });
    let ours = json!({ "direction": "outbound", "text": "Shall we?" });
    assert_eq!(quotes, [Value::Null, ours, json!({ "direction": "inbound", "text": "Yes" }), unknown]);
}

#[tokio::test]
async fn an_outgoing_message_shows_how_far_it_came_and_every_status() {
    let thread = Thread::start().await;
    let statuses = [status("o1", 9, "read"), status("o1", 2, "sent"), status("o1", 5, "delivered")];
    thread.app.take_in(body(&value(&json!({ "statuses": statuses })))).await;
    thread.app.take_in(envelope(&[echo("o1", 1, "Shall we?")])).await;
    let mut failed = status("o2", 12, "failed");
    failed["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    thread.app.take_in(envelope(&[echo("o2", 11, "Hello?")])).await;
    thread.app.take_in(body(&value(&json!({ "statuses": [failed] })))).await;

    let shown = thread.read().await;
    assert_eq!(shown.iter().map(|message| message["status"].clone()).collect::<Vec<_>>(), ["read", "failed"]);
    let mut steps = Vec::new();
    for (status, second) in [("sent", 2), ("delivered", 5), ("read", 9)] {
        let sql = format!("select event_id::text from message_statuses where wamid = 'o1' and status = '{status}'");
        let event = thread.app.texts(&sql).await.remove(0);
        let at = (1_763_900_000_i64 + second) * 1000;
        steps.push(json!({ "status": status, "at": at, "error": null, "event_id": event }));
    }
    assert_eq!(shown[0]["timeline"], json!(steps));
    assert_eq!(shown[1]["timeline"][0]["error"], "Message undeliverable");
}

#[tokio::test]
async fn a_long_thread_comes_in_pages_without_gap_or_repetition() {
    let thread = Thread::start().await;
    // Several in one second, so that time alone does not order them.
    let text = |number: u32| item(&format!("m{number:03}"), number / 7, "text", &json!({ "body": number.to_string() }));
    thread.app.take_in(messages(&(0..120).map(text).collect::<Vec<_>>())).await;

    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = thread.page(&cursor).await;
        pages.push(wamids(&page));
        match page["older"].as_str() {
            Some(older) => older.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    pages.reverse();
    let all: Vec<String> = pages.concat();
    let seconds: Vec<u32> = all.iter().map(|wamid| wamid[1..].parse::<u32>().unwrap() / 7).collect();
    assert!(seconds.is_sorted(), "in reading order");
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(sorted, (0..120).map(|number| format!("m{number:03}")).collect::<Vec<_>>());
}

/// `m000` … in reading order.
fn numbered(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("m{number:03}")).collect()
}

#[tokio::test]
async fn a_thread_opens_at_a_message_with_what_was_written_around_it() {
    let thread = Thread::start().await;
    let text = |number: u32| item(&format!("m{number:03}"), number, "text", &json!({ "body": number.to_string() }));
    thread.app.take_in(messages(&(0..120).map(text).collect::<Vec<_>>())).await;
    thread.app.take_in(messages(&[reaction("r1", 200, "m060", "\u{1f44d}")])).await;

    let middle = thread.at("m060").await;
    assert_eq!(wamids(&middle), numbered(36..86), "25 that came after it, and it, and 24 from before");
    assert_eq!(middle["conversation"]["unread"], 100, "what is older is not what was said last: nothing is read");
    assert_eq!(thread.page(middle["older"].as_str().unwrap()).await["messages"].as_array().unwrap().len(), 36);
    assert_eq!(thread.at("m000").await["older"], Value::Null);
    assert_eq!(wamids(&thread.at("m000").await), numbered(0..26));

    for newest in ["m119", "m094"] {
        assert_eq!(wamids(&thread.at(newest).await), numbered(70..120), "{newest}");
    }
    assert_eq!(thread.page("").await["conversation"]["unread"], 0, "the newest page was seen");
    let almost = thread.at("m093").await;
    assert_eq!((wamids(&almost), &almost["newest"]), (numbered(69..119), &json!(false)));
    assert_eq!(thread.at("m094").await["newest"], true);
}

#[tokio::test]
async fn from_the_middle_of_a_thread_one_reads_on_without_gap_or_repetition() {
    let thread = Thread::start().await;
    // Several in one second, and reactions in between, which stand on no page.
    let text = |number: u32| item(&format!("m{number:03}"), number / 7, "text", &json!({ "body": number.to_string() }));
    thread.app.take_in(messages(&(0..160).map(text).collect::<Vec<_>>())).await;
    let reacts = |number: u32| reaction(&format!("r{number}"), number / 7, &format!("m{number:03}"), "\u{1f44d}");
    thread.app.take_in(messages(&(30..90).map(reacts).collect::<Vec<_>>())).await;
    let all = thread.app.texts("select wamid from messages where about_wamid is null order by sent_at, id").await;

    let first = thread.at(&all[10]).await;
    assert_eq!(wamids(&first), all[..36], "what came before it, and 25 that came after it");
    let second = thread.page(first["newer"].as_str().unwrap()).await;
    assert_eq!((wamids(&second), &second["newest"]), (all[36..86].to_vec(), &json!(false)));
    let third = thread.page(second["newer"].as_str().unwrap()).await;
    assert_eq!(
        (wamids(&third), &third["newer"]),
        (all[86..136].to_vec(), &Value::Null),
        "the rest is on the newest page"
    );
    let newest = thread.page("").await;
    assert_eq!((wamids(&newest), &newest["newer"]), (all[110..].to_vec(), &Value::Null));
}

#[tokio::test]
async fn a_thread_opens_at_a_message_of_equal_times_too() {
    let thread = Thread::start().await;
    let text = |number: u32| item(&format!("m{number:03}"), 7, "text", &json!({ "body": number.to_string() }));
    thread.app.take_in(messages(&(0..120).map(text).collect::<Vec<_>>())).await;
    for wamid in numbered(0..120).into_iter().step_by(17) {
        assert!(wamids(&thread.at(&wamid).await).contains(&wamid), "{wamid}");
    }
}

#[tokio::test]
async fn a_message_of_another_conversation_or_of_none_opens_nothing() {
    let thread = Thread::start().await;
    thread.app.take_in(messages(&[item("m1", 1, "text", &json!({ "body": "Hello" }))])).await;
    let mut other = item("m2", 2, "text", &json!({ "body": "Hello" }));
    other["from"] = json!("16505550000");
    thread.app.take_in(body(&value(&json!({ "messages": [other] })))).await;
    let others = thread.id("m2").await;
    for wrong in [others.as_str(), "01900000-0000-7000-8000-000000000000", "m1", "' or 1=1 --"] {
        assert_eq!(thread.ask(("query[at]", wrong)).await.json(), "NotFound", "{wrong}");
    }
    assert_eq!(wamids(&thread.page_of(("query[at]", "")).await), ["m1"], "none is asked for");
}
