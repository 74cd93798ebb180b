//! Is this POST Meta's? HMAC-SHA256 of the body, as it came over the wire, under the app secret.
//!
//! Meta sends `X-Hub-Signature-256: sha256=<64 lower-case hex digits>` and nothing else is accepted: one header, one
//! value, no blanks. The message is the raw body, before anything is parsed. That body is normally ASCII; where
//! something on the way turned `\u00e4` into `ä`, the escaped form is tried as a second chance and reported as such,
//! so that it can be counted.
//!
//! Whatever is wrong, the answer outside is the same. [`BadSignature`] exists for the metrics and for the list of
//! rejections.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";

const PREFIX: &[u8] = b"sha256=";

/// What a POST claims to be signed with. Having one proves nothing; see [`matches`].
#[derive(Clone, Copy, Debug)]
pub struct Signature([u8; 32]);

/// Why there is no signature to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The header is not there.
    #[error("The request has no X-Hub-Signature-256 header.")]
    Missing,
    /// There are several, or it is not `sha256=` and 64 lower-case hex digits.
    #[error("The X-Hub-Signature-256 header is not one signature of Meta's form.")]
    Malformed,
}

impl BadSignature {
    /// The word in the metrics and in `whatsapp_webhook_rejections.reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing_signature",
            Self::Malformed => "bad_signature",
        }
    }
}

/// Which form of the body the signature was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The bytes as they came.
    Raw,
    /// The bytes with every non-ASCII letter written as `\uXXXX`.
    Escaped,
}

impl Signature {
    /// Reads the one signature header.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, BadSignature> {
        let mut values = headers.get_all(SIGNATURE_HEADER).iter();
        let value = values.next().ok_or(BadSignature::Missing)?;
        if values.next().is_some() {
            return Err(BadSignature::Malformed);
        }
        Self::parse(value.as_bytes()).ok_or(BadSignature::Malformed)
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let digits = value.strip_prefix(PREFIX)?;
        if digits.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        let mut mac = [0; 32];
        hex::decode_to_slice(digits, &mut mac).ok()?;
        Some(Self(mac))
    }
}

/// The value of the header, as Meta writes it.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256={}", hex::encode(self.0))
    }
}

/// Meta's side: the signature of `body` under `secret`.
pub fn sign(secret: &[u8], body: &[u8]) -> Signature {
    Signature(keyed(secret).chain_update(body).finalize().into_bytes().into())
}

/// Whether `secret` signed `body`, compared in constant time, and in which form. An empty secret signs nothing: a
/// secret that was never set must not let anyone in.
pub fn matches(secret: &[u8], body: &[u8], signature: &Signature) -> Option<Match> {
    if secret.is_empty() {
        return None;
    }
    let raw = keyed(secret).chain_update(body);
    if raw.verify_slice(&signature.0).is_ok() {
        return Some(Match::Raw);
    }
    let mut escaped = keyed(secret);
    update_escaped(&mut escaped, body)?;
    escaped.verify_slice(&signature.0).is_ok().then_some(Match::Escaped)
}

fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes a key of any length")
}

/// Feeds `body` with its non-ASCII letters escaped, lower-case, surrogate pairs beyond the BMP. None if that would be
/// the raw body again (nothing to escape), or if the body is not UTF-8.
fn update_escaped(mac: &mut Hmac<Sha256>, body: &[u8]) -> Option<()> {
    if body.is_ascii() {
        return None;
    }
    let mut rest = std::str::from_utf8(body).ok()?;
    while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let (ascii, other) = rest.split_at(at);
        mac.update(ascii.as_bytes());
        let letter = other.chars().next()?;
        for unit in letter.encode_utf16(&mut [0; 2]) {
            mac.update(&escape(*unit));
        }
        rest = &other[letter.len_utf8()..];
    }
    mac.update(rest.as_bytes());
    Some(())
}

/// `\u` and four lower-case hex digits.
fn escape(unit: u16) -> [u8; 6] {
    let mut escaped = *b"\\u0000";
    for (place, shift) in escaped[2..].iter_mut().zip([12, 8, 4, 0]) {
        *place = b"0123456789abcdef"[usize::from(unit >> shift & 0xf)];
    }
    escaped
}

#[cfg(test)]
mod tests;
