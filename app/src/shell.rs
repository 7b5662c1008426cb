//! The document around every page.

use crate::{App, request, theme::Theme, typed::Typed};
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags};

const DESCRIPTION: &str = "Taskwire keeps your team's tasks in one place, on your own server, with a live dashboard.";

/// The whole document of an ordinary page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    document(options, || view! { <App /> })
}

/// A document with `body`. Wasm takes over only what [`App`] rendered at the page's own address, so the
/// scripts stay away from a refused form (see [`crate::rpc::forms`]).
pub fn document<V: IntoView>(options: LeptosOptions, body: impl FnOnce() -> V) -> impl IntoView {
    let theme = request::theme();
    let scripts = use_context::<Typed>().is_none().then(|| {
        let options = options.clone();
        view! {
            <AutoReload options=options.clone() />
            // The page works without, so its text comes first.
            <HydrationScripts options defer=true />
        }
    });
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-theme=(theme != Theme::System).then(|| theme.as_str())
            data-session=request::has_session().then_some("")
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="description" content=DESCRIPTION />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <HashedStylesheet id="style" options />
                {refresh_without_scripts()}
                {scripts}
                <MetaTags />
            </head>
            <body>{body()}</body>
        </html>
    }
}

/// Where wasm polls, a browser without JavaScript loads the page again (requirement D5), unless the
/// person asked it to hold still.
fn refresh_without_scripts() -> Option<impl IntoView> {
    let path = request::path();
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    // The address of a refused form is where it was sent, and cannot be loaded.
    let is_refused = use_context::<Typed>().is_some();
    (path == "/dashboard" && !query.contains("refresh=off") && !is_refused)
        .then(|| view! { <noscript><meta http-equiv="refresh" content="5" /></noscript> })
}
