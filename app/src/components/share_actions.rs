//! What can be done about a task's shares.

use crate::rpc::{
    self, RpcError,
    share::{Give, Revoke, Uninvite},
};
use leptos::{prelude::*, server_fn::ServerFn};
use taskwire_domain::team::Added;

/// What the panel can ask for; the page does it.
#[derive(Clone, Copy)]
pub struct ShareActions {
    /// Shares with somebody new.
    pub give: ServerAction<Give>,
    /// Changes what somebody may do.
    pub change: ServerAction<Give>,
    /// Takes a share back.
    pub revoke: ServerAction<Revoke>,
    /// Takes an invitation back.
    pub uninvite: ServerAction<Uninvite>,
    /// Why the last of these was refused.
    pub refused: RwSignal<Option<RpcError>>,
    /// What the last of these has done, in words; empty after a refusal, `None` before the first answer.
    pub done: RwSignal<Option<&'static str>>,
}

impl ShareActions {
    /// Fresh ones for a page; after a refused form without JavaScript they hold the refusal.
    pub fn new() -> Self {
        let actions = Self {
            give: rpc::action(),
            change: rpc::action(),
            revoke: rpc::action(),
            uninvite: rpc::action(),
            refused: RwSignal::new(None),
            done: RwSignal::new(None),
        };
        actions.note(actions.give, |added| match added {
            Added::Now => SHARED,
            Added::Invited => INVITED,
        });
        actions.note(actions.change, |_| "Changed.");
        actions.note(actions.revoke, |()| REVOKED);
        actions.note(actions.uninvite, |()| WITHDRAWN);
        actions
    }

    fn note<S>(self, action: ServerAction<S>, words: fn(&S::Output) -> &'static str)
    where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        rpc::note_refusal(action, self.refused);
        let said = move || {
            action.value().with_untracked(|answer| match answer {
                Some(Ok(output)) => Some(words(output)),
                Some(Err(_)) => Some(""),
                None => None,
            })
        };
        // A form without JavaScript that was refused.
        if let Some(said) = said() {
            self.done.set(Some(said));
        }
        Effect::watch(move || action.version().get(), move |_, _, _| self.done.set(said()), false);
    }

    /// Counts up with every answer.
    pub fn answers(self) -> usize {
        let Self { give, change, revoke, uninvite, .. } = self;
        give.version().get() + change.version().get() + revoke.version().get() + uninvite.version().get()
    }
}

impl Default for ShareActions {
    fn default() -> Self {
        Self::new()
    }
}

const SHARED: &str = "Shared.";
const INVITED: &str = "Invited. They get this task when they sign up with that address.";
const REVOKED: &str = "Revoked.";
const WITHDRAWN: &str = "Invitation withdrawn.";

/// What a form without JavaScript has done, as the address of the page says it: `?shared=…`.
pub fn done_by_form(word: &str) -> &'static str {
    match word {
        "invited" => INVITED,
        "revoked" => REVOKED,
        "withdrawn" => WITHDRAWN,
        _ => SHARED,
    }
}
