//! `waypost user`.

use app::contract::Role;
use clap::{Args, Subcommand, ValueEnum};

use super::Failure;
use super::connect::{read_secret_line, with_database};
use crate::accounts::add::company;
use crate::settings::DatabaseArgs;
use crate::users::add;

/// Manages people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a person who may sign in. The password is the first line of standard input
    Add(AddArgs),
}

/// Options of `user add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// The company; founded if there is none of this name
    #[arg(long, env = "WAYPOST_COMPANY")]
    pub company: String,

    /// How the person is called
    #[arg(long, env = "WAYPOST_USER_NAME")]
    pub name: String,

    /// What the person signs in with
    #[arg(long, env = "WAYPOST_USER_EMAIL")]
    pub email: String,

    /// What the person may do
    #[arg(long, env = "WAYPOST_USER_ROLE", value_enum)]
    pub role: RoleArg,
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleArg {
    /// Everything, people and secrets included
    Admin,
    /// Sees everything, changes states, replays events
    Manager,
    /// Only looks
    Viewer,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Manager => Self::Manager,
            RoleArg::Viewer => Self::Viewer,
        }
    }
}

/// Runs a command about people.
pub async fn run(UserCommand::Add(args): UserCommand) -> Result<(), Failure> {
    let password = read_secret_line("password")?;
    with_database(&args.database, |database| async move {
        let company = company(&database, &args.company).await?;
        let user = add::add(&database, company, &args.name, &args.email, args.role.into(), password).await?;
        println!("user_id {user}");
        Ok(())
    })
    .await
}
