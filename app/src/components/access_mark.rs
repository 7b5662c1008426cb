//! What a list and a page say about a task in a badge: by what right the viewer sees it, and whether it is done.

use super::icon::Icon;
use leptos::prelude::*;
use taskwire_domain::{
    share::Permission,
    task::{Access, Status, Task},
};

/// By what right the viewer sees a task, and whose it is. Says nothing of what is simply their own.
#[component]
pub fn AccessMark(
    /// The task.
    #[prop(into)]
    task: Signal<Task>,
) -> impl IntoView {
    move || {
        task.with(|task| {
            let (team, owner) = (task.team.clone(), task.owner.clone());
            let (before, name, right, aside) = match (shared(task.access), team) {
                (Some(permission), team) => {
                    let owner = owner.unwrap_or_default();
                    (Some("Shared by "), owner, allowed(permission), team.map(|team| ("in ", team)))
                }
                (None, Some(team)) => (None, team, task.access.as_str(), owner.map(|owner| ("by ", owner))),
                (None, None) => return None,
            };
            let aside = aside.map(|(word, name)| {
                view! {
                    <span>
                        {word} <bdi>{name}</bdi>
                    </span>
                }
            });
            Some(view! {
                <span class="badge access-mark">
                    {before} <bdi>{name}</bdi> {format!(" · {right}")}
                </span>
                {aside}
            })
        })
    }
}

/// What a share lets somebody do, as people say it.
pub fn allowed(permission: Permission) -> &'static str {
    match permission {
        Permission::View => "can view",
        Permission::Edit => "can edit",
    }
}

/// What somebody shared with the viewer, where that is why they see a task.
pub fn shared(access: Access) -> Option<Permission> {
    match access {
        Access::Edit => Some(Permission::Edit),
        Access::View => Some(Permission::View),
        Access::Owner | Access::Admin | Access::Member | Access::Viewer => None,
    }
}

fn named(status: Status) -> &'static str {
    match status {
        Status::Pending => "Pending",
        Status::Completed => "Completed",
    }
}

/// Whether a task is done, in a word.
#[component]
pub fn StatusBadge(
    /// The status.
    #[prop(into)]
    status: Signal<Status>,
) -> impl IntoView {
    let done = move || status.get() == Status::Completed;
    view! {
        <span class="badge" class:badge-good=done>
            {move || named(status.get())}
        </span>
    }
}

/// Whether a task is done, as a picture in the place of the button that would change it.
#[component]
pub fn StatusMark(
    /// The status.
    #[prop(into)]
    status: Signal<Status>,
) -> impl IntoView {
    let name = move || named(status.get());
    view! {
        <span class="status-mark" role="img" aria-label=name title=name>
            {move || match status.get() {
                Status::Pending => view! { <Icon icon=icondata::LuCircle /> },
                Status::Completed => view! { <Icon icon=icondata::LuCircleCheckBig /> },
            }}
        </span>
    }
}
