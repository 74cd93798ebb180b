//! `waypost seed`.

use std::sync::Arc;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::Failure;
use super::connect::with_database;
use crate::clock::Clock;
use crate::seed;
use crate::settings::{DatabaseArgs, KeyArgs};

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
    /// Password of the three demo logins; by default a new one is made each time
    #[arg(long, env = "WAYPOST_DEMO_PASSWORD", hide_env_values = true, value_name = "PASSWORD", help_heading = "Demo")]
    pub demo_password: Option<SecretString>,
}

impl DemoArgs {
    /// The password that was given, or a new one.
    pub fn password(&self) -> SecretString {
        self.demo_password.clone().unwrap_or_else(seed::random_password)
    }
}

/// Seeds, and prints the logins.
pub async fn run(args: SeedArgs) -> Result<(), Failure> {
    let keys = Arc::new(args.keys.ring(args.database.generated_keys().as_deref())?);
    let password = args.demo.password();
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
