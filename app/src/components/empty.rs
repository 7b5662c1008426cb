//! Lists with nothing in them.

use super::icon::Icon;
use leptos::prelude::*;

/// Says why there is nothing, and what to do first.
#[component]
pub fn Empty(
    /// A picture of what is missing.
    icon: icondata::Icon,
    /// What is missing.
    title: &'static str,
    /// What to do about it.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon icon />
            <p class="empty-title">{title}</p>
            <div class="empty-body">{children()}</div>
        </div>
    }
}
