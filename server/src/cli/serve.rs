//! `waypost serve`.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use leptos::prelude::{Env, LeptosOptions};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Failure;
use super::connect::release;
use super::open_files;
use super::seed::{DemoArgs, print_logins};
use crate::clock::Clock;
use crate::crypto::KeyRing;
use crate::database::{self, Database, PoolSizes};
use crate::ids::CompanyId;
use crate::ingest::address::ClientAddress;
use crate::preflight::{self, Permitted, Setting};
use crate::processing::worker::WorkerSettings;
use crate::retention::{FEWEST_DAYS, RetentionSettings};
use crate::seed;
use crate::settings::{DatabaseArgs, HttpArgs, KeyArgs};
use crate::startup::{Server, ServerSettings};
use crate::web::deadlines::Deadlines;
use crate::webhook_config::{new_config::callback_url, store as configs};

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// For tests only: serve although fsync, `full_page_writes` or `synchronous_commit` of the database is off, so that
    /// a power cut can take what was acknowledged
    #[arg(long, env = "ALLOW_UNSAFE_DATABASE", help_heading = "Database")]
    pub allow_unsafe_database: bool,

    /// Serve although these settings of the database are off, separated by commas, because the storage makes up for
    /// them: `full_page_writes` where no page is ever left half written, as on ZFS
    #[arg(long, env = "ALLOW_OFF", value_name = "SETTINGS", value_delimiter = ',', help_heading = "Database")]
    pub allow_off: Vec<Setting>,

    /// Where to listen.
    #[command(flatten)]
    pub http: HttpArgs,

    /// The keys.
    #[command(flatten)]
    pub keys: KeyArgs,

    /// Seed demo data first, and print how to use it
    #[arg(long, env = "WAYPOST_DEMO", help_heading = "Demo")]
    pub demo: bool,

    /// The demo's people.
    #[command(flatten)]
    pub demo_args: DemoArgs,

    /// Lanes that store deliveries at the same time
    #[arg(long, env = "WAYPOST_LANES", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub lanes: u8,

    /// Workers that process events at the same time; 0 leaves processing to other servers on the same database
    #[arg(long, env = "WAYPOST_WORKERS", default_value_t = 2, value_parser = clap::value_parser!(u8).range(..=32))]
    pub workers: u8,

    /// Connections at once, as far as the system's limit of open files allows; more wait
    #[arg(long, env = "WAYPOST_CONNECTIONS", default_value_t = 4096, help_heading = "HTTP", value_parser = clap::value_parser!(u16).range(1..))]
    pub connections: u16,

    /// MiB of large bodies at once; beyond that they are answered 503 and Meta comes again
    #[arg(long, env = "WAYPOST_BODY_MEMORY", default_value_t = 64, help_heading = "HTTP", value_parser = clap::value_parser!(u16).range(4..))]
    pub body_memory: u16,

    /// Days that deliveries, events and refusals stay after they came, 8 at least, since Meta tries again for a week;
    /// without it they stay for ever. What was not processed yet, and all messages, stay in any case
    #[arg(
        long,
        env = "RETENTION_DAYS",
        value_name = "DAYS",
        value_parser = clap::value_parser!(u16).range(i64::from(FEWEST_DAYS)..=36_500)
    )]
    pub retention_days: Option<u16>,

    /// Seconds for which a worker holds what it has claimed: when it has died or stands still, another one takes over
    /// after that
    #[arg(long, env = "WAYPOST_WORKER_LEASE", default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub worker_lease: u16,

    /// On a developer's machine: helps admins to reach this server through a tunnel, and asks the URL that they give
    #[arg(long, env = "DEV_TUNNEL_HELP", help_heading = "HTTP")]
    pub dev_tunnel_help: bool,

    /// Opens /metrics to whoever sends it as a bearer token; without it, only this machine may read them
    #[arg(long, env = "METRICS_TOKEN", hide_env_values = true, value_name = "TOKEN", help_heading = "HTTP")]
    pub metrics_token: Option<SecretString>,
}

/// Serves until Ctrl-C or SIGTERM.
pub async fn run(args: ServeArgs) -> Result<(), Failure> {
    let keys = Arc::new(args.keys.ring(generated_keys(&args).as_deref())?);
    let stop = stop_signal()?;
    let source = args.database.source().await?;
    let served = serve(&args, &source.url, keys, stop).await;
    release(source.cluster).await?;
    served
}

