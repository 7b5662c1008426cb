//! Every refusal, whoever makes it: a layer before the application, or a handler of the REST API.
//!
//! Whoever refuses a request answers with a [`Problem`]; [`Asked::render`] alone turns it into a page, into the answer of a
//! server function, or into JSON, by what the request asked for.

use crate::mcp;
use axum::{
    Json,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use leptos::prelude::FromServerFnError;
use serde::Serialize;
use taskwire_app::rpc::{
    RpcError,
    server::{bearer, headers, status, wants_page},
};
use taskwire_domain::{Error, FieldError};
use utoipa::ToSchema;

/// Seconds after which a client should try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    /// What an operation answered, where it was one.
    cause: Option<Error>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), cause: None }
    }

    /// The body is over the limit.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("What was sent is larger than the {} KiB that Taskwire takes at once.", limit / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "That is too much at once", detail)
    }

    /// The path and query are over the limit.
    pub fn long_target(limit: usize) -> Self {
        let detail = format!("The address is longer than the {limit} characters that Taskwire takes.");
        Self::new(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", "That address is too long", detail)
    }

    /// The body could not be read to its end.
    pub fn broken_body() -> Self {
        let detail = "The connection broke off before everything had arrived. Please send it again.";
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "Not everything arrived", detail)
    }

    /// The body did not arrive in time.
    pub fn slow_body() -> Self {
        let detail = "What was sent took too long to arrive, so Taskwire gave up waiting. Please send it again.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "Not everything arrived", detail)
    }

    /// The body is not JSON.
    pub fn no_json(fault: impl std::fmt::Display) -> Self {
        let detail = format!("The body is not JSON: {fault}.");
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "That is not JSON", detail)
    }

    /// The body is said to be something else than what it must be.
    pub fn other_media_type(wanted: &str) -> Self {
        let detail = format!("The body must be {wanted}.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "That is of another kind", detail)
    }

    /// The path is there for other methods, which the header `Allow` names.
    pub fn other_method() -> Self {
        let detail = "This path does not take that method; the header “Allow” names those that it takes.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "Not like this", detail)
    }

    /// A form or script of another site sent the request.
    pub fn cross_site() -> Self {
        let detail = "This request came from another site, so Taskwire did not carry it out. Open Taskwire itself and \
                      try again there.";
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", "Refused for your safety", detail)
    }

    /// There is no such file.
    pub fn no_file() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "Not found", "There is no such file.")
    }

    /// The answer took longer than it may.
    pub fn too_slow() -> Self {
        let detail = "This took too long, so Taskwire gave up. Please try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "That took too long", detail)
    }

    /// There is more to do than can be done.
    pub fn overloaded() -> Self {
        let detail = "Taskwire has more to do than it can at the moment. Please try again in a few seconds.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Too busy right now", detail)
    }

    /// What an operation answered, where it was one.
    #[cfg(test)]
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_ref()
    }

    fn as_rpc(&self) -> RpcError {
        if let Some(cause) = &self.cause {
            return RpcError::Refused(cause.clone());
        }
        RpcError::Refused(match self.status {
            StatusCode::FORBIDDEN => Error::Forbidden,
            StatusCode::NOT_FOUND => Error::NotFound,
            StatusCode::SERVICE_UNAVAILABLE => Error::Unavailable,
            StatusCode::INTERNAL_SERVER_ERROR => Error::Internal,
            _ => Error::invalid("form", self.detail.clone()),
        })
    }

    fn body(self, request_id: &str) -> ErrorBody {
        let error = self.status.canonical_reason().unwrap_or_default();
        let Self { code, detail, cause, .. } = self;
        let (fields, task_id) = match cause {
            Some(Error::Invalid(fields)) => (Some(fields), None),
            Some(Error::OneOfMany { task, .. }) => (None, Some(task.0)),
            _ => (None, None),
        };
        ErrorBody { error, detail, code, fields, task_id, request_id: request_id.to_owned() }
    }

    /// The headers that go with it.
    fn headers(&self, asked: &Asked) -> HeaderMap {
        let challenge = match &self.cause {
            _ if !asked.api => None,
            // RFC 6750, section 3.1.
            Some(Error::OutOfScope(Some(scope))) => {
                Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
            }
            Some(Error::Unauthorized) if asked.bears_token => Some("Bearer error=\"invalid_token\"".to_owned()),
            Some(Error::Unauthorized | Error::WrongCredentials) => Some("Bearer".to_owned()),
            _ => None,
        };
        let challenge = challenge.and_then(|challenge| HeaderValue::try_from(challenge).ok());
        let challenge = challenge.map(|value| (header::WWW_AUTHENTICATE, value));
        self.cause.iter().flat_map(headers).chain(challenge).collect()
    }

    fn page(&self, request_id: &str) -> String {
        let Self { title, detail, .. } = self;
        // Nothing here comes from the request, so there is nothing to escape.
        format!(
            r#"<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Taskwire</title>
<main>
<h1>{title}</h1>
<p>{detail}</p>
<p><a href="/">Back to Taskwire</a></p>
<p><small>If it happens again, tell your administrator this number: {request_id}</small></p>
</main>
"#
        )
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (code, title) = words(&error);
        Self { cause: Some(error.clone()), ..Self::new(status(&error), code, title, error.to_string()) }
    }
}

