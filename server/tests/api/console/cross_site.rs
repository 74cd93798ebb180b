//! Forms from other sites: each function that changes something, times each pair of headers with which a browser says
//! where a form comes from.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use tokio::net::TcpListener;

use super::rights::{Ids, TABLE, form};
use crate::app::{Options, PASSWORD, TestApp};
use crate::browser::Browser;

const ADMIN: &str = "admin@acme.travel";

/// `Origin` and `Sec-Fetch-Site` as a form brings them, each perhaps not at all, and whether it may come in.
type Pair = (Option<String>, Option<&'static str>, bool);

/// All pairs for a server of this address. What a browser says by `Sec-Fetch-Site` counts; where it says nothing, the
/// origin does; a request with neither comes from no browser, which has nobody's cookie.
fn pairs(url: &str) -> Vec<Pair> {
    let port = url.rsplit(':').next().unwrap();
    let own = || Some(url.to_owned());
    let foreign = [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        format!("https://127.0.0.1:{port}.evil.example"),
        format!("http://127.0.0.1:{port}@evil.example"),
        "http://127.0.0.1".to_owned(),
        format!("http://localhost:{port}"),
        format!("{url}, https://evil.example"),
        format!("{url}/"),
        format!("file://127.0.0.1:{port}"),
        "nonsense".to_owned(),
    ];
    let mut pairs = vec![(None, None, true), (own(), None, true), (Some(String::new()), None, true)];
    for good in ["same-origin", "none"] {
        pairs.extend([(None, Some(good), true), (own(), Some(good), true)]);
    }
    for bad in ["cross-site", "same-site", "SAME-ORIGIN", "same-origin, cross-site", "nonsense"] {
        pairs.push((None, Some(bad), false));
        pairs.extend(foreign.iter().map(|origin| (Some(origin.clone()), Some(bad), false)));
    }
    // `https://…` of the same host is another origin, but for a proxy that speaks TLS for us it is the same: the host
    // decides where there is no more to go by.
    let old = foreign.iter().filter(|origin| !origin.ends_with('/'));
    pairs.extend(old.map(|origin| (Some(origin.clone()), None, false)));
    pairs
}

/// The functions that change something, and so take nothing from elsewhere.
fn mutations() -> impl Iterator<Item = &'static str> {
    const READS: [&str; 9] =
        ["viewer", "accounts", "conversations", "thread", "webhook", "events", "event", "activity", "people"];
    TABLE.iter().map(|(function, _)| *function).filter(|function| !READS.contains(function))
}

/// Which answers are other than they should be. Nothing that is sent leads to anything: only whether it came in counts.
async fn faults(url: &str, browser: &Browser) -> Vec<String> {
    let mut faults = Vec::new();
    for (origin, site, may) in pairs(url) {
        let mut headers = Vec::new();
        headers.extend(origin.as_deref().map(|origin| ("Origin", origin)));
        headers.extend(site.map(|site| ("Sec-Fetch-Site", site)));
        for function in mutations() {
            // One that is let in would end the session.
            if may && ["sign_out", "sign_out_everywhere", "sign_in", "change_password"].contains(&function) {
                continue;
            }
            let answer = browser.call_with(function, &form(function, Ids::default()), &headers).await;
            let came_in = !(answer.status == 403 && answer.text.is_empty());
            if came_in != may || !may && answer.cookie().is_some() {
                faults.push(format!("{function} {headers:?}: {}", answer.status));
            }
        }
    }
    faults
}

async fn start() -> (TestApp, Browser) {
    let app = TestApp::start().await;
    app.add_user(app.account.owner.company, ADMIN, app::contract::Role::Admin).await;
    let browser = Browser::signed_in(&app, ADMIN).await;
    (app, browser)
}

#[tokio::test]
async fn nothing_is_changed_by_a_form_from_elsewhere() {
    let (app, browser) = start().await;
    assert!(mutations().count() >= 14 && pairs(&app.url).len() >= 60, "{}", pairs(&app.url).len());
    assert_eq!(faults(&app.url, &browser).await, [""; 0]);
    assert!(browser.is_signed_in().await, "no form of another site has signed anybody out");
    assert_eq!(app.count("select count(*) from users").await, 2, "one was added by a form of this site");
}

