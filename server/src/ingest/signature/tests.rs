//! Many ways of getting it wrong, each refused, and the few ways of getting it right, without which the table could
//! not fail.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::{BadSignature, Match, SIGNATURE_HEADER, Signature, matches, sign};

const SECRET: &[u8] = b"5f2b8c1d9e0a47368b4c2d1e6f7a8b90";
const VERIFY_TOKEN: &[u8] = b"verify-me-please-0001";
const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{"text":"Gr\u00fc\u00dfe \ud83d\udc4b"}}]}]}"#;

/// Of `BODY` under `SECRET`, each computed elsewhere.
const SHA256: &str = "aa0fb863a53b7f5bea71fbb96454c70087dcb458c9f694a1d4d55ac5e9a99ccb";
const SHA1: &str = "d186d698481249e56207956698aaff901cc1bcc4";
const SHA384: &str = "6fbb67e1d5fc5479db530c702afffaa1d66a554aaa1891d9f9ac596ac89e498c07e8169378527ff2e0b3c1207353c45f";

/// One POST as the door sees it.
#[derive(Clone)]
struct Post {
    headers: HeaderMap,
    secret: Vec<u8>,
    body: Vec<u8>,
}

impl Post {
    fn right() -> Self {
        Self { headers: header(format!("sha256={SHA256}")), secret: SECRET.to_vec(), body: BODY.to_vec() }
    }

    fn check(&self) -> Option<Match> {
        let signature = Signature::from_headers(&self.headers).ok()?;
        matches(&self.secret, &self.body, &signature)
    }
}

fn header(value: impl AsRef<[u8]>) -> HeaderMap {
    named(SIGNATURE_HEADER, value)
}

fn named(name: &str, value: impl AsRef<[u8]>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    add(&mut headers, name, value);
    headers
}

fn add(headers: &mut HeaderMap, name: &str, value: impl AsRef<[u8]>) {
    headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value.as_ref()).unwrap());
}

