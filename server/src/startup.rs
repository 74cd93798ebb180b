//! `waypost serve`: from settings to a running server, and down again.
//!
//! On the way down: readiness falls, the door takes no new connection and finishes the requests it has, the writer
//! flushes what is waiting, the workers finish their batch; all within ten seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use leptos::prelude::LeptosOptions;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::console::{ConsoleParts, CookiePolicy, OwnDoor};
use crate::crypto::KeyRing;
use crate::database::Database;
use crate::event_log::rejections::Rejections;
use crate::event_log::writer::Writer;
use crate::ingest::address::ClientAddress;
use crate::ingest::body::BodyBudget;
use crate::ingest::door::Door;
use crate::ingest::guesses::Guesses;
use crate::metrics;
use crate::processing::wake::Wake;
use crate::processing::worker::{Worker, WorkerSettings};
use crate::retention::{Retention, RetentionSettings};
use crate::settings::PublicUrl;
use crate::tunnel::{Proofs, TunnelSupport};
use crate::users::sign_in::Doorman;
use crate::web::deadlines::Deadlines;
use crate::web::live::Places;
use crate::web::serve::Listening;
use crate::web::{self, AppState, Operations, serve};
use crate::webhook_config::snapshot::Configs;

/// How long readiness says no before connections are refused, so that a load balancer looks elsewhere first.
const GRACE: Duration = Duration::from_millis(500);
/// How long writer and workers may take after the last request.
const FINISH: Duration = Duration::from_secs(4);

/// What a server is made from.
pub struct ServerSettings {
    /// The pools.
    pub database: Database,
    /// The encryption keys.
    pub keys: Arc<KeyRing>,
    /// The time.
    pub clock: Clock,
    /// Whose word on the client's address counts.
    pub address: ClientAddress,
    /// How browsers reach the console.
    pub public_url: PublicUrl,
    /// Where the pages' files are.
    pub leptos: LeptosOptions,
    /// Opens `/metrics` to others than this machine.
    pub metrics_token: Option<SecretString>,
    /// Help with tunnels, for a server that listens on this port of a developer's machine.
    pub tunnel_help: Option<u16>,
    /// Connections at once; more wait in the kernel's queue.
    pub connections: usize,
    /// How long clients may take.
    pub deadlines: Deadlines,
    /// MiB of large bodies at once; beyond that they are answered 503.
    pub body_memory: usize,
    /// Lanes of the writer.
    pub lanes: usize,
    /// Workers of this process; 0 leaves processing to others.
    pub workers: usize,
    /// How they work.
    pub worker: WorkerSettings,
    /// How what is old leaves; none: everything stays.
    pub retention: Option<RetentionSettings>,
}

/// A server that has its parts but does not listen yet.
pub struct Server {
    router: axum::Router,
    places: Arc<Semaphore>,
    deadlines: Deadlines,
    draining: Arc<AtomicBool>,
    stop_workers: CancellationToken,
    background: Vec<JoinHandle<()>>,
    finishing: Vec<JoinHandle<()>>,
}

impl Server {
    /// Loads the configurations and starts writer, workers and what keeps the snapshot fresh. The schema must be up to
    /// date.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn start(settings: ServerSettings) -> Result<Self, sqlx::Error> {
        let ServerSettings { database, keys, clock, address, .. } = &settings;
        let configs = Configs::load(database.engine.clone(), Arc::clone(keys)).await?;
        let wake = Wake::default();
        let (writer, mut finishing) = Writer::start(&database.engine, settings.lanes, &wake);
        let (rejections, recording) = Rejections::start(database.engine.clone());
        finishing.push(recording);
        let stop_workers = CancellationToken::new();
        finishing.extend(start_workers(&settings, &wake, &stop_workers));
        finishing.extend(start_retention(&settings, &stop_workers));
        let background = vec![tokio::spawn(configs.clone().keep_fresh()), tokio::spawn(metrics::sum_up())];
        let draining = Arc::new(AtomicBool::new(false));
        let proofs = Proofs::default();
        let door = Arc::new(Door {
            configs: configs.clone(),
            bodies: BodyBudget::new(settings.body_memory, settings.deadlines.body),
            writer,
            rejections,
            keys: Arc::clone(keys),
            engine: database.engine.clone(),
            clock: clock.clone(),
            address: *address,
            guesses: Guesses::default(),
            proofs: proofs.clone(),
        });
        let console = ConsoleParts {
            database: database.clone(),
            doorman: Doorman::default(),
            keys: Arc::clone(keys),
            wake: wake.clone(),
            public_url: settings.public_url.clone(),
            door: OwnDoor { router: web::door(Arc::clone(&door)), configs },
            tunnel: settings.tunnel_help.map(|port| TunnelSupport { port, proofs }),
            cookies: CookiePolicy { secure: settings.public_url.is_secure() },
            clock: clock.clone(),
        };
        let places = Arc::new(Semaphore::new(settings.connections));
        let operations = Operations {
            draining: Arc::clone(&draining),
            metrics: metrics::install(),
            metrics_token: settings.metrics_token.map(Arc::new),
            places: Arc::clone(&places),
        };
        let ServerSettings { address, public_url, leptos, deadlines, .. } = settings;
        let live = Places::default();
        let state = AppState { door, console, address, public_url, leptos, operations, live, deadlines };
        Ok(Self { router: web::router(state), places, deadlines, draining, stop_workers, background, finishing })
    }

    /// Serves until told to stop, then ends in good order.
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) {
        let Self { router, places, deadlines, draining, stop_workers, background, finishing } = self;
        let stop_accepting = CancellationToken::new();
        let listening = Listening { listener, router, places, deadlines };
        let serving = tokio::spawn(serve::serve(listening, Arc::clone(&draining), stop_accepting.clone()));
        stop.cancelled().await;
        tracing::info!("stopping: requests under way are finished");
        draining.store(true, Ordering::Relaxed);
        tokio::time::sleep(GRACE).await;
        stop_accepting.cancel();
        stop_workers.cancel();
        if serving.await.is_err() {
            tracing::error!("the accept loop panicked");
        }
        background.iter().for_each(JoinHandle::abort);
        // The router went with the accept loop, and with it the last writer: its lanes flush and end.
        let finished = tokio::time::timeout(FINISH, futures::future::join_all(finishing)).await;
        if finished.is_err() {
            tracing::warn!("writer or workers did not finish in time; what was not committed was not acknowledged");
        }
        tracing::info!("stopped");
    }
}

fn start_retention(settings: &ServerSettings, stop: &CancellationToken) -> Option<JoinHandle<()>> {
    let (engine, clock) = (settings.database.engine.clone(), settings.clock.clone());
    let retention = settings.retention.map(|settings| Retention { engine, clock, settings })?;
    Some(tokio::spawn(retention.run(stop.clone())))
}

fn start_workers<'a>(
    settings: &'a ServerSettings,
    wake: &'a Wake,
    stop: &'a CancellationToken,
) -> impl Iterator<Item = JoinHandle<()>> + use<'a> {
    (1..=settings.workers).map(move |number| {
        let worker = Worker {
            name: format!("{}-{number}", std::process::id()),
            engine: settings.database.engine.clone(),
            clock: settings.clock.clone(),
            settings: settings.worker,
        };
        tokio::spawn(worker.run(wake.clone(), stop.clone()))
    })
}
