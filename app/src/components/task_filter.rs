//! Which tasks to show, and in what order.

use super::icon::Icon;
use crate::list_url::{ListUrl, OWN, Place};
use leptos::prelude::*;
use leptos_router::components::Form;
use taskwire_domain::task::{Counts, SEARCH_MAX, Sort, Status};

/// Search and order, as a form that makes an address.
#[component]
pub fn TaskFilter(
    /// What is shown.
    url: Memo<ListUrl>,
) -> impl IntoView {
    let sort_name = |sort| match sort {
        Sort::Updated => "Last changed",
        Sort::Newest => "Newest",
        Sort::Oldest => "Oldest",
        Sort::Title => "Title",
    };
    let submit = move |event: leptos::ev::Event| {
        let form = event_target::<web_sys::HtmlSelectElement>(&event).form();
        if let Some(form) = form {
            // The button beside it does the same.
            drop(form.request_submit());
        }
    };
    view! {
        <search class="task-filter">
            <Form method="get" action=move || url.with(|url| url.place.to_string()) noscroll=true>
                {move || {
                    url.with(|url| url.status)
                        .map(|status| view! { <input type="hidden" name="status" value=status.as_str() /> })
                }}
                <label class="visually-hidden" for="q">
                    "Search tasks"
                </label>
                <input
                    id="q"
                    name="q"
                    type="search"
                    placeholder="Search tasks"
                    maxlength=SEARCH_MAX.to_string()
                    dir="auto"
                    value=move || url.with(|url| url.q.clone())
                />
                <Show when=move || url.with(|url| url.place == Place::Tasks)>
                    <label class="visually-hidden" for="of">
                        "Whose tasks"
                    </label>
                    <select id="of" name="of" on:change=submit>
                        <option value="" selected=move || url.with(|url| !url.own)>
                            "Everything"
                        </option>
                        <option value=OWN selected=move || url.with(|url| url.own)>
                            "Only my own"
                        </option>
                    </select>
                </Show>
                <label class="visually-hidden" for="sort">
                    "Sort by"
                </label>
                <select id="sort" name="sort" on:change=submit>
                    {Sort::ALL
                        .iter()
                        .map(|&sort| {
                            view! {
                                <option value=sort.as_str() selected=move || url.with(|url| url.sort == sort)>
                                    {sort_name(sort)}
                                </option>
                            }
                        })
                        .collect_view()}
                </select>
                <button class="button">
                    <Icon icon=icondata::LuSearch />
                    "Search"
                </button>
            </Form>
        </search>
    }
}

/// All, pending or completed, each with its number.
#[component]
pub fn StatusTabs(
    /// What is shown.
    url: Memo<ListUrl>,
    /// How many tasks are pending and completed, where that is known.
    counts: Signal<Option<Counts>>,
) -> impl IntoView {
    let tab = move |status: Option<Status>, name: &'static str| {
        let count = move || {
            counts.get().map(|Counts { pending, completed }| match status {
                None => pending + completed,
                Some(Status::Pending) => pending,
                Some(Status::Completed) => completed,
            })
        };
        view! {
            <li>
                <a
                    href=move || url.with(|url| url.with_status(status).to_string())
                    aria-current=move || url.with(|url| url.status == status).then_some("true")
                >
                    {name}
                    " "
                    {move || count().map(|count| view! { <span class="count">{count}</span> })}
                </a>
            </li>
        }
    };
    view! {
        <nav aria-label="Filter by status">
            <ul class="tabs">
                {tab(None, "All")} {tab(Some(Status::Pending), "Pending")}
                {tab(Some(Status::Completed), "Completed")}
            </ul>
        </nav>
    }
}
