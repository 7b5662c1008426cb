//! A layer that looks at each request before it is answered, and at the answer after.
//!
//! `axum::middleware::from_fn` can wait as well, and pays for it: for every request it copies all that is inside of it, and
//! boxes it twice.

use super::problem::Problem;
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use futures::future::{Either, Ready, ready};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower::{Layer, Service};

/// Calls `before` with each request, and `after` with what that kept and the answer. A request that `before` refuses goes no
/// further.
pub fn around<K, B, A>(before: B, after: A) -> Around<B, A>
where
    B: Fn(&Request) -> Result<K, Problem>,
    A: Fn(K, Response) -> Response,
{
    Around { before, after }
}

/// Made by [`around`].
#[derive(Debug, Clone, Copy)]
pub struct Around<B, A> {
    before: B,
    after: A,
}

impl<S, B: Clone, A: Clone> Layer<S> for Around<B, A> {
    type Service = Surrounded<S, B, A>;

    fn layer(&self, inner: S) -> Self::Service {
        Surrounded { inner, layer: self.clone() }
    }
}

/// What [`Around`] makes of a service.
#[derive(Debug, Clone)]
pub struct Surrounded<S, B, A> {
    inner: S,
    layer: Around<B, A>,
}

impl<S, K, B, A> Service<Request> for Surrounded<S, B, A>
where
    S: Service<Request, Response: IntoResponse>,
    B: Fn(&Request) -> Result<K, Problem>,
    A: Fn(K, Response) -> Response + Clone,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response, S::Error>>, Answering<S::Future, K, A>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match (self.layer.before)(&request) {
            Err(problem) => Either::Left(ready(Ok(problem.into_response()))),
            Ok(kept) => Either::Right(Answering {
                answer: self.inner.call(request),
                kept: Some(kept),
                after: self.layer.after.clone(),
            }),
        }
    }
}

pin_project! {
    /// An answer on its way.
    pub struct Answering<F, K, A> {
        #[pin]
        answer: F,
        kept: Option<K>,
        after: A,
    }
}

impl<F, K, A, R, E> Future for Answering<F, K, A>
where
    F: Future<Output = Result<R, E>>,
    R: IntoResponse,
    A: Fn(K, Response) -> Response,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.answer.poll(cx))?.into_response();
        Poll::Ready(Ok(match this.kept.take() {
            Some(kept) => (this.after)(kept, response),
            None => response,
        }))
    }
}
