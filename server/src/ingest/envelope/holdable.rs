//! Can PostgreSQL keep it as `jsonb`, and can our own reader read it? Valid JSON is not always either.
//!
//! What is refused here is quarantined: its bytes stay in the delivery. What slips through here would make a whole
//! batch of rows fail, so the limits are those of `jsonb` and of `serde_json`, whichever is narrower.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::members::unquote;

/// Lists and objects inside each other; `serde_json` gives up at 128, and the payload adds two.
const MAX_DEPTH: usize = 100;
/// Letters of one number; `numeric` keeps 16383 digits after the point.
const MAX_NUMBER_LENGTH: usize = 1000;
/// Just below the greatest 64-bit float.
const MAX_NUMBER: f64 = 1e308;
/// Without this, `1e-99999` would pass as the float 0 and be refused by `numeric`.
const MAX_EXPONENT: i32 = 1000;

/// Why a text that is valid JSON cannot be kept as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unholdable {
    #[error("An object has the same key twice, and nobody can tell which of the two is meant.")]
    RepeatedKey,
    #[error("The text holds \\u0000, which the database cannot store.")]
    Nul,
    #[error("The text holds half of a surrogate pair, which is no letter.")]
    LoneSurrogate,
    #[error("A number is out of the range that can be kept.")]
    NumberOutOfRange,
    #[error("It is nested too deep to be read.")]
    TooDeep,
    #[error("It holds bytes that are not UTF-8.")]
    NotUtf8,
    #[error("What surrounds the update is too long to be repeated with it.")]
    TooLong,
}

/// Checks a text that is known to be valid JSON.
pub(super) fn check(json: &str) -> Result<(), Unholdable> {
    let mut scanner = Scanner { json, at: 0, open: Vec::new() };
    while let Some(&byte) = json.as_bytes().get(scanner.at) {
        scanner.step(byte)?;
    }
    Ok(())
}

/// Goes over the text once. The grammar is known to be right, so only what matters is looked at.
struct Scanner<'a> {
    json: &'a str,
    at: usize,
    /// The keys seen in each object that is open; always empty for a list.
    open: Vec<Vec<Cow<'a, str>>>,
}

impl<'a> Scanner<'a> {
    fn step(&mut self, byte: u8) -> Result<(), Unholdable> {
        match byte {
            b'"' => return self.string(),
            b'-' | b'0'..=b'9' => return self.number(),
            b'{' | b'[' if self.open.len() == MAX_DEPTH => return Err(Unholdable::TooDeep),
            b'{' | b'[' => self.open.push(Vec::new()),
            b'}' | b']' => self.close()?,
            _ => {}
        }
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Unholdable> {
        let mut keys = self.open.pop().unwrap_or_default();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Unholdable::RepeatedKey);
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), Unholdable> {
        let quoted = self.quoted();
        self.at += quoted.len();
        check_escapes(quoted)?;
        let is_key = self.json[self.at..].trim_start().starts_with(':');
        if is_key && let Some(keys) = self.open.last_mut() {
            keys.push(unquote(quoted).ok_or(Unholdable::LoneSurrogate)?);
        }
        Ok(())
    }

    /// The string that begins here, quotes included.
    fn quoted(&self) -> &'a str {
        let rest = &self.json[self.at..];
        &rest[..quoted_length(rest.as_bytes())]
    }

    fn number(&mut self) -> Result<(), Unholdable> {
        let rest = &self.json[self.at..];
        let is_part = |letter: char| matches!(letter, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let number = &rest[..rest.find(|letter| !is_part(letter)).unwrap_or(rest.len())];
        self.at += number.len();
        if number_is_holdable(number) { Ok(()) } else { Err(Unholdable::NumberOutOfRange) }
    }
}

/// How long the string is that a text begins with, quotes included; all of the text if it does not end.
pub(super) fn quoted_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        // The letter behind a backslash closes nothing.
        at += 2;
    }
    text.len()
}

fn number_is_holdable(number: &str) -> bool {
    let exponent = number.split_once(['e', 'E']).map_or(Ok(0), |(_, digits)| digits.parse::<i32>());
    number.len() <= MAX_NUMBER_LENGTH
        && exponent.is_ok_and(|exponent| exponent.abs() <= MAX_EXPONENT)
        && number.parse::<f64>().is_ok_and(|value| value.abs() <= MAX_NUMBER)
}

/// Looks at the `\uXXXX` of a string: no NUL, and surrogates only in pairs.
fn check_escapes(quoted: &str) -> Result<(), Unholdable> {
    let mut rest = quoted;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        let (unit, after) = escape(&rest[at..]);
        match unit {
            Some(0) => return Err(Unholdable::Nul),
            Some(0xdc00..=0xdfff) => return Err(Unholdable::LoneSurrogate),
            Some(0xd800..=0xdbff) => match escape(after) {
                (Some(0xdc00..=0xdfff), behind) => rest = behind,
                _ => return Err(Unholdable::LoneSurrogate),
            },
            _ => rest = after,
        }
    }
    Ok(())
}

