//! What an operator can set: one struct for each concern, flattened into the commands that need it. Every option has
//! an environment variable and names it in `--help`; the option wins over the variable. `.env` is read by `main` before
//! the command line is, and real variables win over it. A variable that is set to nothing counts as not set.

mod keys;
mod public_url;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};

pub use keys::{KeyArgs, KeysError};
pub use public_url::{PublicUrl, PublicUrlError};

use crate::cluster::{Cluster, ClusterError};

/// How lines of the log look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// The log, on standard error.
#[derive(Clone, Debug, Args)]
pub struct LogArgs {
    /// What is logged: a level, or levels by module, as in `info,server::processing=debug`
    #[arg(long, env = "RUST_LOG", default_value = "info", global = true, help_heading = "Log")]
    pub log: String,

    /// How it is logged
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t, global = true, help_heading = "Log")]
    pub log_format: LogFormat,
}

/// Which database.
#[derive(Clone, Debug, Args)]
pub struct DatabaseArgs {
    /// PostgreSQL 15 or newer, as in `postgres://user:password@host/database`. Without it, Waypost makes and
    /// runs a private cluster in the data folder, with the PostgreSQL that is installed: for small installations
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", help_heading = "Database")]
    pub database_url: Option<SecretString>,

    /// Folder of the private cluster and of the generated encryption keys
    #[arg(long, env = "WAYPOST_DATA_DIR", default_value = "data", value_name = "FOLDER", help_heading = "Database")]
    pub data_dir: PathBuf,
}

/// A database to connect to, and the private cluster it lives in, if any.
#[derive(Debug)]
pub struct DatabaseSource {
    /// Where to connect.
    pub url: SecretString,
    /// To be released when the work is done.
    pub cluster: Option<Cluster>,
}

impl DatabaseArgs {
    /// The URL that was given, or that of the private cluster, which is running when this returns.
    pub async fn source(&self) -> Result<DatabaseSource, ClusterError> {
        if let Some(url) = self.given_url() {
            return Ok(DatabaseSource { url: url.clone(), cluster: None });
        }
        let cluster = Cluster::ensure(&self.data_dir).await?;
        Ok(DatabaseSource { url: cluster.url().into(), cluster: Some(cluster) })
    }

    /// Where encryption keys may be generated: beside a private cluster, and nowhere else. Those that a demo has made
    /// are found there too.
    pub fn generated_keys(&self) -> Option<PathBuf> {
        let file = self.keys_file();
        (self.given_url().is_none() || file.exists()).then_some(file)
    }

    /// The file of generated keys.
    pub fn keys_file(&self) -> PathBuf {
        self.data_dir.join("encryption-keys")
    }

    fn given_url(&self) -> Option<&SecretString> {
        self.database_url.as_ref().filter(|url| !url.expose_secret().trim().is_empty())
    }
}

/// Where the server listens and how the world reaches it.
#[derive(Clone, Debug, Args)]
pub struct HttpArgs {
    /// Address and port to listen on
    #[arg(
        long = "site-addr",
        env = "LEPTOS_SITE_ADDR",
        default_value = "127.0.0.1:3000",
        value_name = "ADDRESS",
        help_heading = "HTTP"
    )]
    pub site_addr: SocketAddr,

    /// Port to listen on, on all addresses, as hosting platforms set it; wins over the address
    #[arg(long, env = "PORT", help_heading = "HTTP")]
    pub port: Option<u16>,

    /// How browsers and Meta reach the server, as in `https://waypost.example`; by default, the address it listens on
    #[arg(long, env = "PUBLIC_URL", value_name = "URL", help_heading = "HTTP")]
    pub public_url: Option<PublicUrl>,

    /// How many proxies of yours stand in front: the client's address is taken from that many places before the end
    /// of X-Forwarded-For. With 0 that header is ignored, since anybody can send it
    #[arg(long, env = "TRUSTED_PROXY_HOPS", default_value_t = 0, value_name = "COUNT", help_heading = "HTTP")]
    pub trusted_proxy_hops: u8,

    /// Folder of the built pages: style sheet, script and WASM
    #[arg(
        long = "site-root",
        env = "LEPTOS_SITE_ROOT",
        default_value = "target/site",
        value_name = "FOLDER",
        help_heading = "HTTP"
    )]
    pub site_root: PathBuf,
}

impl HttpArgs {
    /// Where to listen.
    pub fn address(&self) -> SocketAddr {
        match self.port {
            Some(port) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
            None => self.site_addr,
        }
    }

    /// How the server is reached, without a slash at its end.
    pub fn public_url(&self) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::of(self.address()))
    }

    /// Where a client on the same machine finds the server: a server that listens everywhere is found at loopback.
    pub fn local_address(&self) -> SocketAddr {
        public_url::reachable(self.address())
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches, Parser};

    use super::*;

    #[derive(Parser)]
    struct Everything {
        #[command(flatten)]
        log: LogArgs,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        keys: KeyArgs,
        #[command(flatten)]
        http: HttpArgs,
    }

    /// Whatever variables are set where the tests run.
    fn parse(arguments: &[&str]) -> Everything {
        let command = Everything::command().mut_args(|option| option.env(None));
        let matches = command.try_get_matches_from([&["waypost"], arguments].concat()).unwrap();
        Everything::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn a_port_alone_means_all_addresses_as_platforms_expect() {
        assert_eq!(parse(&["--port", "8080"]).http.address().to_string(), "0.0.0.0:8080");
        assert_eq!(parse(&["--port", "8080"]).http.local_address().to_string(), "127.0.0.1:8080");
        assert_eq!(parse(&["--site-addr", "[::1]:81"]).http.address().to_string(), "[::1]:81");
    }

    #[test]
    fn the_public_url_is_the_address_unless_given() {
        assert_eq!(parse(&["--site-addr", "127.0.0.1:81"]).http.public_url().as_str(), "http://127.0.0.1:81");
        assert_eq!(parse(&["--port", "81"]).http.public_url().as_str(), "http://127.0.0.1:81");
        let given = parse(&["--public-url", "https://waypost.example/"]).http.public_url();
        assert_eq!(given.as_str(), "https://waypost.example");
        assert!(given.is_secure());
    }

    #[test]
    fn keys_are_generated_beside_a_private_cluster_only() {
        let private = parse(&["--database-url", "", "--data-dir", "here"]);
        assert_eq!(private.database.generated_keys(), Some(PathBuf::from("here/encryption-keys")));
        assert_eq!(parse(&["--database-url", "postgres://db/waypost"]).database.generated_keys(), None);
    }

    #[test]
    fn secrets_do_not_show() {
        let everything = parse(&["--database-url", "postgres://u:hunter2@db/x", "--encryption-keys", "k1:c2VjcmV0"]);
        let shown = format!("{:?} {:?}", everything.database, everything.keys);
        assert!(!shown.contains("hunter2") && !shown.contains("c2VjcmV0"), "{shown}");
        assert_eq!(everything.log.log_format, LogFormat::Text);
    }

    #[test]
    fn every_option_has_a_variable_and_a_help_text() {
        for option in Everything::command().get_arguments() {
            let name = option.get_id();
            assert!(option.get_env().is_some(), "{name} has no variable");
            assert!(option.get_help().is_some(), "{name} has no help");
            let secret = ["database_url", "encryption_keys"].contains(&name.as_str());
            assert_eq!(option.is_hide_env_values_set(), secret, "{name}");
        }
    }
}
