//! `taskwire`: opens the database, serves until a signal, and leaves everything in order.

use crate::{
    audit,
    backup::{
        schedule::{Keeper, Seen},
        store::Store,
    },
    config::Settings,
    database::Database,
    health::Probe,
    mcp,
    metrics::Metrics,
    middleware::{Limits, client::Proxies, limits::Arrival, load::note_shed},
    router::{Parts, router},
    shutdown, site,
    tls::Tls,
};
use anyhow::{Context, Result, anyhow};
use axum::Router;
use axum_server::{
    Handle, Server as Listening,
    accept::Accept,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use chrono::TimeDelta;
use futures::FutureExt;
use std::{
    future::{Ready, ready},
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::Pin,
    time::Duration,
};
use taskwire_agents::mcp::Mcp;
use taskwire_app::CookieSettings;
use taskwire_backend::{Backend, performance::Recent};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

/// How long the last connections to the database may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// What keeps it from starting.
pub async fn run(settings: &Settings, recent: Recent) -> Result<()> {
    let stopping = shutdown::on_signal()?;
    // First, because it fails first: another program on the port is the most common mistake.
    let listener = listen(settings.addr).await?;
    let tls = Tls::open(settings).await?;
    let database = Database::open(settings, &stopping).await?;
    let served = open_and_serve(settings, &database, recent, listener, tls, &stopping).await;
    database.stop().await;
    if served.is_ok() {
        tracing::info!("stopped");
    }
    served
}

async fn open_and_serve(
    settings: &Settings,
    database: &Database,
    recent: Recent,
    listener: TcpListener,
    tls: Option<Tls>,
    stopping: &CancellationToken,
) -> Result<()> {
    let metrics = Metrics::start(recent.clone(), settings.metrics_token.clone())?;
    let backend = tokio::select! {
        backend = Backend::start(backend_settings(settings, database, recent)) => backend.context("cannot open the database")?,
        () = stopping.cancelled() => return Ok(()),
    };
    let backups = keeper(settings, database)?;
    let server = Parts {
        backend: backend.clone(),
        options: site::leptos_options(settings)?,
        cookies: CookieSettings { secure: settings.https() },
        probe: Probe::default(),
        backups: backups.seen.clone(),
        metrics,
        mcp: Mcp::new(backend.clone(), &mcp::keys(&database.secrets)?, stopping.clone())
            .map_err(|error| anyhow!(error))?,
        reach: mcp::Reach { hosts: settings.hosts.clone(), origins: settings.cors_origins.clone() },
        stopping: stopping.clone(),
    };
    let router = router(server.into(), limits(settings));
    let address = listener.local_addr()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    tracing::info!("Taskwire is at {scheme}://{address}");
    tracing::info!("its data lives in {database}");
    let mut beside = JoinSet::new();
    beside.spawn(audit::keep_sealed(backend.clone(), *settings.audit_seal_interval));
    beside.spawn(mcp::keep_calls(backend.clone()));
    beside.spawn(backups.run());
    let tls = tls.map(|tls| {
        let config = tls.config();
        beside.spawn(tls.follow());
        config
    });
    let served = serve(listener, router, tls, stopping, settings).await;
    beside.shutdown().await;
    // What the last requests wrote. A database that does not answer may keep it for the next start.
    let _late = timeout(CLOSE_TIMEOUT, audit::seal(&backend)).await;
    if timeout(CLOSE_TIMEOUT, backend.stop()).await.is_err() {
        tracing::warn!("some database connections did not close in time");
    }
    served
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("{address} is in use by another program: stop that one, or set TASKWIRE_ADDR to another address.")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address} (TASKWIRE_ADDR)")),
    })
}

