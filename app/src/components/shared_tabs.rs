//! From what others share with the viewer to what the viewer shares.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Both, as tabs.
#[component]
pub fn SharedTabs() -> impl IntoView {
    let at = use_location().pathname;
    let tab = move |href: &'static str, name: &'static str| {
        view! {
            <li>
                <a href=href aria-current=move || at.with(|path| path == href).then_some("page")>
                    {name}
                </a>
            </li>
        }
    };
    view! {
        <nav aria-label="Shared">
            <ul class="tabs">{tab("/shared", "With me")} {tab("/shared/by-me", "By me")}</ul>
        </nav>
    }
}
