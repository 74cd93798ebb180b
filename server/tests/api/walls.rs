//! The second wall with the first one taken down: the program's own statements, without the filters that they have, run
//! under the console's role. Row-level security alone must keep what is another company's.
//!
//! Every statement runs to its end or is refused for want of a right: any other failure fails the test, since a statement
//! that broke on the way would seem to show nothing.

mod readings;

use serde_json::json;
use server::ids::CompanyId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use self::readings::{Asked, Reading, WAYS, Way, readings};
use crate::app::{NUMBER, TestAccount, TestApp, WABA, text_message};
use crate::tenants::{console, two_companies};
use crate::updates::{at, messages, text};

/// SQLSTATE of a missing right.
const REFUSED: &str = "42501";
/// A subquery found more rows than one.
const TOO_MANY: &str = "21000";

/// The statements by which a company's console is not shown anything of its own, by a part of each, and why.
const SILENT: [(&str, &str); 2] = [
    ("from whatsapp_webhook_config_generation", "is read by the engine alone, and of no company"),
    (SETTINGS, "is of PostgreSQL's own settings, and empty where all is as it should be"),
];
const SETTINGS: &str = "from pg_settings";

/// Two companies with something for every statement to find.
async fn two_full_companies() -> (TestApp, TestAccount, TestAccount) {
    let (app, acme, birch) = two_companies().await;
    for account in [&acme, &birch] {
        let mut reaction = at(text("wamid.reaction", "16505551234", ""), 1_763_900_002);
        reaction["type"] = json!("reaction");
        reaction["reaction"] = json!({ "message_id": "wamid.1", "emoji": "👍" });
        let reaction = String::from_utf8(messages(&[reaction])).unwrap().replace(NUMBER, &account.phone_number_id);
        let unrouted = String::from_utf8(text_message("wamid.unrouted", "16505551234", "Hello")).unwrap();
        let unrouted = unrouted.replace(NUMBER, "9009").replace(WABA, "9010");
        let dead = String::from_utf8(text_message("wamid.dead", "16505551234", "Hello")).unwrap();
        let dead = dead.replace(NUMBER, &account.phone_number_id);
        for body in [reaction, unrouted, dead, "This is no JSON.".into()] {
            assert_eq!(app.post(account, body).await.status(), 200);
        }
    }
    app.drain().await;
    app.give_up("object_id = 'wamid.dead'", "It failed.").await;
    for account in [&acme, &birch] {
        let waiting = String::from_utf8(text_message("wamid.waiting", "16505551234", "Hello")).unwrap();
        let waiting = waiting.replace(NUMBER, &account.phone_number_id);
        assert_eq!(app.post(account, waiting).await.status(), 200);
    }
    (app, acme, birch)
}

/// What tells a company's rows from others': its ids, and what else only it has.
struct Marks {
    account: TestAccount,
    ids: Vec<String>,
    others: Vec<String>,
}

impl Marks {
    async fn of(app: &TestApp, account: &TestAccount) -> Self {
        let company = account.owner.company;
        let mut ids = Vec::new();
        for table in [
            "users",
            "whatsapp_accounts",
            "conversations",
            "contacts",
            "messages",
            "audit_log",
            "whatsapp_webhook_events",
            "event_queue",
            "whatsapp_webhook_deliveries",
            "whatsapp_webhook_rejections",
        ] {
            let found = app.texts(&format!("select id::text from {table} where company_id = '{company}'")).await;
            assert!(!found.is_empty(), "nothing is in {table}");
            ids.extend(found);
        }
        let mut others = Vec::new();
        for (column, table) in [
            ("email", "users"),
            ("password_hash", "users"),
            ("encode(token_sha256, 'hex')", "sessions"),
            ("callback_path", "whatsapp_webhook_configs"),
            ("encode(app_secret_sealed, 'hex')", "whatsapp_webhook_configs"),
        ] {
            let found = app.texts(&format!("select {column} from {table} where company_id = '{company}'")).await;
            assert!(!found.is_empty(), "nothing is in {table}");
            others.extend(found);
        }
        Self { account: account.clone(), ids, others }
    }

    fn is_in(&self, row: &str) -> bool {
        self.ids.iter().chain(&self.others).any(|mark| row.contains(mark.as_str()))
    }

