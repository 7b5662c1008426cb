//! How large a request may be, and how long it may take to arrive.

use super::problem::Problem;
use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::Request,
};
use http_body_util::LengthLimitError;
use std::{error::Error, time::Duration};
use tokio::time::timeout;

/// How much may arrive, and how long that may take.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Bytes at most.
    pub size: usize,
    /// How long it may take.
    pub time: Duration,
}

impl Arrival {
    /// All of a body, unless it is over the limit or too slow.
    pub async fn of(self, body: Body) -> Result<Bytes, Problem> {
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        if body.size_hint().lower() > self.size as u64 {
            return Err(Problem::too_large(self.size));
        }
        let whole = timeout(self.time, to_bytes(body, self.size)).await.map_err(|_| Problem::slow_body())?;
        whole.map_err(|error| match error.source() {
            Some(source) if source.is::<LengthLimitError>() => Problem::too_large(self.size),
            _ => Problem::broken_body(),
        })
    }
}

/// Refuses an address that no link of ours has.
///
/// # Errors
/// The refusal.
pub fn target(size: usize, request: &Request) -> Result<(), Problem> {
    match request.uri().path_and_query() {
        Some(target) if target.as_str().len() > size => Err(Problem::long_target(size)),
        _ => Ok(()),
    }
}
