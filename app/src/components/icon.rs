//! Icons: Lucide's drawings as inline SVG.

use leptos::prelude::*;

/// A decoration beside a text or inside a labelled control, so hidden from screen readers.
#[component]
pub fn Icon(
    /// Which one; `icondata` has them by name.
    icon: icondata::Icon,
) -> impl IntoView {
    view! {
        <svg
            class="icon"
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            inner_html=icon.data
        ></svg>
    }
}

/// Taskwire's mark: a tick drawn as a wire between two ends.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <rect class="mark-ground" width="32" height="32" rx="8" />
            <path class="mark-wire" d="M8 17.5l5.2 5.2L24 10.5" />
            <circle class="mark-end" cx="8" cy="17.5" r="2.6" />
            <circle class="mark-end" cx="24" cy="10.5" r="2.6" />
        </svg>
    }
}
