//! Who sent a request: found out once, for everything inside.

use super::rate::{self, is_free};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;
use taskwire_app::rpc::server::Identity;
use taskwire_backend::{Backend, Client, limit::Limiter};
use taskwire_domain::UserId;

/// Verifies the token, counts the request for whose it is, and puts the [`Identity`] among the request's extensions.
/// Whether it is needed is for the handler to say.
pub async fn identify(
    State((backend, limiter)): State<(Backend, Arc<Limiter<UserId>>)>,
    mut request: Request,
    next: Next,
) -> Response {
    if is_free(request.uri().path()) {
        return next.run(request).await;
    }
    let client = request.extensions().get::<Client>().cloned().unwrap_or_default();
    let identity = Identity::of(&backend, request.headers(), client).await;
    let counted = identity.0.as_ref().ok().map(|viewer| limiter.count(&viewer.user_id));
    request.extensions_mut().insert(identity);
    rate::pass(counted, request, next).await
}
