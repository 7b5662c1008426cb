//! Teams, their members and their invitations.

use super::{
    answers::{Answer, all, etag, tag},
    extract::{Body, Caller, Conditions, Path},
    params, refusals,
    shares::{Outcome, address},
    words,
};
use crate::{middleware::problem::ErrorBody, router::Server};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use taskwire_backend::Viewer;
use taskwire_domain::{
    Error, TeamId, UserId,
    account::Whom,
    team::{Invitation, Member, NewMember, Role, Team, TeamChange, TeamTexts},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A team that the caller is in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Team, example = json!({
    "id": "0192b1ca-4b60-7d22-b1c4-91ef3a6d8803",
    "name": "Crew",
    "description": "",
    "role": "owner",
    "members": 2,
    "version": 1,
    "created_at": "2026-11-02T08:15:00Z"
}))]
pub struct TeamBody {
    id: Uuid,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(max_length = 1000)]
    description: String,
    /// What the caller is in it.
    #[schema(schema_with = words::role)]
    role: Role,
    /// How many people are in it.
    #[schema(minimum = 1)]
    members: i64,
    /// Counts up by one with each change.
    #[schema(minimum = 1)]
    version: i32,
    created_at: DateTime<Utc>,
}

impl From<Team> for TeamBody {
    fn from(Team { id, name, description, role, members, version, created_at }: Team) -> Self {
        Self { id: id.0, name, description, role, members, version, created_at }
    }
}

fn shown(team: Team) -> impl IntoResponse {
    let body = TeamBody::from(team);
    (etag(tag(&body)), Json(body))
}

/// The caller's teams, by name.
#[utoipa::path(
    get, path = "/api/teams", tag = "teams", operation_id = "team_list",
    responses((status = 200, body = Vec<TeamBody>), refusals::SignedIn)
)]
pub async fn list(State(server): State<Server>, Caller(viewer): Caller) -> Answer<Json<Vec<TeamBody>>> {
    Ok(all(server.backend.team_list(&viewer).await?))
}

/// What makes a team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTeam, example = json!({ "name": "Crew", "description": "Who keeps the ship afloat" }))]
pub struct NewTeamBody {
    /// One line, which no other team has as its name, whatever its case.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: Option<String>,
}

/// Makes a team whose owner the caller is. The same again returns the team that it made the first time.
#[utoipa::path(
    post, path = "/api/teams", tag = "teams", operation_id = "team_create",
    request_body = NewTeamBody,
    responses(
        (status = 201, body = TeamBody, headers(
            ("Location" = String, description = "Where the team is"),
            ("ETag" = String, description = "Another one for every change"),
        )),
        (status = 409, body = ErrorBody, description = "The name is in use, or the caller owns too many teams"),
        refusals::SignedIn, refusals::Body
    )
)]
pub async fn create(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Body(NewTeamBody { name, description }): Body<NewTeamBody>,
) -> Answer<Response> {
    let texts = TeamTexts::parse(&name, &description.unwrap_or_default())?;
    let team = server.backend.team_create(&viewer, texts).await?;
    let location = format!("/api/teams/{}", team.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], shown(team)).into_response())
}

/// The team of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TeamPath {
    /// The team.
    #[param(value_type = Uuid)]
    id: TeamId,
}

