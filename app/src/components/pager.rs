//! From one page of a list to the next.

use super::icon::Icon;
use leptos::prelude::*;

/// Links to the start and to what follows; nothing for a list of one page. Back is the browser's.
#[component]
pub fn Pager(
    /// Where the first page is, unless it is shown.
    first: Option<String>,
    /// Where the next page is, if there is one.
    next: Option<String>,
) -> impl IntoView {
    (first.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {first
                    .map(|href| {
                        view! {
                            <a href=href class="button">
                                <Icon icon=icondata::LuChevronLeft />
                                "First page"
                            </a>
                        }
                    })}
                {next
                    .map(|href| {
                        view! {
                            <a href=href class="button" rel="next">
                                "Next page"
                                <Icon icon=icondata::LuChevronRight />
                            </a>
                        }
                    })}
            </nav>
        }
    })
}
