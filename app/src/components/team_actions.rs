//! What can be done to a team and its members.

use super::settings_done::Done;
use crate::rpc::{
    self, RpcError,
    team::{AddMember, ChangeMember, Delete, Leave, RemoveMember, Transfer, Uninvite, Update},
};
use leptos::prelude::*;

/// What the parts of a team's page can ask for.
#[derive(Clone, Copy)]
pub struct TeamActions {
    /// Rewrites name and description.
    pub update: ServerAction<Update>,
    /// Adds or invites somebody.
    pub add: ServerAction<AddMember>,
    /// Gives a member another role.
    pub change: ServerAction<ChangeMember>,
    /// Takes a member out.
    pub remove: ServerAction<RemoveMember>,
    /// Makes somebody else the owner.
    pub transfer: ServerAction<Transfer>,
    /// Takes an invitation back.
    pub uninvite: ServerAction<Uninvite>,
    /// Leaves the team.
    pub leave: ServerAction<Leave>,
    /// Deletes the team.
    pub delete: ServerAction<Delete>,
    /// What has worked, for who reads the team anew. Not leaving and deleting, after which there is nothing to read.
    pub done: Done,
    /// Why the last of what concerns members was refused.
    pub refused: RwSignal<Option<RpcError>>,
}

impl TeamActions {
    /// Fresh ones for a page; after a refused form without JavaScript they hold the refusal.
    pub fn new() -> Self {
        let actions = Self {
            update: rpc::action(),
            add: rpc::action(),
            change: rpc::action(),
            remove: rpc::action(),
            transfer: rpc::action(),
            uninvite: rpc::action(),
            leave: rpc::action(),
            delete: rpc::action(),
            done: Done::new(),
            refused: RwSignal::new(None),
        };
        actions.done.note(actions.update, "texts");
        actions.done.note(actions.add, "added");
        actions.done.note(actions.change, "changed");
        actions.done.note(actions.remove, "removed");
        actions.done.note(actions.transfer, "transferred");
        actions.done.note(actions.uninvite, "uninvited");
        rpc::note_refusal(actions.add, actions.refused);
        rpc::note_refusal(actions.change, actions.refused);
        rpc::note_refusal(actions.remove, actions.refused);
        rpc::note_refusal(actions.transfer, actions.refused);
        rpc::note_refusal(actions.uninvite, actions.refused);
        actions
    }
}

impl Default for TeamActions {
    fn default() -> Self {
        Self::new()
    }
}
