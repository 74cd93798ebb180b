//! The program's statements that read, without the filters that they have.
//!
//! They are those that are kept for checking them at compile time (`.sqlx`), so none can be forgotten. Every
//! `column = $n` becomes true for whatever is not null, and the other parameters get values that let through as much as
//! possible.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

use crate::app::TestAccount;

/// A statement that reads, and the types of its parameters.
pub struct Reading {
    pub text: String,
    types: Vec<String>,
}

/// All of the program's that read and do nothing else.
pub fn readings() -> Vec<Reading> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.sqlx");
    let mut readings = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let kept: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let text = kept["query"].as_str().unwrap().to_owned();
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let writes = ["insert", "update", "delete"].iter().any(|verb| words.iter().any(|word| word == verb));
        if !writes && words.iter().any(|word| word == "from") {
            let types = kept["describe"]["parameters"]["Left"].as_array().unwrap();
            readings.push(Reading { text, types: types.iter().map(type_name).collect() });
        }
    }
    readings
}

/// A type of PostgreSQL's own by its name, an enum by one of its values.
fn type_name(kind: &Value) -> String {
    if let Some(name) = kind.as_str() {
        return name.to_owned();
    }
    let (value, name) = (kind["Custom"]["kind"]["Enum"][0].as_str(), kind["Custom"]["name"].as_str());
    format!("'{}'::{}", value.unwrap_or_else(|| panic!("{kind} is no enum")), name.unwrap())
}

/// Of whom is asked.
pub struct Asked<'a> {
    pub account: &'a TestAccount,
    /// The ids of all their things.
    pub ids: &'a [String],
}

/// How a statement is asked: each way finds what others do not.
#[derive(Clone, Copy)]
pub struct Way {
    /// Every moment that is given.
    pub moment: &'static str,
    /// Whether filters are left out that may be (`$n is null or …`).
    pub is_open: bool,
}

pub const WAYS: [Way; 4] = [
    Way { moment: "9999-12-31", is_open: true },
    Way { moment: "0001-01-01", is_open: true },
    Way { moment: "9999-12-31", is_open: false },
    Way { moment: "0001-01-01", is_open: false },
];

impl Reading {
    /// With values in the places of its parameters.
    pub fn asked(&self, asked: &Asked<'_>, way: Way) -> String {
        let mut text = self.unfiltered();
        for number in (1..=self.types.len()).rev() {
            let may_be_left_out = way.is_open && self.may_be_left_out(number);
            let value = if may_be_left_out { "null".into() } else { self.value(number, asked, way.moment) };
            text = text.replace(&format!("${number}"), &value);
        }
        // A name with a mark for the compiler is a name all the same.
        format!("select q::text from ({text}) q")
    }

    /// Without its filters by equality.
    fn unfiltered(&self) -> String {
        let mut out = String::new();
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find(" = $") {
            let (before, after) = rest.split_at(at);
            let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_:".contains(letter);
            let end = 4 + after[4..].find(|letter| !is_word(letter)).unwrap_or(after.len() - 4);
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
            let name = before.rfind(|letter| !is_name(letter)).map_or(0, |place| place + 1);
            if name < before.len() {
                write!(out, "{}({}{}) is not null", &before[..name], &before[name..], &after[..end]).unwrap();
            } else {
                write!(out, "{before}{}", &after[..end]).unwrap();
            }
            rest = &after[end..];
        }
        out + rest
    }

    fn may_be_left_out(&self, number: usize) -> bool {
        self.text.match_indices(&format!("${number}::")).any(|(at, _)| {
            let mut words = self.text[at..].split_whitespace().skip(1);
            words.next() == Some("is") && words.next() == Some("null")
        })
    }

    fn value(&self, number: usize, asked: &Asked<'_>, moment: &str) -> String {
        let has = |before: &str, after: &str| self.text.contains(&format!("{before}${number}{after}"));
        let owner = &asked.account.owner;
        match self.types[number - 1].as_str() {
            "Uuid" if has("company_id = ", "") => format!("'{}'::uuid", owner.company),
            "Uuid" if has("between ", " and") || has("id > ", "") => format!("'{}'::uuid", Uuid::nil()),
            "Uuid" if has(&format!("between ${} and ", number - 1), "") => format!("'{}'::uuid", Uuid::max()),
            "Uuid" => format!("'{}'::uuid", owner.account),
            "UuidArray" | "TextArray" => self.array(number, asked),
            "Bytea" => r"'\x'::bytea".into(),
            "ByteaArray" => r"array['\x'::bytea]".into(),
            "Timestamptz" => format!("'{moment}'::timestamptz"),
            "Int2" | "Int4" | "Int8" if has("offset ", "") => "0".into(),
            "Int2" | "Int4" | "Int8" => "1000".into(),
            "Text" | "Varchar" => "''".into(),
            "Bool" => "true".into(),
            of_enum if of_enum.starts_with('\'') => of_enum.to_owned(),
            other => panic!("no value is known for {other}: {}", self.text),
        }
    }

    /// Their ids or wamids; where several lists go beside each other, what belongs together.
    fn array(&self, number: usize, asked: &Asked<'_>) -> String {
        let list = ["as asked (", "as held ("].into_iter().find_map(|begin| self.text.split_once(begin));
        let names = list.and_then(|(_, rest)| rest.split(')').next());
        let names: Vec<&str> = names.map(|names| names.split(", ").collect()).unwrap_or_default();
        let owner = &asked.account.owner;
        // Beside each of their ids stands whose it is.
        let times = if names.contains(&"id") { asked.ids.len() } else { 1 };
        let values = match names.get(number - 1).copied() {
            Some("company_id") => vec![owner.company.to_string(); times],
            Some("account_id") => vec![owner.account.to_string(); times],
            Some("id" | "place") => asked.ids.to_vec(),
            Some("kind") => vec!["wa_id".into()],
            Some("value") => vec!["16505551234".into()],
            Some("wamid") => vec!["wamid.1".into()],
            Some(other) => panic!("no value is known for {other}: {}", self.text),
            None if self.types[number - 1] == "UuidArray" => asked.ids.to_vec(),
            None => ["wamid.1", "wamid.out"].map(ToOwned::to_owned).into(),
        };
        let kind = if self.types[number - 1] == "UuidArray" { "uuid" } else { "text" };
        format!("array['{}']::{kind}[]", values.join("', '"))
    }
}
