//! Answers that are given before, instead of or in spite of the application.
//!
//! A layer that refuses a request answers with a [`Problem`]; [`render`] alone turns it into a page, into
//! the answer of a server function, or into JSON, by what the request asked for.

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use leptos::prelude::FromServerFnError;
use serde_json::json;
use taskwire_app::rpc::{RpcError, server::wants_page};
use taskwire_domain::Error;

/// Seconds after which a client should try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// Why the application did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
}

impl Problem {
    /// The body is over the limit.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("What was sent is larger than the {} KiB that Taskwire takes at once.", limit / 1024);
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, code: "too_large", title: "That is too much at once", detail }
    }

    /// The body could not be read to its end.
    pub fn broken_body() -> Self {
        let detail = "The connection broke off before everything had arrived. Please send it again.".to_owned();
        Self { status: StatusCode::BAD_REQUEST, code: "broken_body", title: "Not everything arrived", detail }
    }

    /// A form or script of another site sent the request.
    pub fn cross_site() -> Self {
        let detail = "This request came from another site, so Taskwire did not carry it out. Open Taskwire itself and \
                      try again there."
            .to_owned();
        Self { status: StatusCode::FORBIDDEN, code: "cross_site", title: "Refused for your safety", detail }
    }

    /// There is no such file.
    pub fn no_file() -> Self {
        let detail = "There is no such file.".to_owned();
        Self { status: StatusCode::NOT_FOUND, code: "not_found", title: "Not found", detail }
    }

    /// The answer took longer than it may.
    pub fn too_slow() -> Self {
        let detail = "This took too long, so Taskwire gave up. Please try again in a moment.".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, code: "timeout", title: "That took too long", detail }
    }

    /// A fault of ours.
    pub fn internal() -> Self {
        let detail = Error::Internal.to_string();
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "internal", title: "Something went wrong", detail }
    }

    fn as_rpc(&self) -> RpcError {
        RpcError::Refused(match self.status {
            StatusCode::FORBIDDEN => Error::Forbidden,
            StatusCode::NOT_FOUND => Error::NotFound,
            StatusCode::SERVICE_UNAVAILABLE => Error::Unavailable,
            StatusCode::INTERNAL_SERVER_ERROR => Error::Internal,
            _ => Error::invalid("form", self.detail.clone()),
        })
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

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives problems a body, and every 503 its `Retry-After`.
pub async fn render(request: Request, next: Next) -> Response {
    let page = wants_page(request.headers());
    let rpc = request.uri().path().starts_with("/rpc/");
    let head = request.method() == Method::HEAD;
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let body = match (page, rpc) {
            (true, _) => Html(problem.page(&id)).into_response(),
            (_, true) => ([(header::CONTENT_TYPE, "application/json")], problem.as_rpc().ser()).into_response(),
            _ => Json(json!({"error": problem.title, "detail": problem.detail, "code": problem.code})).into_response(),
        };
        response = (problem.status, body).into_response();
        if head {
            *response.body_mut() = axum::body::Body::empty();
        }
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(RETRY_AFTER);
    }
    response
}
