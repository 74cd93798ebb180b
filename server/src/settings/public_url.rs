//! The URL under which browsers and Meta reach the server.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use reqwest::Url;

/// Scheme, host and port; no path, no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Why a text is no public URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    /// No URL at all, or of another scheme.
    #[error("it must begin with http:// or https:// and name a host")]
    NotHttp,
    /// It has more than an origin.
    #[error("it must end after the host and port: pages and callbacks live at the root")]
    MoreThanAnOrigin,
}

impl PublicUrl {
    /// The address itself, for a server without a name.
    pub fn of(address: SocketAddr) -> Self {
        Self(format!("http://{}", reachable(address)))
    }

    /// Without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether cookies may be marked secure.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// Nobody can connect to "all addresses": loopback stands in for them.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::from((ip, address.port()))
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| PublicUrlError::NotHttp)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(PublicUrlError::NotHttp);
        }
        let origin = url.origin().ascii_serialization();
        if url.as_str().trim_end_matches('/') == origin {
            Ok(Self(origin))
        } else {
            Err(PublicUrlError::MoreThanAnOrigin)
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_is_a_public_url() {
        for (text, origin) in [
            ("https://waypost.example", "https://waypost.example"),
            ("https://Waypost.Example:443/", "https://waypost.example"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap().as_str(), origin);
        }
        for wrong in ["waypost.example", "ftp://waypost.example", ""] {
            assert_eq!(wrong.parse::<PublicUrl>(), Err(PublicUrlError::NotHttp), "{wrong}");
        }
        for wrong in ["https://waypost.example/app", "https://waypost.example?x", "https://me:pass@waypost.example"] {
            assert_eq!(wrong.parse::<PublicUrl>(), Err(PublicUrlError::MoreThanAnOrigin), "{wrong}");
        }
    }
}
