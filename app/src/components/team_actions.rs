//! What can be done about the people of a team.

use crate::rpc::{
    self, Answers,
    team::{AddMember, ChangeMember, RemoveMember, Transfer, Uninvite},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::{UserId, team::Added};

/// What the members' page can ask for; the page does it.
#[derive(Clone, Copy)]
pub struct TeamActions {
    /// Adds or invites somebody.
    pub add: ServerAction<AddMember>,
    /// What became of it. What was wrong with adding somebody stands in its form.
    pub answers: Answers<PeopleDone>,
}

/// What has changed about a team's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleDone {
    /// Whoever has this address is in the team.
    Added(String),
    /// Whoever signs up with this address will be in it.
    Invited(String),
    /// A member has another role.
    Changed,
    /// A member is out.
    Removed(UserId),
    /// The team has another owner.
    Transferred(UserId),
    /// An invitation is taken back.
    Uninvited,
    /// What a form without JavaScript has done, in words.
    ByForm(&'static str),
}

impl PeopleDone {
    /// For the page as a whole; what was added is confirmed where it was typed.
    pub fn words(&self) -> Option<&'static str> {
        match self {
            Self::Added(_) | Self::Invited(_) => None,
            Self::Changed => Some(CHANGED),
            Self::Removed(_) => Some(REMOVED),
            Self::Transferred(_) => Some(TRANSFERRED),
            Self::Uninvited => Some(UNINVITED),
            Self::ByForm(words) => Some(words),
        }
    }
}

const CHANGED: &str = "The role is changed.";
const REMOVED: &str = "Removed. Their tasks here belong to the owner now.";
const TRANSFERRED: &str = "The team has another owner. You are an admin.";
const UNINVITED: &str = "The invitation is taken back.";

/// What a form without JavaScript has done, as the address of the page says it: `?done=…`.
fn done_by_form(word: &str) -> Option<PeopleDone> {
    Some(PeopleDone::ByForm(match word {
        "added" => "Added.",
        "invited" => "Invited. They will join when they sign up with that address.",
        "changed" => CHANGED,
        "removed" => REMOVED,
        "transferred" => TRANSFERRED,
        "uninvited" => UNINVITED,
        _ => return None,
    }))
}

impl TeamActions {
    /// Fresh ones for a page; after a refused form without JavaScript they hold the refusal.
    pub fn new() -> Self {
        let refused = rpc::refused_form::<ChangeMember>()
            .or_else(rpc::refused_form::<RemoveMember>)
            .or_else(rpc::refused_form::<Transfer>)
            .or_else(rpc::refused_form::<Uninvite>);
        let done = use_query_map().with_untracked(|query| query.get_str("done").and_then(done_by_form));
        let (add, answers) = (rpc::action::<AddMember>(), Answers::new(refused, done));
        // The answer does not say whom it is about.
        let email = StoredValue::new(String::new());
        Effect::new(move |_| {
            if let Some(AddMember { email: asked, .. }) = add.input().get() {
                email.set_value(asked.trim().to_owned());
            }
        });
        answers.note_done(add, move |added| match added {
            Added::Now => PeopleDone::Added(email.get_value()),
            Added::Invited => PeopleDone::Invited(email.get_value()),
        });
        Self { add, answers }
    }

    /// Gives a member another role.
    pub fn change(self) -> ServerAction<ChangeMember> {
        self.answers.action(|()| PeopleDone::Changed)
    }

    /// Takes a member out.
    pub fn remove(self, member: UserId) -> ServerAction<RemoveMember> {
        self.answers.action(move |()| PeopleDone::Removed(member))
    }

    /// Makes a member the owner.
    pub fn transfer(self, member: UserId) -> ServerAction<Transfer> {
        self.answers.action(move |()| PeopleDone::Transferred(member))
    }

    /// Takes an invitation back.
    pub fn uninvite(self) -> ServerAction<Uninvite> {
        self.answers.action(|()| PeopleDone::Uninvited)
    }
}

impl Default for TeamActions {
    fn default() -> Self {
        Self::new()
    }
}
