//! The client's address, as far as the proxies that we trust say it.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// How many proxies stand in front of us (`TRUSTED_PROXY_HOPS`).
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientAddress {
    /// With 0, `X-Forwarded-For` is ignored: anybody can write it.
    pub trusted_hops: usize,
}

impl ClientAddress {
    /// The address that the outermost trusted proxy saw: counted from the right, since whatever stands further left
    /// was written by the client. A header shorter than that, or malformed, yields the peer's own address.
    pub fn of(self, headers: &HeaderMap, peer: Option<SocketAddr>) -> Option<IpAddr> {
        let peer = peer.map(|peer| peer.ip().to_canonical());
        if self.trusted_hops == 0 {
            return peer;
        }
        let hops: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .collect();
        let seen = hops.len().checked_sub(self.trusted_hops).and_then(|index| address(hops[index]));
        seen.or(peer)
    }
}

/// An address as proxies write it: some with its port, and that of `IPv6` in brackets then, some of them without a
/// port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = || hop.parse().ok();
    let with_port = || hop.parse().ok().map(|address: SocketAddr| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    bare().or_else(with_port).or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hops: usize, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        ClientAddress { trusted_hops: hops }.of(&headers, Some(([127, 0, 0, 1], 9).into())).unwrap().to_string()
    }

    #[test]
    fn without_a_trusted_proxy_the_header_is_ignored() {
        assert_eq!(of(0, &["203.0.113.7"]), "127.0.0.1");
    }

    #[test]
    fn the_trusted_proxies_word_counts_and_not_the_clients() {
        assert_eq!(of(1, &["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(of(2, &["198.51.100.1, 203.0.113.7", "192.0.2.1"]), "203.0.113.7");
    }

    #[test]
    fn an_address_may_come_with_its_port() {
        for (written, address) in [
            ("203.0.113.7:5678", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:5678", "203.0.113.7"),
        ] {
            assert_eq!(of(1, &[&format!("198.51.100.1:9, {written}")]), address, "{written}");
        }
        for broken in [
            "203.0.113.7:",
            "203.0.113.7:x",
            "203.0.113.7:70000",
            "[203.0.113.7]",
            "[2001:db8::7",
            "2001:db8::7]:1",
            "[]:1",
            ":1",
        ] {
            assert_eq!(of(1, &[broken]), "127.0.0.1", "{broken}");
        }
    }

    #[test]
    fn a_header_too_short_or_malformed_yields_the_peer() {
        assert_eq!(of(2, &["203.0.113.7"]), "127.0.0.1");
        assert_eq!(of(1, &["somebody"]), "127.0.0.1");
        assert_eq!(of(1, &[]), "127.0.0.1");
    }
}
