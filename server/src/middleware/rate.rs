//! How many requests one address and one person may send (requirement P3).

use super::problem::Problem;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};
use taskwire_app::rpc::server::{Identity, allowance_headers};
use taskwire_backend::{
    Client,
    limit::{Limiter, network},
};
use taskwire_domain::{Error, UserId, allowance::Allowance};

/// What is not counted: monitors ask often, and a page's files cost next to nothing.
const FREE: [&str; 2] = ["/health", "/pkg/"];

/// Counts for the address, whoever asks.
pub async fn by_address(State(limiter): State<Arc<Limiter<IpAddr>>>, request: Request, next: Next) -> Response {
    let is_free = FREE.iter().any(|prefix| request.uri().path().starts_with(prefix));
    let address = request.extensions().get::<Client>().and_then(|client| client.address).filter(|_| !is_free);
    pass(address.map(|address| limiter.count(&network(address))), request, next).await
}

/// Counts for the person, wherever they ask from.
pub async fn by_user(State(limiter): State<Arc<Limiter<UserId>>>, request: Request, next: Next) -> Response {
    let viewer = request.extensions().get::<Identity>().and_then(|identity| identity.0.as_ref().ok());
    pass(viewer.map(|viewer| limiter.count(&viewer.user_id)), request, next).await
}

async fn pass(counted: Option<Result<Option<Allowance>, Error>>, request: Request, next: Next) -> Response {
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