/// The UTF-16 unit of the `\uXXXX` that the text begins with, if it does, and what follows the escape.
fn escape(text: &str) -> (Option<u16>, &str) {
    let Some(digits) = text.strip_prefix("\\u").and_then(|rest| rest.get(..4)) else {
        // Any other escape is two letters; at the end of the text there is none.
        return (None, text.get(2..).unwrap_or_default());
    };
    (u16::from_str_radix(digits, 16).ok(), &text[6..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::Unholdable::{LoneSurrogate, Nul, NumberOutOfRange, RepeatedKey, TooDeep};
    use super::check;

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn what_can_be_kept_is_let_through() {
        let good = [
            "null",
            "{}",
            "\"\"",
            "-0",
            "1e308",
            "1E+5",
            "0.000001",
            "1e-400",
            "179769313486231570000000000000000000000000",
            r#"{"a":{"a":[{"a":"a"},{"a":"b"}]},"b":"a"}"#,
            r#"["a","a",{"b":"a:","c":":"}]"#,
            r#"{"a\"":1,"a\\":2,"a":3,"\\\"a":4}"#,
            r#""\\u0000""#,
            r#""\ud83d\ude00 \uD83D\uDE00 \u00e4 \uffff \u0001 \/ \" \\""#,
            r#"{"a" : "b" , "b" : "a"}"#,
            "\"\u{1f600}\u{ffff}\"",
        ];
        for json in good {
            assert_eq!(check(json), Ok(()), "{json}");
            assert!(serde_json::from_str::<Value>(json).is_ok(), "{json}");
        }
        assert_eq!(check(&nested(100)), Ok(()));
    }

    #[test]
    fn what_cannot_be_kept_is_refused_and_named() {
        let bad = [
            (r#"{"a":1,"a":1}"#, RepeatedKey),
            (r#"{"a":1,"b":2,"\u0061":3}"#, RepeatedKey),
            (r#"[{"x":{"\u00e4":1,"c":[],"ä":2}}]"#, RepeatedKey),
            (r#"{"a" :1,"a"	:1}"#, RepeatedKey),
            (r#""\u0000""#, Nul),
            (r#"{"a\u0000b":1}"#, Nul),
            (r#""\\\u0000""#, Nul),
            (r#""\ud83d""#, LoneSurrogate),
            (r#""\ude00""#, LoneSurrogate),
            (r#""\ud83dx\ude00""#, LoneSurrogate),
            (r#""\ud83d\n""#, LoneSurrogate),
            (r#""\ud83d\ud83d\ude00""#, LoneSurrogate),
            (r#""\ude00\ud83d""#, LoneSurrogate),
            (r#""\ud83d\\ude00""#, LoneSurrogate),
            (r#"{"\uDBFF":1}"#, LoneSurrogate),
            ("1e400", NumberOutOfRange),
            ("[-1e309]", NumberOutOfRange),
            ("1e-20000", NumberOutOfRange),
            ("0e99999999999999999999", NumberOutOfRange),
            ("{\"a\":1.7976931348623157e308}", NumberOutOfRange),
        ];
        for (json, reason) in bad {
            assert_eq!(check(json), Err(reason), "{json}");
        }
        assert_eq!(check(&nested(101)), Err(TooDeep));
        assert_eq!(check(&nested(1_000_000)), Err(TooDeep));
        assert_eq!(check(&format!("0.{}1", "0".repeat(20_000))), Err(NumberOutOfRange));
        assert_eq!(check(&"9".repeat(400)), Err(NumberOutOfRange));
    }

    #[test]
    fn many_keys_are_no_trouble() {
        let keys: Vec<_> = (0..100_000).map(|n| format!("\"k{n}\":{n}")).collect();
        assert_eq!(check(&format!("{{{}}}", keys.join(","))), Ok(()));
        assert_eq!(check(&format!("{{{},\"k7\":1}}", keys.join(","))), Err(RepeatedKey));
    }

    /// JSON as its grammar allows it, nasty things included.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,6})?",
            string(),
        ];
        leaf.prop_recursive(6, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(|list| format!("[ {} ]", list.join(" ,"))),
                prop::collection::vec((string(), inner), 0..6).prop_map(|members| {
                    let members: Vec<_> = members.iter().map(|(key, value)| format!("{key} :{value}")).collect();
                    format!("{{{}}}", members.join(", "))
                }),
            ]
        })
    }

    fn string() -> impl Strategy<Value = String> {
        "\"([a-c:{}\\[\\], \u{e4}\u{1f600}]|\\\\[\"\\\\/bfnrt]|\\\\u00[0-6][0-9a-fA-F]|\\\\u[dD][89a-f]00|\\\\ud83d\\\\ude00){0,6}\""
    }

    fn objects_without_repeated_keys(value: &Value, json: &str) -> bool {
        // A reader that drops repeated keys would write less than there was: count the colons that are no text.
        fn members(value: &Value) -> usize {
            match value {
                Value::Array(list) => list.iter().map(members).sum(),
                Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
                _ => 0,
            }
        }
        let (mut inside, mut escaped, mut colons) = (false, false, 0);
        for byte in json.bytes() {
            match byte {
                b'"' if !escaped => inside = !inside,
                b':' if !inside => colons += 1,
                _ => {}
            }
            escaped = byte == b'\\' && !escaped;
        }
        members(value) == colons
    }

    proptest! {
        /// Both ways: what is let through can be read and says the same, what is refused has a reason that a reader
        /// confirms.
        #[test]
        fn the_verdict_is_that_of_a_real_reader(json in json()) {
            let read = serde_json::from_str::<Value>(&json);
            match check(&json) {
                Ok(()) => {
                    let value = read.expect("let through, but cannot be read");
                    prop_assert!(!value.to_string().contains("\\u0000"));
                    prop_assert!(objects_without_repeated_keys(&value, &json));
                }
                Err(Nul) => prop_assert!(read.map_or(true, |value| value.to_string().contains("\\u0000")) || json.contains("\\u0000")),
                Err(RepeatedKey) => prop_assert!(read.map_or(true, |value| !objects_without_repeated_keys(&value, &json))),
                Err(LoneSurrogate) => prop_assert!(read.is_err()),
                Err(NumberOutOfRange) => prop_assert!(read.is_err() || json.contains(['e', 'E'])),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
