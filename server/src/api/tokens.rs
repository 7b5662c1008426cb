//! Personal API tokens.

use super::{
    answers::{Answer, all, one},
    extract::{Body, Caller, Path},
    refusals, words,
};
use crate::{middleware::problem::ErrorBody, router::Server};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use taskwire_backend::Created;
use taskwire_domain::{
    TokenId,
    api_token::{ApiToken, NewApiToken, TokenEnd, TokenScope},
};
use utoipa::ToSchema;
use uuid::Uuid;

/// A personal API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiToken, example = json!({
    "id": "0192b1cc-d3e1-7a48-a2f9-7b5d3c1e0f05",
    "name": "Nightly report",
    "scopes": ["tasks:read", "dashboard:read"],
    "created_at": "2026-11-02T08:15:00Z",
    "last_used_at": null,
    "expires_at": "2099-12-31T00:00:00Z"
}))]
pub struct TokenBody {
    id: Uuid,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it is good for. Whoever may write may read the same.
    #[schema(schema_with = words::scopes)]
    scopes: Vec<TokenScope>,
    created_at: DateTime<Utc>,
    /// Exact to five minutes.
    last_used_at: Option<DateTime<Utc>>,
    /// Null for one that lasts until it is revoked.
    expires_at: Option<DateTime<Utc>>,
}

impl From<ApiToken> for TokenBody {
    fn from(ApiToken { id, name, scopes, created_at, last_used_at, expires_at }: ApiToken) -> Self {
        Self { id: id.0, name, scopes, created_at, last_used_at, expires_at }
    }
}

/// The caller's tokens, last made first: expired ones too, revoked ones not. At most 50.
#[utoipa::path(
    get, path = "/api/auth/tokens", tag = "auth", operation_id = "token_list",
    responses((status = 200, body = Vec<TokenBody>), refusals::SignedIn)
)]
pub async fn list(State(server): State<Server>, Caller(viewer): Caller) -> Answer<Json<Vec<TokenBody>>> {
    Ok(all(server.backend.token_list(&viewer).await?))
}

/// What makes a token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiToken, example = json!({
    "name": "Nightly report",
    "scopes": ["tasks:read", "dashboard:read"],
    "expires_at": "2099-12-31T00:00:00Z"
}))]
pub struct NewTokenBody {
    /// What to call it; one line.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it is to be good for.
    #[schema(schema_with = words::scopes)]
    scopes: Vec<TokenScope>,
    /// When it ends by itself; without it the token lasts until it is revoked.
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// A token that has just been made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewlyMadeApiToken, example = json!({
    "id": "0192b1cc-d3e1-7a48-a2f9-7b5d3c1e0f05",
    "name": "Nightly report",
    "scopes": ["tasks:read", "dashboard:read"],
    "created_at": "2026-11-02T08:15:00Z",
    "last_used_at": null,
    "expires_at": "2099-12-31T00:00:00Z",
    "secret": "taskwire_AGVzZSBhcmUgbm90IHRoZSBieXRlcyBvZiBhIHRva2Vu"
}))]
pub struct CreatedBody {
    #[serde(flatten)]
    token: TokenBody,
    /// The secret, to be sent as `Authorization: Bearer …`. This answer alone has it.
    secret: String,
}

/// Makes a token that acts for the caller within its scopes. Takes a session, not a token.
#[utoipa::path(
    post, path = "/api/auth/tokens", tag = "auth", operation_id = "token_create",
    request_body = NewTokenBody,
    responses(
        (status = 201, body = CreatedBody, headers(("Location" = String, description = "The token"))),
        (status = 409, body = ErrorBody, description = "The caller has 50 tokens already"),
        refusals::SignedIn, refusals::Body
    )
)]
pub async fn create(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Body(new): Body<NewTokenBody>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], Json<CreatedBody>)> {
    let end = new.expires_at.map_or(TokenEnd::Never, TokenEnd::At);
    let new = NewApiToken::parse(&new.name, &new.scopes, end)?;
    let Created { token, secret } = server.backend.token_create(&viewer, new).await?;
    let location = format!("/api/auth/tokens/{}", token.id);
    let body = CreatedBody { token: token.into(), secret: secret.expose_secret().to_owned() };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(body)))
}

/// The token of the path.
#[derive(Debug, Deserialize)]
pub struct TokenPath {
    id: TokenId,
}

/// One of the caller's tokens.
#[utoipa::path(
    get, path = "/api/auth/tokens/{id}", tag = "auth", operation_id = "token_get",
    params(("id" = Uuid, Path, description = "The token")),
    responses((status = 200, body = TokenBody), refusals::SignedIn, refusals::NotFound)
)]
pub async fn get(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TokenPath { id }): Path<TokenPath>,
) -> Answer<Json<TokenBody>> {
    one(server.backend.token_list(&viewer).await?, |token| token.id == id)
}

/// Revokes a token: it is refused from now on. One that was revoked stays so.
#[utoipa::path(
    delete, path = "/api/auth/tokens/{id}", tag = "auth", operation_id = "token_revoke",
    params(("id" = Uuid, Path, description = "The token")),
    responses((status = 204), refusals::SignedIn, refusals::NotFound)
)]
pub async fn revoke(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TokenPath { id }): Path<TokenPath>,
) -> Answer<StatusCode> {
    server.backend.token_revoke(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
