//! The dashboard's numbers: what the browser polls every five seconds.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use taskwire_domain::dashboard::Dashboard;

/// Everything the dashboard shows, in one call and one look-up.
#[server(prefix = "/rpc", endpoint = "dashboard/read", input = GetUrl)]
pub async fn read() -> Result<Dashboard, RpcError> {
    use super::server::{cookie, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let dashboard = backend.dashboard_read(&viewer, cookie("tz").as_deref()).await.map_err(refused)?;
    Ok(std::sync::Arc::unwrap_or_clone(dashboard))
}