/// The negative control: behind a proxy that drops what browsers say, every form from elsewhere is let in, and that is
/// reported.
#[tokio::test]
async fn a_server_that_does_not_look_where_a_form_comes_from_is_reported() {
    let (mut app, signed_in) = start().await;
    let (server, client) = (app.url.clone(), app.client.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    app.url = format!("http://{}", listener.local_addr().unwrap());
    let forgetful = async move |request: Request| {
        let (mut parts, body) = request.into_parts();
        for name in ["origin", "sec-fetch-site", "host", "content-length"] {
            parts.headers.remove(name);
        }
        let body = axum::body::to_bytes(body, 100_000).await.unwrap();
        let sent = client.request(parts.method, format!("{server}{}", parts.uri)).headers(parts.headers).body(body);
        axum::http::Response::from(sent.send().await.unwrap()).map(Body::new)
    };
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(forgetful)).await });
    let mut browser = Browser::new(&app);
    browser.cookie = signed_in.cookie;
    let found = faults(&app.url, &browser).await;
    let refused = pairs(&app.url).iter().filter(|(.., may)| !may).count();
    assert_eq!(found.len(), refused * mutations().count(), "{found:?}");
}

/// Over https: for this host only, over https only, and not for scripts; so is the cookie that takes it back.
#[tokio::test]
async fn over_https_the_session_is_bound_to_the_host() {
    let app = TestApp::with(Options { public_url: Some("https://waypost.example"), ..Options::default() }).await;
    app.add_user(app.account.owner.company, ADMIN, app::contract::Role::Admin).await;
    let mut browser = Browser::new(&app);
    let answer = browser.sign_in(ADMIN, PASSWORD).await;
    let flags = |cookie: &str| cookie.split("; ").skip(1).map(ToOwned::to_owned).collect::<Vec<_>>();
    let cookie = answer.cookie().unwrap();
    assert!(cookie.starts_with("__Host-waypost="), "{cookie}");
    assert_eq!(flags(cookie), ["Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Lax", "Secure"]);
    assert!(browser.is_signed_in().await);
    let out = browser.call("sign_out", &[]).await;
    assert!(out.cookie().unwrap().starts_with("__Host-waypost=;"), "{out:?}");
    assert_eq!(flags(out.cookie().unwrap()), ["Path=/", "Max-Age=0", "HttpOnly", "SameSite=Lax", "Secure"]);
    // The name without the prefix, which a page of another host could plant, is not looked at.
    let mut planted = Browser::signed_in(&app, ADMIN).await;
    planted.cookie = planted.cookie.map(|cookie| cookie.replace("__Host-", ""));
    assert!(!planted.is_signed_in().await);
    // A form that a browser says is from the public address comes in, whatever the proxy calls this host.
    let own = [("Origin", "https://waypost.example")];
    let elsewhere = [("Origin", "http://waypost.example")];
    let browser = Browser::signed_in(&app, ADMIN).await;
    assert_eq!(browser.call_with("theme", &[("theme", "dark")], &own).await.status, 200);
    assert_eq!(browser.call_with("theme", &[("theme", "dark")], &elsewhere).await.status, 403);
}

/// Fixation: whatever the browser brought along, signing in makes another session; and so does a new password.
#[tokio::test]
async fn no_session_that_was_known_before_is_the_one_after() {
    let (app, first) = start().await;
    for brought in [None, Some("waypost="), Some("waypost=x; waypost=y"), first.cookie.as_deref()] {
        let mut browser = Browser::new(&app);
        browser.cookie = brought.map(ToOwned::to_owned);
        assert_eq!(browser.sign_in(ADMIN, PASSWORD).await.status, 200);
        assert_ne!(browser.cookie.as_deref(), brought);
        let before = browser.clone();
        let new = "another password for tests";
        let form = |old, new| [("form[current]", old), ("form[new]", new), ("form[again]", new)];
        let changed = browser.call("change_password", &form(PASSWORD, new)).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        browser.keep_cookie(&changed);
        assert_ne!(browser.cookie, before.cookie);
        assert!(!before.is_signed_in().await && browser.is_signed_in().await);
        assert_eq!(browser.call("change_password", &form(new, PASSWORD)).await.status, 200);
    }
    assert!(!first.is_signed_in().await, "it was ended by the sign-in that brought it");
}
