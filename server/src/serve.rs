//! `taskwire`: opens the database, serves until a signal, and leaves everything in order.

use crate::{
    audit,
    config::Settings,
    database::Database,
    middleware::Limits,
    router::{Server, router},
    shutdown, site,
};
use anyhow::{Context, Result, anyhow};
use axum::{Router, serve::ListenerExt};
use std::{io::ErrorKind, net::SocketAddr, time::Duration};
use taskwire_app::CookieSettings;
use taskwire_backend::Backend;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long the last connections to the database may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// What keeps it from starting.
pub async fn run(settings: &Settings) -> Result<()> {
    let stopping = shutdown::on_signal()?;
    // First, because it fails first: another program on the port is the most common mistake.
    let listener = listen(settings.addr).await?;
    let database = Database::open(settings, &stopping).await?;
    let served = open_and_serve(settings, &database, listener, &stopping).await;
    database.stop().await;
    if served.is_ok() {
        tracing::info!("stopped");
    }
    served
}

async fn open_and_serve(
    settings: &Settings,
    database: &Database,
    listener: TcpListener,
    stopping: &CancellationToken,
) -> Result<()> {
    let backend = tokio::select! {
        backend = Backend::start(backend_settings(settings, database)) => backend.context("cannot open the database")?,
        () = stopping.cancelled() => return Ok(()),
    };
    let server = Server {
        backend: backend.clone(),
        options: site::leptos_options(settings)?,
        cookies: CookieSettings { secure: settings.secure_cookies },
        stopping: stopping.clone(),
    };
    let router = router(server, limits(settings));
    let address = listener.local_addr()?;
    tracing::info!("Taskwire is at http://{address}");
    tracing::info!("its data lives in {database}");
    let sealing = tokio::spawn(audit::keep_sealed(backend.clone(), *settings.audit_seal_interval));
    let served = serve(listener, router, stopping, *settings.shutdown_grace).await;
    sealing.abort();
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

/// Serves until `stopping`, then lets running requests finish for `grace`.
async fn serve(listener: TcpListener, router: Router, stopping: &CancellationToken, grace: Duration) -> Result<()> {
    // Answers are small and complete: waiting to fill a packet only delays them.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
    });
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stopping.clone().cancelled_owned());
    let out_of_time = async {
        stopping.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        served = async { serving.await } => served.context("serving failed"),
        () = out_of_time => {
            tracing::warn!("some requests did not finish within {grace:?}");
            Ok(())
        }
    }
}

fn backend_settings(settings: &Settings, database: &Database) -> taskwire_backend::Settings {
    taskwire_backend::Settings {
        connect: database.connect.clone(),
        max_connections: settings.db_connections,
        acquire_timeout: *settings.db_acquire_timeout,
        statement_timeout: *settings.statement_timeout,
        slow_statement: *settings.slow_statement,
        secret: database.secret.clone(),
        session_ttl: *settings.session_ttl,
    }
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        slow: *settings.slow_endpoint,
        time: *settings.request_timeout,
        body: usize::try_from(settings.body_limit).unwrap_or(usize::MAX),
        https: settings.secure_cookies,
    }
}
