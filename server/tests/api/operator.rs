//! The program as an operator meets it: asked for help, given an account, given new keys. How it ends is shown in
//! [`crate::soak::restarts`].

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use server::crypto::KeyRing;
use server::simulate::Traffic;

use crate::app::{NewTestAccount, SECRET, TestAccount, signature, text_message};
use crate::line::Line;
use crate::process::{Program, stand};

#[tokio::test]
async fn every_command_explains_itself_and_names_a_variable_for_each_option() {
    let (_app, program) = stand().await;
    let mut commands = vec![vec![]];
    let mut seen = BTreeSet::new();
    while let Some(command) = commands.pop() {
        let help = help(&program, &command).await;
        for option in options(&help) {
            assert!(option.contains("[env: "), "{command:?}: no variable is named for {option}");
            seen.insert(option.split_whitespace().next().unwrap().to_owned());
        }
        let below = subcommands(&help).into_iter();
        commands.extend(below.map(|name| command.iter().cloned().chain([name]).collect::<Vec<String>>()));
    }
    for known in ["--database-url", "--port", "--json", "--company", "--count", "--demo", "--id", "--data-dir"] {
        assert!(seen.contains(known), "{known} is missing from {seen:?}: the help is not read right");
    }
}

async fn help(program: &Program, command: &[String]) -> String {
    let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    let said = program.run(&arguments, "").await;
    assert!(said.status.success(), "{arguments:?}: {said:?}");
    String::from_utf8(said.stdout).unwrap()
}

/// Each option with its explanation; not those that are about the help itself.
fn options(help: &str) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    for line in help.lines().map(str::trim) {
        if line.starts_with("--") {
            options.push(line.to_owned());
        } else if line.starts_with('-') && !line.starts_with("- ") {
            options.push(String::new());
        } else if let Some(option) = options.last_mut().filter(|option| !option.is_empty()) {
            option.push(' ');
            option.push_str(line);
        }
    }
    options.retain(|option| !option.is_empty());
    options
}

/// The names under `Commands:`.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Explanations that take a second line are indented further.
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn an_account_added_on_the_command_line_passes_metas_challenge() {
    let (_app, program) = stand().await;
    let _server = program.serve().await;
    let arguments = [
        "account",
        "add",
        "--company",
        "Blue Harbour",
        "--name",
        "Orders",
        "--waba-id",
        "1001",
        "--phone-number-id",
        "2002",
        "--app-secret-stdin",
        "--json",
    ];
    let said = program.run(&arguments, &format!("{SECRET}\n")).await;
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let account: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&said.stdout).unwrap();
    let names: Vec<&str> = account.keys().map(String::as_str).collect();
    assert_eq!(names, ["account_id", "callback_path", "callback_url", "verify_token"]);
    let word = |name: &str| account[name].as_str().unwrap().to_owned();
    assert_eq!(word("callback_url"), format!("{}{}", program.url, word("callback_path")));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let challenge = |token: String| {
        let query =
            [("hub.mode", "subscribe".to_owned()), ("hub.challenge", "1158201444".into()), ("hub.verify_token", token)];
        reqwest::Client::new().get(word("callback_url")).query(&query).send()
    };
    assert_eq!(challenge("another".into()).await.unwrap().status(), 403);
    let answer = challenge(word("verify_token")).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "1158201444"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_while_traffic_flows_and_no_genuine_webhook_is_refused() {
    let (app, mut program) = stand().await;
    let (old, new) = (program.keys(), KeyRing::generate("k2"));
    let both: SecretString = format!("{},{}", new.expose_secret(), old.expose_secret()).into();
    program.set_keys(both);
    let mut server = program.serve().await;
    let line = Line::new(&program.url, &app.account, &Traffic { bad_signatures: 0.0, ..Traffic::default() });
    let senders = line.open(4);
    line.until_accepted(0).await;
    let said = program.run(&["keys", "rotate"], "").await;
    let report = String::from_utf8(said.stdout).unwrap();
    assert!(report.starts_with("1 sealed anew, 0 were current, 0 changed meanwhile."), "{report}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    senders.stop().await;
    // A busy machine may ask for a post again, which is no refusal.
    let answers = line.answers();
    assert!(answers.iter().filter(|answer| answer.is(200)).count() > 10);
    assert!(answers.iter().all(|answer| answer.is(200) || answer.is(503)), "{answers:?}");
    server.kill().await;

    program.set_keys(new);
    let mut server = program.serve().await;
    let body = text_message("wamid.new", "16505551234", "Hello");
    let url = format!("{}{}", program.url, app.account.callback_path);
    let signature = signature(&app.account.app_secret, &body);
    let post = reqwest::Client::new().post(url).header("X-Hub-Signature-256", signature).body(body);
    assert_eq!(post.send().await.unwrap().status(), 200, "the secret is sealed under the new key alone");
    server.kill().await;
    program.set_keys(old);
    let refused = program.run(&["serve"], "").await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("\"k2\""), "{refused:?}");
}

