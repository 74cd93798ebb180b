//! Ready to be distributed by company: what one company asks is answered by the rows of one company. That every key
//! begins with the company is shown in [`crate::tenants`]; here it is the statements, as `.sqlx` keeps them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::app::TestApp;

/// On every node of a distributed database: directories of who is where, and what belongs to nobody.
const DIRECTORIES: [&str; 4] = ["_sqlx_migrations", "companies", "logins", "whatsapp_webhook_config_generation"];

/// Where a statement may hold rows of several companies at once: the writer's batch and the worker's.
const BATCHES: [&str; 3] = ["event_log/store.rs", "processing/store.rs", "processing/apply/store.rs"];

/// Statements that name no company, by a part of them, and why they may.
const CROSSING: [(&str, &str); 6] = [
    ("from event_queue q where q.due_at <= $1", "the worker's claim of what is due"),
    ("as \"pending!\", (select count(*)", "the backlog, for the operator's metrics"),
    ("from whatsapp_accounts a left join whatsapp_webhook_configs c", "the door's snapshot of configurations"),
    ("select company_id, account_id, app_secret_sealed", "the operator's keys"),
    ("select distinct company_id", "for whom retention is to step, one company at a time"),
    ("select company_id, id from whatsapp_accounts where phone_number_id = $1", "whose traffic the operator plays"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// No table of a company.
    None,
    /// One company, named by a parameter.
    One,
    /// Rows that each name their company.
    Batch,
    /// All companies, or nobody can say.
    All,
}

fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How far a statement reaches. Each table in it needs its company named.
fn reach(query: &str, tables: &[String]) -> Reach {
    let query = plain(query);
    let words: Vec<&str> = query.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).collect();
    let leads = ["from", "join", "into", "update", "using"];
    let named = words.windows(2).filter(|pair| leads.contains(&pair[0]) && tables.iter().any(|table| table == pair[1]));
    let (tables, companies) = (named.count(), words.iter().filter(|word| **word == "company_id").count());
    let by_parameter = (1..=9).any(|n| query.contains(&format!("company_id = ${n}")))
        || query.contains("(company_id, ") && (query.contains("values ($1, ") || query.contains("select $1, "));
    match (tables, companies >= tables) {
        (0, _) => Reach::None,
        (_, true) if by_parameter => Reach::One,
        (_, true) if query.contains("unnest(") || query.contains("_to_store).*") => Reach::Batch,
        _ => Reach::All,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn statements() -> Vec<String> {
    let files = std::fs::read_dir(root().join(".sqlx")).unwrap().map(|file| file.unwrap().path());
    let read = |path: PathBuf| serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
    files.map(|path| read(path)["query"].as_str().unwrap().to_owned()).collect()
}

/// Every file of the server, as plain text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("server/src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = plain(&std::fs::read_to_string(&path).unwrap());
                sources.push((path, source));
            }
        }
    }
    sources
}

#[tokio::test]
async fn no_statement_crosses_companies_but_the_writers_and_the_workers() {
    let app = TestApp::start().await;
    let mut tables = app.tables().await;
    tables.retain(|table| !DIRECTORIES.contains(&table.as_str()));
    tables.extend(app.views().await);
    let sources = sources();
    let (mut ones, mut in_batches, mut crossing) = (0, 0, 0);
    for query in statements() {
        let text = plain(&query);
        let reach = reach(&query, &tables);
        // By how it begins, since some are put together from parts.
        let begins: String = text.chars().take(100).collect();
        let found = sources.iter().find(|(_, source)| reach == Reach::One || source.contains(&begins));
        let Some((file, _)) = found else { panic!("it stands in no file: {query}") };
        match reach {
            Reach::None => {}
            Reach::One => ones += 1,
            Reach::Batch => {
                assert!(
                    BATCHES.iter().any(|batch| file.ends_with(batch)),
                    "{}: several companies: {query}",
                    file.display()
                );
                in_batches += 1;
            }
            Reach::All => {
                let reason = CROSSING.iter().find(|(part, _)| text.contains(part));
                assert!(reason.is_some(), "{}: no company, or not for each table: {query}", file.display());
                crossing += 1;
            }
        }
    }
    assert!(ones > 60 && in_batches > 5 && crossing > 3, "{ones} {in_batches} {crossing}: too few to be all of them");
    eprintln!("{ones} statements of one company, {in_batches} of batches, {crossing} that cross");
}

#[test]
fn a_statement_that_forgets_the_company_is_seen() {
    let tables: Vec<String> = ["messages", "contacts"].map(ToOwned::to_owned).into();
    for (query, expected) in [
        ("select 1 from companies where name = $1", Reach::None),
        ("select body from messages where company_id = $1 and id = $2", Reach::One),
        ("insert into contacts (company_id, id) values ($1, $2)", Reach::One),
        ("insert into contacts (company_id, id) select * from unnest($1::uuid[], $2::uuid[])", Reach::Batch),
        ("insert into contacts (company_id, id) select company_id, id from (select ($1::a_to_store).*)", Reach::Batch),
        ("insert into contacts (id) select id from (select ($1::a_to_store).*)", Reach::All),
        ("select body from messages where id = $1", Reach::All),
        ("select 1 from messages m join contacts c on c.id = m.contact_id where m.company_id = $1", Reach::All),
        ("update messages set body = '' from unnest($1::uuid[]) as t (id) where messages.id = t.id", Reach::All),
        ("delete from messages using contacts c where messages.company_id = $1 and c.id = contact_id", Reach::All),
    ] {
        assert_eq!(reach(query, &tables), expected, "{query}");
    }
}
