//! How many requests one address and one person may send (requirement P3).

use super::problem::Problem;
use axum::{extract::Request, response::Response};
use std::net::IpAddr;
use taskwire_app::rpc::server::allowance_headers;
use taskwire_backend::{
    Client,
    limit::{Limiter, network},
};
use taskwire_domain::allowance::Allowance;

/// Whether a path is not counted: monitors ask often and share one answer, and a page's files cost next to nothing. Nobody's
/// token is looked at there, or the looking up would be for nothing, too.
pub fn is_free(path: &str) -> bool {
    matches!(path, "/health" | "/health/live" | "/health/ready" | "/metrics") || path.starts_with("/pkg/")
}

/// Counts for the address, whoever asks. `None` where nothing is counted.
///
/// # Errors
/// The refusal of one too many.
pub fn by_address(limiter: &Limiter<IpAddr>, request: &Request) -> Result<Option<Allowance>, Problem> {
    let address = request.extensions().get::<Client>().and_then(|client| client.address);
    match address.filter(|_| !is_free(request.uri().path())) {
        Some(address) => limiter.count(&network(address)).map_err(Problem::from),
        None => Ok(None),
    }
}

/// Says what is left of a limit, unless a narrower one has said so already.
pub fn tell(allowance: Option<Allowance>, mut response: Response) -> Response {
    for (name, value) in allowance.into_iter().flat_map(allowance_headers) {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
