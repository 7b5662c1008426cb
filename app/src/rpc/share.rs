//! Shares: give, change, take back and list.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use taskwire_domain::{
    TaskId, UserId,
    share::{Share, SharedTaskPage},
    team::Added,
};

/// Whom a task is shared with, those invited last. Refused to whoever may not share it.
#[server(prefix = "/rpc", endpoint = "share/list", input = GetUrl)]
pub async fn list(
    /// Which task.
    task_id: TaskId,
) -> Result<Vec<Share>, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.share_list(&viewer, task_id).await.map_err(refused)
}

/// Shares a task with whoever has this address, now or once they sign up.
#[server(prefix = "/rpc", endpoint = "share/give")]
pub async fn give(
    /// Which task.
    task_id: TaskId,
    /// In any spelling.
    email: String,
    /// `view` or `edit`.
    permission: String,
) -> Result<Added, RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let new = taskwire_domain::share::NewShare::parse(&email, &permission).map_err(refuse)?;
    let added = backend.share_give(&viewer, task_id, new).await.map_err(refused)?;
    let done = if added == Added::Now { "1" } else { "invited" };
    after_form(&format!("/tasks/{task_id}?shared={done}#sharing"));
    Ok(added)
}

/// Changes what somebody may do with a task that is shared with them.
#[server(prefix = "/rpc", endpoint = "share/change")]
pub async fn change(
    /// Which task.
    task_id: TaskId,
    /// In any spelling.
    email: String,
    /// `view` or `edit`.
    permission: String,
) -> Result<(), RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let share = taskwire_domain::share::NewShare::parse(&email, &permission).map_err(refuse)?;
    backend.share_change(&viewer, task_id, share).await.map_err(refused)?;
    after_form(&format!("/tasks/{task_id}?shared=changed#sharing"));
    Ok(())
}

/// Takes a share back.
#[server(prefix = "/rpc", endpoint = "share/revoke")]
pub async fn revoke(
    /// Of which task.
    task_id: TaskId,
    /// From whom.
    user_id: UserId,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.share_revoke(&viewer, task_id, user_id).await.map_err(refused)?;
    after_form(&format!("/tasks/{task_id}?shared=revoked#sharing"));
    Ok(())
}

/// Takes back a share that waits for somebody to sign up.
#[server(prefix = "/rpc", endpoint = "share/uninvite")]
pub async fn uninvite(
    /// Of which task.
    task_id: TaskId,
    /// The invited address.
    email: String,
) -> Result<(), RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let email = taskwire_domain::account::Email::parse(&email).map_err(|error| refuse(error.into()))?;
    backend.share_uninvite(&viewer, task_id, email).await.map_err(refused)?;
    after_form(&format!("/tasks/{task_id}?shared=withdrawn#sharing"));
    Ok(())
}

/// Gives back what somebody shares with the viewer, who no longer wants to see it.
#[server(prefix = "/rpc", endpoint = "share/decline")]
pub async fn decline(
    /// Which task.
    task_id: TaskId,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.share_decline(&viewer, task_id).await.map_err(refused)?;
    after_form("/shared");
    Ok(())
}

/// One page of the viewer's tasks that others have, with whom.
#[server(prefix = "/rpc", endpoint = "share/by_me", input = GetUrl)]
pub async fn by_me(
    /// Only tasks below this one, for the next page.
    #[server(default)]
    before: Option<TaskId>,
) -> Result<SharedTaskPage, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.share_by_me(&viewer, before).await.map_err(refused)
}
