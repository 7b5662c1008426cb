//! Tells a form's answer where the form stood.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Goes into every form that posts: without JavaScript the browser comes back to this page, also from a
/// refused form, whose address is the server function's. With JavaScript nobody reads it.
#[component]
pub fn Here() -> impl IntoView {
    let here = path();
    view! { <input type="hidden" name="page" value=here /> }
}

/// Path and query of the page, following the router. No signal of its own: that would end with the row or the banner
/// that asked, while the attribute it stands in is still there.
pub fn path() -> impl Fn() -> String + Clone + Send + Sync + 'static {
    let at = use_location();
    move || match at.search.get() {
        search if search.is_empty() => at.pathname.get(),
        search => format!("{}?{}", at.pathname.get(), search.trim_start_matches('?')),
    }
}
