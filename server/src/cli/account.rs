//! `waypost account`.

use std::sync::Arc;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::Failure;
use super::connect::{read_secret_line, with_database};
use crate::accounts::add;
use crate::accounts::store::NewAccount;
use crate::settings::{DatabaseArgs, HttpArgs, KeyArgs};
use crate::webhook_config::new_config::{Given, callback_url};

/// Manages WhatsApp accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Add a WhatsApp number and its webhook; prints what to paste into Meta's dashboard
    Add(Box<AddArgs>),
}

/// Options of `account add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// The keys.
    #[command(flatten)]
    pub keys: KeyArgs,

    /// Where the callback URL comes from.
    #[command(flatten)]
    pub http: HttpArgs,

    /// The company; founded if there is none of this name
    #[arg(long, env = "WAYPOST_COMPANY")]
    pub company: String,

    /// What the company calls the account
    #[arg(long, env = "WAYPOST_ACCOUNT_NAME")]
    pub name: String,

    /// Id of the WhatsApp Business Account
    #[arg(long, env = "WAYPOST_WABA_ID")]
    pub waba_id: String,

    /// Meta's id of the number
    #[arg(long, env = "WAYPOST_PHONE_NUMBER_ID")]
    pub phone_number_id: String,

    /// The number as people write it
    #[arg(long, env = "WAYPOST_DISPLAY_PHONE_NUMBER")]
    pub display_phone_number: Option<String>,

    /// Read the app secret from the first line of standard input
    #[arg(long, env = "WAYPOST_APP_SECRET_STDIN", required = true)]
    pub app_secret_stdin: bool,

    /// Read the verify token from the second line of standard input; without it, one is made
    #[arg(long, env = "WAYPOST_VERIFY_TOKEN_STDIN")]
    pub verify_token_stdin: bool,

    /// Callback path or full https URL; without it, a path of its own is made. Accounts of one Meta app may share one
    #[arg(long, env = "WAYPOST_CALLBACK_PATH")]
    pub callback_path: Option<String>,

    /// Print JSON
    #[arg(long, env = "WAYPOST_JSON")]
    pub json: bool,
}

/// Runs a command about accounts.
pub async fn run(AccountCommand::Add(args): AccountCommand) -> Result<(), Failure> {
    let keys = Arc::new(args.keys.ring(args.database.generated_keys().as_deref())?);
    let app_secret = args.app_secret_stdin.then(|| read_secret_line("app secret")).transpose()?;
    let verify_token = args.verify_token_stdin.then(|| read_secret_line("verify token")).transpose()?;
    let given = Given { app_secret, verify_token, callback_path: args.callback_path.clone(), verified_at: None };
    with_database(&args.database.clone(), |database| async move {
        let account = NewAccount {
            name: args.name.clone(),
            waba_id: args.waba_id.clone(),
            phone_number_id: args.phone_number_id.clone(),
            display_phone_number: args.display_phone_number.clone(),
        };
        let added = add::add(&database, keys, &args.company, account, given).await?;
        print(&args, &added);
        Ok(())
    })
    .await
}

/// The one time that the verify token is shown.
fn print(args: &AddArgs, added: &add::Added) {
    let url = callback_url(args.http.public_url().as_str(), &added.callback_path);
    let rows = [
        ("account_id", added.owner.account.to_string()),
        ("callback_path", added.callback_path.clone()),
        ("callback_url", url),
        ("verify_token", added.verify_token.expose_secret().to_owned()),
    ];
    if args.json {
        let object: serde_json::Map<_, _> =
            rows.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect();
        println!("{}", serde_json::Value::Object(object));
    } else {
        for (name, value) in &rows {
            println!("{name:<14} {value}");
        }
    }
}
