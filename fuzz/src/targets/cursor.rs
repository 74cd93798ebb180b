//! A place in a list, as it stands in a URL.

use server::paging::Cursor;

use super::kind;
use crate::run::Target;

pub const TARGET: Target = Target {
    name: "cursor",
    words: &[
        b"_",
        b"-",
        b"+",
        b"0",
        b"9223372036854775807",
        b"-9223372036854775808",
        b"253402300799999999",
        b"-377705116800000000",
        b"urn:uuid:",
        b"{",
        b"}",
        b"00000000000000000000000000000000",
        b"ffffffff-ffff-ffff-ffff-ffffffffffff",
        "\u{662}".as_bytes(),
    ],
    try_one,
};

fn try_one(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return 0 };
    let Some(cursor) = Cursor::parse(text) else {
        let (time, id) = text.split_once('_').unwrap_or((text, ""));
        return kind((time.len().min(24), id.len().min(48), time.parse::<i64>().is_ok()));
    };
    assert_eq!(Cursor::parse(&cursor.encode()), Some(cursor), "it does not come back as it went");
    assert!((1..=9999).contains(&cursor.at.year()), "PostgreSQL does not know the year {}", cursor.at.year());
    let encoded = cursor.encode();
    assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "{encoded}");
    kind((cursor.at.year() / 500, text.len().min(80)))
}
