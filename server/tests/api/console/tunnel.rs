//! Local development: does a tunnel's URL lead to this server? Asked against little servers of the test's own.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use app::contract::Role;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::app::{NewTestAccount, Options, TestApp};
use crate::browser::{Answer, Browser};

const ANN: &str = "ann@acme.travel";

/// An admin on a developer's machine.
struct Tab {
    app: TestApp,
    admin: Browser,
    account: String,
}

impl Tab {
    async fn start() -> Self {
        Self::with(true).await
    }

    async fn with(tunnel_help: bool) -> Self {
        let app = TestApp::with(Options { tunnel_help, ..Options::default() }).await;
        app.add_user(app.account.owner.company, ANN, Role::Admin).await;
        let admin = Browser::signed_in(&app, ANN).await;
        let account = app.account.owner.account.to_string();
        Self { app, admin, account }
    }

    async fn ask(&self, url: &str) -> Answer {
        self.admin.call("check_tunnel", &[("form[account]", &self.account), ("form[public_url]", url)]).await
    }

    async fn check(&self, url: &str) -> Value {
        let answer = self.ask(url).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn page(&self, browser: &Browser) -> (Value, String) {
        let data = browser.call("webhook", &[("account", &self.account)]).await.json();
        (data["tunnel"].clone(), browser.open(&format!("/accounts/{}/webhook", self.account)).await.text)
    }
}

/// A server that reads the head of each request and lets `answer` write whatever it likes.
async fn server<F>(answer: impl Fn(String, TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_gone) => break,
                }
            }
            tokio::spawn(answer(String::from_utf8(head).unwrap(), stream));
        }
    });
    url
}

/// A server that always says the same.
async fn saying(answer: &'static str) -> String {
    server(move |_, mut stream| async move { stream.write_all(answer.as_bytes()).await.unwrap_or_default() }).await
}

fn parameter(head: &str, name: &str) -> String {
    let value = head.split(&format!("{name}=")).nth(1).unwrap();
    value.split(['&', ' ']).next().unwrap().to_owned()
}

