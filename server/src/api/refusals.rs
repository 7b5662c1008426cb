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
    #[response(status = 401, headers(("WWW-Authenticate" = String, description = "`Bearer`")))]
    Unauthorized(ErrorBody),
    /// `{user_id}` is somebody else, the right is missing, or the API token lacks the scope.
    #[response(status = 403, headers(
        ("WWW-Authenticate" = String, description = "Which scope is wanted; only where the API token lacks it"),
    ))]
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
    #[response(status = 429, headers(
        ("Retry-After" = u64, description = "Seconds until the next one is let through"),
        ("X-RateLimit-Limit" = u64, description = "Requests that may come at once after a rest"),
        ("X-RateLimit-Remaining" = u64, description = "Requests that may come now"),
        ("X-RateLimit-Reset" = u64, description = "Seconds until all of them may come again"),
    ))]
    RateLimited(ErrorBody),
    /// The database does not answer; try again after `Retry-After` seconds.
    #[response(status = 503, headers(("Retry-After" = u64, description = "Seconds until it is worth trying again")))]
    Unavailable(ErrorBody),
}

/// What any body may be refused with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "for the document")]
pub enum Body {
    /// The body is not of the kind that it is said to be, or did not arrive whole.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// The body took too long to arrive.
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// The body is larger than the server takes.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is said to be of a kind that the operation does not take.
    #[response(status = 415)]
    OtherMediaType(ErrorBody),
}

/// There is no such thing, or none that the caller may see.
#[derive(IntoResponses)]
#[response(status = 404)]
#[expect(dead_code, reason = "for the document")]
pub struct NotFound(ErrorBody);