async fn serve(
    args: &ServeArgs,
    url: &SecretString,
    keys: Arc<KeyRing>,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let permitted = Permitted { everything: args.allow_unsafe_database, by_name: &args.allow_off };
    preflight::database(url, permitted).await?;
    database::migrate(url).await?;
    let sizes = PoolSizes { engine: u32::from(args.lanes) + u32::from(args.workers) + 6, ..PoolSizes::default() };
    let database = Database::new(url, sizes)?;
    preflight::keys(&database.engine, &keys).await?;
    let clock = Clock::system();
    let demo = if args.demo { Some(seed_demo(args, &database, &keys, &clock).await?) } else { None };
    let address = args.http.address();
    let listener = TcpListener::bind(address).await.map_err(|error| format!("Cannot listen on {address}: {error}."))?;
    let server = Server::start(ServerSettings {
        database: database.clone(),
        keys,
        clock,
        address: ClientAddress { trusted_hops: args.http.trusted_proxy_hops.into() },
        public_url: args.http.public_url(),
        leptos: leptos_options(args)?,
        metrics_token: args.metrics_token.clone(),
        tunnel_help: args.dev_tunnel_help.then(|| args.http.address().port()),
        connections: open_files::connections(args.connections.into()),
        deadlines: Deadlines::default(),
        body_memory: args.body_memory.into(),
        lanes: args.lanes.into(),
        workers: args.workers.into(),
        worker: WorkerSettings { lease: Duration::from_secs(args.worker_lease.into()), ..WorkerSettings::default() },
        retention: args.retention_days.map(RetentionSettings::of_days),
    })
    .await?;
    tracing::info!(%address, "listening");
    println!("Waypost is at {}", args.http.public_url().as_str());
    if let Some((company, password)) = demo {
        print_demo(args, &database, company, &password).await?;
    }
    server.run(listener, stop).await;
    database.close().await;
    Ok(())
}

/// Beside a private cluster and for a demo, keys may be generated.
fn generated_keys(args: &ServeArgs) -> Option<std::path::PathBuf> {
    if args.demo { Some(args.database.keys_file()) } else { args.database.generated_keys() }
}

/// The bundle's files have hashes in their names; `hash.txt` in the site's folder says which.
fn leptos_options(args: &ServeArgs) -> Result<LeptosOptions, Failure> {
    let root = std::path::absolute(&args.http.site_root)?;
    let hashes = root.join("hash.txt");
    if !hashes.exists() {
        tracing::warn!(folder = %root.display(), "the pages' files are not built: the console works without script and style");
    }
    Ok(LeptosOptions::builder()
        .output_name("waypost")
        .site_root(root.to_string_lossy().as_ref())
        .site_addr(args.http.address())
        .hash_files(hashes.exists())
        // Leptos joins this to the folder of the program; an absolute path stands for itself.
        .hash_file(hashes.to_string_lossy().into())
        .env(Env::PROD)
        .build())
}

async fn seed_demo(
    args: &ServeArgs,
    database: &Database,
    keys: &Arc<KeyRing>,
    clock: &Clock,
) -> Result<(CompanyId, SecretString), Failure> {
    let password = args.demo_args.password(&args.database.data_dir)?;
    Ok((seed::seed(database, keys, clock, password.clone()).await?, password))
}

/// What a newcomer needs next.
async fn print_demo(
    args: &ServeArgs,
    database: &Database,
    company: CompanyId,
    password: &SecretString,
) -> Result<(), Failure> {
    println!("\nSign in as");
    print_logins(password);
    let rows = configs::load_all(&database.engine).await?;
    let demo = rows.iter().find(|row| row.company_id == company && row.phone_number_id == seed::PHONE_NUMBER_ID);
    if let Some(config) = demo.and_then(|row| row.config.as_ref()) {
        let url = callback_url(args.http.public_url().as_str(), &config.callback_path);
        println!("\nThe demo account's callback URL is\n  {url}");
        println!("\nSend it traffic, from another terminal, with");
        let program = std::env::args().next().unwrap_or_else(|| "waypost".into());
        let port = args.http.address().port();
        println!("  {program} simulate --port {port} --count 500\n");
    }
    Ok(())
}

/// Cancelled by Ctrl-C or SIGTERM.
fn stop_signal() -> Result<CancellationToken, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stopped.cancel();
    });
    Ok(stop)
}
