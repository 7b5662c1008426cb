//! One call of an agent's tool.

use super::{here::Here, icon::Icon, moment::At, question::Question};
use crate::rpc::{
    self, Answers,
    tool_call::{Undo, UndoSince, kept},
};
use chrono::SecondsFormat;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::tool_call::{Change, ChangedTask, Outcome, ToolCall, Undone};

/// What the tools do, for people, and what they are called for. A tool that has no words is told by its name.
const WORDS: &[(&str, &str, &str)] = &[
    ("add_task", "added a task", "add a task"),
    ("list_tasks", "listed tasks", "list tasks"),
    ("search_tasks", "searched tasks", "search tasks"),
    ("get_task", "read a task", "read a task"),
    ("update_task", "changed a task", "change a task"),
    ("complete_tasks", "completed tasks", "complete tasks"),
    ("reopen_tasks", "reopened tasks", "reopen tasks"),
    ("delete_task", "deleted a task", "delete a task"),
    ("share_task", "shared a task", "share a task"),
    ("unshare_task", "stopped sharing a task", "stop sharing a task"),
    ("list_shared_tasks", "listed shared tasks", "list shared tasks"),
    ("list_teams", "listed teams", "list teams"),
    ("get_dashboard", "read the dashboard", "read the dashboard"),
    ("get_activity", "looked at what agents did", "look at what agents did"),
    ("undo_action", "undid what was done before", "undo what was done before"),
];

/// Tasks of a call that are named.
const NAMED: usize = 5;

/// Who did what to which tasks, when, and the way back.
#[component]
pub fn ToolCallEntry(
    /// The call.
    call: ToolCall,
    /// What was done last on the page.
    answers: Answers<String>,
) -> impl IntoView {
    let is_undoable = call.is_undoable();
    let ToolCall { id, called_at, client, token, tool, outcome, detail, changed, undone_at, .. } = call;
    let known = WORDS.iter().find(|(name, ..)| *name == tool);
    let words = match (known, outcome) {
        (Some((_, did, _)), Outcome::Done) => (*did).to_owned(),
        (Some((_, _, what)), _) => format!("wanted to {what}"),
        (None, _) => format!("called {tool}"),
    };
    // For whoever hears the buttons one by one.
    let named = format!("{client} {words}");
    let undo_label = format!("Undo {named}");
    let state = match outcome {
        Outcome::Done => None,
        Outcome::Asked => Some("Waited for a confirmation"),
        Outcome::Refused => Some("Refused"),
        Outcome::Failed => Some("Failed"),
    };
    let more = changed.len().saturating_sub(NAMED);
    let tasks = changed.into_iter().take(NAMED).map(|task| view! { <Changed task /> }).collect_view();
    let undo = answers.action::<Undo>(words_of);
    let by = client.clone();
    view! {
        <li class="session">
            <div>
                <p>
                    <strong dir="auto">{client}</strong>
                    " "
                    {words}
                    {state.map(|state| view! { " " <span class="badge">{state}</span> })}
                </p>
                <ul class="task-meta">{tasks} {(more > 0).then(|| view! { <li>{format!("and {more} more")}</li> })}</ul>
                {detail.map(|detail| view! { <p class="hint" dir="auto">{detail}</p> })}
                <p class="task-meta">
                    <At then=called_at />
                    {token.map(|token| view! { <span>"with the token “" <bdi>{token}</bdi> "”"</span> })}
                    {undone_at.map(|then| view! { <span>"undone " <At then /></span> })}
                </p>
            </div>
            {is_undoable
                .then(|| {
                    view! {
                        <div class="actions">
                            <ActionForm action=undo on:submit:capture=rpc::once(undo)>
                                <Here />
                                <input type="hidden" name="id" value=id.to_string() />
                                <button class="button" aria-label=undo_label>
                                    <Icon icon=icondata::LuUndo2 />
                                    "Undo"
                                </button>
                            </ActionForm>
                            <UndoAll
                                id=id.to_string()
                                client=by
                                named
                                since=called_at.to_rfc3339_opts(SecondsFormat::Micros, true)
                                answers
                            />
                        </div>
                    }
                })}
        </li>
    }
}

/// What was left as it is, or that nothing was.
fn words_of(undone: Undone) -> String {
    kept(&undone).unwrap_or_else(|| "undone".to_owned())
}

#[component]
fn Changed(task: ChangedTask) -> impl IntoView {
    let ChangedTask { id, title, with, change } = task;
    let title = title.unwrap_or_else(|| format!("Task {id}"));
    let named = match change {
        Change::Deleted => view! { <bdi>{title}</bdi> }.into_any(),
        _ => view! {
            <a href=format!("/tasks/{id}")>
                <bdi>{title}</bdi>
            </a>
        }
        .into_any(),
    };
    view! { <li>{named} {with.map(|email| view! { " with " <bdi>{email}</bdi> })}</li> }
}

/// Everything that a client did from a call on.
#[component]
fn UndoAll(id: String, client: String, named: String, since: String, answers: Answers<String>) -> impl IntoView {
    let query = use_query_map();
    // The page stays the one that it is.
    let here = query.with_untracked(|query| {
        let kept = ["all", "before"].map(|key| query.get(key).map(|value| format!("{key}={value}")));
        kept.into_iter().flatten().collect::<Vec<_>>().join("&")
    });
    let this = id.clone();
    let asks = Memo::new(move |_| query.with(|query| query.get_str("from") == Some(this.as_str())));
    let opener = NodeRef::new();
    let undo = answers.action::<UndoSince>(words_of);
    let href = format!("/activity/agents?{here}&from={id}#from-{id}");
    let question = move || {
        let (client, since, by) = (client.clone(), since.clone(), client.clone());
        view! {
            <Question
                id=format!("from-{id}")
                words=view! { "Undo this and everything that “" <bdi>{by}</bdi> "” did after it?" }
                opener
                cancel=format!("/activity/agents?{here}")
                cancel_words="Keep it"
            >
                <ActionForm action=undo on:submit:capture=rpc::once(undo)>
                    <Here />
                    <input type="hidden" name="client" value=client />
                    <input type="hidden" name="since" value=since />
                    <button class="button button-danger">"Undo all of it"</button>
                </ActionForm>
            </Question>
        }
    };
    view! {
        <Show
            when=move || asks.get()
            fallback=move || {
                view! {
                    <a
                        node_ref=opener
                        href=href.clone()
                        aria-label=format!("And all after it… {named}")
                        data-noscroll=""
                        class="button button-quiet"
                    >
                        "And all after it…"
                    </a>
                }
            }
        >
            {question.clone()}
        </Show>
    }
}
