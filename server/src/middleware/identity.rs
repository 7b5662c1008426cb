//! Who sent a request: found out once, for everything inside.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use taskwire_app::rpc::server::Identity;
use taskwire_backend::{Backend, Client};

/// Verifies the token and puts the [`Identity`] among the request's extensions. Whether it is needed is for the handler
/// to say.
pub async fn identify(State(backend): State<Backend>, mut request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().cloned().unwrap_or_default();
    let identity = Identity::of(&backend, request.headers(), client).await;
    request.extensions_mut().insert(identity);
    next.run(request).await
}