/// Serves until `stopping`, then lets running requests finish for a while. A client that takes too long to send the head of
/// a request, the first or the next, or of the handshake before it, is hung up on.
async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<RustlsConfig>,
    stopping: &CancellationToken,
    settings: &Settings,
) -> Result<()> {
    let (grace, patience, head) = (*settings.shutdown_grace, *settings.transfer_timeout, settings.head_limit);
    let handle = Handle::new();
    let patient = Patient { patience, most: size(settings.connections), open: handle.clone() };
    let mut server = Listening::<SocketAddr>::from_listener(listener)
        .handle(handle.clone())
        .first_request_timeout(patience)
        .accept_error_handler(|client, error| match client {
            None => tracing::warn!(%error, "cannot take a connection"),
            // Whoever knocks without speaking TLS must not fill the log.
            Some(_) => tracing::debug!(?client, %error, "a connection did not come about"),
        });
    let builder = server.http_builder();
    builder.http1().header_read_timeout(patience).max_buf_size(size(head));
    builder.http2().max_header_list_size(head).keep_alive_interval(patience).keep_alive_timeout(patience);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = match tls {
        None => server.acceptor(patient).serve(service).left_future(),
        Some(config) => {
            let acceptor = RustlsAcceptor::new(config).handshake_timeout(patience).acceptor(patient);
            server.acceptor(acceptor).serve(service).right_future()
        }
    };
    let stop = async {
        stopping.cancelled().await;
        handle.graceful_shutdown(None);
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        served = serving => served.context("serving failed"),
        () = stop => {
            tracing::warn!("some requests did not finish within {grace:?}");
            Ok(())
        }
    }
}

/// Hangs up on clients that have taken nothing of their answer for so long, and at once on whoever is one too many.
#[derive(Debug, Clone)]
struct Patient {
    patience: Duration,
    most: usize,
    open: Handle<SocketAddr>,
}

impl<S> Accept<TcpStream, S> for Patient {
    type Stream = Pin<Box<TimeoutStream<TcpStream>>>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        if self.open.connection_count() > self.most {
            note_shed("connection");
            return ready(Err(io::Error::other("there are too many connections")));
        }
        // Answers are small and complete: waiting to fill a packet only delays them.
        let accepted = stream.set_nodelay(true).map(|()| {
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(self.patience));
            (Box::pin(stream), service)
        });
        ready(accepted)
    }
}

/// A setting that is a number of things or bytes.
fn size(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn backend_settings(settings: &Settings, database: &Database, recent: Recent) -> taskwire_backend::Settings {
    taskwire_backend::Settings {
        connect: database.connect.clone(),
        max_connections: settings.db_connections,
        acquire_timeout: *settings.db_acquire_timeout,
        statement_timeout: *settings.statement_timeout,
        slow_statement: *settings.slow_statement,
        secret: database.secrets.current.clone(),
        previous_secret: database.secrets.previous.clone(),
        session_ttl: *settings.session_ttl,
        dashboard_cache: *settings.dashboard_cache,
        sign_ins_by_address: settings.limit_sign_in,
        sign_ins_by_account: settings.limit_account,
        recent,
    }
}

fn keeper(settings: &Settings, database: &Database) -> Result<Keeper> {
    Ok(Keeper {
        store: Store::of(settings)?,
        connect: database.connect.clone(),
        programs: settings.postgres_bin.clone(),
        schedule: settings.backup_schedule.clone(),
        keep: TimeDelta::from_std(*settings.backup_keep).context("TASKWIRE_BACKUP_KEEP is too long")?,
        seen: Seen::default(),
    })
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        slow: *settings.slow_endpoint,
        time: *settings.request_timeout,
        body: Arrival { size: size(settings.body_limit), time: *settings.transfer_timeout },
        file: Arrival { size: size(settings.import_limit), time: *settings.transfer_timeout },
        target: size(settings.target_limit),
        in_flight: size(settings.requests_in_flight),
        by_address: settings.limit_address,
        by_user: settings.limit_user,
        origins: settings.cors_origins.clone().into(),
        proxies: Proxies::from(&*settings.trusted_proxies),
        https: settings.https(),
    }
}
