//! Rules for input, written once: shown beside the field in the browser, enforced on the server.

use super::{WebhookStatus, no_test_because};

/// Checks an e-mail address loosely: one `@` with something on both sides, no blanks, at most 254 characters.
/// Returns it trimmed and in lower case.
///
/// # Errors
/// A sentence for the person.
pub fn email(input: &str) -> Result<String, &'static str> {
    let address = input.trim().to_lowercase();
    let well_formed =
        address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if well_formed
        && address.len() <= 254
        && !address.chars().any(|letter| letter.is_whitespace() || letter.is_control())
    {
        Ok(address)
    } else {
        Err(EMAIL)
    }
}

/// Checks the name of a person, an account or a company: 1 to 120 characters once trimmed, on one line. Returns it
/// trimmed.
///
/// # Errors
/// A sentence for the person.
pub fn name(input: &str) -> Result<&str, &'static str> {
    let name = input.trim();
    let fits = (1..=120).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name) } else { Err(NAME) }
}

/// Checks a password that somebody chooses: 12 to 200 characters, taken as they are.
///
/// # Errors
/// A sentence for the person.
pub fn password(input: &str) -> Result<(), &'static str> {
    match input.chars().count() {
        ..12 => Err(PASSWORD_TOO_SHORT),
        12..=200 => Ok(()),
        _ => Err(PASSWORD_TOO_LONG),
    }
}

/// Checks Meta's id of a number: 1 to 64 letters and digits once trimmed. Returns it trimmed.
///
/// # Errors
/// A sentence for the person.
pub fn phone_number_id(input: &str) -> Result<&str, &'static str> {
    meta_id(input).ok_or(PHONE_NUMBER_ID)
}

/// Checks the id of a WhatsApp Business Account: 1 to 64 letters and digits once trimmed. Returns it trimmed.
///
/// # Errors
/// A sentence for the person.
pub fn waba_id(input: &str) -> Result<&str, &'static str> {
    meta_id(input).ok_or(WABA_ID)
}

fn meta_id(input: &str) -> Option<&str> {
    let id = input.trim();
    let fits = (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric());
    fits.then_some(id)
}

/// Checks a number as people write it: at most 40 digits, blanks and `+ ( ) - . /`. Returns it trimmed; nothing is
/// none.
///
/// # Errors
/// A sentence for the person.
pub fn display_phone_number(input: &str) -> Result<Option<&str>, &'static str> {
    let number = input.trim();
    let fits = number.len() <= 40 && number.chars().all(|c| c.is_ascii_digit() || " +()-./".contains(c));
    if fits { Ok(Some(number).filter(|number| !number.is_empty())) } else { Err(DISPLAY_PHONE_NUMBER) }
}

const EMAIL: &str = "Please give an e-mail address, like name@company.com.";
const NAME: &str = "The name must have 1 to 120 characters, all on one line.";
const PASSWORD_TOO_SHORT: &str = "The password must have at least 12 characters.";
const PASSWORD_TOO_LONG: &str = "The password must have at most 200 characters.";
const PHONE_NUMBER_ID: &str = "The phone number id must be 1 to 64 letters and digits.";
const WABA_ID: &str = "The WABA id must be 1 to 64 letters and digits.";
const DISPLAY_PHONE_NUMBER: &str = "The display number must be at most 40 digits, blanks and + ( ) - . /";
const APP_SECRET: &str = "The app secret must have at least 32 characters.";
/// Without it nothing can be set up.
pub const APP_SECRET_MISSING: &str = "Please give the app secret from Meta's app dashboard.";
const VERIFY_TOKEN: &str = "The verify token must have at least 16 characters.";
const PATH: &str =
    "The callback path must be /api/webhooks/whatsapp, with or without more behind it, or a full https URL of it.";
