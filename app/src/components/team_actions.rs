//! What can be done about the people of a team.

use crate::rpc::{
    self, RpcError,
    team::{AddMember, ChangeMember, RemoveMember, Transfer, Uninvite},
};
use leptos::{prelude::*, server_fn::ServerFn};
use taskwire_domain::team::Added;

/// What the members' page can ask for; the page does it.
#[derive(Clone, Copy)]
pub struct TeamActions {
    /// Adds or invites somebody.
    pub add: ServerAction<AddMember>,
    /// Takes a member out.
    pub remove: ServerAction<RemoveMember>,
    /// Makes somebody else the owner.
    pub transfer: ServerAction<Transfer>,
    /// Takes an invitation back.
    pub uninvite: ServerAction<Uninvite>,
    /// Why the last of these was refused. What was wrong with adding somebody stands in its form.
    pub refused: RwSignal<Option<RpcError>>,
    /// What the last of these has done; nothing after a refusal.
    pub done: RwSignal<Option<PeopleDone>>,
    /// Counts up with every answer.
    pub answers: RwSignal<usize>,
    /// The page, which hears also of what was asked by a row that is gone by then.
    page: StoredValue<Owner>,
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
    Removed,
    /// The team has another owner.
    Transferred,
    /// An invitation is taken back.
    Uninvited,
}

impl TeamActions {
    /// Fresh ones for a page; after a refused form without JavaScript they hold the refusal.
    pub fn new() -> Self {
        let actions = Self {
            add: rpc::action(),
            remove: rpc::action(),
            transfer: rpc::action(),
            uninvite: rpc::action(),
            refused: RwSignal::new(None),
            done: RwSignal::new(None),
            answers: RwSignal::new(0),
            page: StoredValue::new(Owner::current().unwrap_or_default()),
        };
        // The answer does not say whom it is about.
        let email = StoredValue::new(String::new());
        Effect::new(move |_| {
            if let Some(AddMember { email: asked, .. }) = actions.add.input().get() {
                email.set_value(asked.trim().to_owned());
            }
        });
        actions.note(actions.add, move |added| match added {
            Added::Now => PeopleDone::Added(email.get_value()),
            Added::Invited => PeopleDone::Invited(email.get_value()),
        });
        actions.note(actions.remove, |()| PeopleDone::Removed);
        actions.note(actions.transfer, |()| PeopleDone::Transferred);
        actions.note(actions.uninvite, |()| PeopleDone::Uninvited);
        // Refused without JavaScript, before there is a row.
        rpc::note_refusal(rpc::action::<ChangeMember>(), actions.refused);
        rpc::note_refusal(actions.remove, actions.refused);
        rpc::note_refusal(actions.transfer, actions.refused);
        rpc::note_refusal(actions.uninvite, actions.refused);
        actions
    }

    /// Gives a member another role: one for each row, so that none takes the answer of another for its own.
    pub fn change(self) -> ServerAction<ChangeMember> {
        self.page.get_value().with(|| {
            let action = rpc::action();
            self.note(action, |()| PeopleDone::Changed);
            rpc::note_later_refusals(action, self.refused);
            action
        })
    }

    fn note<S>(self, action: ServerAction<S>, done: impl Fn(&S::Output) -> PeopleDone + 'static)
    where
        S: ServerFn<Error = RpcError, Output: Clone + Send + Sync> + Clone + Send + Sync + 'static,
    {
        Effect::watch(
            move || action.version().get(),
            move |_, _, _| {
                self.done.set(action.value().get_untracked().and_then(Result::ok).as_ref().map(&done));
                self.answers.update(|answers| *answers += 1);
            },
            false,
        );
    }
}

impl Default for TeamActions {
    fn default() -> Self {
        Self::new()
    }
}
