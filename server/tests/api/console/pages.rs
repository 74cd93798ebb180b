//! Pages as the server renders them.

use app::contract::Role;
use serde_json::json;

use crate::app::{TestApp, body, value};
use crate::browser::{Answer, Browser};

const ANN: &str = "ann@acme.travel";
const SCRIPT: &str = "<script>alert('canary')</script>";
const IMAGE: &str = "\"></title><img src=x onerror=alert(1)>";

async fn with_ann() -> (TestApp, Browser) {
    let app = TestApp::start().await;
    app.add_user(app.account.owner.company, ANN, Role::Viewer).await;
    let browser = Browser::signed_in(&app, ANN).await;
    (app, browser)
}

/// A thread whose every text looks like HTML.
async fn nasty_thread() -> (TestApp, Browser, String) {
    let (app, browser) = with_ann().await;
    let mut question = json!({ "from": "16505551234", "id": "wamid.1", "timestamp": "1763900000", "type": "text" });
    question["text"] = json!({ "body": SCRIPT });
    let media =
        json!({ "id": "1", "mime_type": IMAGE, "sha256": "x", "filename": IMAGE, "caption": "</textarea></pre>" });
    let document = json!({ "from": "16505551234", "id": "wamid.2", "timestamp": "1763900001", "type": "document",
                           "document": media, "context": { "id": "wamid.1" } });
    let reaction = json!({ "from": "16505551234", "id": "wamid.3", "timestamp": "1763900002", "type": "reaction",
                           "reaction": { "message_id": "wamid.1", "emoji": IMAGE } });
    let contacts = json!([{ "profile": { "name": IMAGE, "username": "<b>u</b>" }, "wa_id": "16505551234" }]);
    app.take_in(body(&value(&json!({ "contacts": contacts, "messages": [question, document, reaction] })))).await;
    let conversation = app.texts("select id::text from conversations").await.remove(0);
    let path = format!("/accounts/{}/conversations/{conversation}", app.account.owner.account);
    (app, browser, path)
}

#[tokio::test]
async fn texts_that_look_like_html_come_out_as_text() {
    let (_app, browser, path) = nasty_thread().await;
    let page = browser.open(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("&lt;script&gt;alert('canary')&lt;/script&gt;"), "{}", page.text);
    assert!(page.text.contains("&lt;img src=x onerror=alert(1)&gt;"), "{}", page.text);
    for raw in ["<script>alert", "<img", "<b>u</b>", "</textarea>", "</pre></"] {
        let at = page.text.find(raw);
        let around = at.map(|at| &page.text[at.saturating_sub(200)..(at + 200).min(page.text.len())]);
        assert_eq!(around, None, "{raw} stands in the page as it is");
    }
    assert!(page.text.contains("<title>\"&gt;&lt;/title&gt;&lt;img src=x onerror=alert(1)&gt; · Waypost</title>"));
    // The data for the browser's side stands in a script, where only a script's end could break out.
    assert_eq!(page.text.matches("<script").count(), page.text.matches("</script>").count());
}

#[tokio::test]
async fn a_thread_can_be_read_without_any_script() {
    let (_app, browser, path) = nasty_thread().await;
    let page = browser.open(&path).await.text;
    let without_scripts = page.split("<script").map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest));
    let without_scripts: String = without_scripts.collect();
    assert!(without_scripts.contains("alert('canary')"), "the message is in the page's own text");
}

fn nonce(page: &Answer) -> &str {
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap()
}

#[tokio::test]
async fn every_page_has_its_security_headers() {
    let (_app, browser, path) = nasty_thread().await;
    for path in ["/", "/sign-in", &path, "/nowhere"] {
        let page = browser.open(path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        let expected = format!(
            "default-src 'none'; script-src 'nonce-{}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            nonce(&page),
        );
        assert_eq!(policy, expected, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.headers[name], value, "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn every_script_has_the_pages_own_nonce_and_nothing_is_inline() {
    let (_app, browser, path) = nasty_thread().await;
    let (first, second) = (browser.open(&path).await, browser.open(&path).await);
    assert_ne!(nonce(&first), nonce(&second), "a nonce is good for one page");
    assert!(nonce(&first).len() >= 16);
    let scripts: Vec<&str> =
        first.text.split("<script").skip(1).map(|script| script.split('>').next().unwrap()).collect();
    assert!(!scripts.is_empty());
    for script in scripts {
        assert!(script.contains(nonce(&first)), "<script{script}> has no nonce");
    }
    for tag in first.text.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()) {
        assert!(!tag.contains(" style=") && !tag.contains(" onclick="), "<{tag}>");
    }
    assert!(!first.text.contains("<style"));
}

#[tokio::test]
async fn without_a_session_a_page_leads_to_the_sign_in_and_shows_nothing() {
    let (app, _, path) = nasty_thread().await;
    let stranger = Browser::new(&app);
    for path in ["/", &path] {
        let page = stranger.open(path).await;
        assert_eq!(page.status, 302, "{path}");
        let location = page.headers["location"].to_str().unwrap();
        assert!(location.starts_with("/sign-in"), "{location}");
        assert!(!page.text.contains("canary") && !page.text.contains("Support line"), "{}", page.text);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (app, browser, _) = nasty_thread().await;
    let account = app.account.owner.account;
    let nobody = "01900000-0000-7000-8000-000000000000";
    for path in [
        "/nowhere".to_owned(),
        format!("/accounts/{nobody}/conversations"),
        format!("/accounts/{account}/conversations/{nobody}"),
        format!("/accounts/{account}/nowhere"),
    ] {
        assert_eq!(browser.open(&path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_plain_form_signs_in_without_script() {
    let (app, _) = with_ann().await;
    let form = [("credentials[email]", ANN), ("credentials[password]", crate::app::PASSWORD)];
    let request = app.client.post(format!("{}/api/sign_in", app.url)).header("Accept", "text/html");
    let response = request.header("Referer", format!("{}/sign-in", app.url)).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "/");
    assert!(response.headers().contains_key("set-cookie"));
}