const PATH_TOO_LONG: &str = "The callback path must have at most 200 characters.";
const PATH_LETTERS: &str = "The callback path must have no blanks, query or fragment.";
const PUBLIC_URL: &str =
    "Please give the URL that the tunnel printed, like https://something.ngrok-free.app, without a path.";
/// An address is one login in the whole installation.
pub const EMAIL_TAKEN: &str = "The e-mail address is already in use.";
/// A number is one account of a company.
pub const NUMBER_TAKEN: &str = "An account with this phone number id is already there.";
/// Who changes the own password proves to know it.
pub const CURRENT_PASSWORD_WRONG: &str = "The current password is wrong.";
/// A new password is another one.
pub const PASSWORD_UNCHANGED: &str = "The new password must not be the current one.";
/// A slip of the finger would lock the person out.
pub const PASSWORDS_DIFFER: &str = "The new password was not typed the same twice.";
/// Somebody else has to do it.
pub const NOT_YOURSELF: &str = "You cannot deactivate yourself.";

/// What an erasure is confirmed with.
pub const ERASE: &str = "erase";
/// It cannot be taken back.
pub const NOT_CONFIRMED: &str = "Please type the word erase to confirm it. Nothing was erased.";
/// A group is many people.
pub const A_GROUP: &str = "A group cannot be erased: people are, from their own conversations.";

/// Nothing of it is changed until it is enabled.
pub const SWITCHED_OFF: &str = "The webhook is switched off: enable it before changing it.";
/// A token of one's own is for the first time; later on it is rotated.
pub const SET_UP_ALREADY: &str = "The webhook is set up already: rotate the verify token to change it.";
/// Two at once: the other one was shown the token.
pub const SET_UP_MEANWHILE: &str = "The webhook has just been set up. Rotate the verify token to see one.";
/// What waits is on its way already; what cannot be read will not be readable.
pub const NOT_TO_REPLAY: &str = "Only an event that was processed or given up can be sent through again.";
/// A test event is nobody else's business.
pub const TEST_FOR_OTHERS: &str = "Another company has set up the same number with the same app secret. A test event could reach it, so none is sent.";
/// Configurations are in force within a second.
pub const TEST_REFUSED: &str =
    "The door refused the test event. A change of the last second may not be in force yet: please try again.";
/// A tunnel is asked for the webhook's path.
pub const NO_PATH_YET: &str = "The webhook is not set up yet: it has no path to ask for.";

/// Our own sentence, if it is one. What a form without WASM is refused with comes back in the address, where anybody may
/// write: so only these are shown.
pub fn own_sentence(text: &str) -> Option<&'static str> {
    const ALL: [&str; 29] = [
        NOT_CONFIRMED,
        A_GROUP,
        EMAIL,
        NAME,
        PASSWORD_TOO_SHORT,
        PASSWORD_TOO_LONG,
        PHONE_NUMBER_ID,
        WABA_ID,
        DISPLAY_PHONE_NUMBER,
        EMAIL_TAKEN,
        NUMBER_TAKEN,
        CURRENT_PASSWORD_WRONG,
        PASSWORD_UNCHANGED,
        PASSWORDS_DIFFER,
        NOT_YOURSELF,
        APP_SECRET,
        APP_SECRET_MISSING,
        VERIFY_TOKEN,
        PATH,
        PATH_TOO_LONG,
        PATH_LETTERS,
        PUBLIC_URL,
        SWITCHED_OFF,
        SET_UP_ALREADY,
        SET_UP_MEANWHILE,
        NOT_TO_REPLAY,
        TEST_FOR_OTHERS,
        TEST_REFUSED,
        NO_PATH_YET,
    ];
    let mut all = ALL.into_iter().chain(
        [WebhookStatus::Unverified, WebhookStatus::Disabled, WebhookStatus::Missing]
            .into_iter()
            .filter_map(no_test_because),
    );
    all.find(|sentence| *sentence == text)
}

/// Prefix of all callback paths: where the door is.
pub const CALLBACK_PREFIX: &str = "/api/webhooks/whatsapp";

