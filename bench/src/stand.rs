//! A fresh, migrated database with one account, and the program on it.

use anyhow::{Context as _, Result};
use secrecy::SecretString;
use serde_json::Value;
use server::clock::Clock;
use server::crypto::KeyRing;
use server::meta::Target;

use crate::args::Args;
use crate::body::{Author, Post};
use crate::database::{Cluster, Database};
use crate::process::{Program, Server};
use crate::wire::Connection;

const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
const DISPLAYED: &str = "15550783881";
/// The password of everybody.
pub const PASSWORD: &str = "a long password for the bench";

/// A company with one account and one person.
#[derive(Clone, Copy, Debug)]
pub struct Company {
    /// Its name.
    pub name: &'static str,
    /// Phone number id of its account.
    pub number: &'static str,
    /// WABA id of its account.
    pub waba: &'static str,
    /// Who may look at it.
    pub email: &'static str,
}

/// The one that everything is posted to.
pub const BENCH: Company =
    Company { name: "Bench", number: "100100100100100", waba: "200200200200200", email: "bench@waypost.example" };

/// Where a round takes place.
pub struct Stand {
    /// Its database.
    pub database: Database,
    /// The program on it.
    pub program: Program,
    /// The account's id.
    pub account: String,
    path: String,
}

impl Stand {
    /// Makes a database of this name and sets the program up on it, by its own commands.
    pub fn create(cluster: &Cluster, args: &Args, name: &str) -> Result<Self> {
        let mut database = cluster.create(name)?;
        let url = database.url.to_string();
        let program = Program::new(&args.server, &args.site_root, url, KeyRing::generate("bench"))?;
        program.run(&["migrate"], "")?;
        let (account, path) = add(&program, BENCH)?;
        // What Meta's challenge would do.
        database.execute("update whatsapp_webhook_configs set status = 'verified', last_verified_at = now()")?;
        Ok(Self { database, program, account, path })
    }

    /// Adds another company, and gives its account's id.
    pub fn add_company(&self, company: Company) -> Result<String> {
        add(&self.program, company).map(|(account, _)| account)
    }

    /// Somebody who writes posts for the account; each seed writes others.
    pub fn author(&self, seed: u64) -> Author {
        let target = Target {
            phone_number_id: BENCH.number.into(),
            waba_id: BENCH.waba.into(),
            display_phone_number: DISPLAYED.into(),
        };
        let second = Clock::system().now().unix_timestamp();
        Author::new(target, self.path.clone(), SecretString::from(APP_SECRET), seed, second)
    }

    /// Path of the webhook.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Starts the server, and waits until this post is committed: the server and the milliseconds that it took.
    pub fn serve(&self, workers: usize, first: &Post) -> Result<(Server, f64)> {
        let mut server = self.program.serve(workers)?;
        let address = self.program.address;
        let took = server.until(|| {
            let answer = Connection::open(address).and_then(|mut connection| connection.ask(&first.request));
            answer.is_ok_and(|status| status == 200)
        })?;
        Ok((server, took.as_secs_f64() * 1_000.0))
    }
}

/// Account's id and callback path.
fn add(program: &Program, company: Company) -> Result<(String, String)> {
    let Company { name, number, waba, email } = company;
    let account = ["account", "add", "--company", name, "--name", name, "--app-secret-stdin", "--json"];
    let ids = ["--waba-id", waba, "--phone-number-id", number, "--display-phone-number", DISPLAYED];
    let added: Value = serde_json::from_str(&program.run(&[&account[..], &ids[..]].concat(), APP_SECRET)?)?;
    program.run(&["user", "add", "--company", name, "--name", name, "--email", email, "--role", "admin"], PASSWORD)?;
    let text = |name: &str| added[name].as_str().map(ToOwned::to_owned).with_context(|| format!("no {name}"));
    Ok((text("account_id")?, text("callback_path")?))
}
