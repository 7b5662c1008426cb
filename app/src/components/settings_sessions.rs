//! Where the person is signed in.

use super::{
    banner::Refusal,
    here::Here,
    moment::At,
    settings_done::{Confirmation, Done},
};
use crate::{
    browser,
    rpc::{
        self, RpcError,
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
    sessions: Vec<Session>,
    /// Ends one.
    end: ServerAction<End>,
    /// Ends all but this one.
    end_others: ServerAction<EndOthers>,
    /// Why the last of these was refused.
    error: RwSignal<Option<RpcError>>,
    /// What was done last.
    done: Done,
) -> impl IntoView {
    let heading = NodeRef::<html::H2>::new();
    // This part is made anew when something was done. After the end of a session the button for it is gone, and the
    // focus must not land on that of another one.
    Effect::new(move |_| {
        if matches!(done.last(), Some("session" | "sessions")) {
            browser::focus(heading.get().map(Into::into));
        }
    });
    let others = sessions.iter().any(|session| !session.current);
    let rows = sessions.into_iter().map(|session| view! { <SessionRow session end /> }).collect_view();
    view! {
        <section class="panel" aria-labelledby="sessions">
            <h2 id="sessions" tabindex="-1" node_ref=heading>
                "Where you are signed in"
            </h2>
            <Refusal error />
            <ul class="plain-list sessions">{rows}</ul>
            <div class="actions">
                {others
                    .then(|| {
                        view! {
                            <ActionForm action=end_others on:submit:capture=rpc::once(end_others)>
                                <Here />
                                <button class="button">"End all other sessions"</button>
                            </ActionForm>
                        }
                    })} <Confirmation done name="session" words="Session ended" />
                <Confirmation done name="sessions" words="All other sessions ended" />
            </div>
        </section>
    }
}

#[component]
fn SessionRow(session: Session, end: ServerAction<End>) -> impl IntoView {
    let name = user_agent::describe(session.user_agent.as_deref());
    let label = format!("End session: {name}");
    view! {
        <li class="session">
            <div>
                <p>
                    <strong>{name}</strong>
                    {session.current.then(|| view! { " " <span class="badge badge-good">"This browser"</span> })}
                </p>
                <p class="task-meta">
                    <span>"Last used " <At then=session.last_seen_at /></span>
                    {session.address.map(|address| view! { <span>"from " {address}</span> })}
                </p>
            </div>
            {(!session.current)
                .then(|| {
                    view! {
                        <ActionForm action=end on:submit:capture=rpc::once(end)>
                            <Here />
                            <input type="hidden" name="id" value=session.id.to_string() />
                            <button class="button" aria-label=label>
                                "End"
                            </button>
                        </ActionForm>
                    }
                })}
        </li>
    }
}