/// Checks an app secret: at least 32 characters once trimmed. Returns it trimmed.
///
/// # Errors
/// A sentence for the person.
pub fn app_secret(input: &str) -> Result<&str, &'static str> {
    let secret = input.trim();
    if secret.chars().count() >= 32 { Ok(secret) } else { Err(APP_SECRET) }
}

/// Checks a verify token of one's own: at least 16 characters once trimmed. Returns it trimmed.
///
/// # Errors
/// A sentence for the person.
pub fn verify_token(input: &str) -> Result<&str, &'static str> {
    let token = input.trim();
    if token.chars().count() >= 16 { Ok(token) } else { Err(VERIFY_TOKEN) }
}

/// Checks a callback path: a full https URL or a path of this site, at the door, at most 200 characters (Meta takes no
/// more). Returns it trimmed.
///
/// # Errors
/// A sentence for the person.
pub fn callback_path(input: &str) -> Result<&str, &'static str> {
    let path = input.trim();
    if path.len() > 200 {
        return Err(PATH_TOO_LONG);
    }
    if !path.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '"' | '<' | '>' | '\\')) {
        return Err(PATH_LETTERS);
    }
    let rest = local_path(path).strip_prefix(CALLBACK_PREFIX);
    if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) { Ok(path) } else { Err(PATH) }
}

/// Checks the public URL of a tunnel, as far as a form can: https, or http for this very machine, and nothing behind
/// host and port. Returns it trimmed, without a slash at its end.
///
/// # Errors
/// A sentence for the person.
pub fn public_url(input: &str) -> Result<&str, &'static str> {
    let url = input.trim();
    let url = url.strip_suffix('/').unwrap_or(url);
    let rest =
        url.strip_prefix("https://").or_else(|| url.strip_prefix("http://").filter(|rest| is_this_machine(rest)));
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    match rest {
        Some(host) if !host.is_empty() && host.len() <= 253 && host.chars().all(is_host) => Ok(url),
        _ => Err(PUBLIC_URL),
    }
}

