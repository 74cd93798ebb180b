//! JSON read one level deep: the members of an object and the elements of a list as slices of the body.
//!
//! `serde_json` passes over a raw value without recursion, without building numbers and without decoding escapes, so
//! that nothing inside one can make its neighbours unreadable.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object in their order, repeated keys included.
pub(super) struct Members<'a>(Vec<Member<'a>>);

struct Member<'a> {
    quoted_key: &'a str,
    key: Cow<'a, str>,
    value: &'a str,
}

impl<'a> Members<'a> {
    /// None if `json` is not an object.
    pub(super) fn read(json: &'a str) -> Option<Self> {
        // What is no object fails at its first letter, and far more cheaply here than with an error made for it.
        json.trim_start().starts_with('{').then(|| serde_json::from_str(json).ok())?
    }

    /// Key and value of each member.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|member| (&*member.key, member.value))
    }

    /// Every value of the key, nulls included.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The last value of the key, as most readers of JSON see it. A null counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        let member = self.0.iter().rev().find(|member| member.key == key)?;
        (member.value != "null").then_some(member.value)
    }

    /// The value of the key as an object.
    pub(super) fn object(&self, key: &str) -> Option<Members<'a>> {
        self.get(key).and_then(Members::read)
    }

    /// The value of the key as a word: see [`text`].
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key).and_then(text)
    }

    /// The first of the keys that has a word.
    pub(super) fn first_text(&self, keys: &[&str]) -> Option<Cow<'a, str>> {
        keys.iter().find_map(|key| self.text(key))
    }

    /// Key and value of the members but some, as they stand in the body.
    pub(super) fn rest(&self, left_out: &[&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_left = |member: &&Member| !left_out.contains(&&*member.key);
        self.0.iter().filter(is_left).map(|member| (member.quoted_key, member.value))
    }

    /// The object again, without some of its members.
    pub(super) fn without(&self, left_out: &[&str]) -> String {
        let mut json = String::from("{");
        for (key, value) in self.rest(left_out) {
            let comma = if json.len() > 1 { "," } else { "" };
            json.extend([comma, key, ":", value]);
        }
        json.push('}');
        json
    }
}

/// The elements of a list; none if `json` is no list.
pub(super) fn elements(json: &str) -> Option<Vec<&str>> {
    let raw: Vec<&RawValue> = json.trim_start().starts_with('[').then(|| serde_json::from_str(json).ok())??;
    Some(raw.into_iter().map(RawValue::get).collect())
}

/// A string with its escapes resolved, or the digits of a number. None for anything else, and for what cannot stand in
/// a text column or says nothing: lone surrogates, NUL, the empty string.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    let word = if json.starts_with('"') {
        unquote(json)?
    } else {
        let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        is_number.then_some(Cow::Borrowed(json))?
    };
    (!word.is_empty() && !word.contains('\0')).then_some(word)
}

/// What a JSON string says; none if it holds a lone surrogate.
pub(super) fn unquote(quoted: &str) -> Option<Cow<'_, str>> {
    if quoted.contains('\\') {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    quoted.strip_prefix('"')?.strip_suffix('"').map(Cow::Borrowed)
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        // Keys are raw as well: one that nobody can decode must not hide the others.
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            let quoted_key = key.get();
            let key = unquote(quoted_key).unwrap_or(Cow::Borrowed(quoted_key));
            members.push(Member { quoted_key, key, value: value.get() });
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{Members, elements, text};

    #[test]
    fn members_keep_their_order_their_bytes_and_their_repetitions() {
        let members = Members::read(r#" {"a": 1.0,"b":{"c": [ ]} ,"\u0061":"x"} "#).unwrap();
        let read: Vec<_> = members.iter().collect();
        assert_eq!(read, [("a", "1.0"), ("b", r#"{"c": [ ]}"#), ("a", "\"x\"")]);
        assert_eq!(members.get("a"), Some("\"x\""));
        assert_eq!(members.all("a").collect::<Vec<_>>(), ["1.0", "\"x\""]);
        assert_eq!(members.without(&["b"]), r#"{"a":1.0,"\u0061":"x"}"#);
        assert_eq!(members.without(&["a", "b"]), "{}");
    }

    #[test]
    fn what_nobody_can_parse_does_not_hide_its_neighbours() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let json = format!(r#"{{"\ud800":1,"deep":{deep},"big":1e400,"lone":"\udc00","nul":"\u0000","good":"here"}}"#);
        let members = Members::read(&json).unwrap();
        assert_eq!(members.get("deep"), Some(&*deep));
        assert_eq!(members.text("good").as_deref(), Some("here"));
        assert_eq!((members.text("lone"), members.text("nul")), (None, None));
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_err(), "otherwise this test proves nothing");
    }

    #[test]
    fn other_shapes_are_no_objects_and_no_lists() {
        for json in ["", "[]", "null", "1", "\"{}\"", "{", "{\"a\"}", "{} {}", "{1:2}", "{\"a\":1,}"] {
            assert!(Members::read(json).is_none(), "{json}");
        }
        for json in ["", "{}", "null", "1", "\"[]\"", "[", "[1,]", "[] []", "[1 2]"] {
            assert!(elements(json).is_none(), "{json}");
        }
        assert_eq!(elements(" [1, \"a\" ,[ ]] "), Some(vec!["1", "\"a\"", "[ ]"]));
    }

    #[test]
    fn words_are_strings_or_numbers() {
        assert_eq!(text("\"a\\u00e4\\/\"").as_deref(), Some("a\u{e4}/"));
        assert_eq!(text("1731705721").as_deref(), Some("1731705721"));
        assert_eq!(text("-1.5e3").as_deref(), Some("-1.5e3"));
        for json in ["\"\"", "null", "true", "{}", "[\"a\"]", "\"a\\u0000\"", "\"\\ud83d\""] {
            assert_eq!(text(json), None, "{json}");
        }
    }
}
