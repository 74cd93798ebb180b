//! What a browser with an empty cache fetches to show the Webhook tab, in bytes on the wire; and whether the release build
//! sends it as the tests have seen it: under a strict policy, packed, and to be kept.

use std::borrow::Cow;
use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Client, StatusCode};

use crate::policy;
use crate::stand::{BENCH, PASSWORD, Stand};

/// A browser that has signed in.
pub struct Browser {
    client: Client,
    url: String,
    cookie: String,
}

impl Browser {
    /// Signs in.
    pub async fn sign_in(url: String, email: &str, password: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().build()?;
        let form = [("credentials[email]", email), ("credentials[password]", password)];
        let request = client.post(format!("{url}/api/sign_in")).header(header::ACCEPT, "application/json").form(&form);
        let answer = request.send().await?;
        let cookie = answer.headers().get(header::SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(ToOwned::to_owned);
        match cookie {
            Some(cookie) if answer.status() == StatusCode::OK => Ok(Self { client, url, cookie }),
            _ => bail!("signing in was answered {}", answer.status()),
        }
    }

    /// Asks a server function, as the page does, and gives what it answered.
    pub async fn call(&self, function: &str, form: &[(&str, &str)]) -> Result<String> {
        let request = self.client.post(format!("{}/api/{function}", self.url));
        let request = request.header(header::ACCEPT, "application/json").header(header::COOKIE, &self.cookie);
        let answer = request.form(form).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if status != StatusCode::OK {
            bail!("{function} was answered {status}: {text}");
        }
        Ok(text)
    }

    /// An answer and its bytes as they come over the wire.
    async fn fetch(&self, path: &str, coding: &str) -> Result<Fetched> {
        let request = self.client.get(format!("{}{path}", self.url));
        let request = request.header(header::ACCEPT, "text/html").header(header::ACCEPT_ENCODING, coding);
        let answer = request.header(header::COOKIE, &self.cookie).send().await?;
        if answer.status() != StatusCode::OK {
            bail!("{path} was answered {}", answer.status());
        }
        Ok(Fetched { headers: answer.headers().clone(), bytes: answer.bytes().await?.to_vec() })
    }
}

struct Fetched {
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Fetched {
    fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Kilobytes of the page and of all files that it names. An error where these are not built, where they are not sent as
/// they were packed, and where the page is not strict about scripts.
pub fn kilobytes(stand: &Stand) -> Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let browser = Browser::sign_in(stand.program.url(), BENCH.email, PASSWORD).await?;
        let page = format!("/accounts/{}/webhook", stand.account);
        let plain = browser.fetch(&page, "identity").await?;
        policy::check(plain.header(&header::CONTENT_SECURITY_POLICY), &plain.text())?;
        let files = files(&plain.text());
        if !files.iter().any(|file| has_ending(file, "wasm")) {
            bail!("the page names no WASM");
        }
        let mut bytes = browser.fetch(&page, "br").await?.bytes.len();
        for file in files {
            let fetched = browser.fetch(&file, "br").await.context("the pages' files are not built")?;
            if fetched.header(&header::CONTENT_ENCODING) != "br"
                || !fetched.header(&header::CACHE_CONTROL).contains("immutable")
            {
                bail!("{file} is not sent as it was packed, to be kept for ever");
            }
            bytes += fetched.bytes.len();
        }
        Ok(crate::statistics::lossy(bytes as u64) / 1_000.0)
    })
}

fn has_ending(file: &str, ending: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, found)| found == ending)
}

/// The files that a page names, each once.
fn files(page: &str) -> BTreeSet<String> {
    let named = page.match_indices("/pkg/").filter_map(|(start, _)| {
        let rest = &page[start..];
        rest.find(['"', '\'', '`', '?', ')', '<', ' ']).map(|end| rest[..end].to_owned())
    });
    named.filter(|file| ["css", "js", "wasm"].iter().any(|ending| has_ending(file, ending))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_once() {
        let page = r#"<link rel="stylesheet" href="/pkg/waypost.1.css"><link rel="modulepreload" href="/pkg/waypost.2.js">
            <link rel="preload" href="/pkg/waypost.3.wasm"><script>import('/pkg/waypost.2.js').then(mod => {
            mod.default({module_or_path: "/pkg/waypost.3.wasm"})})</script><a href="/accounts">Accounts</a>"#;
        let found: Vec<String> = files(page).into_iter().collect();
        assert_eq!(found, ["/pkg/waypost.1.css", "/pkg/waypost.2.js", "/pkg/waypost.3.wasm"]);
    }
}
