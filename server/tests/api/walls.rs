//! The second wall with the first one taken down: the program's own statements, without the filters that they have, run
//! under the console's role. Row-level security alone must keep what is another company's.
//!
//! The statements are those that are kept for checking them at compile time (`.sqlx`), so none can be forgotten. Every
//! `column = $n` in them becomes true for whatever is not null, and what is asked for is the other company's.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::app::{TestAccount, TestApp};
use crate::tenants::{console, two_companies};

/// A statement that reads, and the types of its parameters.
struct Reading {
    text: String,
    types: Vec<String>,
}

/// All of the program's that read and do nothing else.
fn readings() -> Vec<Reading> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.sqlx");
    let mut readings = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let kept: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let text = kept["query"].as_str().unwrap().to_owned();
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let writes = ["insert", "update", "delete"].iter().any(|verb| words.iter().any(|word| word == verb));
        if !writes && words.iter().any(|word| word == "from") {
            let types = kept["describe"]["parameters"]["Left"].as_array().unwrap();
            let name = |kind: &Value| kind.as_str().unwrap_or("Custom").to_owned();
            readings.push(Reading { text, types: types.iter().map(name).collect() });
        }
    }
    readings
}

impl Reading {
    /// Without its filters by equality.
    fn unfiltered(&self) -> String {
        let mut out = String::new();
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find(" = $") {
            let (before, after) = rest.split_at(at);
            let digits = 4 + after[4..].chars().take_while(char::is_ascii_digit).count();
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
            let name = before.rfind(|letter| !is_name(letter)).map_or(0, |place| place + 1);
            if name < before.len() {
                write!(out, "{}({}{}) is not null", &before[..name], &before[name..], &after[..digits]).unwrap();
            } else {
                write!(out, "{before}{}", &after[..digits]).unwrap();
            }
            rest = &after[digits..];
        }
        out + rest
    }

    /// With values in the places of its parameters, so that as much as possible is found.
    fn asked(&self, account: &TestAccount, far: &str) -> String {
        let mut text = self.unfiltered();
        for (place, kind) in self.types.iter().enumerate().rev() {
            let value = match kind.as_str() {
                "Uuid" if self.text.contains(&format!("company_id = ${}", place + 1)) => {
                    format!("'{}'::uuid", account.owner.company)
                }
                "Uuid" => format!("'{}'::uuid", account.owner.account),
                "Timestamptz" => format!("'{far}'::timestamptz"),
                "Int2" | "Int4" | "Int8" => "1000".into(),
                "Text" | "Varchar" => "''".into(),
                "Bool" => "true".into(),
                _ => "null".into(),
            };
            text = text.replace(&format!("${}", place + 1), &value);
        }
        // A name with a mark for the compiler is a name all the same.
        format!("select q::text from ({text}) q")
    }
}

/// In how many statements a connection was shown something of the other company: all that is known of it is looked for.
async fn shown(connection: &mut PgConnection, account: &TestAccount, marks: &[String]) -> Vec<String> {
    let mut shown = Vec::new();
    for reading in readings() {
        for far in ["infinity", "-infinity"] {
            let sql = AssertSqlSafe(reading.asked(account, far));
            // Refused for lack of a right to it is not read either.
            let rows: Vec<Option<String>> =
                sqlx::query_scalar(sql).fetch_all(&mut *connection).await.unwrap_or_default();
            if rows.iter().flatten().any(|row| marks.iter().any(|mark| row.contains(mark.as_str()))) {
                shown.push(reading.text.clone());
                break;
            }
        }
    }
    shown
}

/// Every id that is the company's own.
async fn marks(app: &TestApp, account: &TestAccount) -> Vec<String> {
    let mut marks = Vec::new();
    for table in ["users", "whatsapp_accounts", "conversations", "contacts", "messages", "audit_log"] {
        let sql = format!("select id::text from {table} where company_id = '{}'", account.owner.company);
        marks.extend(app.texts(&sql).await);
    }
    for table in ["whatsapp_webhook_event_logs", "whatsapp_webhook_deliveries", "whatsapp_webhook_rejections"] {
        let sql = format!("select id::text from {table} where company_id = '{}'", account.owner.company);
        marks.extend(app.texts(&sql).await);
    }
    marks
}

#[tokio::test]
async fn without_the_programs_own_filters_nothing_of_another_company_is_read() {
    let (app, acme, birch) = two_companies().await;
    let (marks, readings) = (marks(&app, &birch).await, readings());
    assert!(readings.len() >= 20 && marks.len() >= 8, "{} statements, {} ids", readings.len(), marks.len());
    let mut as_acme = console(&app, Some(acme.owner.company)).await;
    assert_eq!(shown(&mut as_acme, &birch, &marks).await, [""; 0]);

    // Its own it is shown by the same statements: they still read something.
    let mut as_birch = console(&app, Some(birch.owner.company)).await;
    let own = shown(&mut as_birch, &birch, &marks).await;
    assert!(own.len() >= 8, "only {} statements show anything: {own:#?}", own.len());
}

/// The negative control: without row-level security the same statements show what is another's, and it is noticed.
#[tokio::test]
async fn a_database_without_its_wall_is_reported() {
    let (app, _, birch) = two_companies().await;
    let marks = marks(&app, &birch).await;
    let mut as_owner = PgConnection::connect(&app.place.url).await.unwrap();
    let found = shown(&mut as_owner, &birch, &marks).await;
    assert!(found.len() >= 8, "only {} were noticed", found.len());
    for table in app.tables().await {
        app.execute(&format!("alter table {table} no force row level security, disable row level security")).await;
    }
    let mut as_acme = console(&app, Some(app.account.owner.company)).await;
    let found = shown(&mut as_acme, &birch, &marks).await;
    assert!(found.len() >= 8, "only {} were noticed", found.len());
}