#[tokio::test]
async fn a_url_that_leads_here_is_right_and_verifies_nothing() {
    let tab = Tab::start().await;
    let new = NewTestAccount { phone_number_id: "2002", status: "unverified", ..NewTestAccount::default() };
    let account = tab.app.add_account(new).await.owner.account.to_string();
    let tab = Tab { account, ..tab };
    let state =
        "select to_jsonb(c) as row from whatsapp_webhook_configs c union all select to_jsonb(a) from audit_log a
                 order by 1";
    let before = tab.app.rows(state).await;
    assert_eq!(tab.check(&tab.app.url).await, "right");
    assert_eq!(tab.check(&format!(" {}/ ", tab.app.url)).await, "right");
    assert_eq!(tab.app.rows(state).await, before, "only Meta verifies");
    assert_eq!(tab.app.reasons().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_else_may_come_back_is_told_apart() {
    let tab = Tab::start().await;
    let redirect: &'static str = format!(
        "HTTP/1.1 302 Found\r\nlocation: {}{}\r\ncontent-length: 0\r\n\r\n",
        tab.app.url, tab.app.account.callback_path
    )
    .leak();
    for (answer, expected) in [
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno", json!({ "status": 404 })),
        (
            "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 3\r\n\r\n<p>",
            json!({ "status": 502 }),
        ),
        (redirect, json!({ "status": 302 })),
        ("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>", json!("page")),
        ("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", json!("page")),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", json!("something_else")),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", json!("something_else")),
        ("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\ncut", json!("unreachable")),
        ("SSH-2.0-OpenSSH_9.9\r\n", json!("unreachable")),
        ("", json!("unreachable")),
    ] {
        assert_eq!(tab.check(&saying(answer).await).await, expected, "{answer}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(tab.check(&format!("http://{closed}")).await, "unreachable");
    let other = Tab::start().await;
    assert_eq!(tab.check(&other.app.url).await, json!({ "status": 404 }), "another Waypost");
}

#[tokio::test]
async fn a_server_that_repeats_the_challenge_is_not_taken_for_this_one() {
    let tab = Tab::start().await;
    let echo = server(|head, mut stream| async move {
        let challenge = parameter(&head, "hub.challenge");
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{challenge}", challenge.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    assert_eq!(tab.check(&echo.await).await, "something_else");
}

#[tokio::test]
async fn silence_ends_after_five_seconds() {
    let tab = Tab::start().await;
    let keep = Arc::new(Mutex::new(Vec::new()));
    let silent = server(move |_, stream| {
        keep.lock().unwrap().push(stream);
        std::future::ready(())
    });
    let (url, started) = (silent.await, Instant::now());
    assert_eq!(tab.check(&url).await, "timeout");
    assert!((4_500..7_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn of_a_large_answer_only_the_beginning_is_read() {
    let tab = Tab::start().await;
    let sent = Arc::new(Mutex::new(0_usize));
    let counted = Arc::clone(&sent);
    let endless = server(move |_, mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'7'; 4096]).await.is_ok() {
                *counted.lock().unwrap() += 4096;
            }
        }
    });
    let (url, started) = (endless.await, Instant::now());
    assert_eq!(tab.check(&url).await, "something_else");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let after = *sent.lock().unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(*sent.lock().unwrap(), after, "the connection is closed");
}

#[tokio::test]
async fn whoever_carries_the_question_can_do_no_more_with_its_token() {
    let tab = Tab::start().await;
    let (client, door) = (tab.app.client.clone(), format!("{}{}", tab.app.url, tab.app.account.callback_path));
    let (url, known) = (door.clone(), Arc::new(Mutex::new(None)));
    let learned = Arc::clone(&known);
    let tunnel = server(move |head, mut stream| {
        let (client, door, learned) = (client.clone(), door.clone(), Arc::clone(&learned));
        async move {
            let (token, challenge) = (parameter(&head, "hub.verify_token"), parameter(&head, "hub.challenge"));
            let ask = async |challenge: &str| {
                let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}");
                client.get(format!("{door}?{query}")).send().await.unwrap().status().as_u16()
            };
            let answers = (ask("words+of+my+own").await, ask(&challenge).await, ask(&challenge).await);
            *learned.lock().unwrap() = Some((answers, token, challenge.clone()));
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{challenge}", challenge.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    assert_eq!(tab.check(&tunnel.await).await, "right", "it leads here, as a tunnel does");
    let (answers, token, challenge) = known.lock().unwrap().take().unwrap();
    assert_eq!(answers, (403, 200, 403));
    let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}");
    assert_eq!(tab.app.client.get(format!("{url}?{query}")).send().await.unwrap().status(), 403, "it is over");
    assert_eq!(tab.app.tables_holding(&token.replace(['-', '_'], "%")).await, Vec::<String>::new());
}

#[tokio::test]
async fn only_a_public_https_url_or_this_machine_is_asked() {
    let tab = Tab::start().await;
    for url in [
        "",
        "ngrok",
        "http://example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://user@127.0.0.1",
        "https://example.com/path",
        "https://example.com?x=1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
    ] {
        let answer = tab.ask(url).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["Invalid"]["field"]), (422, &json!("public_url")), "{url}");
    }
    for url in ["https://127.0.0.1", "https://[::1]:8443", "https://169.254.169.254", "https://10.0.0.1"] {
        let started = Instant::now();
        assert_eq!(tab.check(url).await, "unreachable", "{url}");
        assert!(started.elapsed() < Duration::from_secs(1), "{url} was tried");
    }
}

#[tokio::test]
async fn without_the_flag_there_is_no_such_thing() {
    let tab = Tab::with(false).await;
    assert_eq!(tab.ask(&tab.app.url).await.json(), "NotFound");
    let (help, page) = tab.page(&tab.admin).await;
    assert_eq!(help, Value::Null);
    assert!(page.contains("Set up") && !page.contains("Local development"));
    // Control: with it, there is.
    let tab = Tab::start().await;
    let (help, page) = tab.page(&tab.admin).await;
    let port = tab.app.url.rsplit(':').next().unwrap();
    let commands = [format!("ngrok http {port}"), format!("cloudflared tunnel --url http://localhost:{port}")];
    assert_eq!(help, json!({ "commands": commands, "callback_path": tab.app.account.callback_path }));
    assert!(page.contains("Local development") && page.contains(&commands[0]));
}

#[tokio::test]
async fn only_admins_are_helped() {
    let tab = Tab::start().await;
    for (email, role) in [("max@acme.travel", Role::Manager), ("vera@acme.travel", Role::Viewer)] {
        tab.app.add_user(tab.app.account.owner.company, email, role).await;
        let browser = Browser::signed_in(&tab.app, email).await;
        let (help, page) = tab.page(&browser).await;
        assert_eq!((help, page.contains("Local development")), (Value::Null, false), "{email}");
        let form = [("form[account]", tab.account.as_str()), ("form[public_url]", &tab.app.url)];
        assert_eq!(browser.call("check_tunnel", &form).await.json(), "Forbidden");
    }
}

#[tokio::test]
async fn a_plain_form_is_answered_on_the_tab() {
    let tab = Tab::start().await;
    let tab_path = format!("/accounts/{}/webhook", tab.account);
    let submit = async |url: &str| {
        let form = [("form[account]", tab.account.as_str()), ("form[public_url]", url)];
        let request = tab.app.client.post(format!("{}/api/check_tunnel", tab.app.url)).form(&form);
        let request = request.header("Accept", "text/html").header("Referer", format!("{}{tab_path}", tab.app.url));
        let answer = request.header("Cookie", tab.admin.cookie.clone().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let right = submit(&tab.app.url).await;
    assert_eq!(right, format!("{tab_path}?tunnel=right#tunnel"));
    assert!(tab.admin.open(&right).await.text.contains("leads to this server"));
    let refused = submit("http://example.com").await;
    let path = refused.strip_prefix(&tab.app.url).unwrap_or(&refused);
    assert!(tab.admin.open(path).await.text.contains("Please give the URL that the tunnel printed"), "{path}");
}
