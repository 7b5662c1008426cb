//! Every path that is answered: the table of contents.

use crate::{
    api,
    backup::schedule::Seen,
    health, mcp,
    metrics::{self, Metrics},
    middleware::{self, Limits, problem::Problem},
    pages,
};
use axum::{Router, extract::FromRef, routing::get};
use leptos::config::LeptosOptions;
use std::{ops::Deref, sync::Arc};
use taskwire_agents::mcp::Mcp;
use taskwire_app::CookieSettings;
use taskwire_backend::Backend;
use tokio_util::sync::CancellationToken;

/// What handlers work with. Cheap to clone: each request does it a few times.
#[derive(Debug, Clone)]
pub struct Server(Arc<Parts>);

impl Deref for Server {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl From<Parts> for Server {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

/// What there is of it.
#[derive(Debug)]
pub struct Parts {
    /// Every operation.
    pub backend: Backend,
    /// Where the site's files are.
    pub options: LeptosOptions,
    /// How cookies are set.
    pub cookies: CookieSettings,
    /// Whether the database is there.
    pub probe: health::Probe,
    /// Which backups there are.
    pub backups: Seen,
    /// What was recorded, if anybody may read it.
    pub metrics: Option<Metrics>,
    /// What agents ask.
    pub mcp: Mcp,
    /// From where they may.
    pub reach: mcp::Reach,
    /// Cancelled when the server takes no more requests.
    pub stopping: CancellationToken,
}

impl FromRef<Server> for LeptosOptions {
    fn from_ref(server: &Server) -> Self {
        server.options.clone()
    }
}

/// The whole server, ready to be served or to be asked by a test.
pub fn router(server: Server, limits: Limits) -> Router {
    let routes = Router::new()
        .route("/health", get(health::healthy))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::show))
        .merge(api::router())
        .merge(mcp::router(server.mcp.clone(), server.backend.clone(), &server.reach));
    let routes = pages::server_functions(routes);
    let routes = pages::pages(routes, &server).method_not_allowed_fallback(|| async { Problem::other_method() });
    let routes = pages::files(routes, &server);
    let backend = server.backend.clone();
    middleware::wrap(routes.with_state(server), backend, limits)
}
