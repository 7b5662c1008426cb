//! What agents did in the viewer's name.

use super::RpcError;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    ToolCallId,
    tool_call::{ToolCallPage, ToolCallQuery, Undone},
};

/// What an address says where all was undone.
pub const UNDONE: &str = "undone";

/// A page of calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calls {
    /// The last one first.
    pub page: ToolCallPage,
    /// What a form without JavaScript has just left as it is, and why.
    pub kept: Option<String>,
}

/// One page of calls, the last one first.
#[server(prefix = "/rpc", endpoint = "tool_call/list", input = GetUrl)]
pub async fn list(
    /// Which ones, from where; without it the newest.
    #[server(default)]
    query: ToolCallQuery,
) -> Result<Calls, RpcError> {
    use super::server::{refused, signed_in, take_note};
    let (backend, viewer) = signed_in()?;
    let page = backend.tool_call_list(&viewer, query).await.map_err(refused)?;
    Ok(Calls { page, kept: take_note() })
}

/// Undoes one call.
#[server(prefix = "/rpc", endpoint = "tool_call/undo")]
pub async fn undo(
    /// Which one.
    id: ToolCallId,
) -> Result<Undone, RpcError> {
    use super::server::{refused, signed_in};
    use taskwire_domain::tool_call::Undo;
    let (backend, viewer) = signed_in()?;
    Ok(told(backend.tool_call_undo(&viewer, &Undo::Call(id)).await.map_err(refused)?))
}

/// Undoes all that a client did from one instant on.
#[server(prefix = "/rpc", endpoint = "tool_call/undo_since")]
pub async fn undo_since(
    /// What the client calls itself.
    client: String,
    /// From then on.
    since: DateTime<Utc>,
) -> Result<Undone, RpcError> {
    use super::server::{refused, signed_in};
    use taskwire_domain::tool_call::Undo;
    let (backend, viewer) = signed_in()?;
    let undo = Undo::Client { client, since, until: None };
    Ok(told(backend.tool_call_undo(&viewer, &undo).await.map_err(refused)?))
}

/// Leads a browser without JavaScript to the page that says what came of it.
#[cfg(feature = "ssr")]
fn told(undone: Undone) -> Undone {
    use super::server::{after_form, after_form_with_note};
    match kept(&undone) {
        None => after_form("/activity/agents?saved=undone"),
        Some(text) => after_form_with_note("/activity/agents", &text),
    }
    undone
}

/// What was left as it is, in words; `None` if all was undone.
pub fn kept(Undone { undone, kept }: &Undone) -> Option<String> {
    let first = kept.first()?;
    Some(match (undone.len(), kept.len()) {
        (0, 1) => format!("This stays as it is. {}", first.reason),
        (0, left) => format!("All {left} actions stay as they are. The last one: {}", first.reason),
        (done, left) => format!("{done} undone, {left} left as they are. The last one of these: {}", first.reason),
    })
}
