//! The handshake: what Meta asks with GET before it posts anything.
//!
//! `?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…`, sent each time the callback URL or the token is saved in
//! the app's dashboard. Here the query is only read; whose token it is, is decided elsewhere. The challenge is opaque
//! and goes back as it came.

use std::borrow::Cow;
use std::fmt;

use secrecy::SecretString;

/// The longest challenge that is given back, in bytes; Meta's has about ten.
pub const MAX_CHALLENGE_BYTES: usize = 1024;

/// A well-formed question. Having one proves nothing about the token.
pub struct Challenge {
    /// What the sender claims to share with us.
    pub verify_token: SecretString,
    /// To be answered byte for byte, as plain text.
    pub challenge: String,
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").finish_non_exhaustive()
    }
}

/// The query is not Meta's handshake: 400. The messages name parameters, never what was in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChallenge {
    /// It is not there, or empty.
    #[error("The parameter {0} is missing or empty.")]
    Missing(&'static str),
    /// It is there more than once.
    #[error("The parameter {0} is there more than once.")]
    Repeated(&'static str),
    /// `hub.mode` asks for something else.
    #[error("The parameter hub.mode is not subscribe.")]
    UnknownMode,
    /// See [`MAX_CHALLENGE_BYTES`].
    #[error("The challenge is too long.")]
    TooLong,
    /// A value is not UTF-8 once it is decoded, so it could not be given back byte for byte.
    #[error("The query is not UTF-8.")]
    NotUtf8,
}

const MODE: &str = "hub.mode";
const TOKEN: &str = "hub.verify_token";
const CHALLENGE: &str = "hub.challenge";

/// Reads the query of a GET to a callback path. Parameters of other names are ignored.
pub fn parse(query: Option<&str>) -> Result<Challenge, BadChallenge> {
    let query = query.unwrap_or_default();
    let mode = only(query, MODE)?;
    let verify_token = only(query, TOKEN)?;
    let challenge = only(query, CHALLENGE)?;
    if mode != "subscribe" {
        return Err(BadChallenge::UnknownMode);
    }
    if challenge.len() > MAX_CHALLENGE_BYTES {
        return Err(BadChallenge::TooLong);
    }
    Ok(Challenge { verify_token: verify_token.into_owned().into(), challenge: challenge.into_owned() })
}

/// The value of the parameter that is there exactly once.
fn only<'a>(query: &'a str, name: &'static str) -> Result<Cow<'a, str>, BadChallenge> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let (_, value) = values.next().ok_or(BadChallenge::Missing(name))?;
    if values.next().is_some() {
        return Err(BadChallenge::Repeated(name));
    }
    if value.is_empty() {
        return Err(BadChallenge::Missing(name));
    }
    // The decoder replaces what is not UTF-8 by this letter instead of failing.
    if value.contains(char::REPLACEMENT_CHARACTER) {
        return Err(BadChallenge::NotUtf8);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::{BadChallenge, CHALLENGE, MAX_CHALLENGE_BYTES, MODE, TOKEN, parse};

    fn read(query: &str) -> Result<(String, String), BadChallenge> {
        parse(Some(query)).map(|read| (read.verify_token.expose_secret().to_owned(), read.challenge))
    }

    fn pair(token: &str, challenge: &str) -> (String, String) {
        (token.to_owned(), challenge.to_owned())
    }

    #[test]
    fn metas_handshake_is_read_in_any_order() {
        let right = Ok(pair("s3cret", "1158201444"));
        assert_eq!(read("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=s3cret"), right);
        assert_eq!(read("hub.verify_token=s3cret&hub.challenge=1158201444&hub.mode=subscribe"), right);
        assert_eq!(read("a=b&hub.mode=subscribe&&hub.verify_token=s3cret&a=b&hub.challenge=1158201444&"), right);
    }

    #[test]
    fn values_are_decoded_once() {
        let read =
            |token, challenge| read(&format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}"));
        assert_eq!(read("a+b%2Bc%20d", "007"), Ok(pair("a b+c d", "007")));
        assert_eq!(read("%25%32%35", "x%26hub.mode%3Dx"), Ok(pair("%25", "x&hub.mode=x")));
        assert_eq!(read("gr%C3%BC%C3%9Fe", "a=b=c"), Ok(pair("gr\u{fc}\u{df}e", "a=b=c")));
        assert_eq!(read("100%", "%zz"), Ok(pair("100%", "%zz")));
        assert_eq!(read("t", "%ff"), Err(BadChallenge::NotUtf8));
    }

    #[test]
    fn names_may_be_encoded() {
        assert_eq!(read("hub%2Emode=subscribe&hub%2Everify_token=t&hub%2Echallenge=c"), Ok(pair("t", "c")));
        assert_eq!(
            read("hub%2Emode=subscribe&hub.mode=subscribe&hub.verify_token=t&hub.challenge=c"),
            Err(BadChallenge::Repeated(MODE))
        );
    }

    #[test]
    fn each_parameter_has_to_be_there_once_and_filled() {
        let all = [(MODE, "subscribe"), (TOKEN, "t"), (CHALLENGE, "c")];
        for (name, value) in all {
            let others = all.iter().filter(|(key, _)| *key != name);
            let others: String = others.flat_map(|(key, value)| ["&", key, "=", value]).collect();
            assert_eq!(read(&others), Err(BadChallenge::Missing(name)));
            assert_eq!(read(&format!("{name}={others}")), Err(BadChallenge::Missing(name)));
            assert_eq!(read(&format!("{name}{others}")), Err(BadChallenge::Missing(name)));
            assert_eq!(read(&format!("{name}={value}{others}&{name}={value}")), Err(BadChallenge::Repeated(name)));
            assert_eq!(read(&format!("{name}={value}{others}&{name}=")), Err(BadChallenge::Repeated(name)));
            assert_eq!(read(&format!("{name}={value}{others}")), Ok(pair("t", "c")));
        }
        assert_eq!(parse(None).map(|_| ()), Err(BadChallenge::Missing(MODE)));
        assert_eq!(read(""), Err(BadChallenge::Missing(MODE)));
    }

    #[test]
    fn other_spellings_are_other_parameters() {
        assert!(read("hub_mode=subscribe&hub_verify_token=t&hub_challenge=c").is_err());
        assert!(read("Hub.Mode=subscribe&hub.verify_token=t&hub.challenge=c").is_err());
        assert!(read("hub[mode]=subscribe&hub.verify_token=t&hub.challenge=c").is_err());
        assert!(read("hub.mode=subscribe;hub.verify_token=t;hub.challenge=c").is_err());
    }

    #[test]
    fn only_subscribe_is_known() {
        for mode in ["unsubscribe", "Subscribe", "subscribe%20", "+subscribe", "subscribe%00"] {
            let query = format!("hub.mode={mode}&hub.verify_token=t&hub.challenge=c");
            assert_eq!(read(&query), Err(BadChallenge::UnknownMode), "{mode}");
        }
    }

    #[test]
    fn a_challenge_has_an_end() {
        let read = |bytes| read(&format!("hub.mode=subscribe&hub.verify_token=t&hub.challenge={}", "7".repeat(bytes)));
        assert!(read(MAX_CHALLENGE_BYTES).is_ok());
        assert_eq!(read(MAX_CHALLENGE_BYTES + 1), Err(BadChallenge::TooLong));
    }

    #[test]
    fn debug_and_errors_keep_the_secret() {
        let read = parse(Some("hub.mode=subscribe&hub.verify_token=s3cret&hub.challenge=1158201444"));
        assert_eq!(format!("{read:?}"), "Ok(Challenge { .. })");
        let error = parse(Some("hub.mode=s3cret&hub.verify_token=s3cret&hub.challenge=1")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }

    proptest! {
        #[test]
        fn whatever_was_asked_comes_back(
            token in "[^\u{fffd}]{1,40}",
            challenge in "[^\u{fffd}]{1,40}",
        ) {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("hub.mode", "subscribe")
                .append_pair("hub.challenge", &challenge)
                .append_pair("hub.verify_token", &token)
                .finish();
            prop_assert_eq!(read(&query), Ok((token, challenge)));
        }

        #[test]
        fn no_query_is_too_strange_to_answer(query in ".*") {
            let _ = parse(Some(&query));
        }
    }
}
