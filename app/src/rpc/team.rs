//! Teams: make, change, leave, hand over, delete, and who is in them.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use taskwire_domain::{
    TeamId, UserId,
    team::{Added, Team, TeamPeople},
};

/// The viewer's teams, by name.
#[server(prefix = "/rpc", endpoint = "team/list", input = GetUrl)]
pub async fn list() -> Result<Vec<Team>, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.team_list(&viewer).await.map_err(refused)
}

/// One team with everybody in it.
#[server(prefix = "/rpc", endpoint = "team/get", input = GetUrl)]
pub async fn get(
    /// Which one.
    id: TeamId,
) -> Result<TeamPeople, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.team_get(&viewer, id).await.map_err(refused)
}

/// Makes a team, whose owner the viewer is.
#[server(prefix = "/rpc", endpoint = "team/create")]
pub async fn create(
    /// One line, unlike any other team's.
    name: String,
    /// What it is for, may be empty.
    #[server(default)]
    description: String,
) -> Result<Team, RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let texts = taskwire_domain::team::TeamTexts::parse(&name, &description).map_err(refuse)?;
    let team = backend.team_create(&viewer, texts).await.map_err(refused)?;
    after_form(&format!("/teams/{}", team.id));
    Ok(team)
}

/// Rewrites a team's name and description, if it still is at `version`.
#[server(prefix = "/rpc", endpoint = "team/update")]
pub async fn update(
    /// Which one.
    id: TeamId,
    /// What the writer read.
    version: i32,
    /// One line, unlike any other team's.
    name: String,
    /// What it is for, may be empty.
    #[server(default)]
    description: String,
) -> Result<Team, RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let texts = taskwire_domain::team::TeamTexts::parse(&name, &description).map_err(refuse)?;
    let team = backend.team_update(&viewer, id, texts, Some(version)).await.map_err(refused)?;
    after_form(&format!("/teams/{id}/settings?saved=texts"));
    Ok(team)
}

/// Deletes a team. Its tasks become the personal tasks of their owners.
#[server(prefix = "/rpc", endpoint = "team/delete")]
pub async fn delete(
    /// Which one.
    id: TeamId,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.team_delete(&viewer, id, None).await.map_err(refused)?;
    after_form("/teams");
    Ok(())
}

/// Leaves a team. The viewer's tasks there go to its owner.
#[server(prefix = "/rpc", endpoint = "team/leave")]
pub async fn leave(
    /// Which one.
    id: TeamId,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.team_leave(&viewer, id).await.map_err(refused)?;
    after_form("/teams");
    Ok(())
}

/// Makes another member the owner; the viewer stays as an admin.
#[server(prefix = "/rpc", endpoint = "team/transfer")]
pub async fn transfer(
    /// Which team.
    id: TeamId,
    /// To whom.
    user_id: UserId,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.team_transfer(&viewer, id, user_id).await.map_err(refused)?;
    after_form(&format!("/teams/{id}/members?done=transferred"));
    Ok(())
}

/// Adds whoever has this address, or invites them until they sign up.
#[server(prefix = "/rpc", endpoint = "team/add_member")]
pub async fn add_member(
    /// To which team.
    id: TeamId,
    /// In any spelling.
    email: String,
    /// `admin`, `member` or `viewer`.
    role: String,
) -> Result<Added, RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let new = taskwire_domain::team::NewMember::parse(&email, &role).map_err(refuse)?;
    let added = backend.team_member_add(&viewer, id, new).await.map_err(refused)?;
    let done = match added {
        Added::Now => "added",
        Added::Invited => "invited",
    };
    after_form(&format!("/teams/{id}/members?done={done}"));
    Ok(added)
}

/// Gives a member another role.
#[server(prefix = "/rpc", endpoint = "team/change_member")]
pub async fn change_member(
    /// In which team.
    id: TeamId,
    /// Whom.
    user_id: UserId,
    /// `admin`, `member` or `viewer`.
    role: String,
) -> Result<(), RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let role = taskwire_domain::team::Role::parse_given(&role).map_err(|error| refuse(error.into()))?;
    backend.team_member_change(&viewer, id, user_id, role).await.map_err(refused)?;
    after_form(&format!("/teams/{id}/members?done=changed"));
    Ok(())
}

/// Takes a member out. Their tasks there go to its owner.
#[server(prefix = "/rpc", endpoint = "team/remove_member")]
pub async fn remove_member(
    /// Out of which team.
    id: TeamId,
    /// Whom.
    user_id: UserId,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.team_member_remove(&viewer, id, user_id).await.map_err(refused)?;
    after_form(&format!("/teams/{id}/members?done=removed"));
    Ok(())
}

/// Takes an invitation back.
#[server(prefix = "/rpc", endpoint = "team/uninvite")]
pub async fn uninvite(
    /// To which team.
    id: TeamId,
    /// The invited address.
    email: String,
) -> Result<(), RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    let email = taskwire_domain::account::Email::parse(&email).map_err(|error| refuse(error.into()))?;
    backend.team_uninvite(&viewer, id, email).await.map_err(refused)?;
    after_form(&format!("/teams/{id}/members?done=uninvited"));
    Ok(())
}
