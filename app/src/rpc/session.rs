//! Where the viewer is signed in.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use taskwire_domain::{SessionId, session::Session};

/// The viewer's live sessions.
#[server(prefix = "/rpc", endpoint = "session/list", input = GetUrl)]
pub async fn list() -> Result<Vec<Session>, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.session_list(&viewer).await.map_err(refused)
}

/// Ends one of them.
#[server(prefix = "/rpc", endpoint = "session/end")]
pub async fn end(
    /// Which one.
    id: SessionId,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.session_end(&viewer, id).await.map_err(refused)?;
    after_form("/settings?saved=session#sessions");
    Ok(())
}

/// Ends all but the one this call came with, and says how many there were.
#[server(prefix = "/rpc", endpoint = "session/end_others")]
pub async fn end_others() -> Result<u64, RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let ended = backend.session_end_others(&viewer).await.map_err(refused)?;
    after_form("/settings?saved=sessions#sessions");
    Ok(ended)
}
