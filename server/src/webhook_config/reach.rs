//! Whether Meta can post to a callback URL, as far as the URL itself tells.

use std::net::IpAddr;

use app::contract::Unfit;
use reqwest::Url;

use crate::tunnel::probe::is_public;

/// Names that mean something in a house or on a machine only.
const INSIDE: [&str; 6] = [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test"];

/// Why Meta would refuse the URL, or never arrive there; none if nothing speaks against it.
pub fn unfit(callback_url: &str) -> Option<Unfit> {
    let url = Url::parse(callback_url).ok()?;
    if is_inside(url.host_str().unwrap_or_default()) {
        return Some(Unfit::Inside);
    }
    (url.scheme() != "https").then_some(Unfit::Plain)
}

/// The name of a public host has a dot in it.
fn is_inside(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    match bare.parse::<IpAddr>() {
        Ok(ip) => !is_public(ip),
        Err(_a_name) => !bare.contains('.') || INSIDE.iter().any(|ending| bare.ends_with(ending)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_https_url_is_fit() {
        for fit in ["https://acme.travel/api/webhooks/whatsapp/1", "https://8.8.8.8/x", "https://localhost.example/x"] {
            assert_eq!(unfit(fit), None, "{fit}");
        }
    }

    #[test]
    fn plain_http_is_named() {
        assert_eq!(unfit("http://acme.travel/api/webhooks/whatsapp/1"), Some(Unfit::Plain));
    }

    #[test]
    fn what_only_this_machine_or_its_network_knows_is_named() {
        for inside in [
            "http://localhost:3000/x",
            "https://localhost/x",
            "http://127.0.0.1:3000/x",
            "https://10.1.2.3/x",
            "https://192.168.1.9/x",
            "https://[::1]:3000/x",
            "https://[fd00::1]/x",
            "https://waypost/x",
            "https://waypost.local/x",
            "https://app.localhost/x",
        ] {
            assert_eq!(unfit(inside), Some(Unfit::Inside), "{inside}");
        }
    }
}
