//! The audit log.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use taskwire_domain::audit::{AuditPage, AuditQuery};

/// One page of the viewer's log, or of a team's that they run.
#[server(prefix = "/rpc", endpoint = "audit/list", input = GetUrl)]
pub async fn list(
    /// Which part, from where; without it the newest of the viewer's own.
    #[server(default)]
    query: AuditQuery,
) -> Result<AuditPage, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.audit_list(&viewer, query).await.map_err(refused)
}
