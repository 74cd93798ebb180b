//! The session's cookie.

use crate::users::session::{ABSOLUTE, Token};

/// How it is set. Over https it is `Secure` and bound to the host by its name's prefix; over plain http, which is for
/// development, browsers would refuse that.
#[derive(Clone, Copy, Debug)]
pub struct CookiePolicy {
    /// The console is reached over https.
    pub secure: bool,
}

impl CookiePolicy {
    /// The cookie's name.
    pub fn name(self) -> &'static str {
        if self.secure { "__Host-waypost" } else { "waypost" }
    }

    /// Hands a session to the browser.
    pub fn set(self, token: &Token) -> String {
        self.cookie(&token.to_cookie(), ABSOLUTE.whole_seconds())
    }

    /// Takes it back.
    pub fn clear(self) -> String {
        self.cookie("", 0)
    }

    /// The session's value in a `Cookie` header.
    pub fn find(self, header: &str) -> Option<&str> {
        let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.name()).map(|(_, value)| value)
    }

    fn cookie(self, value: &str, max_age: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CompanyId;

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let cookie = CookiePolicy { secure: true }.set(&Token::new(CompanyId::new()));
        assert!(cookie.starts_with("__Host-waypost="));
        for flag in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        assert!(!CookiePolicy { secure: false }.clear().contains("Secure"));
    }

    #[test]
    fn only_the_right_name_counts() {
        let policy = CookiePolicy { secure: false };
        assert_eq!(policy.find("theme=dark; waypost=abc"), Some("abc"));
        assert_eq!(policy.find("xwaypost=abc"), None);
        assert_eq!(policy.find("__Host-waypost=abc"), None);
    }
}
