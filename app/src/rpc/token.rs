//! Personal API tokens.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use taskwire_domain::{TokenId, api_token::ApiToken};

/// The viewer's tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Last made first.
    pub tokens: Vec<ApiToken>,
    /// The secret of one that a form without JavaScript has just made: the only time that it is shown.
    pub made: Option<String>,
}

/// The viewer's tokens.
#[server(prefix = "/rpc", endpoint = "token/list", input = GetUrl)]
pub async fn list() -> Result<Tokens, RpcError> {
    use super::server::{refused, signed_in, take_note};
    let (backend, viewer) = signed_in()?;
    let tokens = backend.token_list(&viewer).await.map_err(refused)?;
    Ok(Tokens { tokens, made: take_note() })
}

/// Makes a token, and answers with its secret.
#[server(prefix = "/rpc", endpoint = "token/create")]
pub async fn create(
    /// One line.
    name: String,
    /// A scope, or nothing.
    #[server(default)]
    tasks: String,
    /// A scope, or nothing.
    #[server(default)]
    teams: String,
    /// A scope, or nothing.
    #[server(default)]
    dashboard: String,
    /// Days until it ends by itself; empty for one that lasts until it is revoked.
    #[server(default)]
    days: String,
) -> Result<String, RpcError> {
    use super::server::{after_form_with_note, refuse, refused, signed_in};
    use secrecy::ExposeSecret;
    use taskwire_domain::{
        Error,
        api_token::{NewApiToken, TokenEnd, TokenScope},
    };
    let (backend, viewer) = signed_in()?;
    let chosen = [tasks, teams, dashboard];
    let scopes: Result<Vec<TokenScope>, _> =
        chosen.iter().filter(|word| !word.is_empty()).map(|word| word.parse()).collect();
    let scopes = scopes.map_err(|_| refuse(Error::invalid("scopes", "There is no such scope.")))?;
    let end = match days.as_str() {
        "" => TokenEnd::Never,
        days => TokenEnd::After(
            days.parse().map_err(|_| refuse(Error::invalid("days", "A token lasts for a number of days.")))?,
        ),
    };
    let new = NewApiToken::parse(&name, &scopes, end).map_err(refuse)?;
    let created = backend.token_create(&viewer, new).await.map_err(refused)?;
    let secret = created.secret.expose_secret().to_owned();
    after_form_with_note("/settings/tokens?saved=made#made", &secret);
    Ok(secret)
}

/// Revokes a token.
#[server(prefix = "/rpc", endpoint = "token/revoke")]
pub async fn revoke(
    /// Which one.
    id: TokenId,
) -> Result<(), RpcError> {
    use super::server::{after_form, refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.token_revoke(&viewer, id).await.map_err(refused)?;
    after_form("/settings/tokens?saved=revoked#tokens");
    Ok(())
}
