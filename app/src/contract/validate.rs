//! Rules for input, written once: shown beside the field in the browser, enforced on the server.

/// Checks an e-mail address loosely: one `@` with something on both sides, no blanks, at most 254 characters.
/// Returns it trimmed and in lower case.
///
/// # Errors
/// A sentence for the person.
pub fn email(input: &str) -> Result<String, &'static str> {
    let address = input.trim().to_lowercase();
    let well_formed =
        address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if well_formed && address.len() <= 254 && !address.chars().any(char::is_whitespace) {
        Ok(address)
    } else {
        Err("Please give an e-mail address, like name@company.com.")
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
    fn only_paths_of_this_site_are_followed() {
        assert_eq!(next_path(Some("/accounts/1?tab=x")), "/accounts/1?tab=x");
        for foreign in ["//evil.example", "/\\evil.example", "https://evil.example", "", "accounts", "/a\nb"] {
            assert_eq!(next_path(Some(foreign)), "/", "{foreign:?} was followed");
        }
        assert_eq!(next_path(None), "/");
    }
}
