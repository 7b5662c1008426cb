//! Lets a request in: found out once, for everything inside, who sends it, and read to its end what they send.
//!
//! One function, because each that waits is paid for by every request (see [`around`](super::around)).

use super::{
    limits::Arrival,
    load::Load,
    problem::Problem,
    rate::{self, is_free},
    sending::{Sending, Turn},
    trace::route,
};
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Duration};
use taskwire_app::rpc::{server::Identity, task::Import};
use taskwire_backend::{Backend, Client, limit::Limiter};
use taskwire_domain::UserId;
use tokio::time::timeout;

/// The routes that take files, which are larger than any other body.
const FILES: [&str; 2] = ["/api/{user_id}/tasks/import", <Import as leptos::server_fn::ServerFn>::PATH];

/// What requests are let in by.
#[derive(Debug)]
pub struct Admission {
    /// Verifies tokens.
    pub backend: Backend,
    /// How often one person may ask.
    pub by_user: Limiter<UserId>,
    /// How a body may arrive.
    pub body: Arrival,
    /// How a file may arrive from whoever is signed in.
    pub file: Arrival,
    /// Who is sending one.
    pub sending: Sending,
    /// How many are worked on.
    pub load: Load,
    /// How long an answer may take.
    pub time: Duration,
}

/// Takes a turn, or refuses. Verifies the token, counts the request for whose it is, and puts the [`Identity`] among the request's extensions: whether it is
/// needed is for the handler to say. Then reads the body, before anything else happens, and gives up on an answer that takes
/// too long; its database transaction is rolled back.
pub async fn admit(State(admission): State<Arc<Admission>>, mut request: Request, next: Next) -> Response {
    if is_free(request.uri().path()) {
        return in_time(admission.time, request, next).await;
    }
    let client = request.extensions().get::<Client>().cloned().unwrap_or_default();
    let turn = match admission.load.begin() {
        Ok(turn) => turn,
        Err(problem) => return problem.into_response(),
    };
    let identity = Identity::of(&admission.backend, request.headers(), client).await;
    // Whoever is slow to send keeps nobody from being answered.
    drop(turn);
    let user = identity.0.as_ref().ok().map(|viewer| viewer.user_id);
    let allowance = match user.map_or(Ok(None), |user| admission.by_user.count(&user)) {
        Ok(allowance) => allowance,
        Err(error) => return Problem::from(error).into_response(),
    };
    request.extensions_mut().insert(identity);
    let answered = admission.answer(request, user, next).await;
    rate::tell(allowance, answered.unwrap_or_else(IntoResponse::into_response))
}

impl Admission {
    async fn answer(&self, request: Request, user: Option<UserId>, next: Next) -> Result<Response, Problem> {
        let (request, _sent) = self.receive(request, user).await?;
        let _turn = self.load.begin()?;
        Ok(in_time(self.time, request, next).await)
    }

    /// The request with its whole body. Bodies are small here, and a slow sender must not hold a database transaction open.
    /// A layer that only counts (tower-http's) would make an oversized chunked body look like a malformed form.
    async fn receive(&self, request: Request, user: Option<UserId>) -> Result<(Request, Option<Turn>), Problem> {
        let (arrival, turn) = match user.filter(|_| FILES.contains(&route(&request))) {
            Some(user) => (self.file, Some(self.sending.begin(user)?)),
            None => (self.body, None),
        };
        let (parts, body) = request.into_parts();
        let whole = arrival.of(body).await?;
        Ok((Request::from_parts(parts, Body::from(whole)), turn))
    }
}

async fn in_time(time: Duration, request: Request, next: Next) -> Response {
    let answered = timeout(time, next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::too_slow().into_response())
}
