//! The ways out of a team: leaving it, and ending it for everybody.

use super::{banner::Refusal, here::Here, icon::Icon, question::Asked};
use crate::rpc::{
    self,
    team::{Delete, Leave},
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use taskwire_domain::TeamId;

/// Leaves, after a question that the address carries.
#[component]
pub fn LeavePart(
    /// The team.
    team: TeamId,
    /// The name of its owner.
    owner: String,
) -> impl IntoView {
    let action = rpc::action::<Leave>();
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    go_to_teams(Signal::derive(move || matches!(action.value().get(), Some(Ok(())))));
    view! {
        <section class="panel" id="leave" aria-labelledby="leave-title">
            <h2 id="leave-title">"Leave"</h2>
            <p class="hint">"Your tasks in this team go to " <bdi>{owner}</bdi> ", its owner."</p>
            <Refusal error />
            <Asked page=settings(team) key="leave" link="Leave this team…" question="Leave this team? To come back you have to be added again.">
                <ActionForm action on:submit:capture=rpc::once(action)>
                    <Here />
                    <input type="hidden" name="id" value=team.to_string() />
                    <button class="button button-danger">
                        <Icon icon=icondata::LuLogOut />
                        "Leave team"
                    </button>
                </ActionForm>
            </Asked>
        </section>
    }
}

/// Deletes, after a question that the address carries.
#[component]
pub fn DeletePart(
    /// The team.
    team: TeamId,
) -> impl IntoView {
    let action = rpc::action::<Delete>();
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    go_to_teams(Signal::derive(move || matches!(action.value().get(), Some(Ok(())))));
    view! {
        <section class="panel" id="delete" aria-labelledby="delete-title">
            <h2 id="delete-title">"Delete"</h2>
            <p class="hint">
                "Each of its tasks becomes a personal task of whoever owns it. To leave without deleting, make somebody else the owner first."
            </p>
            <Refusal error />
            <Asked page=settings(team) key="delete" link="Delete this team…" question="Delete this team for everybody? This cannot be undone.">
                <ActionForm action on:submit:capture=rpc::once(action)>
                    <Here />
                    <input type="hidden" name="id" value=team.to_string() />
                    <button class="button button-danger">
                        <Icon icon=icondata::LuTrash2 />
                        "Delete team"
                    </button>
                </ActionForm>
            </Asked>
        </section>
    }
}

/// The page that these stand on.
fn settings(team: TeamId) -> String {
    format!("/teams/{team}/settings")
}

/// Where the person is once they have nothing more to do here.
fn go_to_teams(gone: Signal<bool>) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        if gone.get() {
            navigate("/teams", NavigateOptions::default());
        }
    });
}
