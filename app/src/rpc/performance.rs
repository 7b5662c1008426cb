//! How the server performs.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use taskwire_domain::performance::Performance;

/// The server's last hour, and the plan of a statement if one is named.
#[server(prefix = "/rpc", endpoint = "performance/read", input = GetUrl)]
pub async fn read(
    /// The statement's name.
    #[server(default)]
    statement: Option<String>,
) -> Result<Performance, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.performance_read(&viewer, statement.as_deref()).await.map_err(refused)
}
