//! From one page of a list to the next.

use super::icon::Icon;
use crate::list_url::ListUrl;
use leptos::prelude::*;

/// Links to the start and to what follows; nothing for a list of one page. Back is the browser's.
#[component]
pub fn Pager(
    /// What is shown.
    url: ListUrl,
    /// Where the next page starts.
    next: Option<String>,
) -> impl IntoView {
    let first = url.cursor.is_some().then(|| url.at(None).to_string());
    let next = next.map(|cursor| url.at(Some(cursor)).to_string());
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
