//! `waypost seed`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::Failure;
use super::connect::with_database;
use crate::clock::Clock;
use crate::settings::{DatabaseArgs, KeyArgs};
use crate::{crypto, seed};

/// Options of `seed`.
#[derive(Debug, Args)]
pub struct SeedArgs {
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// The keys.
    #[command(flatten)]
    pub keys: KeyArgs,

    /// The demo's people.
    #[command(flatten)]
    pub demo: DemoArgs,
}

/// Options of the demo.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Password of the three demo logins; by default one is made and kept in the data folder
    #[arg(long, env = "WAYPOST_DEMO_PASSWORD", hide_env_values = true, value_name = "PASSWORD", help_heading = "Demo")]
    pub demo_password: Option<SecretString>,
}

impl DemoArgs {
    /// The password that was given, or the one in the data folder, made there on first use: the demo's logins stay the
    /// same from one start to the next.
    pub fn password(&self, data_dir: &Path) -> Result<SecretString, Failure> {
        if let Some(given) = &self.demo_password {
            return Ok(given.clone());
        }
        let file = data_dir.join("demo-password");
        if !file.exists() {
            std::fs::create_dir_all(data_dir)?;
            let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
            new.write_all(crypto::random_password().expose_secret().as_bytes())?;
        }
        Ok(std::fs::read_to_string(&file)?.trim().into())
    }
}

/// Seeds, and prints the logins.
pub async fn run(args: SeedArgs) -> Result<(), Failure> {
    let keys = Arc::new(args.keys.ring(args.database.generated_keys().as_deref())?);
    let password = args.demo.password(&args.database.data_dir)?;
    with_database(&args.database, |database| async move {
        seed::seed(&database, &keys, &Clock::system(), password.clone()).await?;
        print_logins(&password);
        Ok(())
    })
    .await
}

/// Shows the demo's logins on the terminal of whoever started it.
pub fn print_logins(password: &SecretString) {
    for login in seed::logins() {
        println!("  {:<8} {:<24} {}", login.role.as_str(), login.email, password.expose_secret());
    }
}