/// One team.
#[utoipa::path(
    get, path = "/api/teams/{id}", tag = "teams", operation_id = "team_get",
    params(TeamPath, params::IfNoneMatch),
    responses(
        (status = 200, body = TeamBody, headers(("ETag" = String, description = "Another one for every change"))),
        (status = 304, description = "The caller has it already as it is"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn get(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TeamPath { id }): Path<TeamPath>,
    conditions: Conditions,
) -> Answer<Response> {
    let body = team(&server, &viewer, id).await?;
    Ok(conditions.unless_known(&body, &body))
}

async fn team(server: &Server, viewer: &Viewer, id: TeamId) -> Answer<TeamBody> {
    Ok(server.backend.team_get(viewer, id).await?.team.into())
}

/// What to change; what is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TeamChange, example = json!({ "description": "Who keeps the ship afloat" }))]
pub struct TeamChangeBody {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: Option<String>,
}

/// Changes a team's texts.
#[utoipa::path(
    patch, path = "/api/teams/{id}", tag = "teams", operation_id = "team_update",
    request_body = TeamChangeBody,
    params(TeamPath, params::IfMatch),
    responses(
        (status = 200, body = TeamBody, headers(("ETag" = String, description = "Another one for every change"))),
        (status = 409, body = ErrorBody, description = "The name is in use"),
        (status = 412, body = ErrorBody, description = "The team has changed by now"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn update(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TeamPath { id }): Path<TeamPath>,
    conditions: Conditions,
    Body(TeamChangeBody { name, description }): Body<TeamChangeBody>,
) -> Answer<Response> {
    let change = TeamChange::parse(name.as_deref(), description.as_deref())?;
    let version = conditions.current(team(&server, &viewer, id)).await?.map(|team| team.version);
    Ok(shown(server.backend.team_update(&viewer, id, change, version).await?).into_response())
}

/// Deletes a team. Its tasks become the personal tasks of the people whose they are.
#[utoipa::path(
    delete, path = "/api/teams/{id}", tag = "teams", operation_id = "team_delete",
    params(TeamPath, params::IfMatch),
    responses(
        (status = 204),
        (status = 412, body = ErrorBody, description = "The team has changed by now"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn delete(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TeamPath { id }): Path<TeamPath>,
    conditions: Conditions,
) -> Answer<StatusCode> {
    let version = conditions.current(team(&server, &viewer, id)).await?.map(|team| team.version);
    server.backend.team_delete(&viewer, id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leaves a team. The caller's tasks there go to its owner.
#[utoipa::path(
    post, path = "/api/teams/{id}/leave", tag = "teams", operation_id = "team_leave",
    params(TeamPath),
    responses(
        (status = 204),
        (status = 409, body = ErrorBody, description = "The owner has to transfer the team first"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn leave(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TeamPath { id }): Path<TeamPath>,
) -> Answer<StatusCode> {
    server.backend.team_leave(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// To whom a team goes.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "user_id": "0192b1c9-02d4-7e10-8f3b-5a7c9be1d202" }))]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Another member.
    user_id: Uuid,
}

/// Makes another member the owner; the caller stays as an admin.
#[utoipa::path(
    post, path = "/api/teams/{id}/transfer", tag = "teams", operation_id = "team_transfer",
    request_body = Transfer,
    params(TeamPath),
    responses(
        (status = 204),
        (status = 409, body = ErrorBody, description = "The team is the caller's already"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn transfer(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TeamPath { id }): Path<TeamPath>,
    Body(Transfer { user_id }): Body<Transfer>,
) -> Answer<StatusCode> {
    server.backend.team_transfer(&viewer, id, UserId(user_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody in a team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member, example = json!({
    "user_id": "0192b1c9-02d4-7e10-8f3b-5a7c9be1d202",
    "name": "Bob",
    "email": "bob@example.org",
    "role": "member",
    "created_at": "2026-11-02T08:20:00Z"
}))]
pub struct MemberBody {
    user_id: Uuid,
    name: String,
    email: String,
    #[schema(schema_with = words::role)]
    role: Role,
    /// Since when they are in it.
    created_at: DateTime<Utc>,
}

impl From<Member> for MemberBody {
    fn from(Member { user_id, name, email, role, created_at, .. }: Member) -> Self {
        Self { user_id: user_id.0, name, email, role, created_at }
    }
}

/// Everybody in a team, by role and name; at most 500.
#[utoipa::path(
    get, path = "/api/teams/{id}/members", tag = "teams", operation_id = "team_member_list",
    params(TeamPath),
    responses((status = 200, body = Vec<MemberBody>), refusals::SignedIn, refusals::NotFound)
)]
pub async fn members(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TeamPath { id }): Path<TeamPath>,
) -> Answer<Json<Vec<MemberBody>>> {
    Ok(all(server.backend.team_get(&viewer, id).await?.members))
}

/// Who is to be in a team, and as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMember, example = json!({ "email": "bob@example.org", "role": "member" }))]
pub struct NewMemberBody {
    /// Whoever has this address, now or once they sign up; or `user_id`.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Somebody who has a team or a task in common with the caller; or `email`.
    #[serde(default)]
    user_id: Option<Uuid>,
    #[schema(schema_with = words::given_role)]
    role: String,
}

/// Adds somebody to a team, or invites an address until somebody signs up with it.
#[utoipa::path(
    post, path = "/api/teams/{id}/members", tag = "teams", operation_id = "team_member_add",
    request_body = NewMemberBody,
    params(TeamPath),
    responses(
        (status = 201, body = Outcome, headers(("Location" = String, description = "The members of the team"))),
        (status = 409, body = ErrorBody, description = "They are in the team already, or it is full"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn add_member(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TeamPath { id }): Path<TeamPath>,
    Body(NewMemberBody { email, user_id, role }): Body<NewMemberBody>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], Json<Outcome>)> {
    let new = NewMember::of(Whom::parse(email.as_deref(), user_id.map(UserId)), &role)?;
    let added = server.backend.team_member_add(&viewer, id, new).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/teams/{id}/members"))], Json(added.into())))
}

/// The member of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MemberPath {
    /// The team.
    #[param(value_type = Uuid)]
    id: TeamId,
    /// The member.
    #[param(value_type = Uuid)]
    user_id: UserId,
}

/// A role to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChange, example = json!({ "role": "admin" }))]
pub struct MemberChangeBody {
    #[schema(schema_with = words::given_role)]
    role: String,
}

/// Gives a member another role.
#[utoipa::path(
    patch, path = "/api/teams/{id}/members/{user_id}", tag = "teams", operation_id = "team_member_change",
    request_body = MemberChangeBody,
    params(MemberPath),
    responses(
        (status = 204),
        (status = 409, body = ErrorBody, description = "They are the owner"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn change_member(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(MemberPath { id, user_id }): Path<MemberPath>,
    Body(MemberChangeBody { role }): Body<MemberChangeBody>,
) -> Answer<StatusCode> {
    let role = Role::parse_given(&role).map_err(Error::from)?;
    server.backend.team_member_change(&viewer, id, user_id, role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a member out. Their tasks there go to the owner.
#[utoipa::path(
    delete, path = "/api/teams/{id}/members/{user_id}", tag = "teams", operation_id = "team_member_remove",
    params(MemberPath),
    responses(
        (status = 204),
        (status = 409, body = ErrorBody, description = "They are the owner"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn remove_member(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(MemberPath { id, user_id }): Path<MemberPath>,
) -> Answer<StatusCode> {
    server.backend.team_member_remove(&viewer, id, user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An address that waits for somebody to sign up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation, example = json!({
    "email": "cleo@example.org",
    "role": "viewer",
    "created_at": "2026-11-02T08:20:00Z"
}))]
pub struct InvitationBody {
    email: String,
    /// What they will be in the team.
    #[schema(schema_with = words::given_role)]
    role: Role,
    created_at: DateTime<Utc>,
}

impl From<Invitation> for InvitationBody {
    fn from(Invitation { email, role, created_at }: Invitation) -> Self {
        Self { email, role, created_at }
    }
}

/// Who is invited into a team, by address; empty for whoever may not invite.
#[utoipa::path(
    get, path = "/api/teams/{id}/invitations", tag = "teams", operation_id = "team_invitation_list",
    params(TeamPath),
    responses((status = 200, body = Vec<InvitationBody>), refusals::SignedIn, refusals::NotFound)
)]
pub async fn invitations(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TeamPath { id }): Path<TeamPath>,
) -> Answer<Json<Vec<InvitationBody>>> {
    Ok(all(server.backend.team_get(&viewer, id).await?.invitations))
}

/// The invitation of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InvitationPath {
    /// The team.
    #[param(value_type = Uuid)]
    id: TeamId,
    /// The invited address.
    email: String,
}

/// Takes an invitation back.
#[utoipa::path(
    delete, path = "/api/teams/{id}/invitations/{email}", tag = "teams", operation_id = "team_uninvite",
    params(InvitationPath),
    responses(
        (status = 204),
        (status = 409, body = ErrorBody, description = "Somebody has joined with it by now"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn uninvite(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(InvitationPath { id, email }): Path<InvitationPath>,
) -> Answer<StatusCode> {
    server.backend.team_uninvite(&viewer, id, address(&email)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
