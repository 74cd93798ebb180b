//! POST: forgeries, each refused in the same words, and what is accepted all the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Response;
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use server::clock::Clock;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;

use crate::app::{NewTestAccount, Options, SECRET, TestApp, signature, text_message};

const HEADER: &str = "x-hub-signature-256";

/// A POST that is not Meta's.
struct Forgery {
    name: &'static str,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
}

fn body() -> Vec<u8> {
    let text = "Gr\\u00fc\\u00dfe \\ud83d\\udc4b";
    let body = String::from_utf8(text_message("wamid.1", "16505551234", "GREETING")).unwrap();
    // A blank that no serialiser writes, so that a body parsed and written again is another one.
    body.replace("GREETING", text).replace("\"entry\":", "\"entry\": ").into_bytes()
}

fn mac(secret: &[u8], body: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.chain_update(body).finalize().into_bytes().into()
}

fn digits() -> String {
    hex::encode(mac(SECRET.as_bytes(), &body()))
}

fn headers(name: &'static str, values: &[&str]) -> Forgery {
    let headers = values.iter().map(|value| (HEADER, value.as_bytes().to_vec())).collect();
    Forgery { name, headers, body: body() }
}

fn header(name: &'static str, value: &str) -> Forgery {
    headers(name, &[value])
}

fn elsewhere(name: &'static str, header: &'static str, value: &str) -> Forgery {
    Forgery { name, headers: vec![(header, value.as_bytes().to_vec())], body: body() }
}

fn digest(name: &'static str, digest: impl AsRef<[u8]>) -> Forgery {
    header(name, &format!("sha256={}", hex::encode(digest)))
}

/// The right signature of another body than the one that comes.
fn changed(name: &'static str, body: impl Into<Vec<u8>>) -> Forgery {
    Forgery { body: body.into(), ..header(name, &format!("sha256={}", digits())) }
}

fn wrong_headers() -> Vec<Forgery> {
    let digits = digits();
    let good = format!("sha256={digits}");
    let other = format!("sha256={}", "0".repeat(64));
    vec![
        headers("no header", &[]),
        header("an empty header", ""),
        elsewhere("the right value in the old header", "x-hub-signature", &good),
        elsewhere("the right value in Authorization", "authorization", &good),
        elsewhere("a header like it", "x-hub-signature-2560", &good),
        headers("the right header twice", &[&good, &good]),
        headers("right, then wrong", &[&good, &other]),
        headers("wrong, then right", &[&other, &good]),
        headers("right, then empty", &[&good, ""]),
        header("two values joined by a comma", &format!("{good},{good}")),
        header("two values joined by comma and blank", &format!("{good}, {other}")),
        header("no prefix", &digits),
        header("only the prefix", "sha256="),
        header("another prefix", &format!("sha1={digits}")),
        header("a longer prefix", &format!("sha512={digits}")),
        header("an upper-case prefix", &format!("SHA256={digits}")),
        header("a mixed-case prefix", &format!("Sha256={digits}")),
        header("a prefix with a hyphen", &format!("sha-256={digits}")),
        header("a prefix with a colon", &format!("sha256:{digits}")),
        header("the prefix twice", &format!("sha256={good}")),
        header("two equals signs", &format!("sha256=={digits}")),
        header("a blank after the equals sign", &format!("sha256= {digits}")),
        header("a blank before the equals sign", &format!("sha256 ={digits}")),
        header("a blank in the digits", &format!("sha256={} {}", &digits[..32], &digits[32..])),
        header("63 digits", &good[..good.len() - 1]),
        header("62 digits", &good[..good.len() - 2]),
        header("32 digits", &good[..good.len() - 32]),
        header("65 digits", &format!("{good}0")),
        header("66 digits", &format!("{good}00")),
        header("the digits twice", &format!("{good}{digits}")),
        header("upper-case digits", &format!("sha256={}", digits.to_uppercase())),
        header("0x before the digits", &format!("sha256=0x{}", &digits[2..])),
        header("a letter that is no digit", &format!("sha256=g{}", &digits[1..])),
        header("in quotes", &format!("\"{good}\"")),
        header("a percent-encoded equals sign", &format!("sha256%3D{digits}")),
        header("letters beyond ASCII", "sha256=\u{e4}\u{f6}\u{fc}"),
        header("a full-width digit", &format!("sha256=\u{ff10}{}", &digits[1..])),
        header("the word null", "null"),
    ]
}

