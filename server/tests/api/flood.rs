//! Hundreds of strangers who sign in at once: a few are heard at a time, none waits for ever, and webhooks are stored
//! all the while.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::app::text_message;
use crate::browser::Browser;
use crate::program::Program;

const CROWD: usize = 200;
/// A password that is hashed takes 19 MiB: all of them at once would take 3.8 GiB. Each request that waits takes
/// not quite two MiB in a build without optimisations.
const ROOM: usize = 600 << 20;

/// Somebody signs in; each from an address of their own. The status, and how long it took.
fn strangers(program: &Program) -> JoinSet<(u16, String, Duration)> {
    let mut crowd = JoinSet::new();
    for number in 0..CROWD {
        let browser = Browser::new(&program.app);
        crowd.spawn(async move {
            let (email, from) =
                (format!("nobody{number}@acme.travel"), format!("203.0.{}.{}", number / 250, number % 250));
            let form = [("credentials[email]", email.as_str()), ("credentials[password]", "a wrong password")];
            let began = Instant::now();
            let answer = browser.call_with("sign_in", &form, &[("X-Forwarded-For", &from)]).await;
            (answer.status.as_u16(), answer.text, began.elapsed())
        });
    }
    crowd
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_at_the_sign_in_takes_little_memory_and_keeps_no_webhook_waiting() {
    let program = Program::start(&[("TRUSTED_PROXY_HOPS", "1"), ("WAYPOST_WORKERS", "0")]).await;
    // Once before, so that what a first one takes is there.
    let stranger = Browser::new(&program.app).sign_in("nobody@acme.travel", "a wrong password").await;
    assert_eq!(stranger.status, 401);
    program.app.accept(text_message("wamid.before", "16505551234", "Hello")).await;
    let before = program.memory();

    let mut crowd = strangers(&program);
    let (mut answers, mut most, mut posts, mut late) = (Vec::new(), 0, 0_u32, 0_u32);
    // Large ones, which are examined where passwords are hashed: off the async threads.
    let text = "x".repeat(300 << 10);
    while answers.len() < CROWD {
        let began = Instant::now();
        let post = text_message(&format!("wamid.{posts}"), "16505551234", &text);
        let status = program.app.post(&program.app.account, post).await.status();
        assert!(status == 200 || status == 503, "{status}");
        late += u32::from(status != 200 || began.elapsed() > Duration::from_secs(1));
        posts += 1;
        most = most.max(program.memory());
        while let Some(answer) = crowd.try_join_next() {
            answers.push(answer.unwrap());
        }
    }
    assert!(posts >= 3, "the crowd was gone before a webhook came: {posts}");
    // One that is late now and then is the machine's: behind two hundred passwords all of them would be.
    assert!(late * 5 <= posts, "{late} of {posts} webhooks were late");
    eprintln!("{posts} webhooks beside {CROWD} strangers, {late} late; {} MiB more at most", (most - before) >> 20);
    assert!(most < before + ROOM, "{} MiB more than before", (most - before) >> 20);
    assert!(
        answers.iter().filter(|(status, ..)| *status == 401).count() >= 10,
        "hardly anybody was heard: {answers:?}"
    );
    for (status, said, took) in &answers {
        let is_busy = *status == 503 && said.contains("Unavailable");
        assert!(is_busy || (*status == 401 && said.contains("WrongCredentials")), "{status}: {said}");
        assert!(*took < Duration::from_secs(15), "somebody waited for {took:?}");
    }
}