/// Meta's question to the program, with the right token.
async fn challenge(program: &Program, account: &TestAccount) -> u16 {
    let token = account.verify_token.as_str();
    let query = [("hub.mode", "subscribe"), ("hub.challenge", "1158201444"), ("hub.verify_token", token)];
    let url = format!("{}{}", program.url, account.callback_path);
    reqwest::Client::new().get(url).query(&query).send().await.unwrap().status().as_u16()
}

/// What rotating says.
async fn rotate(program: &Program) -> String {
    let said = program.run(&["keys", "rotate"], "").await;
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn challenges_are_answered_while_keys_rotate_and_the_tokens_that_need_the_old_key_are_named() {
    let (app, mut program) = stand().await;
    let silent = app.add_account(NewTestAccount { phone_number_id: "2002", ..NewTestAccount::default() }).await;
    let (old, new) = (program.keys(), KeyRing::generate("k2"));
    let both: SecretString = format!("{},{}", new.expose_secret(), old.expose_secret()).into();
    program.set_keys(both.clone());
    let mut server = program.serve().await;
    assert_eq!(challenge(&program, &app.account).await, 200, "by the old key");
    let report = {
        let mut rotating = std::pin::pin!(rotate(&program));
        loop {
            tokio::select! {
                report = &mut rotating => break report,
                status = challenge(&program, &app.account) => assert_eq!(status, 200),
            }
        }
    };
    assert!(report.starts_with("2 sealed anew"), "{report}");
    let named = format!("  account {}: \"k1\"\n", silent.owner.account);
    assert!(report.contains("not found under the key \"k2\" yet: 1\n") && report.contains(&named), "{report}");
    assert!(
        !report.contains(&app.account.owner.account.to_string()),
        "it was asked for, and needs the old key no more"
    );
    server.kill().await;

    // Taken out too early, the old key is missed by what was named, and by nothing else.
    program.set_keys(new.clone());
    let mut server = program.serve().await;
    let said = program.said();
    assert!(said.contains("WARN") && said.contains("challenges for these verify tokens are refused"), "{said}");
    assert_eq!(challenge(&program, &app.account).await, 200);
    assert_eq!(challenge(&program, &silent).await, 403);
    let body = text_message("wamid.silent", "16505551234", "Hello");
    let post = reqwest::Client::new().post(format!("{}{}", program.url, silent.callback_path));
    let post = post.header("X-Hub-Signature-256", signature(&silent.app_secret, &body)).body(body);
    assert_eq!(post.send().await.unwrap().status(), 200, "posts go on");
    server.kill().await;

    // Put back, it serves until Meta has asked.
    program.set_keys(both);
    let mut server = program.serve().await;
    assert_eq!(challenge(&program, &silent).await, 200);
    let report = rotate(&program).await;
    assert!(report.contains("All verify tokens are found under the key \"k2\""), "{report}");
    server.kill().await;
    program.set_keys(new);
    let mut server = program.serve().await;
    assert_eq!((challenge(&program, &app.account).await, challenge(&program, &silent).await), (200, 200));
    server.kill().await;
}
