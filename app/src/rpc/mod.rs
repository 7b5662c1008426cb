//! The browser's remote procedure calls: one small file for each area, every function under a stable
//! path `/rpc/<area>/<verb>`.
//!
//! A server function does three things: it finds the viewer, calls one backend operation and turns a
//! refusal into an [`RpcError`]. No rule and no SQL stands here. Functions that write are also the
//! targets of plain HTML forms (requirement D5): after a success [`server`] sends the browser to the
//! page that shows it, after a refusal [`forms`] shows the form again with everything that was typed.
//!
//! To add one: write the function in its area's file, take `signed_in()?`, call the operation,
//! `map_err(refused)`. Server imports stand inside the function's body, because only the server has them.

pub mod account;
mod answers;
pub mod audit;
pub mod dashboard;
mod error;
#[cfg(feature = "ssr")]
pub mod forms;
pub mod performance;
pub mod preferences;
mod remote;
#[cfg(feature = "ssr")]
pub mod server;
pub mod session;
pub mod share;
pub mod task;
pub mod team;
pub mod token;
pub mod tool_call;

pub use answers::{Answers, refused_form};
pub use error::RpcError;
pub use remote::{Remote, remote};

use crate::typed::Typed;
use leptos::{
    ev::SubmitEvent,
    prelude::{GetUntracked, ServerAction, provide_context, use_context},
    server::ServerActionError,
    server_fn::{ServerFn, error::FromServerFnError},
};

/// An action for a form. After a refused form without JavaScript it holds the refusal.
///
/// Leptos takes a refusal also from the address, so that a link could put words into our mouth. Ours
/// come with the page (see [`forms`]), so the address is not listened to.
pub fn action<S>() -> ServerAction<S>
where
    S: ServerFn<Error: FromServerFnError + Send + Sync, Output: Send + Sync> + Clone + Send + Sync + 'static,
{
    if use_context::<Typed>().is_none() {
        provide_context(ServerActionError::new("", ""));
    }
    ServerAction::new()
}

/// Stops a form from being sent again while the answer to its action is awaited: a second click would be a second
/// request.
pub fn once<S>(action: ServerAction<S>) -> impl Fn(SubmitEvent) + Copy + 'static
where
    S: ServerFn<Error: Send + Sync, Output: Send + Sync> + Clone + Send + Sync + 'static,
{
    let pending = action.pending();
    move |event| {
        if pending.get_untracked() {
            event.prevent_default();
        }
    }
}
