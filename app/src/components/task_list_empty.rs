//! Why a list holds no tasks.

use super::empty::Empty;
use crate::list_url::{ListUrl, Place};
use leptos::prelude::*;
use taskwire_domain::task::Status;

/// Says what is missing, and what to do about it.
#[component]
pub fn NoTasks(
    /// What was asked for.
    url: ListUrl,
    /// Whether there are none, whatever is asked for.
    none_at_all: bool,
    /// Whether the viewer may make tasks here.
    creates: bool,
) -> impl IntoView {
    match (none_at_all, url.status) {
        (true, _) => view! { <NothingYet place=url.place own=url.own creates /> }.into_any(),
        (_, Some(Status::Pending)) if url.q.is_empty() && url.cursor.is_none() => view! {
            <Empty icon=icondata::LuCircleCheckBig title="All done">
                <p>"Nothing is pending."</p>
            </Empty>
        }
        .into_any(),
        _ => view! {
            <Empty icon=icondata::LuSearchX title="Nothing matches">
                <p>
                    <a href=url.place.to_string()>"Show all tasks"</a>
                </p>
            </Empty>
        }
        .into_any(),
    }
}

#[component]
fn NothingYet(place: Place, own: bool, creates: bool) -> impl IntoView {
    let (icon, title) = match place {
        Place::Tasks if own => (icondata::LuInbox, "No tasks of your own yet"),
        Place::Tasks => (icondata::LuInbox, "No tasks yet"),
        Place::Shared => (icondata::LuShare2, "Nothing is shared with you"),
        Place::Team(_) => (icondata::LuInbox, "This team has no tasks yet"),
    };
    let what_to_do = match (place, creates) {
        (_, true) => "Type what needs doing into the field above and press Enter.",
        (Place::Shared, _) => "When somebody shares a task with your email address, it shows up here.",
        (_, false) => "What others add shows up here.",
    };
    view! {
        <Empty icon title>
            <p>{what_to_do}</p>
        </Empty>
    }
}
