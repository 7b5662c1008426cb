//! The MCP server at `/mcp` (requirement G1), and at `/mcp/readonly` for whoever wants nothing to be changed.
//!
//! What speaks the protocol is `taskwire_agents`; here it gets its transport, and who asks: whoever bears a token. A cookie
//! counts for nothing here, so that no page can have an agent's say.

pub mod stdio;

use crate::{middleware::problem::Problem, router::Server, secret::Secrets};
use anyhow::{Result, anyhow};
use axum::{
    Router,
    extract::{Request, State},
    http::HeaderValue,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use hkdf::Hkdf;
use rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::time::Duration;
use taskwire_agents::mcp::{KEY_BYTES, Keys};
use taskwire_app::rpc::server::{Identity, bearer};
use taskwire_backend::Backend;
use tokio::time::{MissedTickBehavior, interval};

/// Where it is.
pub const PATH: &str = "/mcp";
/// Where it only reads.
pub const READ_ONLY_PATH: &str = "/mcp/readonly";

/// Whether a path is one of these.
pub fn is_at(path: &str) -> bool {
    path == PATH || path == READ_ONLY_PATH
}

/// Under which names the server is asked, and from where.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Names besides those of this machine.
    pub hosts: Vec<String>,
    /// Other sites whose pages may ask.
    pub origins: Vec<HeaderValue>,
}

/// Keys for what the server lets clients carry, from the secret that signs sessions: every instance has the same.
///
/// # Errors
/// Never: as many bytes as that are always to be had.
pub fn keys(secrets: &Secrets) -> Result<Keys> {
    let previous = secrets.previous.as_ref().map(key).transpose()?;
    Ok(Keys { current: key(&secrets.current)?, previous })
}

fn key(secret: &SecretString) -> Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    let made = Hkdf::<Sha256>::new(None, secret.expose_secret().as_bytes()).expand(b"taskwire mcp", &mut key);
    made.map_err(|error| anyhow!("a key cannot be derived: {error}"))?;
    Ok(key)
}

/// How often it is looked for calls that are to be forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

/// Forgets calls of tools that were kept for long enough, again and again, until it is aborted.
pub async fn keep_calls(backend: Backend) {
    let mut ticks = interval(FORGET_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = backend.tool_calls_forget().await {
            tracing::warn!(%error, "old calls of tools could not be forgotten");
        }
    }
}

/// The routes at which `handler` answers whoever bears a token.
pub fn router<H: ServerHandler + Clone + Sync>(handler: H, backend: Backend, reach: &Reach) -> Router<Server> {
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let hosts: Vec<_> = local.into_iter().chain(reach.hosts.iter().cloned()).collect();
    let own = hosts.iter().flat_map(|host| {
        let host = if host.contains("::") { format!("[{host}]") } else { host.clone() };
        ["http", "https"].map(|scheme| format!("{scheme}://{host}:*"))
    });
    let others = reach.origins.iter().filter_map(|origin| origin.to_str().ok().map(str::to_owned));
    let origins: Vec<_> = own.chain(others).collect();
    let config = StreamableHttpServerConfig::default()
        // Any instance answers any request, also of the revisions that know of sessions.
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins)
        .enforce_origin_validation();
    let service =
        StreamableHttpService::new(move || Ok(handler.clone()), NeverSessionManager::default().into(), config);
    Router::new()
        .route_service(PATH, service.clone())
        .route_service(READ_ONLY_PATH, service)
        .route_layer(from_fn_with_state(backend, with_viewer))
}

/// Lets through whoever bears a token that holds, and tells the handler who that is.
async fn with_viewer(State(backend): State<Backend>, mut request: Request, next: Next) -> Response {
    let bears = bearer(request.headers()).is_some();
    let identity = request.extensions().get::<Identity>().filter(|_| bears).cloned().unwrap_or_default();
    let viewer = match identity.0 {
        Ok(viewer) => viewer,
        Err(error) => return Problem::from(error).into_response(),
    };
    // An API token was looked up when it was authenticated just now.
    if viewer.session().is_ok()
        && let Err(error) = viewer.still_holds(&backend).await
    {
        return Problem::from(error).into_response();
    }
    let viewer = if request.uri().path() == READ_ONLY_PATH { viewer.read_only() } else { viewer };
    request.extensions_mut().insert(viewer);
    next.run(request).await
}
