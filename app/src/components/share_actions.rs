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
    /// Takes a share back.
    pub revoke: ServerAction<Revoke>,
    /// Takes an invitation back.
    pub uninvite: ServerAction<Uninvite>,
    /// Why the last of these was refused.
    pub refused: RwSignal<Option<RpcError>>,
    /// What the last of these has done, in words; empty after a refusal, `None` before the first answer.
    pub done: RwSignal<Option<&'static str>>,
    /// Counts up with every answer.
    pub answers: RwSignal<usize>,
    /// The page, which hears also of what was asked by a row that is gone by then.
    page: StoredValue<Owner>,
}

impl ShareActions {
    /// Fresh ones for a page; after a refused form without JavaScript they hold the refusal.
    pub fn new() -> Self {
        let (give, revoke, uninvite) = (rpc::action(), rpc::action(), rpc::action());
        let refused = rpc::refusal(give).or_else(|| rpc::refusal(revoke)).or_else(|| rpc::refusal(uninvite));
        let done = RwSignal::new(refused.as_ref().map(|_| ""));
        let page = StoredValue::new(Owner::current().unwrap_or_default());
        let (refused, answers) = (RwSignal::new(refused), RwSignal::new(0));
        let actions = Self { give, revoke, uninvite, refused, done, answers, page };
        actions.note(give, |added| match added {
            Added::Now => SHARED,
            Added::Invited => INVITED,
        });
        actions.note(revoke, |()| REVOKED);
        actions.note(uninvite, |()| WITHDRAWN);
        actions
    }

    /// Changes what somebody may do: one for each row, so that none takes the answer of another for its own.
    pub fn change(self) -> ServerAction<Give> {
        self.page.get_value().with(|| {
            let action = rpc::action();
            self.note(action, |_| "Changed.");
            action
        })
    }

    fn note<S>(self, action: ServerAction<S>, words: fn(&S::Output) -> &'static str)
    where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        rpc::note_later_refusals(action, self.refused);
        Effect::watch(
            move || action.version().get(),
            move |_, _, _| {
                let worked = action.value().get_untracked().and_then(Result::ok);
                self.done.set(Some(worked.as_ref().map_or("", words)));
                self.answers.update(|answers| *answers += 1);
            },
            false,
        );
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
