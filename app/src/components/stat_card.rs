//! A number and what it counts.

use leptos::{either::Either, prelude::*};

/// One number of the dashboard, with a link to the tasks behind it where there is a list of them.
#[component]
pub fn StatCard(
    /// What it counts.
    label: &'static str,
    /// How many, now.
    #[prop(into)]
    value: Signal<String>,
    /// Where the tasks behind it are.
    #[prop(optional)]
    href: Option<&'static str>,
    /// More about it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let label = match href {
        Some(href) => Either::Left(view! { <a href=href>{label}</a> }),
        None => Either::Right(label),
    };
    view! {
        <div class="card stat">
            <dt class="stat-label">{label}</dt>
            <dd class="stat-value">{value}</dd>
            {children.map(|children| view! { <dd class="stat-more">{children()}</dd> })}
        </div>
    }
}
