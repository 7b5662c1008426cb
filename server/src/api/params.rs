//! The parameters that operations have in common, for the document.
#![expect(dead_code, reason = "for the document")]

use utoipa::IntoParams;

/// Whose things the path is about.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub struct Owner {
    /// `me`, or the caller's id
    user_id: String,
}

/// A reading that may be spared.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatch {
    /// An `ETag` that the caller has already
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// A change that depends on a version.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The `ETag` of what the change was made from
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// A creation that may be sent again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// The same request again returns what it made the first time
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
}
