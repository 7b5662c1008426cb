//! The viewer's own tasks that others have.

use crate::{
    components::{
        access_mark::{StatusBadge, allowed},
        empty::Empty,
        load::Load,
        page::Page,
        pager::Pager,
        shared_tabs::SharedTabs,
        skeleton::Skeleton,
    },
    rpc,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::{
    TaskId,
    share::{Share, SharedTask, SharedTaskPage},
};

/// What the viewer shares, and with whom; the address carries from where.
#[component]
pub fn SharedByMePage() -> impl IntoView {
    let query = use_query_map();
    let before =
        Memo::new(move |_| query.with(|query| query.get_str("before").and_then(|id| id.parse::<TaskId>().ok())));
    let page = rpc::remote(move || before.get(), rpc::share::by_me);
    view! {
        <Page title="Shared by me">
            <h1>"Shared by me"</h1>
            <SharedTabs />
            <Load resource=page skeleton=|| view! { <Skeleton lines=6 /> } let:page>
                <SharedTasks page first=before.get_untracked().is_none() />
            </Load>
        </Page>
    }
}

#[component]
fn SharedTasks(page: SharedTaskPage, first: bool) -> impl IntoView {
    let SharedTaskPage { tasks, next } = page;
    let list = match tasks.is_empty() {
        true => view! {
            <div class="panel">
                <Nothing first />
            </div>
        }
        .into_any(),
        false => {
            let rows = tasks.into_iter().map(|task| view! { <Row task /> }).collect_view();
            view! { <ul class="plain-list panel shared-tasks">{rows}</ul> }.into_any()
        }
    };
    view! {
        {list}
        <Pager
            first=(!first).then(|| "/shared/by-me".to_owned())
            next=next.map(|before| format!("/shared/by-me?before={before}"))
        />
    }
}

#[component]
fn Nothing(first: bool) -> impl IntoView {
    match first {
        true => view! {
            <Empty icon=icondata::LuShare2 title="You share no tasks yet">
                <p>"Open a task of yours and share it by email address."</p>
                <p>
                    <a href="/tasks" class="button">
                        "Go to your tasks"
                    </a>
                </p>
            </Empty>
        }
        .into_any(),
        false => view! {
            <Empty icon=icondata::LuShare2 title="Nothing here">
                <p>"There is nothing further back."</p>
            </Empty>
        }
        .into_any(),
    }
}

#[component]
fn Row(task: SharedTask) -> impl IntoView {
    let people = task.shares.into_iter().map(|share| view! { <Person share /> }).collect_view();
    view! {
        <li class="shared-task">
            <div class="shared-task-head">
                <a href=format!("/tasks/{}#sharing", task.id) class="task-title" dir="auto">
                    {task.title}
                </a>
                <StatusBadge status=task.status />
            </div>
            <ul class="shared-people">{people}</ul>
        </li>
    }
}

#[component]
fn Person(share: Share) -> impl IntoView {
    let Share { user_id, name, email, permission, .. } = share;
    let may = allowed(permission);
    // Two people may have the same name.
    let (name, what) = match user_id {
        Some(_) => (Some(view! { <bdi>{name}</bdi> " · " }), format!(" {may}")),
        None => (None, format!(" invited, {may}")),
    };
    view! { <li>{name} <bdi>{email}</bdi> {what}</li> }
}
