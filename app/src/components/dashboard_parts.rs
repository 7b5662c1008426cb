//! The dashboard's panels. Each follows the polled data on its own.

use super::moment::Ago;
use crate::number::count;
use leptos::{either::Either, prelude::*};
use taskwire_domain::{
    dashboard::{Activity, Dashboard, RecentTask, TeamSummary},
    task::Status,
};

/// Created and completed, today and this week.
#[component]
pub fn ActivityTable(
    /// The numbers.
    data: RwSignal<Dashboard>,
) -> impl IntoView {
    let cell = move |number: fn(&Activity) -> i64| move || data.with(|d| count(number(&d.activity)));
    view! {
        <section class="panel" aria-labelledby="activity">
            <h2 id="activity">"Activity"</h2>
            <table class="numbers">
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">"Today"</th>
                        <th scope="col">"This week"</th>
                    </tr>
                </thead>
                <tbody>
                    <tr>
                        <th scope="row">"Created"</th>
                        <td>{cell(|a| a.created_today)}</td>
                        <td>{cell(|a| a.created_this_week)}</td>
                    </tr>
                    <tr>
                        <th scope="row">"Completed"</th>
                        <td>{cell(|a| a.completed_today)}</td>
                        <td>{cell(|a| a.completed_this_week)}</td>
                    </tr>
                </tbody>
            </table>
        </section>
    }
}

/// Own tasks by status.
#[component]
pub fn Breakdown(
    /// The numbers.
    data: RwSignal<Dashboard>,
) -> impl IntoView {
    let of = move |part: fn(&Dashboard) -> i64| Signal::derive(move || data.with(part));
    let total = of(|d| d.statistics.total());
    view! {
        <section class="panel" aria-labelledby="breakdown">
            <h2 id="breakdown">"By status"</h2>
            <dl class="bars">
                <Bar label="Pending" class="bar" part=of(|d| d.statistics.pending) total />
                <Bar label="Completed" class="bar bar-good" part=of(|d| d.statistics.completed) total />
            </dl>
        </section>
    }
}

/// Tasks of others, by what the viewer may do with them.
#[component]
pub fn Shares(
    /// The numbers.
    data: RwSignal<Dashboard>,
) -> impl IntoView {
    let of = move |part: fn(&Dashboard) -> i64| Signal::derive(move || data.with(part));
    let total = of(|d| d.statistics.shared());
    view! {
        <section class="panel" aria-labelledby="shares">
            <h2 id="shares">"Shared with me"</h2>
            <dl class="bars">
                <Bar label="Can view" class="bar" part=of(|d| d.statistics.shared_view) total />
                <Bar label="Can edit" class="bar" part=of(|d| d.statistics.shared_edit) total />
            </dl>
        </section>
    }
}

/// A number and its share as a bar. The bar only repeats the number, so screen readers skip it.
#[component]
fn Bar(label: &'static str, class: &'static str, part: Signal<i64>, total: Signal<i64>) -> impl IntoView {
    let share = move || (part.get() as f64 * 100.0 / total.get().max(1) as f64).to_string();
    view! {
        <div class="bar-row">
            <dt>{label}</dt>
            <dd>{move || count(part.get())}</dd>
            <dd class="bar-track" aria-hidden="true">
                <svg class=class viewBox="0 0 100 1" preserveAspectRatio="none">
                    <rect width=share height="1" />
                </svg>
            </dd>
        </div>
    }
}

/// The tasks changed last.
#[component]
pub fn Recent(
    /// The numbers.
    data: RwSignal<Dashboard>,
) -> impl IntoView {
    let row = |task: RecentTask, data: &Dashboard| {
        let (class, status) = match task.status {
            Status::Pending => ("badge", "Pending"),
            Status::Completed => ("badge badge-good", "Completed"),
        };
        view! {
            <li class="recent-task">
                <a href=format!("/tasks/{}", task.id) dir="auto">
                    {task.title}
                </a>
                <span class="task-meta">
                    <span class=class>{status}</span>
                    <Ago then=task.updated_at now=data.computed_at />
                </span>
            </li>
        }
    };
    view! {
        <section class="panel recent" aria-labelledby="recent">
            <h2 id="recent">"Recent tasks"</h2>
            {move || {
                data.with(|data| match data.recent.is_empty() {
                    true => Either::Left(view! { <p class="hint">"What you change shows up here."</p> }),
                    false => {
                        let rows = data.recent.iter().cloned().map(|task| row(task, data)).collect_view();
                        Either::Right(view! { <ul class="plain-list">{rows}</ul> })
                    }
                })
            }}
        </section>
    }
}

/// The viewer's teams.
#[component]
pub fn Teams(
    /// The numbers.
    data: RwSignal<Dashboard>,
) -> impl IntoView {
    let row = |team: TeamSummary| {
        view! {
            <li class="team-row">
                <a href=format!("/teams/{}", team.id) dir="auto">
                    {team.name}
                </a>
                <span class="badge">{team.role}</span>
            </li>
        }
    };
    view! {
        <section class="panel" aria-labelledby="teams">
            <h2 id="teams">"Teams"</h2>
            {move || {
                data.with(|data| match data.teams.is_empty() {
                    true => Either::Left(view! {
                        <p class="hint">"You are not in a team. " <a href="/teams">"Make one"</a></p>
                    }),
                    false => {
                        let rows = data.teams.iter().cloned().map(row).collect_view();
                        Either::Right(view! { <ul class="plain-list">{rows}</ul> })
                    }
                })
            }}
        </section>
    }
}
