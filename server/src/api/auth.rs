//! Accounts and sessions.

use super::{
    answers::{Answer, all, one},
    extract::{Body, Caller, Path, Sender},
    refusals,
};
use crate::{middleware::problem::ErrorBody, router::Server};
use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    Error, SessionId,
    account::{Account, Name, NewAccount, Password},
    session::Session,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// A person's account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User, example = json!({
    "id": "0192b1c8-7f3e-7c4a-9a51-0c1d5f0e6a01",
    "email": "ada@example.org",
    "name": "Ada Lovelace",
    "created_at": "2026-11-02T08:15:00Z",
    "time_zone": "Europe/London",
    "administrator": false
}))]
pub struct UserBody {
    id: Uuid,
    email: String,
    name: String,
    created_at: DateTime<Utc>,
    /// The IANA zone in which the account's days begin; null for that of the browser or, in this API, of `tz`.
    time_zone: Option<String>,
    /// Whether they may see how the server performs.
    administrator: bool,
}

impl From<Account> for UserBody {
    fn from(Account { id, email, name, created_at, time_zone, administrator }: Account) -> Self {
        Self { id: id.0, email, name, created_at, time_zone, administrator }
    }
}

/// What opens an account.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "email": "ada@example.org",
    "password": "Correct-horse-1",
    "name": "Ada Lovelace"
}))]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// Not yet used by another account; capital letters make no difference.
    #[schema(max_length = 254)]
    email: String,
    /// 8 to 128 characters with an upper-case letter, a lower-case letter and a digit.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    password: String,
    /// What others see.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Opens an account, to sign in to.
#[utoipa::path(
    post, path = "/api/auth/signup", tag = "auth", operation_id = "sign_up", security(()),
    request_body = SignUp,
    responses(
        (status = 201, body = UserBody),
        (status = 409, body = ErrorBody, description = "The address has an account already"),
        refusals::Open, refusals::Body
    )
)]
pub async fn sign_up(
    State(server): State<Server>,
    Sender(client): Sender,
    Body(new): Body<SignUp>,
) -> Answer<(StatusCode, Json<UserBody>)> {
    let new = NewAccount::parse(&new.email, &new.password, &new.name)?;
    Ok((StatusCode::CREATED, Json(server.backend.account_create(&client, new).await?.into())))
}

/// What proves who somebody is.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "email": "ada@example.org", "password": "Correct-horse-1" }))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: String,
    #[schema(format = Password)]
    password: String,
}

/// A fresh session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJIUzI1NiJ9.e30.ZW5vdWdoIGZvciBhbiBleGFtcGxl",
    "token_type": "bearer",
    "expires_in": 86400,
    "user": {
        "id": "0192b1c8-7f3e-7c4a-9a51-0c1d5f0e6a01",
        "email": "ada@example.org",
        "name": "Ada Lovelace",
        "created_at": "2026-11-02T08:15:00Z",
        "time_zone": null,
        "administrator": false
    }
}))]
pub struct Token {
    /// To be sent as `Authorization: Bearer …`.
    access_token: String,
    token_type: &'static str,
    /// Seconds until the session ends by itself.
    expires_in: i64,
    user: UserBody,
}

/// Opens a session.
#[utoipa::path(
    post, path = "/api/auth/signin", tag = "auth", operation_id = "sign_in", security(()),
    request_body = SignIn,
    responses(
        (status = 200, body = Token),
        (status = 401, body = ErrorBody, description = "Email or password is not right"),
        refusals::Open, refusals::Body
    )
)]
pub async fn sign_in(
    State(server): State<Server>,
    Sender(client): Sender,
    Body(SignIn { email, password }): Body<SignIn>,
) -> Answer<Json<Token>> {
    let signed_in = server.backend.account_sign_in(&client, &email, &password).await?;
    Ok(Json(Token {
        access_token: signed_in.token.expose_secret().to_owned(),
        token_type: "bearer",
        expires_in: signed_in.expires_in.as_secs().try_into().unwrap_or(i64::MAX),
        user: signed_in.account.into(),
    }))
}

/// The caller's account.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "auth", operation_id = "me",
    responses((status = 200, body = UserBody), refusals::SignedIn)
)]
pub async fn me(State(server): State<Server>, Caller(viewer): Caller) -> Answer<Json<UserBody>> {
    Ok(Json(server.backend.account_get(&viewer).await?.into()))
}

/// What to change.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Ada King" }))]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// What others see.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Changes the caller's name.
#[utoipa::path(
    patch, path = "/api/auth/me", tag = "auth", operation_id = "account_update",
    request_body = UserChange,
    responses((status = 200, body = UserBody), refusals::SignedIn, refusals::Body)
)]
pub async fn update(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Body(UserChange { name }): Body<UserChange>,
) -> Answer<Json<UserBody>> {
    let name = Name::parse(&name).map_err(Error::from)?;
    Ok(Json(server.backend.account_update(&viewer, name).await?.into()))
}

/// What proves that it is the person who asks.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "password": "Correct-horse-1" }))]
#[serde(deny_unknown_fields)]
pub struct AccountEnd {
    #[schema(format = Password)]
    password: String,
}

