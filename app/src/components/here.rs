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

/// What the address says has been done, by a form without JavaScript: not by the one after that.
const DONE: [&str; 4] = ["done", "made", "saved", "shared"];

/// Path and query of the page without what was done on it, following the router. No signal of its own: that would end
/// with the row or the banner that asked, while the attribute it stands in is still there.
pub fn path() -> impl Fn() -> String + Clone + Send + Sync + 'static {
    let at = use_location();
    move || {
        let search = at.search.get();
        let is_kept = |pair: &&str| !DONE.contains(&pair.split('=').next().unwrap_or_default());
        let kept: Vec<_> = search.trim_start_matches('?').split('&').filter(is_kept).collect();
        match kept.join("&") {
            query if query.is_empty() => at.pathname.get(),
            query => format!("{}?{query}", at.pathname.get()),
        }
    }
}