fn wrong_digests() -> Vec<Forgery> {
    let (secret, body) = (SECRET.as_bytes(), body());
    let right = mac(secret, &body);
    let mut flipped = right;
    flipped[31] ^= 1;
    let reversed: Vec<u8> = right.iter().rev().copied().collect();
    let line_end = [secret, b"\n"].concat();
    vec![
        digest("all zeroes", [0; 32]),
        digest("all ones", [0xff; 32]),
        digest("the last bit flipped", flipped),
        digest("the bytes turned round", reversed),
        header("base64 of the digest", &format!("sha256={}", STANDARD.encode(right))),
        digest("a hash without a secret", Sha256::digest(&body)),
        digest("a hash of secret and body", Sha256::digest([secret, &body].concat())),
        digest("a hash of body and secret", Sha256::digest([&body, secret].concat())),
        digest("the secret itself", secret),
        digest("hashed twice", Sha256::digest(right)),
        digest("signed twice", mac(secret, &right)),
        digest("of the body's hash", mac(secret, &Sha256::digest(&body))),
        digest("of the body in hex", mac(secret, hex::encode(&body).as_bytes())),
        digest("of nothing", mac(secret, b"")),
        digest("secret and body exchanged", mac(&body, secret)),
        digest("signed with an empty secret", mac(b"", &body)),
        digest("signed with another app's secret", mac(b"6f2b8c1d9e0a47368b4c2d1e6f7a8b90", &body)),
        digest("signed with an access token", mac(b"EAAGm0PX4ZCpsBAKZCzZA9mT", &body)),
        digest("signed with the secret in upper case", mac(SECRET.to_uppercase().as_bytes(), &body)),
        digest("signed with the secret as bytes", mac(&hex::decode(SECRET).unwrap(), &body)),
        digest("signed with the secret and a line end", mac(&line_end, &body)),
        digest("signed with a secret one short", mac(&secret[..31], &body)),
        digest("signed with the hash of the secret", mac(&Sha256::digest(secret), &body)),
        digest("signed with a time before the body", mac(secret, &[b"1731705721.", &body[..]].concat())),
    ]
}