/// Deletes the caller's account and what is theirs alone, at once and for good.
///
/// Their tasks in teams go to the team's owner, as with everybody who leaves; teams in which they are alone go with them.
#[utoipa::path(
    delete, path = "/api/auth/me", tag = "auth", operation_id = "account_delete",
    request_body = AccountEnd,
    responses(
        (status = 204),
        (status = 409, body = ErrorBody, description = "The caller owns teams that others are in"),
        refusals::SignedIn, refusals::Body
    )
)]
pub async fn delete(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Body(AccountEnd { password }): Body<AccountEnd>,
) -> Answer<StatusCode> {
    server.backend.account_delete(&viewer, &password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The zone in which somebody's days begin.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "time_zone": "Europe/Berlin" }))]
#[serde(deny_unknown_fields)]
pub struct ZoneChange {
    /// An IANA name; null for that of the browser or, in this API, of `tz`.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    time_zone: Option<String>,
}

/// Chooses the caller's time zone.
#[utoipa::path(
    put, path = "/api/auth/me/time-zone", tag = "auth", operation_id = "account_set_time_zone",
    request_body = ZoneChange,
    responses((status = 204), refusals::SignedIn, refusals::Body)
)]
pub async fn set_time_zone(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Body(ZoneChange { time_zone }): Body<ZoneChange>,
) -> Answer<StatusCode> {
    server.backend.account_set_time_zone(&viewer, time_zone.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The time zones that there are to choose from, by name.
#[utoipa::path(
    get, path = "/api/auth/time-zones", tag = "auth", operation_id = "account_time_zones",
    responses((status = 200, body = Vec<String>), refusals::SignedIn)
)]
pub async fn time_zones(State(server): State<Server>, Caller(viewer): Caller) -> Answer<Json<Vec<String>>> {
    Ok(Json(server.backend.account_time_zones(&viewer).await?))
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "current_password": "Correct-horse-1",
    "new_password": "Another-horse-2"
}))]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(format = Password)]
    current_password: String,
    /// 8 to 128 characters with an upper-case letter, a lower-case letter and a digit.
    #[schema(min_length = 8, max_length = 128, format = Password)]
    new_password: String,
}

/// Changes the caller's password, which ends all their other sessions.
#[utoipa::path(
    post, path = "/api/auth/password", tag = "auth", operation_id = "account_change_password",
    request_body = PasswordChange,
    responses((status = 204), refusals::SignedIn, refusals::Body)
)]
pub async fn change_password(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Body(PasswordChange { current_password, new_password }): Body<PasswordChange>,
) -> Answer<StatusCode> {
    let new = Password::parse_field("new_password", &new_password).map_err(Error::from)?;
    server.backend.account_change_password(&viewer, &current_password, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the session that the request came with.
#[utoipa::path(
    post, path = "/api/auth/signout", tag = "auth", operation_id = "sign_out",
    responses((status = 204), refusals::SignedIn)
)]
pub async fn sign_out(State(server): State<Server>, Caller(viewer): Caller) -> Answer<StatusCode> {
    server.backend.session_end(&viewer, viewer.session()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A place where the caller is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session, example = json!({
    "id": "0192b1cb-90aa-7f35-8d07-2e4b6c8f1a04",
    "created_at": "2026-11-02T08:15:00Z",
    "last_seen_at": "2026-11-02T09:40:00Z",
    "expires_at": "2026-11-03T08:15:00Z",
    "address": "192.0.2.7",
    "user_agent": "curl/8.14.1",
    "current": true
}))]
pub struct SessionBody {
    id: Uuid,
    created_at: DateTime<Utc>,
    /// Exact to five minutes.
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// Where it was opened from.
    address: Option<String>,
    /// What the client calls itself.
    user_agent: Option<String>,
    /// Whether this request came with it.
    current: bool,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        let Session { id, created_at, last_seen_at, expires_at, address, user_agent, current } = session;
        Self { id: id.0, created_at, last_seen_at, expires_at, address, user_agent, current }
    }
}

/// Where the caller is signed in, last used first; at most 100.
#[utoipa::path(
    get, path = "/api/auth/sessions", tag = "auth", operation_id = "session_list",
    responses((status = 200, body = Vec<SessionBody>), refusals::SignedIn)
)]
pub async fn sessions(State(server): State<Server>, Caller(viewer): Caller) -> Answer<Json<Vec<SessionBody>>> {
    Ok(all(server.backend.session_list(&viewer).await?))
}

/// The session of the path.
#[derive(Deserialize)]
pub struct SessionPath {
    id: SessionId,
}

/// One of the sessions that are listed.
#[utoipa::path(
    get, path = "/api/auth/sessions/{id}", tag = "auth", operation_id = "session_get",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 200, body = SessionBody), refusals::SignedIn, refusals::NotFound)
)]
pub async fn session(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(SessionPath { id }): Path<SessionPath>,
) -> Answer<Json<SessionBody>> {
    one(server.backend.session_list(&viewer).await?, |session| session.id == id)
}

/// Ends one of the caller's sessions. One that has ended stays so.
#[utoipa::path(
    delete, path = "/api/auth/sessions/{id}", tag = "auth", operation_id = "session_end",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 204), refusals::SignedIn, refusals::NotFound)
)]
pub async fn end_session(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(SessionPath { id }): Path<SessionPath>,
) -> Answer<StatusCode> {
    server.backend.session_end(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "ended": 2 }))]
pub struct Ended {
    ended: u64,
}

/// Ends all of the caller's sessions but the one that the request came with.
#[utoipa::path(
    delete, path = "/api/auth/sessions", tag = "auth", operation_id = "session_end_others",
    responses((status = 200, body = Ended), refusals::SignedIn)
)]
pub async fn end_other_sessions(State(server): State<Server>, Caller(viewer): Caller) -> Answer<Json<Ended>> {
    Ok(Json(Ended { ended: server.backend.session_end_others(&viewer).await? }))
}
