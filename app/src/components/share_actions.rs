//! What can be done about a task's shares.

use crate::rpc::{
    self, Answers,
    share::{Change, Give, Revoke, Uninvite},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::team::Added;

/// What the panel can ask for; the page does it.
#[derive(Clone, Copy)]
pub struct ShareActions {
    /// Shares with somebody new.
    pub give: ServerAction<Give>,
    /// What became of it, in words.
    pub answers: Answers<&'static str>,
}

impl ShareActions {
    /// Fresh ones for a page; after a refused form without JavaScript they hold the refusal.
    pub fn new() -> Self {
        let refused = rpc::refused_form::<Give>()
            .or_else(rpc::refused_form::<Change>)
            .or_else(rpc::refused_form::<Revoke>)
            .or_else(rpc::refused_form::<Uninvite>);
        let done = use_query_map().with_untracked(|query| query.get_str("shared").map(done_by_form));
        let answers = Answers::new(refused, done);
        let give = answers.action(|added| match added {
            Added::Now => SHARED,
            Added::Invited => INVITED,
        });
        Self { give, answers }
    }

    /// Changes what somebody may do.
    pub fn change(self) -> ServerAction<Change> {
        self.answers.action(|()| CHANGED)
    }

    /// Takes a share back.
    pub fn revoke(self) -> ServerAction<Revoke> {
        self.answers.action(|()| REVOKED)
    }

    /// Takes an invitation back.
    pub fn uninvite(self) -> ServerAction<Uninvite> {
        self.answers.action(|()| WITHDRAWN)
    }
}

impl Default for ShareActions {
    fn default() -> Self {
        Self::new()
    }
}

const SHARED: &str = "Shared.";
const INVITED: &str = "Invited. They get this task when they sign up with that address.";
const CHANGED: &str = "Changed.";
const REVOKED: &str = "Revoked.";
const WITHDRAWN: &str = "Invitation withdrawn.";

/// What a form without JavaScript has done, as the address of the page says it: `?shared=…`.
fn done_by_form(word: &str) -> &'static str {
    match word {
        "invited" => INVITED,
        "changed" => CHANGED,
        "revoked" => REVOKED,
        "withdrawn" => WITHDRAWN,
        _ => SHARED,
    }
}