fn wrong_bodies() -> Vec<Forgery> {
    let body = body();
    let text = String::from_utf8(body.clone()).unwrap();
    let parsed: serde_json::Value = serde_json::from_slice(&body).unwrap();
    vec![
        changed("no body", ""),
        changed("the last byte gone", &body[..body.len() - 1]),
        changed("the first byte gone", &body[1..]),
        changed("one letter changed", text.replace("Gr", "gr")),
        changed("another number", text.replace("106540352242922", "106540352242923")),
        changed("a line end after it", format!("{text}\n")),
        changed("a blank before it", format!(" {text}")),
        changed("a NUL after it", format!("{text}\0")),
        changed("a byte order mark before it", format!("\u{feff}{text}")),
        changed("the body twice", text.repeat(2)),
        changed("parsed and written again", parsed.to_string()),
        changed("printed prettily", serde_json::to_vec_pretty(&parsed).unwrap()),
        changed("upper-case escapes", text.replace("\\u00fc", "\\u00FC")),
        changed("one more letter escaped", text.replace("Gr", "\\u0047r")),
        changed("escaped again", text.replace("\\u", "\\\\u")),
        changed("a letter composed of two", text.replace("\\u00fc", "u\u{308}")),
        changed("in UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        changed("not UTF-8", body.iter().map(|&byte| if byte == b'G' { 0xfc } else { byte }).collect::<Vec<_>>()),
    ]
}

async fn send(app: &TestApp, forgery: &Forgery) -> Response {
    let mut request = app.unsigned(&app.account.callback_path, forgery.body.clone());
    for (name, value) in &forgery.headers {
        request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
    }
    request.send().await.unwrap()
}

/// All that a sender sees, but for what differs from any request to the next.
async fn seen(response: Response) -> (u16, BTreeMap<String, String>, String) {
    let status = response.status().as_u16();
    let headers = response.headers().iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    (status, headers, response.text().await.unwrap())
}

fn forgeries(app: &TestApp) -> Vec<Forgery> {
    let token = mac(app.account.verify_token.as_bytes(), &body());
    let mut forgeries = wrong_headers();
    forgeries.extend(wrong_digests());
    forgeries.extend(wrong_bodies());
    forgeries.push(digest("signed with the verify token", token));
    let right = header("right", &format!("sha256={}", digits()));
    for forgery in &forgeries {
        assert!((&forgery.headers, &forgery.body) != (&right.headers, &right.body), "{} is right", forgery.name);
    }
    forgeries
}

/// The forgeries that are answered otherwise than in the words of every refusal.
async fn faults(app: &TestApp, forgeries: &[Forgery]) -> Vec<&'static str> {
    let reference = seen(app.unsigned(&app.account.callback_path, "x").send().await.unwrap()).await;
    let mut faults = Vec::new();
    for forgery in forgeries {
        let seen = seen(send(app, forgery).await).await;
        let is_refused = (seen.0, seen.2.as_str()) == (403, "Forbidden");
        if !is_refused || seen != reference {
            faults.push(forgery.name);
        }
    }
    faults
}

/// The negative control: of a door that does not look at the signature, every forgery is reported.
#[tokio::test]
async fn a_door_that_checks_nothing_is_reported() {
    let mut app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    app.url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(async || "OK")).await });
    let forgeries = forgeries(&app);
    let names: Vec<&str> = forgeries.iter().map(|forgery| forgery.name).collect();
    assert_eq!(faults(&app, &forgeries).await, names);
}

#[tokio::test]
async fn every_forgery_is_refused_in_the_same_words_and_leaves_nothing_but_its_row() {
    let app = TestApp::start().await;
    let forgeries = forgeries(&app);
    assert!(forgeries.len() >= 80, "{}", forgeries.len());
    assert_eq!(faults(&app, &forgeries).await, [""; 0]);

    app.wait_for_rejections(i64::try_from(forgeries.len() + 1).unwrap()).await;
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries").await, 0);
    assert_eq!(app.count("select count(*) from whatsapp_webhook_event_logs").await, 0);
    let unsigned = 1 + forgeries.iter().filter(|f| f.headers.iter().all(|(name, _)| *name != HEADER)).count();
    let mut reasons = vec!["missing_signature"; unsigned];
    reasons.splice(0..0, vec!["bad_signature"; forgeries.len() + 1 - unsigned]);
    assert_eq!(app.reasons().await, reasons);
    let about = "select count(*) from whatsapp_webhook_rejections where method = 'POST' and body_sha256 is not null";
    assert_eq!(app.count(about).await, i64::try_from(forgeries.len() + 1).unwrap());
}

#[tokio::test]
async fn the_right_post_is_accepted_whatever_stands_beside_the_signature() {
    let app = TestApp::start().await;
    let right = header("right", &format!("sha256={}", digits()));
    // If this one were refused, no forgery above would prove anything.
    assert_eq!(send(&app, &right).await.status(), 200);
    let mut beside = header("with the old header too", &format!("sha256={}", digits()));
    beside.headers.push(("x-hub-signature", b"sha1=nonsense".to_vec()));
    beside.headers.push(("authorization", b"Bearer nonsense".to_vec()));
    assert_eq!(send(&app, &beside).await.status(), 200);
    let stored: Vec<u8> =
        sqlx::query_scalar("select body from whatsapp_webhook_deliveries").fetch_one(&app.pool).await.unwrap();
    assert_eq!(stored, body(), "byte for byte");
    assert_eq!(app.count("select count(*) from whatsapp_webhook_deliveries where signed_with = 'current'").await, 1);
}

