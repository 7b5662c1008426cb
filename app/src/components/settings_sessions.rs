//! Where the person is signed in.

use super::{banner::Refusal, here::Here, moment::At, saved::Saved, skeleton::Skeleton};
use crate::{
    rows,
    rpc::{
        self, Answers, Remote, RpcError,
        session::{End, EndOthers},
    },
    user_agent,
};
use leptos::{html, prelude::*};
use taskwire_domain::session::Session;

/// The sessions, and buttons to end them.
#[component]
pub fn SessionsPart(
    /// The live ones.
    sessions: Remote<Result<Vec<Session>, RpcError>>,
    /// Ends all but this one.
    end_others: ServerAction<EndOthers>,
    /// What was done last.
    answers: Answers<String>,
) -> impl IntoView {
    let heading = NodeRef::<html::H2>::new();
    view! {
        <section class="panel" aria-labelledby="sessions">
            <h2 id="sessions" tabindex="-1" node_ref=heading>
                "Where you are signed in"
            </h2>
            <Refusal error=answers.refused />
            <Transition fallback=|| view! { <Skeleton lines=2 /> }>
                <Sessions sessions end_others answers heading />
            </Transition>
            <p class="actions">
                <Saved answers name="session" words="Session ended" />
                <Saved answers name="sessions" words="All other sessions ended" />
            </p>
        </section>
    }
}

#[component]
fn Sessions(
    sessions: Remote<Result<Vec<Session>, RpcError>>,
    end_others: ServerAction<EndOthers>,
    answers: Answers<String>,
    heading: NodeRef<html::H2>,
) -> impl IntoView {
    // Also when newer ones cannot be had.
    let last = Memo::new(move |last: Option<&Vec<Session>>| {
        sessions.get().and_then(Result::ok).or_else(|| last.cloned()).unwrap_or_default()
    });
    let not_read = Signal::derive(move || sessions.get().and_then(Result::err));
    rows::keep_focus(last, heading);
    let row = move |first: Session| {
        let id = first.id;
        let find = move || last.with(|last| last.iter().find(|session| session.id == id).cloned());
        view! { <SessionRow session=rows::newest(first, find) answers /> }
    };
    let others = Memo::new(move |_| last.with(|last| last.iter().any(|session| !session.current)));
    view! {
        <Refusal error=not_read />
        <ul class="plain-list sessions">
            <For each=move || last.get() key=|session| session.id children=row />
        </ul>
        <Show when=move || others.get()>
            <ActionForm action=end_others on:submit:capture=rpc::once(end_others)>
                <Here />
                <button class="button">"End all other sessions"</button>
            </ActionForm>
        </Show>
    }
}

#[component]
fn SessionRow(session: Memo<Session>, answers: Answers<String>) -> impl IntoView {
    let Session { id, user_agent, address, current, .. } = session.get_untracked();
    let last_seen = Memo::new(move |_| session.with(|session| session.last_seen_at));
    let name = user_agent::describe(user_agent.as_deref());
    let end = answers.action::<End>(|()| "session".to_owned());
    let label = format!("End session: {name}");
    view! {
        <li class="session">
            <div>
                <p>
                    <strong>{name}</strong>
                    {current.then(|| view! { " " <span class="badge badge-good">"This browser"</span> })}
                </p>
                <p class="task-meta">
                    <span>"Last used " {move || view! { <At then=last_seen.get() /> }}</span>
                    {address.map(|address| view! { <span>"from " {address}</span> })}
                </p>
            </div>
            {(!current)
                .then(|| {
                    view! {
                        <ActionForm action=end on:submit:capture=rpc::once(end)>
                            <Here />
                            <input type="hidden" name="id" value=id.to_string() />
                            <button class="button" aria-label=label>
                                "End"
                            </button>
                        </ActionForm>
                    }
                })}
        </li>
    }
}
