//! The header with the signature. An input is the values of as many headers, one a line.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use server::ingest::signature::{BadSignature, SIGNATURE_HEADER, Signature, matches};
use sha2::Sha256;

use super::kind;
use crate::run::Target;

pub const TARGET: Target = Target {
    name: "signature",
    words: &[b"sha256=", b"\n", b"=", b"0x", b" ", b",", b"\0", b"sha1=", b"A", b"f", &[0xc3, 0xa4]],
    try_one,
};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;

fn try_one(input: &[u8]) -> u64 {
    let lines = input.split(|&byte| byte == b'\n');
    let values: Vec<HeaderValue> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let mut headers = HeaderMap::new();
    for value in &values {
        headers.append(SIGNATURE_HEADER, value.clone());
    }
    let read = Signature::from_headers(&headers);
    let expected = match values.as_slice() {
        [] => Err(BadSignature::Missing),
        [one] if is_metas(one.as_bytes()) => Ok(one.as_bytes()),
        _ => Err(BadSignature::Malformed),
    };
    let written = read.map(|signature| signature.to_string());
    assert_eq!(written.as_deref().map(str::as_bytes), expected.as_ref().map(|value| &**value));
    let is_right = read.is_ok_and(|signature| matches(SECRET, BODY, &signature).is_some());
    assert_eq!(is_right, expected == Ok(right().as_bytes()), "a signature is right or wrong by its digits alone");
    let shape = values.first().map(|value| value.as_bytes().starts_with(b"sha256="));
    kind((
        read.map(|_| ()).map_err(BadSignature::as_str),
        is_right,
        values.len().min(3),
        shape,
        input.len().min(80) / 4,
    ))
}

/// `sha256=` and 64 hexadecimal digits in small letters.
fn is_metas(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"sha256=");
    digits.is_some_and(|digits| {
        digits.len() == 64 && digits.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
    })
}

fn right() -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("HMAC takes a key of any length");
    format!("sha256={}", hex::encode(mac.chain_update(BODY).finalize().into_bytes()))
}
