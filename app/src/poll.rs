//! Asking again and again, politely: never twice at once, never for a hidden tab.

use crate::{next, rpc::RpcError};
use futures::future::{Either, select};
use gloo_timers::{callback::Interval, future::TimeoutFuture};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use leptos_use_document_visibility::use_document_visibility;
use std::future::Future;
use web_sys::VisibilityState;

/// Milliseconds from one question to the next (requirement D2).
const EVERY: u32 = 5_000;
/// Milliseconds after which a question counts as unanswered; dropping it cancels the request.
const PATIENCE: u32 = 10_000;

/// What has been learnt, and how asking goes.
pub struct Poll<T: 'static> {
    /// The last good answer.
    pub data: RwSignal<T>,
    /// Why the last question had none.
    pub failure: RwSignal<Option<RpcError>>,
    /// Whether the person asked it to hold still.
    pub paused: RwSignal<bool>,
    /// Whether an answer is awaited.
    pub asking: RwSignal<bool>,
}

impl<T> Clone for Poll<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Poll<T> {}

impl<T: Send + Sync + 'static> Poll<T> {
    /// Starts from `first`, which is fresh.
    pub fn new(first: T) -> Self {
        Self {
            data: RwSignal::new(first),
            failure: RwSignal::new(None),
            paused: RwSignal::new(false),
            asking: RwSignal::new(false),
        }
    }

    /// Keeps asking while the tab is seen, and at once when it is seen again.
    pub fn keep_asking<F: Future<Output = Result<T, RpcError>> + 'static>(self, question: fn() -> F) {
        let visibility = use_document_visibility();
        Effect::new(move |before: Option<Option<Interval>>| {
            let resumed = before.is_some();
            drop(before);
            (visibility.get() == VisibilityState::Visible && !self.paused.get()).then(|| {
                if resumed {
                    self.ask(question);
                }
                Interval::new(EVERY, move || self.ask(question))
            })
        });
    }

    /// Goes to the sign-in, and from there back to this page, when the answer is that nobody is signed in any more.
    pub fn leave_when_signed_out(self, page: &'static str) {
        let navigate = use_navigate();
        Effect::new(move |_| {
            if self.failure.with(|failure| failure.as_ref().is_some_and(RpcError::is_unauthorized)) {
                navigate(&next::sign_in(page), NavigateOptions::default());
            }
        });
    }

    /// Asks now, unless an answer is awaited already.
    pub fn ask<F: Future<Output = Result<T, RpcError>> + 'static>(self, question: fn() -> F) {
        // The page may be left while a question is under way; nobody is there to hear the answer then.
        if self.asking.try_get_untracked() != Some(false) {
            return;
        }
        self.asking.set(true);
        spawn_local(async move {
            let answer = match select(Box::pin(question()), TimeoutFuture::new(PATIENCE)).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => Err(RpcError::Unreachable),
            };
            // Each of these is `Some` when the page has been left.
            let _gone = self.asking.try_set(false);
            match answer {
                Ok(data) => {
                    let _gone = self.data.try_set(data);
                    let _gone = self.failure.try_set(None);
                }
                Err(error) => {
                    let _gone = self.failure.try_set(Some(error));
                }
            }
        });
    }
}
