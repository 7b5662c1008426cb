//! What stands in for data that is late.

use leptos::prelude::*;

/// Grey bars in place of `lines` of content. The page opened by the server never shows it.
#[component]
pub fn Skeleton(
    /// How many bars.
    lines: usize,
    /// How they are laid out: `skeleton-cards` for cards.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <div class=format!("skeleton {class}") role="status">
            <span class="visually-hidden">"Loading…"</span>
            {(0..lines).map(|_| view! { <div class="skeleton-line"></div> }).collect_view()}
        </div>
    }
}
