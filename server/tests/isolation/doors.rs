//! The doors through which something is tried, and what comes back.

use super::{attempts::Attempt, society::Person};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use leptos::server_fn::axum::server_fn_paths;
use serde::Serialize;
use serde_json::{Value, json};
use taskwire_backend::{Backend, Error};
use taskwire_domain::{Error as Refusal, UserId};
use url::form_urlencoded::Serializer;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Done,
    NotFound,
    Forbidden,
    Conflict,
    Unauthorized,
    /// What nothing here should come to.
    Other,
}

/// A way to the operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The method itself.
    Backend,
    /// The call of the wasm client.
    Rpc,
    /// The form of a browser without JavaScript.
    Form,
    /// The REST API, for what it has a path for.
    Rest,
    /// The tool of the MCP server, for what it has one for.
    Mcp,
    /// The call of somebody who says everywhere but in the token that they are this person.
    Claim(UserId),
}

/// The page that forms say they stand on.
pub const PAGE_OF_FORMS: &str = "/tasks";

impl Outcome {
    /// The next condition, if the ones before hold.
    pub fn and(self, next: impl FnOnce() -> Self) -> Self {
        if self == Self::Done { next() } else { self }
    }

    pub fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::OK | StatusCode::SEE_OTHER | StatusCode::CREATED | StatusCode::NO_CONTENT => Self::Done,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            _ => Self::Other,
        }
    }
}

/// What a method returned, in the form in which the browser would have got it.
pub fn answer<T: Serialize>(result: Result<T, Error>) -> (Outcome, Value) {
    let refusal = match result {
        Ok(value) => return (Outcome::Done, serde_json::to_value(value).unwrap()),
        Err(error) => error.into_public(),
    };
    let outcome = match refusal {
        Refusal::NotFound => Outcome::NotFound,
        Refusal::Forbidden => Outcome::Forbidden,
        Refusal::Conflict(_) => Outcome::Conflict,
        Refusal::Unauthorized => Outcome::Unauthorized,
        _ => Outcome::Other,
    };
    (outcome, json!({ "refused": refusal }))
}

/// Whether the server function of this path is called by GET.
pub fn is_read(path: &str) -> bool {
    server_fn_paths().any(|(known, method)| known == path && method == Method::GET)
}

impl Attempt {
    /// Whether it changes nothing.
    pub fn reads(&self) -> bool {
        is_read(self.call().0)
    }

    /// Tries it as this person.
    pub async fn through(&self, door: Door, person: &mut Person, backend: &Backend) -> (Outcome, Value) {
        let (path, mut fields) = self.call();
        let mut browser = person.browser.clone();
        let mut query = String::new();
        match door {
            Door::Backend => return self.through_backend(backend, &person.viewer).await,
            Door::Rpc => {}
            Door::Rest => return self.through_rest(person).await,
            Door::Mcp => return self.through_tool(person).await,
            Door::Form => fields.push(("page", PAGE_OF_FORMS.to_owned())),
            Door::Claim(other) => {
                let names = ["user_id", "owner_id", "owner", "viewer", "actor_id", "sub"];
                let claims = names.map(|name| (name, other.to_string()));
                query = Serializer::new(String::new()).extend_pairs(&claims).finish();
                browser = browser.with("x-user", &other.to_string()).with("x-forwarded-user", &other.to_string());
                let free = claims.into_iter().filter(|(name, _)| fields.iter().all(|(taken, _)| taken != name));
                fields.extend(free.collect::<Vec<_>>());
            }
        }
        let form = Serializer::new(String::new()).extend_pairs(&fields).finish();
        let accept = if door == Door::Form { "text/html" } else { "application/json" };
        let sent = match is_read(path) {
            true => browser.send(Method::GET, &format!("{path}?{form}"), accept, Body::empty()).await,
            false => browser.send(Method::POST, &format!("{path}?{query}"), accept, Body::from(form)).await,
        };
        let value = serde_json::from_slice(&sent.body).unwrap_or_else(|_| Value::String(sent.text()));
        (Outcome::of(sent.status), value)
    }
}
