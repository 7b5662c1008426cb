//! The refusals that operations have in common, for the document.

use crate::middleware::problem::ErrorBody;
use std::collections::BTreeMap;
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response},
};

/// What anything may be refused with that asks the database for somebody.
pub struct SignedIn;

impl IntoResponses for SignedIn {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        Credential::responses().into_iter().chain(Open::responses()).collect()
    }
}

#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the document")]
enum Credential {
    /// No token, a bad one, or one whose session has ended.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// `{user_id}` is somebody else, the right is missing, or the API token lacks the scope.
    #[response(status = 403)]
    Forbidden(ErrorBody),
}

/// What anything may be refused with that anybody may ask.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the document")]
pub enum Open {
    /// Parameters or fields break a rule.
    #[response(status = 422)]
    Invalid(ErrorBody),
    /// Too many requests; try again after `Retry-After` seconds.
    #[response(status = 429)]
    RateLimited(ErrorBody),
    /// The database does not answer; try again after `Retry-After` seconds.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// What any body may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the document")]
pub enum Body {
    /// The body is not JSON, or did not arrive whole.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// The body is larger than the server takes.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is said to be something else than JSON.
    #[response(status = 415)]
    OtherMediaType(ErrorBody),
}

/// There is no such thing, or none that the caller may see.
#[derive(IntoResponses)]
#[response(status = 404)]
#[expect(dead_code, reason = "for the document")]
pub struct NotFound(ErrorBody);