fn is_this_machine(rest: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .any(|host| rest.strip_prefix(host).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}

/// The path part of a full https URL; a path stays as it is.
pub fn local_path(callback_path: &str) -> &str {
    match callback_path.strip_prefix("https://") {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => callback_path,
    }
}

/// Where to go after signing in: a path of this site, or the start page.
///
/// `//host` and `/\host` lead elsewhere in a browser, so both are refused.
pub fn next_path(wanted: Option<&str>) -> &str {
    match wanted {
        Some(path) if is_own_path(path) => path,
        _ => "/",
    }
}

fn is_own_path(path: &str) -> bool {
    path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && !path.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lowered() {
        assert_eq!(email("  Ana@Acme.Travel "), Ok("ana@acme.travel".into()));
    }

    #[test]
    fn an_address_needs_both_sides_and_no_blanks() {
        for wrong in ["", "ana", "@acme", "ana@", "a@b@c", "a b@c"] {
            assert!(email(wrong).is_err(), "{wrong:?} passed");
        }
    }

    #[test]
    fn a_name_is_one_line_that_says_something() {
        assert_eq!(name("  Ana Ribeiro "), Ok("Ana Ribeiro"));
        assert_eq!(name(&"ä".repeat(120)), Ok("ä".repeat(120).as_str()));
        for wrong in ["", "   ", "Ana\nRibeiro", "Ana\u{7}", &"ä".repeat(121)] {
            assert_eq!(name(wrong), Err(NAME), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_long_but_not_endless_and_taken_as_it_is() {
        assert_eq!(password(&"x".repeat(11)), Err(PASSWORD_TOO_SHORT));
        assert_eq!(password(&"ä".repeat(11)), Err(PASSWORD_TOO_SHORT), "letters are counted, not bytes");
        assert_eq!(password(&" ".repeat(12)), Ok(()));
        assert_eq!(password(&"ä".repeat(200)), Ok(()));
        assert_eq!(password(&"x".repeat(201)), Err(PASSWORD_TOO_LONG));
    }

    #[test]
    fn the_ids_of_meta_are_letters_and_digits() {
        assert_eq!(phone_number_id(" 106540352242922\n"), Ok("106540352242922"));
        for wrong in ["", " ", "10 65", "1065;", "ä", &"1".repeat(65)] {
            assert!(phone_number_id(wrong).is_err() && waba_id(wrong).is_err(), "{wrong:?} passed");
        }
    }

    #[test]
    fn a_display_number_may_be_missing_but_not_be_a_text() {
        assert_eq!(display_phone_number(" +1 (555) 078-3881 "), Ok(Some("+1 (555) 078-3881")));
        assert_eq!(display_phone_number("  "), Ok(None));
        for wrong in ["ask Ana", "<b>1</b>", &"1".repeat(41)] {
            assert!(display_phone_number(wrong).is_err(), "{wrong:?} passed");
        }
    }

    #[test]
    fn only_our_own_sentences_are_ours() {
        assert_eq!(own_sentence(email("x").unwrap_err()), Some(EMAIL));
        assert_eq!(own_sentence("Call +1 555 0100"), None);
        assert_eq!(own_sentence(""), None);
    }

    #[test]
    fn secrets_are_trimmed_before_they_are_measured() {
        assert!(app_secret(&format!("  {}  ", "x".repeat(31))).is_err());
        assert_eq!(app_secret(&format!(" {}\n", "x".repeat(32))), Ok("x".repeat(32).as_str()));
        assert!(verify_token(&format!("  {}  ", "x".repeat(15))).is_err());
        assert_eq!(verify_token(" 0123456789abcdef "), Ok("0123456789abcdef"));
    }

    #[test]
    fn a_callback_path_must_lead_to_the_door() {
        for good in
            ["/api/webhooks/whatsapp", "/api/webhooks/whatsapp/acme", "https://acme.travel/api/webhooks/whatsapp/1"]
        {
            assert_eq!(callback_path(good), Ok(good));
        }
        let long = format!("{CALLBACK_PREFIX}/{}", "x".repeat(200));
        for wrong in [
            "",
            "/",
            "/accounts",
            "/api/webhooks/whatsappx",
            "http://acme.travel/api/webhooks/whatsapp/1",
            "https://acme.travel",
            "/api/webhooks/whatsapp/a b",
            "/api/webhooks/whatsapp/a?x=1",
            long.as_str(),
        ] {
            assert!(callback_path(wrong).is_err(), "{wrong} passed");
        }
    }

    #[test]
    fn a_public_url_is_an_origin_and_plain_http_only_of_this_machine() {
        assert_eq!(public_url(" https://a-b.ngrok-free.app/ "), Ok("https://a-b.ngrok-free.app"));
        for good in ["https://x.trycloudflare.com", "http://localhost:3000", "http://127.0.0.1", "http://[::1]:81"] {
            assert_eq!(public_url(good), Ok(good));
        }
        for wrong in [
            "",
            "https://",
            "x.ngrok-free.app",
            "http://x.ngrok-free.app",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "https://a@b.example",
            "https://a.example/path",
            "https://a.example?x",
            "https://a.example#x",
            "ftp://localhost",
            "file:///etc/passwd",
        ] {
            assert!(public_url(wrong).is_err(), "{wrong} passed");
        }
    }

    #[test]
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(next_path(Some("/accounts/1?tab=x")), "/accounts/1?tab=x");
        for foreign in ["//evil.example", "/\\evil.example", "https://evil.example", "", "accounts", "/a\nb"] {
            assert_eq!(next_path(Some(foreign)), "/", "{foreign:?} was followed");
        }
        assert_eq!(next_path(None), "/");
    }
}