fn hmac(secret: &[u8], body: &[u8]) -> String {
    hex::encode(sign(secret, body).0)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The right POST with another header.
fn with_header(value: impl AsRef<[u8]>) -> Post {
    Post { headers: header(value), ..Post::right() }
}

fn with_digits(digits: &str) -> Post {
    with_header(format!("sha256={digits}"))
}

fn with_body(body: impl Into<Vec<u8>>) -> Post {
    Post { body: body.into(), ..Post::right() }
}

/// The right POST for somebody who has another secret than the one it was signed with.
fn with_secret(secret: impl Into<Vec<u8>>) -> Post {
    Post { secret: secret.into(), ..Post::right() }
}

fn with_headers(values: &[&str]) -> Post {
    let mut headers = HeaderMap::new();
    for value in values {
        add(&mut headers, SIGNATURE_HEADER, value);
    }
    Post { headers, ..Post::right() }
}

fn replaced(from: &str, to: &str) -> Vec<u8> {
    let body = std::str::from_utf8(BODY).unwrap();
    assert!(body.contains(from), "{from} is not in the body");
    body.replace(from, to).into_bytes()
}

fn wrong_headers() -> Vec<(&'static str, Post)> {
    let good = format!("sha256={SHA256}");
    let other = format!("sha256={}", "0".repeat(64));
    vec![
        ("no header", Post { headers: HeaderMap::new(), ..Post::right() }),
        ("empty header", with_header("")),
        ("only a blank", with_header(" ")),
        ("the old header only", Post { headers: named("x-hub-signature", format!("sha1={SHA1}")), ..Post::right() }),
        ("the right value in the old header", Post { headers: named("x-hub-signature", &good), ..Post::right() }),
        ("the right value in Authorization", Post { headers: named("authorization", &good), ..Post::right() }),
        ("a header like it", Post { headers: named("x-hub-signature-2560", &good), ..Post::right() }),
        ("the same header twice", with_headers(&[&good, &good])),
        ("right, then wrong", with_headers(&[&good, &other])),
        ("wrong, then right", with_headers(&[&other, &good])),
        ("right, then empty", with_headers(&[&good, ""])),
        ("two values joined by a comma", with_header(format!("{good},{good}"))),
        ("two values joined by comma and blank", with_header(format!("{good}, {other}"))),
        ("two values joined by a semicolon", with_header(format!("{good};{good}"))),
        ("no prefix", with_header(SHA256)),
        ("only the prefix", with_header("sha256=")),
        ("sha1 prefix", with_header(format!("sha1={SHA256}"))),
        ("sha1 prefix and digest", with_header(format!("sha1={SHA1}"))),
        ("sha512 prefix", with_header(format!("sha512={SHA256}"))),
        ("upper-case prefix", with_header(format!("SHA256={SHA256}"))),
        ("mixed-case prefix", with_header(format!("Sha256={SHA256}"))),
        ("prefix with a hyphen", with_header(format!("sha-256={SHA256}"))),
        ("prefix with a colon", with_header(format!("sha256:{SHA256}"))),
        ("prefix with two equals signs", with_header(format!("sha256=={SHA256}"))),
        ("prefix twice", with_header(format!("sha256={good}"))),
        ("prefix v0, as another service has it", with_header(format!("v0={SHA256}"))),
        ("63 digits", with_digits(&SHA256[..63])),
        ("62 digits", with_digits(&SHA256[..62])),
        ("65 digits", with_digits(&format!("{SHA256}0"))),
        ("66 digits", with_digits(&format!("{SHA256}00"))),
        ("the digits twice", with_digits(&SHA256.repeat(2))),
        ("32 digits", with_digits(&SHA256[..32])),
        ("upper-case digits", with_digits(&SHA256.to_uppercase())),
        ("one upper-case digit", with_digits(&SHA256.replacen('a', "A", 1))),
        ("0x before the digits", with_digits(&format!("0x{}", &SHA256[2..]))),
        ("a letter that is no digit", with_digits(&SHA256.replacen('a', "g", 1))),
        (
            "digits with colons",
            with_digits(
                &SHA256
                    .as_bytes()
                    .chunks(2)
                    .map(|pair| std::str::from_utf8(pair).unwrap())
                    .collect::<Vec<_>>()
                    .join(":"),
            ),
        ),
        ("a blank before", with_header(format!(" {good}"))),
        ("a blank after", with_header(format!("{good} "))),
        ("a tab after", with_header(format!("{good}\t"))),
        ("a blank after the equals sign", with_header(format!("sha256= {SHA256}"))),
        ("a blank before the equals sign", with_header(format!("sha256 ={SHA256}"))),
        ("a blank in the digits", with_digits(&format!("{} {}", &SHA256[..32], &SHA256[32..]))),
        ("a blank instead of a digit", with_digits(&format!("{} {}", &SHA256[..31], &SHA256[32..]))),
        ("in double quotes", with_header(format!("\"{good}\""))),
        ("digits in double quotes", with_digits(&format!("\"{SHA256}\""))),
        ("percent-encoded equals sign", with_header(format!("sha256%3D{SHA256}"))),
        ("non-ASCII bytes", with_header(b"sha256=\xc3\xa4\xc3\xb6\xc3\xbc")),
        ("non-ASCII byte after", with_header([good.as_bytes(), b"\xa0"].concat())),
        ("full-width digits", with_digits(&SHA256.replace('0', "\u{ff10}"))),
        ("the word null", with_header("null")),
        ("the word sha256=null", with_header("sha256=null")),
    ]
}

fn wrong_digests() -> Vec<(&'static str, Post)> {
    let mac = hex::decode(SHA256).unwrap();
    let base64 = STANDARD.encode(&mac);
    let mut flipped = mac.clone();
    flipped[31] ^= 1;
    let reversed: Vec<u8> = mac.iter().rev().copied().collect();
    vec![
        ("all zeroes", with_digits(&"0".repeat(64))),
        ("all ones", with_digits(&"f".repeat(64))),
        ("the first bit flipped", with_digits(&format!("2{}", &SHA256[1..]))),
        ("the last bit flipped", with_digits(&hex::encode(flipped))),
        ("the bytes turned round", with_digits(&hex::encode(reversed))),
        ("base64 of the mac", with_header(format!("sha256={base64}"))),
        ("base64 of the mac without prefix", with_header(&base64)),
        ("SHA-256 of the body, no secret", with_digits(&sha256(BODY))),
        ("SHA-256 of secret and body", with_digits(&sha256(&[SECRET, BODY].concat()))),
        ("SHA-256 of body and secret", with_digits(&sha256(&[BODY, SECRET].concat()))),
        ("SHA-256 of the secret", with_digits(&sha256(SECRET))),
        ("the secret itself", with_digits(&hex::encode(SECRET))),
        ("HMAC-SHA1, filled up with zeroes", with_digits(&format!("{SHA1:0<64}"))),
        ("HMAC-SHA384, cut short", with_digits(&SHA384[..64])),
        ("hashed twice", with_digits(&sha256(&mac))),
        ("HMAC of the HMAC", with_digits(&hmac(SECRET, &mac))),
        ("HMAC of the body's hash", with_digits(&hmac(SECRET, &Sha256::digest(BODY)))),
        ("HMAC of the body's hash in hex", with_digits(&hmac(SECRET, sha256(BODY).as_bytes()))),
        ("HMAC of the body in hex", with_digits(&hmac(SECRET, hex::encode(BODY).as_bytes()))),
        ("HMAC of nothing", with_digits(&hmac(SECRET, b""))),
        ("secret and body exchanged", with_digits(&hmac(BODY, SECRET))),
        ("signed with the body's hash as secret", with_digits(&hmac(&Sha256::digest(BODY), BODY))),
        ("signed with the verify token", with_digits(&hmac(VERIFY_TOKEN, BODY))),
        ("signed with an empty secret", with_digits(&hmac(b"", BODY))),
        ("signed with the hex-decoded secret", with_digits(&hmac(&hex::decode(SECRET).unwrap(), BODY))),
        ("signed with the secret and a line end", with_digits(&hmac(&[SECRET, b"\n"].concat(), BODY))),
        ("signed with another time before the body", with_digits(&hmac(SECRET, &[b"1731705721.", BODY].concat()))),
    ]
}

fn wrong_bodies() -> Vec<(&'static str, Post)> {
    let value: serde_json::Value = serde_json::from_slice(BODY).unwrap();
    vec![
        ("empty", with_body("")),
        ("the last byte gone", with_body(&BODY[..BODY.len() - 1])),
        ("the first byte gone", with_body(&BODY[1..])),
        ("one letter changed", with_body(replaced("Gr", "gr"))),
        ("one digit of the WABA changed", with_body(replaced("398", "399"))),
        ("a line end after it", with_body([BODY, b"\n"].concat())),
        ("a blank before it", with_body([b" ", BODY].concat())),
        ("a blank inside", with_body(replaced("\"entry\":", "\"entry\": "))),
        ("a NUL after it", with_body([BODY, b"\0"].concat())),
        ("a byte order mark before it", with_body([b"\xef\xbb\xbf", BODY].concat())),
        ("twice", with_body(BODY.repeat(2))),
        ("in upper case", with_body(BODY.to_ascii_uppercase())),
        ("parsed and written again", with_body(serde_json::to_vec(&value).unwrap())),
        ("pretty-printed", with_body(serde_json::to_vec_pretty(&value).unwrap())),
        ("upper-case escapes", with_body(replaced("\\u00fc", "\\u00FC"))),
        ("one more letter escaped", with_body(replaced("Gr", "\\u0047r"))),
        ("escapes escaped again", with_body(replaced("\\u", "\\\\u"))),
        ("slashes escaped", with_body(replaced("account", "account\\/"))),
        ("a letter composed of two", with_body(replaced("\\u00fc", "u\u{308}"))),
        (
            "in UTF-16",
            with_body(std::str::from_utf8(BODY).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        ),
        (
            "with a Latin-1 byte",
            with_body(BODY.iter().map(|byte| if *byte == b'G' { 0xfc } else { *byte }).collect::<Vec<_>>()),
        ),
        ("without its first member", with_body(replaced("\"object\":\"whatsapp_business_account\",", ""))),
    ]
}

fn wrong_secrets() -> Vec<(&'static str, Post)> {
    let text = std::str::from_utf8(SECRET).unwrap();
    vec![
        ("empty", with_secret("")),
        ("empty, and signed with it", Post { secret: vec![], ..with_digits(&hmac(b"", BODY)) }),
        ("the verify token", with_secret(VERIFY_TOKEN)),
        ("an access token", with_secret("EAAGm0PX4ZCpsBAKZCzZA9mT")),
        ("another app's", with_secret("6f2b8c1d9e0a47368b4c2d1e6f7a8b90")),
        ("with a line end", with_secret(format!("{text}\n"))),
        ("with a blank before", with_secret(format!(" {text}"))),
        ("with a zero byte more than the block has room for", with_secret([SECRET, &[0; 64]].concat())),
        ("in upper case", with_secret(text.to_uppercase())),
        ("hex-decoded", with_secret(hex::decode(SECRET).unwrap())),
        ("one character short", with_secret(&SECRET[..31])),
        ("in quotes", with_secret(format!("\"{text}\""))),
        ("its hash", with_secret(Sha256::digest(SECRET).to_vec())),
    ]
}

/// Every wrong way, as `table: case`.
fn wrong_ways() -> Vec<(String, Post)> {
    let tables = [
        ("header", wrong_headers()),
        ("digest", wrong_digests()),
        ("body", wrong_bodies()),
        ("secret", wrong_secrets()),
    ];
    let named = |(table, cases): (&'static str, Vec<(&'static str, Post)>)| {
        cases.into_iter().map(move |(name, post)| (format!("{table}: {name}"), post))
    };
    tables.into_iter().flat_map(named).collect()
}

/// Those that a check lets in.
fn let_in(check: impl Fn(&Post) -> Option<Match>) -> Vec<String> {
    wrong_ways().into_iter().filter(|(_, post)| check(post).is_some()).map(|(name, _)| name).collect()
}

#[test]
fn every_wrong_way_is_refused() {
    let accepted = let_in(Post::check);
    assert!(accepted.is_empty(), "accepted: {accepted:#?}");
    assert!(wrong_ways().len() >= 100);
}

/// The negative control: checks that are off, or that leave something out, are reported.
#[test]
fn a_check_that_leaves_something_out_is_reported() {
    assert_eq!(let_in(|_| Some(Match::Raw)).len(), wrong_ways().len(), "no check at all");
    let any_of_them = |post: &Post| {
        let values = post.headers.get_all(SIGNATURE_HEADER).iter();
        let mut signatures = values.filter_map(|value| Signature::parse(value.as_bytes()));
        signatures.find_map(|signature| matches(&post.secret, &post.body, &signature))
    };
    assert!(let_in(any_of_them).iter().all(|name| name.starts_with("header: ")), "it looks at one of several");
    assert!(!let_in(any_of_them).is_empty());
    let shape_only = |post: &Post| Signature::from_headers(&post.headers).ok().map(|_| Match::Raw);
    assert!(let_in(shape_only).len() >= wrong_digests().len(), "it looks at the header only");
}

/// Each case differs from the right POST; one that does not would prove nothing.
#[test]
fn no_case_of_the_table_is_the_right_post() {
    let right = Post::right();
    for (name, post) in [wrong_headers(), wrong_digests(), wrong_bodies(), wrong_secrets()].concat() {
        let same = post.headers == right.headers && post.secret == right.secret && post.body == right.body;
        assert!(!same, "{name}");
    }
}

#[test]
fn the_right_way_is_accepted() {
    assert_eq!(Post::right().check(), Some(Match::Raw));
    assert_eq!(sign(SECRET, BODY).to_string(), format!("sha256={SHA256}"));
}

#[test]
fn other_headers_and_the_case_of_the_name_do_not_matter() {
    let mut post = Post { headers: named("X-Hub-Signature-256", format!("sha256={SHA256}")), ..Post::right() };
    add(&mut post.headers, "x-hub-signature", format!("sha1={SHA1}"));
    add(&mut post.headers, "content-type", "application/json");
    assert_eq!(post.check(), Some(Match::Raw));
}

#[test]
fn a_signed_body_need_not_be_json() {
    for body in [&b""[..], b"\0\xff\xfe", b"not json", "Gr\u{fc}\u{df}e".as_bytes()] {
        let signature = sign(SECRET, body);
        assert_eq!(matches(SECRET, body, &signature), Some(Match::Raw));
    }
}

#[test]
fn the_escaped_form_is_a_second_chance() {
    let unescaped = replaced("Gr\\u00fc\\u00dfe \\ud83d\\udc4b", "Gr\u{fc}\u{df}e \u{1f44b}");
    assert_eq!(with_body(unescaped.clone()).check(), Some(Match::Escaped));
    let tampered = [&unescaped[..], b" "].concat();
    assert_eq!(with_body(tampered).check(), None);
    let not_utf8 = [&unescaped[..], b"\xff"].concat();
    assert_eq!(with_body(not_utf8).check(), None);
}

#[test]
fn the_escaped_form_is_lower_case_with_surrogate_pairs() {
    let body = "\u{7f}\u{80}\u{e4}\u{ffff}\u{10000}\u{10ffff}z";
    let escaped = "\u{7f}\\u0080\\u00e4\\uffff\\ud800\\udc00\\udbff\\udfffz";
    let signature = sign(SECRET, escaped.as_bytes());
    assert_eq!(matches(SECRET, body.as_bytes(), &signature), Some(Match::Escaped));
    let upper = escaped.replace("\\u00e4", "\\u00E4");
    assert_eq!(matches(SECRET, body.as_bytes(), &sign(SECRET, upper.as_bytes())), None);
}

#[test]
fn the_reason_is_known_inside() {
    let reason = |post: Post| Signature::from_headers(&post.headers).map(|_| ()).map_err(BadSignature::as_str);
    assert_eq!(reason(Post { headers: HeaderMap::new(), ..Post::right() }), Err("missing_signature"));
    assert_eq!(reason(with_header("sha256=")), Err("bad_signature"));
    assert_eq!(reason(with_header("")), Err("bad_signature"));
    assert_eq!(reason(Post::right()), Ok(()));
}

proptest! {
    #[test]
    fn any_body_is_accepted_under_its_secret_and_no_other(
        secret in prop::collection::vec(any::<u8>(), 1..80),
        other in prop::collection::vec(any::<u8>(), 0..80),
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let headers = header(sign(&secret, &body).to_string());
        let signature = Signature::from_headers(&headers).unwrap();
        prop_assert_eq!(matches(&secret, &body, &signature), Some(Match::Raw));
        // HMAC fills a short secret up with zeroes.
        let bare = |secret: &[u8]| secret.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
        if secret.len() <= 64 && other.len() <= 64 && secret[..bare(&secret)] != other[..bare(&other)] {
            prop_assert_eq!(matches(&other, &body, &signature), None);
        }
    }

    #[test]
    fn any_bit_of_body_or_signature_matters(
        body in prop::collection::vec(any::<u8>(), 1..300),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let right = sign(SECRET, &body);
        let mut changed = body.clone();
        changed[at.index(body.len())] ^= 1 << bit;
        prop_assert_ne!(matches(SECRET, &changed, &right), Some(Match::Raw));
        let mut wrong = right;
        wrong.0[at.index(32)] ^= 1 << bit;
        prop_assert_eq!(matches(SECRET, &body, &wrong), None);
    }

    #[test]
    fn only_metas_form_is_read(value in "(sha256=)?[0-9a-fA-F]{0,70}|sha256=[0-9a-f]{64}|[ -~]{0,90}") {
        let metas = value.strip_prefix("sha256=").is_some_and(|digits| {
            digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        });
        let read = Signature::from_headers(&header(&value)).map(|signature| signature.to_string());
        prop_assert_eq!(read, if metas { Ok(value) } else { Err(BadSignature::Malformed) });
    }
}