    /// The rows that a statement shows to a connection when all that is known here is asked for. What is refused for
    /// want of a right shows none. Where a company has one row and there are more, the others are another's: as good as
    /// shown.
    async fn ask(&self, connection: &mut PgConnection, reading: &Reading, way: Way) -> Vec<String> {
        let sql = reading.asked(&Asked { account: &self.account, ids: &self.ids }, way);
        let rows: Result<Vec<Option<String>>, _> =
            sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_all(&mut *connection).await;
        match rows {
            Ok(rows) => rows.into_iter().flatten().collect(),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(REFUSED) => Vec::new(),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(TOO_MANY) => self.ids.clone(),
            Err(error) => panic!("{error}: {sql}"),
        }
    }

    /// The statements by which a connection is shown a row of that kind, and those by which it is not, refused or not.
    async fn shown(&self, connection: &mut PgConnection, is_it: impl Fn(&str) -> bool) -> [Vec<String>; 2] {
        let (mut shown, mut silent) = (Vec::new(), Vec::new());
        for reading in readings() {
            let mut found = false;
            for way in WAYS {
                found |= self.ask(connection, &reading, way).await.iter().any(|row| is_it(row));
            }
            if found { &mut shown } else { &mut silent }.push(reading.text);
        }
        [shown, silent]
    }
}

/// Whether a row says more than that there is nothing: zero, no, or nothing at all.
fn says_something(row: &str) -> bool {
    let values = row.trim_start_matches('(').trim_end_matches(')').split(',');
    values.into_iter().any(|value| !["", "0", "f"].contains(&value))
}

#[tokio::test]
async fn without_the_programs_own_filters_nothing_of_another_company_is_read() {
    let (app, acme, birch) = two_full_companies().await;
    let marks = Marks::of(&app, &birch).await;
    let mut as_acme = console(&app, Some(acme.owner.company)).await;
    let [shown, _] = marks.shown(&mut as_acme, |row| marks.is_in(row)).await;
    assert_eq!(shown, [""; 0]);
    // A number tells of others too: who has nothing is shown no row with anything in it.
    for company in [None, Some(CompanyId(Uuid::now_v7()))] {
        let mut as_nobody = console(&app, company).await;
        let [mut shown, _] = marks.shown(&mut as_nobody, says_something).await;
        shown.retain(|text| !text.contains(SETTINGS));
        assert_eq!(shown, [""; 0]);
    }
}

/// The same statements still read something: to its own company all that the console may read shows something.
#[tokio::test]
async fn without_the_programs_own_filters_what_is_ones_own_is_read() {
    let (app, _, birch) = two_full_companies().await;
    let marks = Marks::of(&app, &birch).await;
    let mut as_birch = console(&app, Some(birch.owner.company)).await;
    let [shown, silent] = marks.shown(&mut as_birch, says_something).await;
    let is_named = |text: &&String| SILENT.iter().any(|(part, _)| text.contains(part));
    let unnamed: Vec<&String> = silent.iter().filter(|text| !is_named(text)).collect();
    assert_eq!(unnamed, [""; 0], "they prove nothing: let there be something for them, or name them with a reason");
    for (part, _) in SILENT {
        assert!(readings().iter().any(|reading| reading.text.contains(part)), "no statement has {part} any more");
    }
    assert!(shown.len() >= 55, "only {} statements show anything", shown.len());
}

/// The negative control: without row-level security the same statements show what is another's, and it is noticed.
#[tokio::test]
async fn a_database_without_its_wall_is_reported() {
    let (app, acme, birch) = two_full_companies().await;
    let marks = Marks::of(&app, &birch).await;
    for table in app.tables().await {
        app.execute(&format!("alter table {table} no force row level security, disable row level security")).await;
    }
    let mut as_acme = console(&app, Some(acme.owner.company)).await;
    let [found, _] = marks.shown(&mut as_acme, |row| marks.is_in(row)).await;
    assert!(found.len() >= 40, "only {} were noticed", found.len());
    let mut as_nobody = console(&app, None).await;
    let [found, _] = marks.shown(&mut as_nobody, says_something).await;
    assert!(found.len() >= 55, "only {} were noticed", found.len());
}

/// And a statement that breaks is no statement that shows nothing.
#[tokio::test]
#[should_panic(expected = "does not exist")]
async fn a_statement_that_fails_otherwise_is_reported() {
    let (app, _, birch) = two_companies().await;
    let marks = Marks::of(&app, &birch).await;
    app.execute("alter table whatsapp_webhook_rejections rename to refused").await;
    let mut as_owner = PgConnection::connect(&app.place.url).await.unwrap();
    marks.shown(&mut as_owner, |_| false).await;
}