#[tokio::test]
async fn a_body_unescaped_on_the_way_is_accepted_for_its_escaped_form() {
    let app = TestApp::start().await;
    let text = String::from_utf8(body()).unwrap();
    let unescaped = text.replace("Gr\\u00fc\\u00dfe \\ud83d\\udc4b", "Gr\u{fc}\u{df}e \u{1f44b}");
    assert_ne!(unescaped, text);
    assert_eq!(send(&app, &changed("unescaped", unescaped.clone())).await.status(), 200);
    assert_eq!(send(&app, &changed("unescaped and changed", format!("{unescaped} "))).await.status(), 403);
}

/// A clock that a test moves.
fn clock() -> (Arc<AtomicI64>, Clock) {
    let now = Arc::new(AtomicI64::new(1_795_000_000));
    let read = Arc::clone(&now);
    let clock = Clock::from_fn(move || OffsetDateTime::from_unix_timestamp(read.load(Ordering::SeqCst)).unwrap());
    (now, clock)
}

#[tokio::test]
async fn the_previous_secret_is_accepted_inside_its_overlap_and_not_after() {
    const PREVIOUS: &str = "previous-secret-of-32-characters";
    let (now, clock) = clock();
    let app = TestApp::with(Options { clock: clock.clone(), ..Options::default() }).await;
    let sealed = app.keys.seal(app.account.owner, &SecretString::from(PREVIOUS)).unwrap();
    sqlx::query(
        "update whatsapp_webhook_configs set previous_app_secret_sealed = $1, previous_app_secret_expires_at = $2",
    )
    .bind(sealed)
    .bind(clock.now() + Duration::hours(1))
    .execute(&app.pool)
    .await
    .unwrap();
    app.wait_for_config().await;

    let post = async |secret: &str, wamid: &str| {
        let body = text_message(wamid, "16505551234", "Hello");
        let request = app.unsigned(&app.account.callback_path, body.clone());
        request.header(HEADER, signature(secret, &body)).send().await.unwrap().status().as_u16()
    };
    assert_eq!(post(PREVIOUS, "wamid.1").await, 200);
    assert_eq!(post(SECRET, "wamid.2").await, 200);
    now.fetch_add(3599, Ordering::SeqCst);
    assert_eq!(post(PREVIOUS, "wamid.3").await, 200, "the last second");
    now.fetch_add(1, Ordering::SeqCst);
    assert_eq!(post(PREVIOUS, "wamid.4").await, 403, "its time is over");
    assert_eq!(post(SECRET, "wamid.5").await, 200);

    let signed_with = app.texts("select signed_with from whatsapp_webhook_deliveries order by id").await;
    assert_eq!(signed_with, ["previous", "current", "previous", "current"]);
}

#[tokio::test]
async fn a_secret_counts_on_its_own_path_only() {
    let app = TestApp::start().await;
    let new = NewTestAccount {
        company: "Birch Hotels",
        phone_number_id: "2002",
        waba_id: "3003",
        app_secret: "another-secret-of-32-characters!",
        ..NewTestAccount::default()
    };
    let other = app.add_account(new).await;
    let body = text_message("wamid.1", "16505551234", "Hello");
    let crossed = app.unsigned(&other.callback_path, body.clone()).header(HEADER, signature(SECRET, &body));
    assert_eq!(crossed.send().await.unwrap().status(), 403);
    assert_eq!(app.post(&app.account, body).await.status(), 200);
}
