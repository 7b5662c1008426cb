//! How many requests one address and one person may send (requirement P3).

use super::problem::Problem;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};
use taskwire_app::rpc::server::allowance_headers;
use taskwire_backend::{
    Client,
    limit::{Limiter, network},
};
use taskwire_domain::{Error, allowance::Allowance};

/// Whether a path is not counted: monitors ask often, and a page's files cost next to nothing. Nobody's token is looked at
/// there, or the looking up would be for nothing, too.
pub fn is_free(path: &str) -> bool {
    matches!(path, "/health" | "/health/live" | "/health/ready") || path.starts_with("/pkg/")
}

/// Counts for the address, whoever asks.
pub async fn by_address(State(limiter): State<Arc<Limiter<IpAddr>>>, request: Request, next: Next) -> Response {
    let is_free = is_free(request.uri().path());
    let address = request.extensions().get::<Client>().and_then(|client| client.address).filter(|_| !is_free);
    pass(address.map(|address| limiter.count(&network(address))), request, next).await
}

/// Lets a request through that is within its limit, and says what is left.
pub async fn pass(counted: Option<Result<Option<Allowance>, Error>>, request: Request, next: Next) -> Response {
    match counted.transpose() {
        Err(refusal) => Problem::from(refusal).into_response(),
        Ok(allowance) => {
            let mut response = next.run(request).await;
            if let Some(allowance) = allowance.flatten() {
                for (name, value) in allowance_headers(allowance) {
                    // A narrower limit has said so already.
                    response.headers_mut().entry(name).or_insert(value);
                }
            }
            response
        }
    }
}