/// The code for programs, and the title of a page.
fn words(error: &Error) -> (&'static str, &'static str) {
    match error {
        Error::Unauthorized | Error::WrongCredentials => ("UNAUTHORIZED", "Please sign in"),
        Error::Forbidden | Error::OutOfScope(_) => ("FORBIDDEN", "Not allowed"),
        Error::NotFound => ("NOT_FOUND", "Not found"),
        Error::Conflict(_) => ("CONFLICT", "That does not go together"),
        Error::OneOfMany { refusal, .. } => words(refusal),
        Error::Stale => ("PRECONDITION_FAILED", "Changed in the meantime"),
        Error::Invalid(_) => ("VALIDATION_ERROR", "Something is not right yet"),
        Error::RateLimited(_) => ("RATE_LIMITED", "Too many requests"),
        Error::Unavailable => ("UNAVAILABLE", "Not available right now"),
        Error::Internal => ("INTERNAL_ERROR", "Something went wrong"),
    }
}

impl From<taskwire_backend::Error> for Problem {
    fn from(error: taskwire_backend::Error) -> Self {
        error.into_public().into()
    }
}

/// What every refused request of the API is answered with (requirement P2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error, example = json!({
    "error": "Not Found",
    "detail": "This does not exist, or is not visible to you.",
    "code": "NOT_FOUND",
    "request_id": "0d4e1a52-6cbf-4dd1-a3a7-1f2a4a9d9d33"
}))]
pub struct ErrorBody {
    /// The status in words.
    error: &'static str,
    /// What is wrong, for people.
    detail: String,
    /// What is wrong, for programs.
    #[schema(pattern = "^[A-Z_]+$")]
    code: &'static str,
    /// Every field that breaks a rule; only with the code `VALIDATION_ERROR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<FieldErrorBody>>)]
    fields: Option<Vec<FieldError>>,
    /// Which of several tasks stands in the way; only where something was to be done to several at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<i64>,
    /// The request's number, by which its lines in the log are found.
    request_id: String,
}

/// A field that breaks a rule.
#[derive(Debug, ToSchema)]
#[schema(as = FieldError, example = json!({ "field": "title", "message": "The title must not be empty." }))]
#[expect(dead_code, reason = "the shape of taskwire_domain::FieldError, for the document")]
pub struct FieldErrorBody {
    /// Its name.
    field: String,
    /// The rule, for people.
    message: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What a refusal must know of the request that it is for.
pub struct Asked {
    /// A program, by the API or by MCP.
    api: bool,
    /// Whether it sent a token.
    bears_token: bool,
    /// A page's server function.
    rpc: bool,
    /// A browser, for a page.
    page: bool,
    /// For the headers alone.
    head: bool,
    id: Option<HeaderValue>,
}

impl Asked {
    /// By the request.
    pub fn by(request: &Request) -> Self {
        let path = request.uri().path();
        let api = path.starts_with("/api/") || mcp::is_at(path);
        Self {
            api,
            bears_token: bearer(request.headers()).is_some(),
            rpc: path.starts_with("/rpc/"),
            page: !api && wants_page(request.headers()),
            head: request.method() == Method::HEAD,
            id: request.headers().get("x-request-id").cloned(),
        }
    }

    /// Gives problems a body, and the headers that go with their status.
    pub fn render(self, mut response: Response) -> Response {
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            // What the layers between have said stays, such as how much of a limit is left.
            let mut headers = std::mem::take(response.headers_mut());
            headers.remove(header::CONTENT_LENGTH);
            response = self.response(problem);
            headers.extend(std::mem::take(response.headers_mut()));
            *response.headers_mut() = headers;
        }
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().entry(header::RETRY_AFTER).or_insert(RETRY_AFTER);
        }
        response
    }

    fn response(self, problem: Problem) -> Response {
        let id = self.id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default();
        let (status, headers) = (problem.status, problem.headers(&self));
        let body = match (self.page, self.rpc) {
            (true, _) => Html(problem.page(id)).into_response(),
            (_, true) => ([(header::CONTENT_TYPE, "application/json")], problem.as_rpc().ser()).into_response(),
            _ => Json(problem.body(id)).into_response(),
        };
        let mut response = (status, headers, body).into_response();
        if self.head {
            *response.body_mut() = Body::empty();
        }
        response
    }
}
