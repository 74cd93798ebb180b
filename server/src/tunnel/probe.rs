//! One GET to wherever a person says, told as a category.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use app::contract::TunnelCheck;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use reqwest::Url;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// From the first look-up to the last byte.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of an answer is read; a challenge is far shorter.
const MOST: usize = 4 * 1024;

/// What came back.
pub struct Answer {
    status: StatusCode,
    is_page: bool,
    /// At most [`MOST`] bytes, and whether that was all.
    body: Vec<u8>,
    is_whole: bool,
}

/// Asks the URL, and says how the answer compares with what this server was to say.
///
/// # Errors
/// `Unreachable` or `Timeout`, if there was no answer.
pub async fn ask(url: &Url) -> Result<Answer, TunnelCheck> {
    match tokio::time::timeout(PATIENCE, get(url)).await {
        Ok(answer) => answer.map_err(|error| {
            tracing::debug!(%error, "a tunnel was not reached");
            TunnelCheck::Unreachable
        }),
        Err(_too_slow) => Err(TunnelCheck::Timeout),
    }
}

impl Answer {
    /// What it amounts to. `was_here`: this process has seen the question.
    pub fn judge(&self, challenge: &str, was_here: bool) -> TunnelCheck {
        match self.status {
            StatusCode::OK if was_here && self.is_whole && self.body == challenge.as_bytes() => TunnelCheck::Right,
            StatusCode::OK if self.is_page => TunnelCheck::Page,
            StatusCode::OK => TunnelCheck::SomethingElse,
            other => TunnelCheck::Status(other.as_u16()),
        }
    }
}

async fn get(url: &Url) -> io::Result<Answer> {
    let host = url.host_str().ok_or_else(|| io::Error::other("the URL has no host"))?;
    let port = url.port_or_known_default().unwrap_or(443);
    if url.scheme() != "https" {
        return exchange(connect(&this_machine(port)).await?, url).await;
    }
    let bare = host.trim_matches(['[', ']']);
    let public: Vec<_> = lookup_host((bare, port)).await?.filter(|address| is_public(address.ip())).collect();
    let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
    exchange(tls()?.connect(name, connect(&public).await?).await?, url).await
}

/// `localhost` is not looked up: whatever a resolver says, plain http stays on this machine.
fn this_machine(port: u16) -> [SocketAddr; 2] {
    [(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
}

async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    if addresses.is_empty() {
        return Err(io::Error::other("the host has no public address"));
    }
    TcpStream::connect(addresses).await
}

fn tls() -> io::Result<TlsConnector> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, url: &Url) -> io::Result<Answer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // Whatever goes wrong on the connection comes out at the sender as well.
    let connection = tokio::spawn(async move { drop(connection.await) });
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let request = Request::get(target)
        .header(header::HOST, authority(url))
        .header(header::USER_AGENT, "Waypost check")
        .header(header::ACCEPT, "text/plain")
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let answer = match sender.send_request(request).await {
        Ok(response) => read(response).await,
        Err(error) => Err(error),
    };
    connection.abort();
    answer.map_err(io::Error::other)
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn read(response: Response<Incoming>) -> hyper::Result<Answer> {
    let (parts, mut rest) = response.into_parts();
    let mut answer = Answer { status: parts.status, is_page: false, body: Vec::new(), is_whole: true };
    while let Some(frame) = rest.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = MOST - answer.body.len();
        answer.body.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            answer.is_whole = false;
            break;
        }
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    answer.is_page = kind.starts_with("text/html") || answer.body.trim_ascii_start().starts_with(b"<");
    Ok(answer)
}

/// Whether an address is out in the world: a tunnel's always is, and what is in here is nobody's to look at.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            // RFC 6890: carriers' own, protocol assignments, tests of networks.
            let shared = a == 100 && (64..128).contains(&b);
            let reserved = (a, b, c) == (192, 0, 0) || (a == 198 && (b == 18 || b == 19));
            let special = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation();
            a != 0 && a < 224 && !shared && !reserved && !special
        }
        IpAddr::V6(ip) => {
            // 2000::/3 is what is given out; 6to4 and Teredo could hide an address of the house.
            let [first, second, ..] = ip.segments();
            (0x2000..0x4000).contains(&first) && first != 0x2002 && (first, second) != (0x2001, 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_house_is_not_public() {
        let public = |ip: &str| is_public(ip.parse().unwrap());
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.255.255",
            "2001::a00:1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "ff02::1",
        ] {
            assert!(!public(inside), "{inside}");
        }
        for outside in ["3.125.102.39", "104.16.230.132", "2606:4700::6810:e784"] {
            assert!(public(outside), "{outside}");
        }
    }

    #[tokio::test]
    async fn https_to_an_address_of_the_house_is_not_even_tried() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
        assert!(matches!(ask(&url).await, Err(TunnelCheck::Unreachable)));
        let knock = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
        assert!(knock.is_err(), "somebody knocked");
    }

    #[test]
    fn an_echo_of_another_server_is_not_ours() {
        let answer =
            |body: &[u8], is_page| Answer { status: StatusCode::OK, is_page, body: body.to_vec(), is_whole: true };
        assert_eq!(answer(b"123", false).judge("123", true), TunnelCheck::Right);
        assert_eq!(answer(b"123", false).judge("123", false), TunnelCheck::SomethingElse);
        assert_eq!(answer(b"124", false).judge("123", true), TunnelCheck::SomethingElse);
        assert_eq!(answer(b"<html>", true).judge("123", false), TunnelCheck::Page);
    }
}
