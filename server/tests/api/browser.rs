//! A browser in front of the console: it keeps its cookie, submits forms and reads pages.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

use crate::app::{PASSWORD, TestApp};

/// One browser.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    url: String,
    /// `name=value`, once somebody has signed in.
    pub cookie: Option<String>,
}

/// What a server function answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

/// The fields of a form.
pub type Form<'a> = &'a [(&'a str, &'a str)];

impl Browser {
    /// One without a cookie.
    pub fn new(app: &TestApp) -> Self {
        Self { client: app.client.clone(), url: app.url.clone(), cookie: None }
    }

    /// One in which somebody has signed in.
    pub async fn signed_in(app: &TestApp, email: &str) -> Self {
        let mut browser = Self::new(app);
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    /// Submits the sign-in form and keeps the cookie that comes back.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let answer = self.call("sign_in", &[("credentials[email]", email), ("credentials[password]", password)]).await;
        self.keep_cookie(&answer);
        answer
    }

    /// Keeps the cookie that came with an answer, if there is one.
    pub fn keep_cookie(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.cookie() {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
    }

    /// Whether the session is still worth something.
    pub async fn is_signed_in(&self) -> bool {
        let answer = self.call("viewer", &[]).await;
        assert!(answer.status == 200 || answer.json() == "SignedOut", "{answer:?}");
        answer.status == 200
    }

    /// Calls a server function as the hydrated page does.
    pub async fn call(&self, function: &str, form: Form<'_>) -> Answer {
        self.call_with(function, form, &[]).await
    }

    /// Calls a server function with more headers.
    pub async fn call_with(&self, function: &str, form: Form<'_>, headers: Form<'_>) -> Answer {
        let mut request = self.client.post(format!("{}/api/{function}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        let response = request.header("Accept", "application/json").form(form).send().await.unwrap();
        Answer::read(response).await
    }

    /// Posts a form of a page as a browser does by itself, without a script.
    pub async fn submit(&self, page: &str, function: &str, form: Form<'_>) -> Answer {
        let referer = format!("{}{page}", self.url);
        let mut request = self.client.post(format!("{}/api/{function}", self.url)).header("Referer", referer);
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        Answer::read(request.header("Accept", "text/html").form(form).send().await.unwrap()).await
    }

    /// Posts a form as [`submit`](Self::submit) does, and opens the page that it leads to.
    pub async fn submit_and_follow(&self, page: &str, function: &str, form: Form<'_>) -> Answer {
        let answer = self.submit(page, function, form).await;
        assert_eq!(answer.status, 302, "{answer:?}");
        let location = answer.headers["location"].to_str().unwrap();
        self.open(location.strip_prefix(&self.url).unwrap_or(location)).await
    }

    /// Opens a page.
    pub async fn open(&self, path: &str) -> Answer {
        Answer::read(self.get(path, "text/html").await).await
    }

    /// Opens a page, or a stream as far as what comes first.
    pub async fn open_briefly(&self, path: &str) -> Answer {
        let mut response = self.get(path, "text/html, text/event-stream").await;
        if response.headers().get("content-type").is_none_or(|kind| kind != "text/event-stream") {
            return Answer::read(response).await;
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let first = response.chunk().await.unwrap().unwrap_or_default();
        Answer { status, headers, text: String::from_utf8_lossy(&first).into_owned() }
    }

    /// Asks for a file: status, headers and bytes.
    pub async fn download(&self, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let response = self.get(path, "*/*").await;
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap().into())
    }

    /// Opens a stream of events, as far as its headers.
    pub async fn listen(&self, path: &str) -> Response {
        self.get(path, "text/event-stream").await
    }

    async fn get(&self, path: &str, accept: &str) -> Response {
        let mut request = self.client.get(format!("{}{path}", self.url)).header("Accept", accept);
        if let Some(cookie) = &self.cookie {
            request = request.header("Cookie", cookie);
        }
        request.send().await.unwrap()
    }
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    /// The text as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The cookie that was set, with its attributes.
    pub fn cookie(&self) -> Option<&str> {
        self.headers.get("set-cookie").map(|value| value.to_str().unwrap())
    }

    /// All that a caller sees, but for what differs from any answer to the next.
    pub fn seen(&self) -> (u16, BTreeMap<String, String>, String) {
        let headers = self.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
        let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
        (self.status.as_u16(), headers, self.text.clone())
    }
}
